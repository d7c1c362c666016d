"""What the server says here and otherwise there is taken as it came, and looked at again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import misbehaving as wrong
from tests.support.site import Site
from tests.support.sites import site_fixture

_LATER_S = 4_000.0
_DAYS_S = 2 * 86_400.0

site = site_fixture()


@pytest.mark.parametrize("held", [False, True])
def test_a_404_in_place_of_a_zip_is_not_believed_at_once(site: Site, held: bool) -> None:
    setid = site.server.make_dataset()
    if held:
        site.sync()
        site.server.remake_zip(setid)
        site.server.change_visibility(setid, "public")
    site.server.add("/p/", wrong.status(404), method="GET|HEAD")
    assert site.sync().exit_code == 0
    assert site.states() == {setid: "mirrored"}
    site.clock.forward(_LATER_S)
    site.sync()
    assert site.sql("SELECT * FROM work") == []
    site.check()


def test_a_404_that_stays_is_believed_after_some_looks(site: Site) -> None:
    setid = site.server.make_dataset()
    site.server.add("/p/", wrong.status(404), times=None, method="GET|HEAD")
    for _ in range(4):
        assert site.sync().exit_code == 0
        site.clock.forward(_LATER_S)
    assert site.sql("SELECT * FROM work") == []
    assert site.sql("SELECT state, has_lczip FROM datasets") == [("mirrored", 0)]
    assert not site.file(setid, "lczip").exists()


def test_a_json_that_contradicts_its_csv_is_fetched_again(site: Site) -> None:
    site.server.make_dataset()
    site.server.add(
        "/set/", wrong.altered_body(lambda b: b.replace(b'"setid": "', b'"setid": "X', 1))
    )
    assert site.sync().notes
    site.clock.forward(_LATER_S)
    assert site.sync().exit_code == 0
    site.check()


def test_a_json_that_cannot_be_read_is_fetched_again(site: Site) -> None:
    setid = site.server.make_dataset()
    site.server.add("/d/", wrong.altered_body(lambda b: b"no header\n"))
    site.server.add(
        "/set/",
        wrong.altered_body(lambda b: b.replace(b'"actual_nrows": ', b'"actual_nrows": 9')),
    )
    site.sync()
    assert site.states()[setid] in ("partial", "failed")
    for _ in range(2):
        site.clock.forward(_LATER_S)
        site.sync()
    site.check()


@pytest.mark.parametrize(
    "fault",
    [wrong.cut(40, declared=False), wrong.altered_body(lambda b: b + b"more")],
    ids=["that just ends", "that its ETag speaks against"],
)
def test_a_pickle_that_nothing_vouches_for_is_fetched_again(
    tmp_path: Path, fault: wrong.Action
) -> None:
    with Site(tmp_path, '[mirror]\nproducts = ["csv", "lczip", "pickle"]') as site:
        setid = site.server.make_dataset()
        site.server.add("/d/.*pkl", fault)
        site.sync()
        site.clock.forward(_LATER_S)
        site.sync()
        pickled = site.file(setid, "pickle").read_bytes()
        assert pickled == site.server.product(setid, "pickle")
        assert site.sql("SELECT * FROM work") == []
        site.check()


def test_a_pickle_that_comes_the_same_twice_is_believed(tmp_path: Path) -> None:
    with Site(tmp_path, '[mirror]\nproducts = ["csv", "lczip", "pickle"]') as site:
        site.server.make_dataset()
        etag = '"0123456789abcdef0123456789abcdef"'
        site.server.add("/d/.*pkl", wrong.header("Etag", etag), times=None)
        site.sync()
        assert len(site.sql("SELECT * FROM work")) == 1
        site.clock.forward(_LATER_S)
        site.sync()
        assert site.sql("SELECT * FROM work") == []
        site.check()


def turned(body: bytes) -> bytes:
    """Turn a bit of the description above a table, which no row contradicts."""
    return body.replace(b"New dataset", b"New eataset", 1)


def test_a_table_that_its_etag_speaks_against_is_fetched_until_it_comes_twice(
    site: Site,
) -> None:
    setid = site.server.make_dataset()
    site.server.add("/d/.*csv", wrong.damaged_body(turned))
    assert site.sync().exit_code == 0
    assert site.file(setid, "csv").read_bytes() != site.server.product(setid, "csv")
    [(note,)] = site.sql("SELECT note FROM files WHERE kind = 'csv'")
    assert "its ETag is that of other bytes" in note
    site.clock.forward(_LATER_S)
    assert site.sync().exit_code == 0
    assert site.file(setid, "csv").read_bytes() == site.server.product(setid, "csv")
    assert site.sql("SELECT note FROM files WHERE kind = 'csv' AND state = 'ok'") == [(None,)]
    assert site.sql("SELECT * FROM work") == []
    site.check()


@pytest.mark.parametrize("looks", [2, 6])
def test_a_table_that_never_comes_twice_is_never_believed(site: Site, looks: int) -> None:
    setid = site.server.make_dataset()
    numbers = iter(range(100))

    def other(body: bytes) -> bytes:
        return body.replace(b"New dataset", b"New data-%02d" % next(numbers), 1)

    site.server.add("/d/.*csv", wrong.damaged_body(other), times=None)
    for _ in range(looks):
        assert site.sync().exit_code == 0
        site.clock.forward(_DAYS_S)
    assert len(site.sql("SELECT * FROM work")) == 1
    site.server.behave()
    site.sync()
    assert site.file(setid, "csv").read_bytes() == site.server.product(setid, "csv")
    assert site.sql("SELECT * FROM work") == []
    site.check()


def test_a_table_whose_etag_is_an_earlier_versions_is_believed_when_it_comes_twice(
    site: Site,
) -> None:
    setid = site.server.make_dataset()
    etag = '"0123456789abcdef0123456789abcdef"'
    site.server.add("/d/.*csv", wrong.header("Etag", etag), times=None)
    # what comes after the table fails at first, and the doubt is not forgotten
    site.server.add("/p/", wrong.status(403), method="GET|HEAD")
    codes, fetched = [], []
    for _ in range(4):
        codes.append(site.sync().exit_code)
        fetched.append(len([one for one in site.requests("/d/") if one.startswith("GET")]))
        site.clock.forward(_LATER_S)
    assert (codes, fetched) == ([1, 0, 0, 0], [1, 0, 1, 0])
    assert site.sql("SELECT * FROM work") == []
    assert site.states() == {setid: "mirrored"}
    site.check()


def test_what_is_no_longer_wanted_is_not_waited_for_to_come_twice(tmp_path: Path) -> None:
    with Site(tmp_path, '[mirror]\nproducts = ["csv", "lczip", "pickle"]') as site:
        site.server.make_dataset()
        etag = '"0123456789abcdef0123456789abcdef"'
        site.server.add("/d/.*pkl", wrong.header("Etag", etag), times=None)
        site.sync()
        assert len(site.sql("SELECT * FROM work")) == 1
        site.configure()
        for _ in range(2):
            site.clock.forward(_DAYS_S)
            assert site.sync().exit_code == 0
        assert site.requests("/d/") == []
        assert site.sql("SELECT * FROM work") == []
        site.check()


def test_a_404_in_place_of_a_light_curve_is_not_believed_at_once(tmp_path: Path) -> None:
    with Site(tmp_path, '[lightcurves]\nsingles = "missing"', lczip_max_nrows=5) as site:
        site.server.make_dataset()
        site.server.add("/l/", wrong.status(404), times=None)
        assert site.sync().exit_code == 0
        lost = len(site.sql("SELECT * FROM missing_lightcurves"))
        assert lost == len(site.sql("SELECT * FROM objects"))
        site.server.behave()
        for _ in range(4):
            site.clock.forward(_LATER_S)
            site.sync()
        there = len(site.sql("SELECT * FROM lightcurves"))
        assert there + len(site.sql("SELECT * FROM missing_lightcurves")) == lost
        assert there > 0
        assert site.sql("SELECT * FROM lightcurve_attempts") == []
        site.check()


def test_a_404_in_place_of_a_format_description_is_not_believed_at_once(site: Site) -> None:
    site.server.add("/c/", wrong.status(404), times=len(site.server.surveys), method="GET")
    assert site.sync().exit_code == 0
    assert formats(site) == 0
    site.clock.forward(_LATER_S)
    site.sync()
    assert formats(site) == len(site.server.surveys)
    site.clock.forward(_LATER_S)
    site.sync()
    assert site.requests("/c/") == []
    site.check()


@pytest.mark.parametrize("named", [True, False])
def test_a_format_description_that_stays_away_is_believed_to(site: Site, named: bool) -> None:
    site.server.add("/c/", wrong.status(404), times=None, method="GET|HEAD")
    if not named:
        without = wrong.altered_body(lambda b: b.replace(b'"lcformatdesc"', b'"other"'))
        site.server.add("/api/collections", without, times=None)
    looks = []
    for _ in range(6):
        site.sync()
        looks.append(len(site.requests("/c/")))
        site.clock.forward(_LATER_S)
    each = len(site.server.surveys)
    assert looks == ([each] * 4 if named else [each]) + [0] * (2 if named else 5)


def test_a_format_description_that_is_not_there_is_looked_for_later_and_later(
    site: Site,
) -> None:
    site.server.add("/c/", wrong.status(404), times=None, method="GET|HEAD")
    site.sync()
    site.sync()
    assert site.requests("/c/") == []
    # A clock that was years ahead for a while puts nothing off for years.
    site.clock.forward(-200_000_000)
    site.sync()
    assert site.requests("/c/") != []


@pytest.mark.parametrize("times", [1, 3, None])
def test_a_format_description_that_is_not_what_its_etag_says(
    site: Site, times: int | None
) -> None:
    turns = iter(range(100))

    def turned(content: bytes) -> bytes:
        number = next(turns) if times is not None else 0
        return content.replace(b"column", b"columm%d" % number, 1)

    site.server.add("/c/demo-field-a", wrong.damaged_body(turned), times=times, method="GET")
    told = [len(site.sync().failed) for _ in range(5)]
    assert told == {1: [1, 0, 0, 0, 0], 3: [1, 1, 1, 0, 0], None: [1, 0, 0, 0, 0]}[times]
    path = site.root / "collections/demo_field_a/lcformat-description.json"
    theirs = site.server.file("/c/demo-field-a/lcformat-description.json")
    # What comes the same again and again is as it is meant: the ETag is of another kind.
    assert (path.read_bytes() == theirs) == (times is not None)
    site.check()


def formats(site: Site) -> int:
    return len(list(site.root.glob("collections/*/lcformat-description.json")))


def test_pages_without_end_are_not_asked_for(tmp_path: Path) -> None:
    with Site(tmp_path, dialect="documented") as site:
        setid = site.server.make_dataset()
        rule = site.server.add(
            "/set/",
            wrong.altered_body(lambda b: b.replace(b'"npages": 1', b'"npages": 1000000000')),
            times=None,
        )
        report = site.sync()
        assert "pages" in report.failed[setid]
        assert rule.fired == 1
        site.server.behave()
        site.clock.forward(_LATER_S)
        site.sync()
        site.check()
