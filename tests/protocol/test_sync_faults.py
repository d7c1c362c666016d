"""Whatever the server does: what is whole stays, what is not is tried again, and says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from lccmirror.demo.messages import Answer, Request
from tests.support import misbehaving as wrong
from tests.support.misbehaving import Action
from tests.support.site import Site
from tests.support.sites import site_fixture

site = site_fixture()

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
