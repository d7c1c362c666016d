"""What the server tells of objects: asked for politely, checked, kept, and asked for again."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from lccmirror.cli.app import cli
from lccmirror.clock import to_text
from lccmirror.query import open_readonly
from lccmirror.query.status import read_status
from lccmirror.sync.jobs import prune_mirror
from tests.support.misbehaving import Action, altered_result, body, cut, reset, status
from tests.support.pictures import liar
from tests.support.site import Site

ALL = '[objects]\nmirror = "all"\n'
HOUR, DAY = 3600.0, 86_400.0
PNG = b"\x89PNG"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """One dataset of four objects of one collection."""
    with Site(tmp_path, ALL, objects=4) as site:
        site.server.make_dataset(
            collections=[site.server.surveys[0].collection], columns=("sdssr",)
        )
        yield site


def states(site: Site) -> dict[str, int]:
    return dict(site.sql("SELECT state, count(*) FROM object_info GROUP BY state"))


def asked(site: Site) -> list[str]:
    return [one for one in site.requests() if "/object" in one]


def one_object(site: Site) -> str:
    """Return an object that varies, so that periods of it are told."""
    survey = site.server.surveys[0]
    return next(o.objectid for o in survey.objects if o.star.kind != "none")


def test_nothing_is_asked_for_unless_the_configuration_says_so(tmp_path: Path) -> None:
    with Site(tmp_path, objects=4) as site:
        site.server.make_dataset(columns=("sdssr",))
        assert site.sync().exit_code == 0
        assert asked(site) == []
        assert site.sql("SELECT count(*) FROM object_info") == [(0,)]


def test_all_objects_are_told_of_and_a_second_cycle_asks_for_none(site: Site) -> None:
    report = site.sync()
    assert (report.exit_code, report.objects, states(site)) == (0, 4, {"ok": 4})
    objectid = one_object(site)
    star = next(o.star for o in site.server.surveys[0].objects if o.objectid == objectid)
    (row,) = site.sql(
        "SELECT objectisvar, vartags, comments, period, epoch, neighbors, xmatch, problems, "
        "info, path, finderchart, magseries FROM object_info WHERE objectid = ?",
        objectid,
    )
    assert row[:8] == (
        1,
        star.kind,
        "synthetic",
        star.period_d,
        star.epoch_rjd,
        3,
        None,
        None,
    )
    bare = json.loads(row[8])
    assert bare["gls"]["phasedlc1"]["plot"]["picture"] == "gls-phasedlc1-plot"
    assert site.sql(
        "SELECT method, rank, period, epoch FROM object_periods WHERE objectid = ?", objectid
    ) == [
        ("gls", rank, star.period_d * times, star.epoch_rjd)
        for rank, times in ((1, 1.0), (2, 2.0), (3, 0.5))
    ]
    whole = json.loads(gzip.decompress((site.root / row[9]).read_bytes()))
    for name, path in (("finderchart", row[10]), ("magseries", row[11])):
        assert (site.root / path).read_bytes() == base64.b64decode(whole[name])
    site.check()
    assert site.sync().idle
    assert asked(site) == []


def test_what_the_searches_have_found_is_asked_for_and_nothing_else(site: Site) -> None:
    site.configure(
        '[objects]\nmirror = "searches"\n'
        '[[search]]\nname = "one"\nkind = "columnsearch"\nfilters = "sdssr < 99"\n'
        'every = "1d"\n'
    )
    site.sync()
    assert asked(site) == []
    objectid = one_object(site)
    with site.writing() as conn:
        conn.execute(
            "INSERT OR REPLACE INTO searches (name, kind, params, schedule, enabled, "
            "first_seen) VALUES ('one', 'columnsearch', '{}', '', 1, '')"
        )
        conn.execute(
            "INSERT INTO search_members VALUES ('one', 'demo_field_a', ?)", (objectid,)
        )
    assert site.sync().objects == 1
    assert asked(site) == [f"GET /api/object?objectid={objectid}&collection=demo_field_a"]
    site.sync()
    assert asked(site) == []


def test_a_cycle_asks_for_no_more_than_it_may_and_the_next_ones_for_the_rest(
    tmp_path: Path,
) -> None:
    with Site(tmp_path, ALL + "per_cycle = 3\n", objects=4) as site:
        site.server.make_dataset(columns=("sdssr",))  # of two collections, four objects each
        told = [site.sync().objects for _ in range(5)]
        assert told == [3, 3, 2, 0, 0]
        site.check()


def test_an_object_the_server_knows_nothing_of_is_a_state_and_asked_for_less_and_less(
    site: Site,
) -> None:
    site.server.add("/api/object", status(404, as_json=True), times=None)
    report = site.sync()
    assert (report.exit_code, report.failed) == (0, {})
    assert states(site) == {"missing": 4}
    # The API itself has said so: the other path of the documentation is not tried.
    assert len(asked(site)) == 4
    site.sync()
    assert asked(site) == []
    waits = []
    for _ in range(4):
        (row,) = site.sql(
            "SELECT max(julianday(not_before) - julianday(asked_at)) FROM object_info"
        )
        waits.append(round(row[0]))
        site.clock.forward(row[0] * DAY + HOUR)
        site.sync()
        assert len(asked(site)) == 4
    assert waits == [1, 7, 30, 30]
    site.server.behave()
    site.clock.forward(31 * DAY)
    assert site.sync().objects == 4
    assert states(site) == {"ok": 4}
    assert site.sql("SELECT sum(attempts), max(last_error) FROM object_info") == [(0, None)]


def test_a_server_without_this_service_is_not_asked_for_every_object(site: Site) -> None:
    site.server.add("/object", status(404), times=None)
    site.configure(ALL + "per_cycle = 100\n")
    site.server.make_dataset(columns=("sdssr",))
    assert site.sync().exit_code == 0
    assert len(asked(site)) == 8  # four objects, two paths each
    assert states(site) == {"missing": 4}


@pytest.mark.parametrize("code", [401, 403])
def test_objects_of_a_private_collection_are_refused_and_no_failure(
    site: Site, code: int
) -> None:
    site.server.add("/api/object", status(code), times=None)
    report = site.sync()
    assert (report.exit_code, report.failed, states(site)) == (0, {}, {"refused": 4})
    assert len([one for one in site.requests() if "/api/key" in one]) == 1
    site.sync()
    assert asked(site) == []


def test_a_key_that_is_refused_for_objects_alone_is_renewed_once(site: Site) -> None:
    site.server.add("/api/object", status(401, as_json=True), times=None)
    report = site.sync()
    assert (report.stopped, states(site)) == (None, {"failed": 1})
    assert len([one for one in site.requests() if "/api/key" in one]) == 2
    assert set(site.states().values()) == {"mirrored"}


def test_a_server_that_says_failed_has_refused(site: Site) -> None:
    answer = b'{"status": "failed", "result": null, "message": "no checkplot server"}'
    site.server.add("/api/object", body(answer), times=None)
    assert site.sync().exit_code == 0
    assert states(site) == {"refused": 4}
    assert "no checkplot server" in site.sql("SELECT last_error FROM object_info")[0][0]


def test_a_server_that_has_nothing_to_tell_is_missing(site: Site) -> None:
    answer = b'{"status": "ok", "result": null, "message": ""}'
    site.server.add("/api/object", body(answer), times=None)
    assert site.sync().exit_code == 0
    assert states(site) == {"missing": 4}


def test_too_many_requests_are_waited_out(site: Site) -> None:
    site.server.add("/api/object", status(429, as_json=True, Retry_After="120"), times=2)
    before = site.clock()
    report = site.sync()
    assert (report.exit_code, report.objects) == (0, 4)
    assert site.clock() - before >= 120
    assert len([one for one in site.requests() if "/api/key" in one]) <= 1


def test_a_checkplot_server_that_is_down_is_left_alone_after_four_objects(
    tmp_path: Path,
) -> None:
    with Site(tmp_path, ALL) as site:
        site.server.make_dataset(columns=("sdssr",))
        site.server.add("/api/object", status(502, as_json=True), times=None)
        report = site.sync()
        # Each is asked for once; a fault of this service holds nobody up.
        assert len(asked(site)) == 4
        assert report.stopped is None
        assert (report.exit_code, len(report.failed), states(site)) == (1, 4, {"failed": 4})
        site.server.behave()
        site.clock.forward(HOUR)
        assert site.sync().objects == 16
        assert site.sync().idle


def test_the_datasets_come_though_no_object_can_be_asked_for(site: Site) -> None:
    site.server.add("/api/object", reset(), times=None)
    report = site.sync()
    assert report.stopped is None
    assert set(site.states().values()) == {"mirrored"}
    assert states(site) == {"failed": 4}
    assert report.exit_code == 1


@pytest.mark.parametrize(
    ("action", "why"),
    [
        (cut(3000), "ended|JSON|bytes"),
        (cut(3000, declared=False), "JSON"),
        (body(b"{" * 300), "JSON"),
        (body(b"[" * 100_000), "JSON"),
        (body(b'{"status": "ok", "result": {"x": ' + b"[" * 700 + b"]" * 700 + b"}}"), "deep"),
        (body(b'{"status": "ok", "result": {"x": [' + b"0," * 600_000 + b"0]}}"), "values"),
        (body(b'{"status": "ok", "result": {"objectid": null}}'), "nothing"),
        (body(b"<html>portal</html>", "text/html"), "web page"),
    ],
)
def test_an_answer_that_makes_no_sense_is_a_failure_of_that_object_alone(
    site: Site, action: Action, why: str
) -> None:
    objectid = one_object(site)
    site.server.add(f"objectid={objectid}&", action, times=None)
    report = site.sync()
    assert report.objects == 3
    assert list(report.failed) == [f"information about {objectid}"]
    assert states(site) == {"ok": 3, "failed": 1}
    assert list((site.root / "incoming").iterdir()) == []
    assert not list(site.root.glob(f"objects/*/{objectid}*"))
    assert site.sync().failed == {}  # not before its time
    site.server.behave()
    site.clock.forward(2 * DAY)
    assert site.sync().objects == 1
    site.check()


def test_an_answer_larger_than_the_limit_is_refused(tmp_path: Path) -> None:
    with Site(tmp_path, ALL + '[limits]\nmax_object_info = "1 MB"\n', objects=4) as site:
        first = site.server.surveys[0].collection
        site.server.make_dataset(collections=[first], columns=("sdssr",))
        huge = altered_result(lambda result: result.update(varinfo={"x": "y" * 1_100_000}))
        site.server.add(f"objectid={one_object(site)}&", huge, times=None)
        report = site.sync()
        assert report.objects == 3
        (why,) = report.failed.values()
        assert "1,000,000" in why


@pytest.mark.parametrize(
    ("picture", "why"),
    [
        ("%%%", "base64"),
        ("aGVsbG8gd29ybGQ=", "not a PNG"),
        (liar(100_000, 100_000), "pixels"),
        (liar(10, 10), "more or fewer pixels"),
    ],
)
def test_a_picture_that_is_none_is_left_out_and_told(
    site: Site, picture: str, why: str
) -> None:
    objectid = one_object(site)
    bad = altered_result(lambda result: result.update(finderchart=picture))
    site.server.add(f"objectid={objectid}&", bad, times=None)
    assert site.sync().exit_code == 0
    chart, series, problems, info = site.sql(
        "SELECT finderchart, magseries, problems, info FROM object_info WHERE objectid = ?",
        objectid,
    )[0]
    assert chart is None
    assert (site.root / series).read_bytes().startswith(PNG)
    assert why in json.loads(problems)[0]
    assert why in json.loads(info)["finderchart"]["problem"]
    assert not list(site.root.glob(f"objects/*/{objectid}-finderchart*"))
    site.check()


def test_an_object_whose_name_can_be_no_files_is_not_asked_for(tmp_path: Path) -> None:
    with Site(tmp_path, ALL) as site:
        site.server.make_table(
            {"collection": "U20", "db_oid": "U20", "db_ra": "f8", "db_decl": "f8"},
            [["demo_field_a", "../../etc/x", 10.0, 5.0], ["demo_field_a", "a b", 10.0, 5.0]],
            lczip=False,
        )
        report = site.sync()
        assert asked(site) == []
        assert states(site) == {"failed": 2}
        assert len(report.failed) == 2
        site.clock.forward(HOUR)
        assert site.sync().idle


def test_old_information_is_asked_for_again_and_the_old_versions_are_kept(site: Site) -> None:
    site.sync()
    objectid = one_object(site)
    told = altered_result(lambda result: result.update(objectcomments="looked at again"))
    site.server.add(f"objectid={objectid}&", told, times=None)
    site.clock.forward(91 * DAY)
    assert site.sync().objects == 4
    assert site.sql("SELECT comments FROM object_info WHERE objectid = ?", objectid) == [
        ("looked at again",)
    ]
    # What is the same is neither written again nor kept twice.
    old = site.sql("SELECT path, kind FROM files WHERE state = 'superseded'")
    assert [kind for _, kind in old] == ["objectinfo"]
    assert (site.root / old[0][0]).is_file()
    site.check()
    site.configure(ALL + '[prune]\nsuperseded = "30d"\n')
    site.clock.forward(31 * DAY)
    prune_mirror(site.config, site.around())
    assert not (site.root / old[0][0]).exists()
    site.check()


def test_a_picture_that_the_server_has_no_longer_is_kept_as_an_old_version(site: Site) -> None:
    site.sync()
    objectid = one_object(site)
    ((path,),) = site.sql("SELECT finderchart FROM object_info WHERE objectid = ?", objectid)
    before = (site.root / path).read_bytes()
    gone = altered_result(lambda result: result.update(finderchart=None))
    site.server.add(f"objectid={objectid}&", gone, times=None)
    site.clock.forward(91 * DAY)
    site.sync()
    assert site.sql("SELECT finderchart FROM object_info WHERE objectid = ?", objectid) == [
        (None,)
    ]
    assert not (site.root / path).exists()
    ((kept,),) = site.sql("SELECT path FROM files WHERE state = 'superseded' AND kind = 'png'")
    assert (site.root / kept).read_bytes() == before
    site.check()


def test_what_the_server_told_stays_when_it_does_so_no_longer(site: Site) -> None:
    site.sync()
    site.server.add("/api/object", status(404, as_json=True), times=None)
    site.clock.forward(91 * DAY)
    assert site.sync().exit_code == 0
    assert states(site) == {"missing": 4}
    assert site.sql("SELECT count(info), count(fetched_at) FROM object_info") == [(4, 4)]
    site.check()


def test_a_damaged_picture_is_made_anew_from_what_is_here(site: Site) -> None:
    site.sync()
    # Also where no more objects are wanted.
    site.configure()
    path = next(site.root.glob("objects/*/*-finderchart.png"))
    before = path.read_bytes()
    path.write_bytes(b"x" * len(before))
    site.seen = len(site.server.requests)
    repaired = site.repair()
    assert [one.kind for one in repaired.found.damage] == ["png"]
    assert repaired.exit_code == 0
    assert path.read_bytes() == before
    assert asked(site) == []
    site.check()


def test_damaged_information_is_fetched_again(site: Site) -> None:
    site.sync()
    site.configure()
    path = next(site.root.glob("objects/*/*.json.gz"))
    before = path.read_bytes()
    path.unlink()
    next(
        site.root.glob(f"objects/*/{path.name.removesuffix('.json.gz')}-magseries.png")
    ).unlink()
    site.seen = len(site.server.requests)
    assert site.repair().exit_code == 0
    assert path.read_bytes() == before
    assert len(asked(site)) == 1
    site.check()


def test_status_tells_how_the_asking_goes(site: Site) -> None:
    site.server.add(f"objectid={one_object(site)}&", body(b'{"status": "ok'))
    site.sync()
    with open_readonly(site.root) as catalog:
        told = read_status(catalog, to_text(site.now()))
    assert told.object_info == {"ok": 3, "failed": 1}
    assert "JSON" in (told.object_info_error or "")
    shown = CliRunner().invoke(cli, ["-c", str(site.config.path), "status"]).stdout
    assert "object info   3 here, 1 failed; the latest failure: object information" in shown


def test_to_choose_by_searches_where_there_are_none_is_warned_of(site: Site) -> None:
    config = site.configure('[objects]\nmirror = "searches"\n')
    assert [one for one in config.warnings if "objects.mirror" in one and "[[search]]" in one]


def test_a_full_disk_ends_the_cycle_as_one(tmp_path: Path) -> None:
    with Site(tmp_path, ALL, objects=4) as site:
        site.server.make_dataset(columns=("sdssr",))
        site.configure()
        site.sync()
        ((held,),) = site.sql("SELECT n FROM counts WHERE name = 'file_bytes'")
        site.configure(
            ALL + f"[mirror]\nmax_bytes = {max(held, 10_000_000)}\n"
            '[limits]\nmax_object_info = "64 MB"\n'
        )
        # Larger than all that there may be, and gzip makes it no smaller than that.
        text = base64.b64encode(Random(1).randbytes(11_000_000)).decode()
        fat = altered_result(lambda result: result.update(x=text))
        site.server.add("/api/object", fat, times=None)
        report = site.sync()
        assert report.exit_code == 73
        assert site.verify().found.damage == []


def test_a_folder_in_the_way_is_told_and_stops_nobody_else(site: Site) -> None:
    site.configure()
    site.sync()
    objectid = one_object(site)
    odd = site.root / f"objects/demo_field_a/{objectid}.json.gz"
    odd.mkdir(parents=True)
    site.configure(ALL)
    report = site.sync()
    assert report.objects == 3
    assert "not a plain file" in report.failed[f"information about {objectid}"]
    shutil.rmtree(odd)
    site.clock.forward(HOUR)
    site.sync()
    assert states(site) == {"ok": 4}
    site.check()
