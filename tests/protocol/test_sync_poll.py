"""Nothing is missed in silence: what the dataset list shows, and what it hides."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from lccmirror.errors import ServerFault
from tests.support.misbehaving import altered_body, body, cut, phantom_not_modified, status
from tests.support.site import Site
from tests.support.sites import site_fixture

# Only the list matters to some tests: nothing is selected for fetching.
NOTHING = "[select]\nnot_before = 2100-01-01"


site = site_fixture()


def make(site: Site, visibility: str = "public", count: int = 1) -> list[str]:
    made = []
    for _ in range(count):
        site.clock.forward(20)
        made.append(
            site.server.make_table(
                {"db_oid": "U9", "n": "i8"}, [["a", 1]], visibility=visibility, session="other"
            )
        )
    return made


def windows(site: Site) -> list[int]:
    return [int(one.split("nsets=")[1]) for one in site.requests("/api/datasets")]


def test_a_public_dataset_behind_newer_hidden_ones_is_found(site: Site) -> None:
    old = make(site, count=3)
    site.sync()
    hidden_behind = make(site)
    make(site, "unlisted", 60)
    report = site.sync()
    assert report.poll.new == hidden_behind
    assert windows(site) == [25, 50, 100]
    assert set(site.states()) == {*old, *hidden_behind}


def test_the_window_that_was_enough_is_remembered_and_an_idle_poll_costs_one(
    site: Site,
) -> None:
    make(site, count=3)
    make(site, "unlisted", 60)
    site.sync()
    report = site.sync()
    assert (windows(site), report.requests, report.received_bytes) == ([100], 2, 0)


def test_a_304_for_an_empty_list_proves_nothing(site: Site) -> None:
    """The same empty answer comes before and after a public set slid behind hidden ones."""
    make(site, count=2)
    site.sync()
    make(site, "unlisted", 30)
    site.sync()
    (new,) = make(site)
    make(site, "unlisted", 49)
    assert site.sync().poll.new == [new]


def test_a_dataset_that_moved_to_the_top_proves_nothing(site: Site) -> None:
    known, anchor = make(site, count=2)
    site.sync()
    (hidden,) = make(site)
    make(site, "unlisted", 30)
    site.clock.forward(20)
    site.server.change_visibility(known, "unlisted")
    site.server.change_visibility(known, "public")
    report = site.sync()
    assert report.poll.new == [hidden]
    assert report.poll.changed == [known]
    assert anchor in site.states()


def test_a_dataset_made_public_later_is_found(site: Site) -> None:
    make(site, count=2)
    (quiet,) = make(site, "unlisted")
    site.sync()
    assert quiet not in site.states()
    make(site, count=40)
    site.sync()
    site.clock.forward(20)
    site.server.change_visibility(quiet, "public")
    site.sync()
    assert site.states()[quiet] == "mirrored"


def test_a_list_that_ends_before_anything_known_is_a_gap(tmp_path: Path) -> None:
    with Site(tmp_path, dialect="documented") as site:
        site.configure(NOTHING)
        make(site, count=2)
        site.sync()
        assert site.sql("SELECT * FROM gaps") == []
        missed = make(site)
        new = make(site, count=1000)
        report = site.sync()
        assert report.poll.gap is not None
        assert missed[0] not in site.states()
        assert set(new) <= set(site.states())
        assert site.sql("SELECT count(*) FROM gaps") == [(1,)]
        assert site.sync().requests == 2
        assert site.sql("SELECT count(*) FROM gaps") == [(1,)]


def test_a_server_with_exactly_a_thousand_and_no_cap_has_no_gap(site: Site) -> None:
    site.configure(NOTHING)
    make(site, count=1000)
    report = site.sync()
    assert (report.poll.gap, len(report.poll.new)) == (None, 1000)


def test_a_list_without_a_count_is_read_all_the_same(site: Site) -> None:
    made = make(site, count=3)
    count_gone = altered_body(lambda b: b.replace(b"found ", b"there are "))
    site.server.add("/api/datasets", count_gone, times=None)
    report = site.sync()
    assert sorted(report.poll.new) == sorted(made)
    assert report.poll.gap is None


def test_an_item_that_makes_no_sense_does_not_hide_the_others(site: Site) -> None:
    good, bad = make(site, count=2)

    def spoil(content: bytes) -> bytes:
        return content.replace(f'"{bad}"'.encode(), b'"../../etc/passwd"')

    site.server.add("/api/datasets", altered_body(spoil), times=None)
    report = site.sync()
    assert site.states() == {good: "mirrored"}
    told = report.told()
    assert any("etc/passwd" in note for note in told.notes)
    assert "1 items of the list not understood" in told.summary
    assert site.sql("SELECT setid FROM datasets WHERE vanished_at IS NOT NULL") == []


def test_a_304_that_was_not_asked_for_is_not_believed(site: Site) -> None:
    make(site)
    site.server.add("/api/datasets", phantom_not_modified(), times=None)
    report = site.sync()
    assert report.exit_code == 1
    assert "list of datasets" in report.failed
    site.server.behave()
    assert site.sync().mirrored == 1


def test_without_a_list_what_is_known_already_comes(site: Site) -> None:
    setid = make(site)[0]
    site.server.add("/p/", status(404), times=None, method="HEAD|GET")
    site.server.add("/d/", status(500), times=None, method="HEAD|GET")
    site.sync()
    assert site.states() == {setid: "failed"}
    site.server.behave()
    site.server.add("/api/datasets", status(500), times=None)
    site.clock.forward(90_000)
    report = site.sync()
    assert report.exit_code == 1
    assert list(report.failed) == ["list of datasets"]
    assert site.states() == {setid: "mirrored"}
    with pytest.raises(ServerFault):
        site.plan()
    site.server.add("/api/collections", status(500), times=None)
    assert site.sync().exit_code == 69


def test_an_empty_list_does_not_make_known_datasets_vanish(site: Site) -> None:
    make(site, count=2)
    site.sync()
    empty = b'{"status": "failed", "result": null, "message": "No datasets matching query '
    site.server.add("/api/datasets", body(empty + b'parameters were found."}'), times=None)
    site.clock.forward(8 * 86_400)
    site.sync()
    assert set(site.states().values()) == {"mirrored"}


@pytest.mark.parametrize("how", ["error", "stop"])
@pytest.mark.parametrize("window", [50, 100, 200])
def test_a_poll_cut_off_between_two_windows_hides_nothing_from_the_next(
    site: Site, window: int, how: str
) -> None:
    site.configure(NOTHING)
    old = make(site, count=3)
    site.sync()
    new = make(site, count=120)
    stop = threading.Event()
    fault = status(500)
    if how == "stop":
        fault = altered_body(lambda content: stop.set() or b"")  # type: ignore[func-returns-value]  # set, then nothing
    site.server.add(rf"/api/datasets\?.*nsets={window}\b", fault, times=None)
    cut_off = site.sync(stop=stop)
    assert cut_off.stopped is not None or cut_off.unlisted is not None
    assert set(cut_off.poll.new) == set(new[-window // 2 :])
    assert f"{len(cut_off.poll.new)} new" in cut_off.summary()
    site.server.behave()
    site.sync()
    assert set(site.states()) == {*old, *new}


def test_a_first_reading_of_the_list_that_is_cut_off_is_begun_again(site: Site) -> None:
    site.configure(NOTHING)
    made = make(site, count=30)
    site.server.add("/api/datasets", cut(300), times=None)
    assert site.sync().poll.new == []
    site.server.behave()
    assert set(site.sync().poll.new) == set(made)


def test_a_dataset_committed_later_than_a_newer_one_is_found(site: Site) -> None:
    """One of the server's workers took its time, and another was faster with a later one."""
    make(site)
    (late,) = make(site)
    site.clock.forward(-15)
    (newest_known,) = make(site)  # 5 seconds after the late one

    def not_yet(content: bytes) -> bytes:
        answer = json.loads(content)
        answer["result"] = [one for one in answer["result"] if one["setid"] != late]
        return json.dumps(answer).encode()

    site.server.add("/api/datasets", altered_body(not_yet), times=None)
    assert newest_known in site.sync().poll.new
    assert late not in site.states()
    site.server.behave()
    make(site, count=24)
    assert late in site.sync().poll.new


def test_nothing_vanishes_while_the_list_has_items_that_make_no_sense(site: Site) -> None:
    _, bad = make(site, count=2)
    site.sync()

    def spoil(content: bytes) -> bytes:
        return content.replace(f'"{bad}"'.encode(), b'"../../etc/passwd"')

    site.server.add("/api/datasets", altered_body(spoil), times=None)
    site.clock.forward(8 * 86_400)
    site.sync()
    assert site.sql("SELECT setid FROM datasets WHERE vanished_at IS NOT NULL") == []


def test_a_small_list_without_a_count_is_soon_known_to_be_all(site: Site) -> None:
    make(site, count=1)
    count_gone = altered_body(lambda b: b.replace(b"found ", b"there are "))
    site.server.add("/api/datasets", count_gone, times=None)
    site.sync()
    assert len(windows(site)) == 4
    report = site.sync()
    assert (windows(site), report.received_bytes) == ([1_000_000], 0)


def test_without_a_count_nothing_hides_behind_datasets_of_others(site: Site) -> None:
    make(site, count=1)
    count_gone = altered_body(lambda b: b.replace(b"found ", b"there are "))
    site.server.add("/api/datasets", count_gone, times=None)
    site.sync()
    hidden = make(site)
    make(site, "unlisted", 120)
    assert site.sync().poll.new == hidden


def test_the_whole_list_is_read_again_after_a_clock_that_was_ahead(site: Site) -> None:
    make(site)
    site.clock.forward(3650 * 86_400)
    site.sync()
    site.clock.forward(-3650 * 86_400)
    site.sync()
    assert 1_000_000 in windows(site)
    site.sync()
    assert windows(site) == [25]


@pytest.mark.parametrize(
    "number", [b"1e300", b"9223372036854775808", b'"9999999999999999999"', b"NaN", b"1e999"]
)
def test_a_number_beyond_all_bounds_does_not_cost_the_list(site: Site, number: bytes) -> None:
    made = make(site, count=2)
    huge = altered_body(lambda b: b.replace(b'"nobjects": 1', b'"nobjects": ' + number))
    site.server.add("/api/datasets", huge, times=None)
    report = site.sync()
    assert report.exit_code == 0
    assert set(site.states()) == set(made)
    assert site.sql("SELECT DISTINCT nobjects FROM datasets") == [(None,)]
