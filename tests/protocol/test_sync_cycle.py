"""A cycle against a server in both dialects: everything comes, once, and stays."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from lccmirror.clock import from_text, to_text
from lccmirror.demo.messages import Answer
from lccmirror.query import open_readonly
from lccmirror.query.status import read_status
from lccmirror.sync import jobs
from lccmirror.sync.progress import Silent
from tests.support import misbehaving as wrong
from tests.support.site import Site
from tests.support.sites import site_fixture

site = site_fixture(each_dialect=True)


def make_some(site: Site) -> list[str]:
    first, second = site.server.surveys[:2]
    return [
        site.server.make_dataset(),
        site.server.make_dataset(collections=[first.collection]),
        site.server.make_dataset(filters="(sdssr lt 14.0)", columns=("sdssr", "kmag")),
        site.server.make_dataset(collections=[second.collection], columns=("ndet",)),
    ]


def test_an_empty_server_gives_an_empty_mirror(site: Site) -> None:
    report = site.sync()
    assert report.exit_code == 0
    assert site.sql("SELECT count(*) FROM datasets") == [(0,)]
    assert site.sql("SELECT count(*) FROM collections") == [(2,)]
    assert site.sql("SELECT count(*) FROM gaps") == [(0,)]


def test_everything_comes_byte_for_byte_and_value_for_value(site: Site) -> None:
    setids = make_some(site)
    report = site.sync()
    assert (report.exit_code, report.mirrored, report.failed) == (0, len(setids), {})
    site.check()


def test_a_second_cycle_costs_two_small_requests(site: Site) -> None:
    make_some(site)
    site.sync()
    for _ in range(2):
        report = site.sync()
        assert (report.requests, report.received_bytes) == (2, 0)
        assert [one.split("?")[0] for one in site.requests()] == [
            "GET /api/collections",
            "GET /api/datasets",
        ]


def test_only_what_is_new_is_fetched(site: Site) -> None:
    make_some(site)
    site.sync()
    new = site.server.make_dataset(filters="(ndet gt 6)", columns=("ndet",))
    report = site.sync()
    assert report.poll.new == [new]
    assert {one for one in site.requests() if "dataset-" in one or "/set/" in one} == {
        one for one in site.requests() if new in one and "/p/" not in one
    }
    site.check()


def test_a_dataset_of_many_pages_has_all_its_rows(tmp_path: Path) -> None:
    with Site(tmp_path, dialect="documented", rows_per_page=3) as site:
        setid = site.server.make_dataset()
        site.sync()
        pages = site.requests(f"/set/{setid}")
        assert len(pages) == 6
        site.check()


def test_the_same_zip_under_two_datasets_is_fetched_once_and_linked(site: Site) -> None:
    one = site.server.make_dataset(columns=("sdssr",))
    two = site.server.make_dataset(columns=("ndet",))
    site.sync()
    assert len([r for r in site.requests("/p/") if r.startswith("GET")]) == 1
    a, b = (site.file(setid, "lczip").stat() for setid in (one, two))
    assert (a.st_ino, a.st_nlink) == (b.st_ino, 2)
    site.check()


class _Broken(Silent):
    """Has a fault of its own."""

    def item_done(self, label: str, *, ok: bool) -> None:
        raise ZeroDivisionError(label)


def test_a_fault_of_our_own_is_in_the_log_too(site: Site) -> None:
    setid = site.server.make_dataset()
    with pytest.raises(ZeroDivisionError):
        site.sync(progress=_Broken())
    ((outcome, finished, message),) = site.sql(
        "SELECT outcome, finished IS NOT NULL, message FROM sync_log"
    )
    assert (outcome, finished, message) == ("failed", 1, f"ZeroDivisionError: {setid}")
    site.sync()
    site.check()


@pytest.mark.parametrize("odd", ["it's", "a/b"])
def test_a_collection_that_can_be_no_folder_is_told_once(tmp_path: Path, odd: str) -> None:
    class Heard(Silent):
        def note(self, text: str) -> None:
            notes.append(text)

    def renamed(content: bytes) -> bytes:
        answer = json.loads(content)
        told = answer["result"]["collections"]
        for key in ("collection_id", "db_collection_id"):
            told[key][0] = odd
        return json.dumps(answer).encode()

    notes: list[str] = []
    with Site(tmp_path) as site:
        site.server.add("/api/collections", wrong.altered_body(renamed))
        assert site.sync(progress=Heard()).exit_code == 0
        (note,) = notes
        assert odd in note
        setid = site.server.make_dataset()
        assert site.sync(progress=Heard()).exit_code == 0
        assert notes == [note]
        assert site.states() == {setid: "mirrored"}


def zips_fetched(site: Site) -> int:
    return len([one for one in site.requests("/p/") if one.startswith("GET")])


def test_a_zip_of_the_same_length_and_time_but_another_etag_is_fetched(site: Site) -> None:
    one = site.server.make_dataset(columns=("sdssr",))
    two = site.server.make_dataset(columns=("ndet",))
    other = wrong.header("Etag", f'"{"0" * 32}"')
    site.server.add(f"/p/.*{two}", other, times=None, method="HEAD|GET")
    site.sync()
    assert zips_fetched(site) == 2
    assert not site.file(one, "lczip").samefile(site.file(two, "lczip"))
    site.check()


def test_a_zip_whose_manifest_is_about_other_objects_is_not_shared(site: Site) -> None:
    one = site.server.make_dataset(columns=("sdssr",))
    site.server.make_dataset(columns=("ndet",))
    objectid = str(site.server.truth(one)[0]["db_oid"])

    def of_another(content: bytes) -> bytes:
        made = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as told, zipfile.ZipFile(made, "w") as new:
            for info in told.infolist():
                inside = told.read(info)
                if info.filename == "lczip-manifest.json":
                    inside = inside.replace(objectid.encode(), objectid[::-1].encode())
                info.filename = info.filename.replace(objectid, objectid[::-1])
                new.writestr(info, inside)
        assert len(made.getvalue()) == len(content)
        return made.getvalue()

    site.server.add("/p/", wrong.altered_body(of_another), times=None)
    site.sync()
    assert zips_fetched(site) == 2
    assert site.verify().exit_code == 0


def test_an_identical_table_has_its_own_files_and_no_second_rows(site: Site) -> None:
    one = site.server.make_dataset(columns=("sdssr",))
    site.sync()
    two = site.server.make_dataset(columns=("sdssr",))
    site.sync()
    assert site.sql("SELECT same_as FROM datasets WHERE setid = ?", two) == [(one,)]
    assert site.sql("SELECT DISTINCT setid FROM dataset_rows") == [(one,)]
    site.check()


def test_what_the_list_no_longer_has_is_kept(site: Site) -> None:
    gone, stays = site.server.make_dataset(), site.server.make_dataset(columns=("ndet",))
    site.sync()
    site.server.delete(gone)
    site.clock.forward(8 * 86_400)
    report = site.sync()
    assert report.poll.vanished == 1
    assert site.states() == {gone: "mirrored", stays: "mirrored"}
    assert site.file(gone, "csv").exists()
    assert site.verify().exit_code == 0
    vanished = site.sql("SELECT setid FROM datasets WHERE vanished_at IS NOT NULL")
    assert vanished == [(gone,)]


def test_a_change_of_visibility_fetches_no_table_again(site: Site) -> None:
    setid = site.server.make_dataset()
    other = site.server.make_dataset(columns=("ndet",))
    site.sync()
    site.clock.forward(100)
    site.server.change_visibility(setid, "unlisted")
    site.sync()
    assert site.states()[setid] == "mirrored"
    site.clock.forward(100)
    site.server.change_visibility(setid, "public")
    report = site.sync()
    assert report.poll.changed == [setid]
    fetched = [one for one in site.requests(setid) if one.startswith("GET")]
    assert fetched == []
    site.check(setid, other)


def test_a_zip_made_anew_is_fetched_and_the_old_one_kept(site: Site) -> None:
    setid = site.server.make_dataset()
    site.sync()
    before = site.file(setid, "lczip").read_bytes()
    site.clock.forward(100)
    site.server.remake_zip(setid)
    site.server.change_visibility(setid, "public")
    site.sync()
    after = site.file(setid, "lczip").read_bytes()
    assert after == site.server.product(setid, "lczip") != before
    kept = site.sql("SELECT path FROM files WHERE state = 'superseded'")
    assert [(site.root / path).read_bytes() for (path,) in kept] == [before]
    site.check()


def test_missing_light_curves_are_written_down(site: Site) -> None:
    site.server.make_dataset()
    site.sync()
    missing = site.sql("SELECT count(*) FROM missing_lightcurves")[0][0]
    held = site.sql("SELECT count(DISTINCT collection || objectid) FROM lightcurves")[0][0]
    objects = site.sql("SELECT count(*) FROM objects")[0][0]
    assert held + missing == objects


def test_select_rules_skip_with_a_reason_and_can_be_widened(site: Site) -> None:
    small = site.server.make_dataset(filters="(ndet gt 7)", columns=("ndet",))
    large = site.server.make_dataset()
    limit = len(site.server.truth(small))
    assert limit < len(site.server.truth(large))
    site.configure(f"[select]\nmax_objects = {limit}")
    site.sync()
    assert site.states() == {small: "mirrored", large: "skipped"}
    reason = site.sql("SELECT reason FROM datasets WHERE setid = ?", large)[0][0]
    assert "select.max_objects" in reason
    site.configure()
    site.sync()
    site.check()


def test_a_zip_that_is_too_large_is_left_out_and_the_table_kept(site: Site) -> None:
    setid = site.server.make_dataset()
    size = len(site.server.product(setid, "lczip"))
    site.configure(f"[select]\nmax_size = {size - 1}")
    assert site.sync().exit_code == 0
    assert site.states() == {setid: "partial"}
    reason, nrows = site.sql("SELECT reason, nrows FROM datasets")[0]
    assert "select.max_size" in reason
    assert nrows == len(site.server.truth(setid))
    assert site.sync().requests == 2
    site.configure(f"[select]\nmax_size = {size}")
    site.sync()
    site.check()


def test_a_table_beyond_the_limits_is_kept_as_files(site: Site) -> None:
    setid = site.server.make_dataset()
    site.configure("[limits]\nmax_rows = 3")
    site.sync()
    assert site.states() == {setid: "partial"}
    assert "limits.max_rows" in site.sql("SELECT last_error FROM datasets")[0][0]
    assert site.file(setid, "csv").read_bytes() == site.server.product(setid, "csv")
    assert site.sql("SELECT count(*) FROM dataset_rows") == [(0,)]
    site.configure()
    site.sync()
    assert site.requests("/d/") == [f"HEAD /d/dataset-{setid}.csv"]
    site.check()


def test_a_product_that_is_wanted_later_comes_later(site: Site) -> None:
    setid = site.server.make_dataset()
    site.configure('[mirror]\nproducts = ["csv"]')
    site.sync()
    site.configure('[mirror]\nproducts = ["csv", "lczip", "pickle"]')
    assert site.sync().exit_code == 0
    assert site.file(setid, "lczip").exists()
    assert site.file(setid, "pickle").exists()
    site.check()
    assert site.sync().requests == 2


def test_a_dry_run_says_what_and_why_and_keeps_nothing(site: Site) -> None:
    wanted, unwanted = site.server.make_dataset(), site.server.make_dataset(columns=("ndet",))
    site.configure(f'[select]\ndeny = ["{unwanted}"]')
    planned = {one.setid: (one.action, one.reason) for one in site.plan()}
    assert planned == {wanted: ("fetch", "new"), unwanted: ("skip", "select.deny names it")}
    assert not site.root.exists()
    assert [one for one in site.requests() if "/d/" in one or "/p/" in one] == []
    site.sync()
    later = site.server.make_dataset(filters="(ndet gt 7)")
    assert [one.setid for one in site.plan() if one.action == "fetch"] == [later]
    assert later not in site.states()
    site.sync()
    assert site.states()[later] == "mirrored"


def test_a_dry_run_keeps_nobody_from_writing(site: Site) -> None:
    site.sync()
    setid = site.server.make_dataset()

    def write(turn: wrong.Turn) -> Answer:
        with site.writing() as conn:
            conn.execute("INSERT INTO mirror VALUES ('written', 'meanwhile')")
        return turn.honest()

    site.server.add("/api/datasets", write)
    assert [one.setid for one in site.plan()] == [setid]
    assert site.sql("SELECT value FROM mirror WHERE key = 'written'") == [("meanwhile",)]


def test_a_dry_run_on_a_mirror_too_large_for_a_copy(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.sync()
    monkeypatch.setattr(jobs, "LARGEST_COPY", 1000)
    setid = site.server.make_dataset()
    assert [(one.action, one.setid) for one in site.plan()] == [("fetch", setid)]
    assert site.states() == {}
    site.sync()
    site.check()


def test_only_csv_when_only_csv_is_wanted(site: Site) -> None:
    setid = site.server.make_dataset()
    site.configure('[mirror]\nproducts = ["csv"]')
    site.sync()
    assert site.states() == {setid: "mirrored"}
    assert not site.file(setid, "lczip").exists()


def test_a_pickle_is_kept_as_opaque_bytes(site: Site) -> None:
    setid = site.server.make_dataset()
    site.configure('[mirror]\nproducts = ["csv", "lczip", "pickle"]')
    site.sync()
    assert site.file(setid, "pickle").read_bytes() == site.server.product(setid, "pickle")
    site.check()


def test_columns_that_the_server_describes_later_come_into_objects(tmp_path: Path) -> None:
    def undescribed(content: bytes) -> bytes:
        answer = json.loads(content)
        told = answer["result"]["collections"]
        for at, names in enumerate(told["columnlist"]):
            told["columnlist"][at] = ",".join(n for n in names.split(",") if n != "sdssr")
            del told["columnjson"][at]["sdssr"]
        return json.dumps(answer).encode()

    with Site(tmp_path) as site:
        setid = site.server.make_dataset(columns=("sdssr",))
        site.server.add("/api/collections", wrong.altered_body(undescribed), times=1)
        site.sync()
        assert "sdssr" not in {row[1] for row in site.sql("PRAGMA table_info(objects)")}
        with site.writing() as conn:
            conn.execute("UPDATE polls SET etag = NULL")
        site.sync()
        truth = {row["db_oid"]: row["sdssr"] for row in site.server.truth(setid)}
        assert dict(site.sql("SELECT objectid, sdssr FROM objects")) == truth
        site.check()


def test_status_tells_what_came_and_until_when_the_key_serves(site: Site) -> None:
    site.server.make_dataset()
    site.sync()
    with open_readonly(site.root) as catalog:
        status = read_status(catalog, to_text(site.now()))
        later = read_status(catalog, to_text(site.now() + timedelta(days=8)))
    assert status.week_bytes == status.file_bytes > 0
    assert later.week_bytes == 0
    kind, ends = (status.key or "").split(" ")
    assert kind == "anonymous"
    assert from_text(ends) > site.now()


def test_a_format_description_is_fetched_however_little_is_wanted(site: Site) -> None:
    site.server.make_dataset()
    site.configure("[select]\nmax_size = 100")
    assert site.sync().exit_code == 0
    assert site.sql("SELECT count(*) FROM files WHERE kind = 'lcformat'")[0][0] > 0
