"""Whatever the server does: what is whole stays, what is not is tried again, and says why."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from lccmirror.demo.messages import Answer, Request
from lccmirror.errors import NoRoom
from tests.support import misbehaving as wrong
from tests.support.misbehaving import Action
from tests.support.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path) as site:
        yield site


PASSING: dict[str, Action] = {
    "502": wrong.status(502),
    "503 with Retry-After": wrong.status(503, Retry_After="7"),
    "429": wrong.rate_limited("120"),
    "429 with nonsense": wrong.rate_limited("soon"),
    "a key refused": wrong.status(401, as_json=True),
    "reset before the headers": wrong.reset(),
    "reset in the headers": wrong.reset(within_head=True),
    "cut": wrong.cut(40),
    "reset in the body": wrong.cut(40, by_reset=True),
}
PATHS = ["/api/collections", "/api/datasets", "/set/", "/d/", "/p/", "/c/", "/api/key"]


# A key that has only just come is not asked for again, and two paths take none.
NO_OLD_KEY = ("/api/collections", "/api/key", "/c/")


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        (path, fault)
        for path in PATHS
        for fault in PASSING
        if not (fault == "a key refused" and path in NO_OLD_KEY)
    ],
)
def test_a_fault_that_passes_costs_nothing_but_time(site: Site, path: str, fault: str) -> None:
    site.server.make_dataset()
    rule = site.server.add(path, PASSING[fault])
    report = site.sync()
    assert rule.fired == 1
    assert (report.exit_code, report.failed) == (0, {})
    site.check()


def test_a_cut_download_goes_on_where_it_broke_off(site: Site) -> None:
    setid = site.server.make_dataset()
    size = len(site.server.product(setid, "lczip"))
    site.server.add("/p/", wrong.cut(size - 100))
    site.sync()
    ranges = [
        one.headers.get("range")
        for one in site.server.requests
        if "/p/" in one.target and one.method == "GET"
    ]
    assert ranges == [None, f"bytes={size - 100}-"]
    site.check()


def test_a_file_that_changes_while_it_comes_is_begun_anew(site: Site) -> None:
    setid = site.server.make_dataset()

    def cut_then_remake(turn: wrong.Turn) -> None:
        wrong.cut(200)(turn)
        site.clock.forward(100)
        site.server.remake_zip(setid)

    site.server.add("/p/", cut_then_remake)
    assert site.sync().exit_code == 0
    site.check()


LASTING: dict[str, tuple[str, Action]] = {
    "a truncated ZIP that looks whole": ("/p/", wrong.growing(0.7)),
    "a CSV that just ends": ("/d/.*csv", wrong.cut(500, declared=False)),
    "a page of HTML for JSON": ("/set/", wrong.html_instead()),
    "500 for ever": ("/set/", wrong.status(500)),
    "gone": ("/set/", wrong.status(404)),
    "a refused file": ("/p/", wrong.status(401)),
    "no room to say more": ("/d/.*csv", wrong.status(403)),
}


@pytest.mark.parametrize("fault", sorted(LASTING))
def test_one_bad_dataset_never_blocks_the_others(site: Site, fault: str) -> None:
    bad = site.server.make_dataset()
    good = site.server.make_dataset(filters="(ndet gt 6)", columns=("ndet",))
    path, action = LASTING[fault]
    when = site.server.add(path, action, times=None, when=lambda request: bad in request.target)
    report = site.sync()
    assert when.fired > 0
    assert site.states()[good] == "mirrored"
    assert bad in report.failed
    assert report.exit_code == 1
    assert site.states()[bad] in ("waiting", "failed", "partial")
    error, attempts, due = site.sql(
        "SELECT last_error, attempts, not_before FROM work WHERE setid = ?", bad
    )[0]
    assert error
    assert attempts == 1
    assert due > site.now().isoformat()
    site.check(good)
    # It is left alone until it is due, and then comes.
    fired = when.fired
    assert site.sync().exit_code == 0
    assert when.fired == fired
    site.server.behave()
    site.clock.forward(3600)
    site.sync()
    site.check()


def test_a_dataset_that_fails_again_waits_longer(site: Site) -> None:
    site.server.make_dataset()
    site.server.add("/set/", wrong.status(404), times=None)
    delays = []
    for _ in range(8):
        site.sync()
        (due,) = site.sql("SELECT not_before FROM work")[0]
        now = site.now()
        delays.append(type(now).fromisoformat(due) - now)
        site.clock.now += delays[-1].total_seconds()
    assert delays == sorted(delays)
    assert delays[-1].total_seconds() == pytest.approx(86_400, abs=600)


def test_a_wrong_etag_is_looked_at_closely_and_the_content_decides(site: Site) -> None:
    setid = site.server.make_dataset()
    site.server.add("/[dp]/", wrong.header("ETag", '"' + "0" * 32 + '"'), times=None)
    assert site.sync().exit_code == 0
    notes = site.sql(
        "SELECT note FROM files WHERE setid = ? AND kind IN ('csv', 'lczip')", setid
    )
    assert len(notes) == 2
    assert all(note and "ETag" in note for (note,) in notes)
    site.server.behave()
    site.check()


def test_a_dataset_still_in_progress_waits(site: Site) -> None:
    setid = site.server.make_dataset()
    site.server.add(
        "/set/", wrong.altered_body(lambda b: b.replace(b'"complete"', b'"in progress"'))
    )
    report = site.sync()
    assert "in progress" in report.failed[setid]
    assert site.states() == {setid: "waiting"}
    assert site.requests("/d/") == site.requests("/p/") == []
    site.clock.forward(3600)
    site.sync()
    site.check()


def test_a_dataset_that_turns_private_says_so_and_costs_no_key(site: Site) -> None:
    setid = site.server.make_dataset(session="somebody")

    def turn_private(turn: wrong.Turn) -> Answer:
        site.server.change_visibility(setid, "private")
        return turn.honest()

    site.server.add("/set/", turn_private)
    report = site.sync()
    assert site.states() == {setid: "private"}
    assert setid in report.failed
    assert site.server.keys.issued == 1


def test_a_table_that_cannot_be_read_is_kept_as_files(site: Site) -> None:
    setid = site.server.make_table(
        {"db_oid": "U9", "n": "i8"}, [["a", 1], ["b", 2]], csv=b"no header\n"
    )
    spoil = wrong.altered_body(lambda b: b.replace(b'"actual_nrows": 2', b'"actual_nrows": 3'))
    site.server.add("/set/", spoil, times=None)
    report = site.sync()
    assert site.states() == {setid: "partial"}
    assert report.notes
    assert site.file(setid, "csv").read_bytes() == b"no header\n"
    assert site.sync().requests == 2
    assert site.verify().exit_code == 0


def test_a_server_that_cannot_be_reached_ends_the_cycle_soon(site: Site) -> None:
    site.server.make_dataset()
    site.sync()
    for i in range(12):
        site.server.make_dataset(filters=f"(ndet gt {i % 5})", columns=("ndet",))
    site.server.add("/set/", wrong.reset(), times=None)
    site.configure('[server]\nretry_total = "1s"')
    report = site.sync()
    assert report.exit_code == 69
    assert 4 <= len(report.failed) <= 8
    site.server.behave()
    site.clock.forward(86_400)
    site.sync()
    site.check()


def test_a_hanging_server_is_given_up(site: Site) -> None:
    setid = site.server.make_dataset()
    site.server.add("/p/", wrong.hang(after=100), times=1)
    site.configure('[server]\nconnect_timeout = "1s"')
    assert site.sync().exit_code == 0
    assert site.states() == {setid: "mirrored"}
    site.check()


def test_what_does_not_fit_waits_and_the_rest_comes(tmp_path: Path) -> None:
    with Site(tmp_path, points=(80, 90)) as site:
        large = site.server.make_dataset()
        small = site.server.make_table({"db_oid": "U9", "n": "i8"}, [["a", 1]])
        room = len(site.server.product(large, "lczip"))
        # Far below what a configuration may say.
        mirror = msgspec.structs.replace(site.config.mirror, max_bytes=room)
        site.config = msgspec.structs.replace(site.config, mirror=mirror)
        report = site.sync()
        assert isinstance(report.no_room, NoRoom)
        assert report.exit_code == 73
        assert site.states() == {large: "partial", small: "mirrored"}
        site.configure()
        site.clock.forward(3600)
        assert site.sync().exit_code == 0
        site.check()


def test_what_fits_comes_though_much_before_it_does_not(tmp_path: Path) -> None:
    with Site(tmp_path, "[mirror]\nworkers = 1") as site:
        columns = {"db_oid": "U200", "n": "i8"}
        large = [
            site.server.make_table(columns, [[f"{n}-{i}" * 9, i] for i in range(400)])
            for n in range(9)
        ]
        small = [site.server.make_table(columns, [[f"a{n}", 1]]) for n in range(3)]
        mirror = msgspec.structs.replace(site.config.mirror, max_bytes=12_000)
        site.config = msgspec.structs.replace(site.config, mirror=mirror)
        report = site.sync()
        assert report.exit_code == 73
        states = site.states()
        assert {states[setid] for setid in small} == {"mirrored"}
        assert "mirrored" not in {states[setid] for setid in large}
        # Not every large one is asked for to find that out.
        assert len(report.failed) < len(large)


def _zip(path: Path, fill: Callable[[zipfile.ZipFile], None]) -> Path:
    with zipfile.ZipFile(path, "w") as zipped:
        fill(zipped)
    return path


def test_a_hostile_zip_never_becomes_part_of_the_mirror(site: Site, tmp_path: Path) -> None:
    def fill(zipped: zipfile.ZipFile) -> None:
        zipped.writestr("../../escaped", b"x")
        zipped.writestr("/absolute", b"x")

    evil = _zip(tmp_path / "evil.zip", fill)
    setid = site.server.make_table({"db_oid": "U9", "n": "i8"}, [["a", 1]], lczip=evil)
    report = site.sync()
    assert setid in report.failed
    assert site.states() == {setid: "partial"}
    assert not site.file(setid, "lczip").exists()
    assert not (tmp_path / "escaped").exists()


def test_keys_are_in_no_file_of_the_mirror(site: Site, tmp_path: Path) -> None:
    keys: set[str] = set()

    def note(request: Request) -> bool:
        keys.update(request.headers.get("authorization", "").split()[1:])
        return False

    site.server.make_dataset()
    site.server.add("", wrong.status(500), when=note)
    site.server.add("/d/", wrong.status(401, as_json=True))
    site.sync()
    assert len(keys) == 2
    for file in site.root.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not any(key.encode() in content for key in keys)
    assert not any(key in one.target for key in keys for one in site.server.requests)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()}
    assert modes == {0o600}


EVERYTHING = '[mirror]\nproducts = ["csv", "lczip", "pickle"]'


def test_a_page_of_html_in_a_files_place_is_never_kept(tmp_path: Path) -> None:
    with Site(tmp_path, EVERYTHING) as site:
        setid = site.server.make_dataset()
        site.server.add("/d/|/c/|/p/", wrong.html_instead(), times=None)
        report = site.sync()
        assert setid in report.failed
        assert "web page" in report.failed[setid]
        kept = [path for path in site.root.rglob("*") if path.is_file()]
        assert not [path for path in kept if b"<html" in path.read_bytes().lower()]
        site.server.behave()
        site.clock.forward(86400)
        assert site.sync().exit_code == 0
        site.check()


@pytest.mark.parametrize("path", ["/d/.*csv", "/d/.*pkl", "/c/"])
def test_what_is_not_called_a_page_but_is_one_is_not_kept_either(
    tmp_path: Path, path: str
) -> None:
    with Site(tmp_path, EVERYTHING) as site:
        setid = site.server.make_dataset()
        page = b"<!DOCTYPE html><html>Please log in</html>"
        rule = site.server.add(path, wrong.body(page, "application/octet-stream"), times=None)
        report = site.sync()
        assert rule.fired > 0
        assert report.exit_code == 1
        assert path == "/c/" or site.states()[setid] == "failed"
        kept = [one for one in site.root.rglob("*") if one.is_file()]
        assert not [one for one in kept if page in one.read_bytes()]
        site.server.behave()
        site.clock.forward(86400)
        assert site.sync().exit_code == 0
        site.check()


def test_a_csv_without_its_header_is_fetched_again(site: Site) -> None:
    setid = site.server.make_dataset()

    def headless(content: bytes) -> bytes:
        return b"".join(
            line for line in content.splitlines(keepends=True) if not line.startswith(b"#")
        )

    def without_etag(answer: Answer) -> Answer:
        # As from a proxy: nothing is there that could speak against it.
        kept = tuple(pair for pair in answer.headers if pair[0].lower() != "etag")
        return Answer(answer.status, kept, headless(wrong.whole(answer)))

    site.server.add("/d/.*csv", wrong.altered(without_etag))
    report = site.sync()
    assert (report.mirrored, setid in report.failed) == (0, True)
    site.clock.forward(86400)
    assert site.sync().exit_code == 0
    site.check()


@pytest.mark.parametrize("cell", ["NaN", "-Infinity", "9223372036854775808"])
def test_a_number_that_the_json_cannot_hold_is_taken_from_the_csv(
    site: Site, cell: str
) -> None:
    setid = site.server.make_table({"db_oid": "U9", "n": "f8"}, [["a", 1.5], ["b", 2.5]])
    published: list[bytes] = []

    def spoiled(content: bytes) -> bytes:
        published.append(content.replace(b"2.5", cell.encode()))
        return published[-1]

    site.server.add("/set/", wrong.altered_body(spoiled), times=None)
    report = site.sync()
    assert (report.exit_code, report.mirrored) == (0, 1)
    assert site.sql("SELECT values_from FROM datasets") == [("csv",)]
    (note,) = report.notes
    assert f" dataset-{setid}.json.gz, byte" in note
    assert ".part" not in note
    assert site.sql("SELECT data ->> 'n' FROM dataset_rows ORDER BY data") == [(1.5,), (2.5,)]
    assert gzip.decompress(site.file(setid, "json").read_bytes()).rstrip() == published[-1]


def test_a_zip_that_is_none_is_named_as_the_mirror_names_it(site: Site) -> None:
    setid = site.server.make_dataset()
    site.server.add("/p/", wrong.altered_body(lambda content: content[:200]), times=None)
    why = site.sync().failed[setid]
    assert f"lightcurves-{setid}.zip" in why
    assert ".part" not in why


@pytest.mark.parametrize("path", ["/c/.*lcformat", "/api/collections"])
@pytest.mark.parametrize("fault", [wrong.reset(), wrong.status(500)], ids=["reset", "500"])
def test_what_describes_the_datasets_does_not_keep_them_waiting(
    site: Site, path: str, fault: Action
) -> None:
    site.server.make_dataset()
    site.server.add(path, fault, times=None)
    report = site.sync()
    assert report.exit_code == 1
    assert set(site.states().values()) == {"mirrored"}
    assert len(report.failed) in (1, 2)
    site.server.behave()
    assert site.sync().exit_code == 0
    site.check()


def test_a_clock_that_was_ahead_puts_nothing_off_for_years(site: Site) -> None:
    setid = site.server.make_dataset()
    site.server.add("/d/", wrong.status(404), times=1)
    site.clock.forward(3650 * 86_400)
    site.sync()
    assert site.states()[setid] == "waiting"
    site.clock.forward(-3650 * 86_400)
    site.sync()
    site.check()


def test_a_download_cut_many_times_asks_for_its_room_once(site: Site) -> None:
    setid = site.server.make_dataset()
    size = len(site.server.product(setid, "lczip"))
    pieces = [wrong.cut(size // 8) for _ in range(5)]
    site.server.add("/p/", wrong.in_turn(*pieces), times=len(pieces))
    # Room for it and the small things beside it, not for it and a half of it again.
    mirror = msgspec.structs.replace(site.config.mirror, max_bytes=size + size // 2 + 20_000)
    site.config = msgspec.structs.replace(site.config, mirror=mirror)
    assert site.sync().exit_code == 0
    site.check()


def test_what_workers_fetch_together_must_fit_together(tmp_path: Path) -> None:
    with Site(tmp_path, points=(80, 90)) as site:
        first, second = site.server.surveys[:2]
        setids = [
            site.server.make_dataset(collections=[one.collection], columns=("ndet",))
            for one in (first, second)
        ]
        sizes = [len(site.server.product(setid, "lczip")) for setid in setids]
        mirror = msgspec.structs.replace(site.config.mirror, max_bytes=sum(sizes) - 1)
        site.config = msgspec.structs.replace(site.config, mirror=mirror)
        report = site.sync()
        assert report.exit_code == 73
        assert sorted(site.states().values()) == ["mirrored", "partial"]
