"""Datasets that the list names and the server does not have."""

from __future__ import annotations

import json

import pytest

from lccmirror.sync.report import CycleReport
from tests.support import misbehaving as wrong
from tests.support.site import Site
from tests.support.sites import site_fixture

_WEEK = 8 * 86_400

site = site_fixture()


def named(setid: str, other: str) -> wrong.Action:
    """The list tells of one dataset under another setid."""

    def change(content: bytes) -> bytes:
        return content.replace(setid.encode(), other.encode())

    return wrong.altered_body(change)


def without(setid: str) -> wrong.Action:
    """The list does not tell of a dataset."""

    def change(content: bytes) -> bytes:
        answer = json.loads(content)
        answer["result"] = [one for one in answer["result"] if one["setid"] != setid]
        return json.dumps(answer).encode()

    return wrong.altered_body(change)


def later(site: Site) -> CycleReport:
    """The list is read whole, and what is not there is asked for some times."""
    for _ in range(3):
        site.clock.forward(_WEEK)
        site.sync()
    site.clock.forward(_WEEK)
    return site.sync()


def test_a_dataset_that_never_was_is_not_asked_for_for_ever(site: Site) -> None:
    setid = site.server.make_dataset()
    never = "x" + setid[1:]
    site.server.add("/api/datasets", named(setid, never), times=None)
    report = site.sync()
    assert site.states() == {never: "waiting"}
    assert never in report.failed
    site.server.behave()
    assert later(site).exit_code == 0
    assert site.states() == {never: "skipped", setid: "mirrored"}
    reason = site.sql("SELECT reason FROM datasets WHERE setid = ?", never)
    assert reason == [("the server no longer lists it, nor gives it to us",)]
    site.clock.forward(_WEEK)
    assert site.sync().exit_code == 0
    assert site.requests(never) == []
    assert site.verify().exit_code == 0


def test_a_dataset_that_is_listed_and_not_there_is_waited_for(site: Site) -> None:
    setid = site.server.make_dataset()
    site.server.add(f"/set/{setid}", wrong.status(404), times=None)
    for _ in range(8):
        assert site.sync().exit_code == 1
        assert site.states() == {setid: "waiting"}
        site.clock.forward(2 * 86_400)
    site.server.behave()
    assert site.sync().exit_code == 0
    assert site.states() == {setid: "mirrored"}


@pytest.mark.parametrize("was_asked_for", [True, False])
def test_a_dataset_that_was_away_is_fetched_when_it_is_listed_again(
    site: Site, was_asked_for: bool
) -> None:
    stays, away = site.server.make_dataset(), site.server.make_dataset(columns=("ndet",))
    not_there = 404 if was_asked_for else 500
    site.server.add(f"/(set|d)/.*{away}", wrong.status(not_there), times=None)
    site.sync()
    site.server.add("/api/datasets", without(away), times=None)
    later(site)
    ended = "skipped" if was_asked_for else "failed"
    assert site.states() == {stays: "mirrored", away: ended}
    site.server.behave()
    site.clock.forward(_WEEK)
    report = site.sync()
    assert away in report.poll.changed
    assert site.states() == {stays: "mirrored", away: "mirrored"}
    site.check()


def test_what_we_have_anything_of_is_not_left_out(site: Site) -> None:
    setid = site.server.make_dataset()
    other = site.server.make_dataset(columns=("ndet",))
    site.sync()
    site.server.delete(setid)
    site.clock.forward(_WEEK)
    site.sync()
    for kind in ("csv", "lczip"):
        site.file(setid, kind).unlink()
    site.verify()
    site.repair()
    assert site.states()[setid] != "skipped"
    assert site.states()[other] == "mirrored"


def test_a_json_that_had_come_whole_is_kept(site: Site) -> None:
    stays, away = site.server.make_dataset(), site.server.make_dataset(columns=("ndet",))
    site.server.add(f"/d/.*{away}.*csv", wrong.cut(200), times=None)
    site.sync()
    site.server.behave()
    site.server.add("/api/datasets", without(away), times=None)
    site.server.add(f"/(set|d|p)/.*{away}", wrong.status(401), times=None)
    assert later(site).exit_code == 0
    assert site.states() == {stays: "mirrored", away: "partial"}
    of_dataset = site.sql("SELECT kind FROM files WHERE setid = ?", away)
    assert of_dataset == [("json",)]
    assert site.sql("SELECT count(*) > 0 FROM dataset_rows WHERE setid = ?", away) == [(1,)]
    assert list((site.root / "incoming").iterdir()) == []
    assert site.verify().exit_code == 0
    site.server.behave()
    site.clock.forward(_WEEK)
    site.sync()
    assert site.states() == {stays: "mirrored", away: "mirrored"}
    site.check()


def test_what_is_wanted_too_late_is_not_asked_for_for_ever(site: Site) -> None:
    site.configure('[mirror]\nproducts = ["csv"]')
    setid = site.server.make_dataset()
    site.sync()
    site.server.delete(setid)
    site.clock.forward(_WEEK)
    site.configure('[mirror]\nproducts = ["csv", "lczip", "pickle"]')
    site.sync()
    assert later(site).exit_code == 0
    assert site.states() == {setid: "mirrored"}
    assert site.sql("SELECT * FROM work") == []
    assert site.sql("SELECT reason LIKE '%is kept' FROM datasets") == [(1,)]


def test_a_zip_that_is_refused_once_its_table_has_come(site: Site) -> None:
    setid = site.server.make_dataset()
    site.server.add("/p/", wrong.status(403), times=None)
    site.sync()
    site.server.add("/api/datasets", without(setid), times=None)
    assert later(site).exit_code == 0
    assert site.states() == {setid: "partial"}
    assert site.sql("SELECT * FROM work") == []


def test_something_in_the_way_of_one_that_has_vanished_hinders_no_other(site: Site) -> None:
    stays, away = site.server.make_dataset(), site.server.make_dataset(columns=("ndet",))
    site.server.add(f"/d/.*{away}.*csv", wrong.cut(200), times=None)
    site.server.add(f"/d/.*{stays}.*csv", wrong.status(500), times=None)
    site.sync()
    site.server.behave()
    site.server.add("/api/datasets", without(away), times=None)
    site.server.add(f"/(set|d|p)/.*{away}", wrong.status(404), times=None)
    folder = site.file(away, "csv").parent
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("of a person")
    report = later(site)
    assert str(folder) in report.failed[away]
    assert site.states()[stays] == "mirrored"
