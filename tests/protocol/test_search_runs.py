"""Saved searches against a server: sent, followed, mirrored, compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lccmirror.catalog.connection import close_writer, open_writer
from lccmirror.demo.searcher import Fate
from lccmirror.errors import UsageError
from lccmirror.sync.searches import DueSearch, begin, run_search, unfinished
from tests.support.misbehaving import body
from tests.support.searches import BRIGHT, SearchSite
from tests.support.sites import site_fixture

site = site_fixture(kind=SearchSite, each_dialect=True)


def targets(site: SearchSite, count: int = 6) -> list[str]:
    """Write a list of positions, and return the objects at them."""
    objects = site.server.surveys[0].objects[:count]
    lines = [f"t{number} {one.ra:.7f} {one.decl:.7f}" for number, one in enumerate(objects)]
    (site.config.path.parent / "targets.txt").write_text("\n".join(lines), "utf-8")
    return [one.objectid for one in objects]


def all_four(site: SearchSite) -> str:
    near = site.server.surveys[0].objects[0]
    targets(site)
    return (
        BRIGHT
        + f"""
[[search]]
name = "cone"
kind = "conesearch"
center = [{near.ra:.6f}, {near.decl:.6f}]
radius_arcmin = 10
columns = ["sdssr"]
every = "6h"
[[search]]
name = "words"
kind = "ftsquery"
text = "star OR variable OR EA OR RRab OR nova"
collections = ["demo-field-a"]
every = "6h"
[[search]]
name = "matches"
kind = "xmatch"
file = "targets.txt"
every = "6h"
"""
    )


def test_all_four_services_are_mirrored_and_shown(site: SearchSite) -> None:
    site.ask(all_four(site))
    reports = site.run_due()
    assert sorted(one.search for one in reports) == ["bright", "cone", "matches", "words"]
    for report in reports:
        assert report.state == "ok", report.message
        [setid] = report.setids
        truth = site.server.truth(setid)
        assert truth
        assert report.nobjects == len({(one["collection"], one["db_oid"]) for one in truth})
        shown = site.latest(report.search, "db_oid, ra, decl, setid")
        assert shown == [(one["db_oid"], one["db_ra"], one["db_decl"], setid) for one in truth]
        assert site.sql("SELECT origin, state FROM datasets WHERE setid = ?", setid) == [
            ("search", "mirrored")
        ]
        site.check(setid)


def test_no_body_is_fetched_twice_and_the_zip_once_for_all(site: SearchSite) -> None:
    first = site.run()
    one, two = first.setids[0], site.run().setids[0]
    asked = [request.split("?")[0] for request in site.requests(two)]
    assert asked == [
        f"GET /set/{two}",
        f"GET /d/dataset-{two}.csv",
        f"HEAD /p/lightcurves-{two}.zip",
    ]
    assert site.sql("SELECT same_as FROM datasets WHERE setid = ?", two) == [(one,)]
    assert site.file(one, "lczip").stat().st_ino == site.file(two, "lczip").stat().st_ino
    assert site.latest(columns="DISTINCT setid") == [(two,)]
    assert len(site.latest()) == first.nobjects


def test_a_result_stays_whatever_the_select_rules_say(site: SearchSite) -> None:
    site.configure("[select]\nmax_objects = 1")
    [setid] = site.run().setids
    site.server.change_visibility(setid, "public")
    site.sync()
    site.sync()
    assert site.states() == {setid: "mirrored"}
    site.check(setid)


def test_a_public_result_that_the_list_shows_costs_nothing_more(site: SearchSite) -> None:
    site.ask(BRIGHT + 'visibility = "public"\n')
    site.sync()
    site.run()
    report = site.sync()
    assert (report.poll.new, report.poll.changed, report.mirrored) == ([], [], 0)
    assert site.sync().requests == 2


def test_objects_that_came_went_and_changed(site: SearchSite) -> None:
    first = site.run()
    assert first.added == first.nobjects
    objects = {row[0]: row[1] for row in site.latest(columns="objectid, sdssr")}
    faintest = max(objects, key=lambda one: objects[one])

    assert set(site.changes(first.run_id).values()) == {"added"}
    site.ask(BRIGHT.replace("15.0", str(objects[faintest])))
    second = site.run()
    assert (second.added, second.removed, second.changed) == (0, 1, 0)
    assert site.changes(second.run_id) == {faintest: "removed"}
    assert "the question is not that of run 1" in (second.message or "")
    site.ask(BRIGHT)
    third = site.run()
    assert site.changes(third.run_id) == {faintest: "added"}
    assert len(site.latest()) == len(objects)


def test_with_a_limit_nothing_is_lost_and_nothing_new_twice(site: SearchSite) -> None:
    limited = BRIGHT + 'sort = ["sdssr", "{}"]\nlimit = 3\n'
    site.ask(limited.format("asc"))
    assert site.run().added == 3
    site.ask(limited.format("desc"))
    second = site.run()
    assert (second.added, second.removed) == (3, 0)
    site.ask(limited.format("asc"))
    third = site.run()
    assert (third.added, third.removed, third.nobjects) == (0, 0, 3)
    assert third.total_nmatches is not None


def test_a_search_that_matches_nothing_is_a_result(site: SearchSite) -> None:
    site.ask(BRIGHT.replace("15.0", "1.0"))
    report = site.run()
    assert (report.state, report.nobjects, report.message) == ("ok", 0, "nothing matches")
    assert site.latest() == []
    assert report.exit_code == 0


def nothing_found(site: SearchSite) -> None:
    """The next search says that nothing matches, as after a mistake of the server's."""
    site.server.add("/api/columnsearch", body(no_match(site)))


def no_match(site: SearchSite) -> bytes:
    count = "actual_nrows" if site.server.dialect == "running" else "nobjects"
    result = {"setid": "abcdefghijk", count: 0}
    return json.dumps({"status": "failed", "message": "None.", "result": result}).encode()


def test_nothing_after_something_is_suspect_until_it_is_confirmed(site: SearchSite) -> None:
    good = site.run()
    shown = site.latest()
    nothing_found(site)
    doubted = site.run()
    assert (doubted.state, doubted.removed, doubted.exit_code) == ("suspect", 0, 1)
    assert "Nothing is taken for lost" in (doubted.message or "")
    assert site.latest() == shown
    nothing_found(site)
    confirmed = site.run()
    assert (confirmed.state, confirmed.removed, confirmed.nobjects) == ("ok", good.nobjects, 0)
    assert site.latest() == []
    again = site.run()
    assert (again.state, again.added) == ("ok", good.nobjects)
    assert [row[1:6] for row in site.latest()] == [row[1:6] for row in shown]


def test_a_doubt_that_is_not_confirmed_changes_nothing(site: SearchSite) -> None:
    site.run()
    nothing_found(site)
    assert site.run().state == "suspect"
    after = site.run()
    assert (after.state, after.added, after.removed, after.changed) == ("ok", 0, 0, 0)
    nothing_found(site)
    assert site.run().state == "suspect"


@pytest.mark.parametrize("fate", [Fate.QUERY_TIMEOUT, Fate.ZIP_TIMEOUT])
def test_a_search_in_the_background_is_watched_until_complete(
    site: SearchSite, fate: Fate
) -> None:
    site.server.next_search(fate)
    with site.session() as session:
        run = begin(session, DueSearch("bright", site.now()))
        report = site.follow(session, run, background=True)
    assert report.state == "ok", report.message
    site.check(*report.setids)
    looks = site.requests(f"/set/{report.setids[0]}")
    assert 2 <= len(looks) <= 5


def test_a_search_too_large_for_a_zip(tmp_path: Path) -> None:
    with SearchSite(tmp_path, lczip_max_nrows=5) as site, site.session() as session:
        report = site.follow(
            session, begin(session, DueSearch("bright", site.now())), background=True
        )
        assert report.state == "ok"
        assert site.states() == {report.setids[0]: "mirrored"}


def test_a_run_that_nobody_waits_for_goes_on_with_the_next_sync(site: SearchSite) -> None:
    site.server.next_search(Fate.ZIP_TIMEOUT)
    report = site.run(wait=False)
    assert report.state == "running"
    assert report.next_look is not None
    while site.server.advance():
        pass
    site.sync()
    with site.session() as session:
        assert unfinished(session.mirror.conn) == []
    assert len(site.latest()) == len(site.server.truth(report.setids[0]))
    site.check(*report.setids)


def test_a_long_list_of_positions_is_sent_in_parts_and_put_together(site: SearchSite) -> None:
    objects = targets(site)
    site.ask(
        '[[search]]\nname = "split"\nkind = "xmatch"\nfile = "targets.txt"\n'
        'positions_per_request = 2\nevery = "1h"\ncollections = ["demo_field_a"]\n'
        'columns = ["sdssr"]\n'
    )
    report = site.run("split")
    assert report.state == "ok", report.message
    assert len(report.setids) == 3
    assert report.nobjects == len(objects)
    assert sorted(row[0] for row in site.latest("split", "objectid")) == sorted(objects)
    assert len({row[0] for row in site.latest("split", "in_objectid")}) == len(objects)
    parts = site.sql("SELECT part, setid FROM search_run_sets WHERE run_id = 1 ORDER BY part")
    assert [setid for _, setid in parts] == list(report.setids)
    assert site.sql("SELECT setid FROM search_runs") == [(report.setids[0],)]
    again = site.run("split")
    assert (again.added, again.removed, again.changed) == (0, 0, 0)


def test_an_object_at_two_positions_is_one_object(site: SearchSite) -> None:
    targets(site, 2)
    path = site.config.path.parent / "targets.txt"
    first = path.read_text("utf-8").splitlines()[0].split(" ", 1)[1]
    path.write_text(f"a {first}\nb {first}\n", "utf-8")
    site.ask(
        '[[search]]\nname = "twice"\nkind = "xmatch"\nfile = "targets.txt"\nevery = "1h"\n'
    )
    report = site.run("twice")
    assert report.nobjects == 1
    assert len(site.latest("twice")) == 2
    assert site.run("twice").changed == 0


def test_a_part_that_finds_nothing_any_more_is_doubted(site: SearchSite) -> None:
    targets(site)
    site.ask(
        '[[search]]\nname = "split"\nkind = "xmatch"\nfile = "targets.txt"\n'
        'positions_per_request = 3\nevery = "1h"\n'
    )
    site.run("split")
    shown = site.latest("split")
    site.server.add("/api/xmatch", body(no_match(site)), skip=1)
    doubted = site.run("split")
    assert doubted.state == "suspect"
    assert "in 1 of its 2 parts" in (doubted.message or "")
    assert site.latest("split") == shown


def test_a_search_is_not_repeated_within_15_minutes(site: SearchSite) -> None:
    site.run()
    with site.session() as session, pytest.raises(UsageError, match="ago; each run leaves"):
        run_search(session, "bright", wait=False)
    site.ask(BRIGHT + "allow_frequent = true\n")
    with site.session() as session:
        assert run_search(session, "bright", wait=True).state == "ok"


def test_new_data_makes_a_search_due(site: SearchSite) -> None:
    site.ask(BRIGHT.replace('every = "1h"', "on_new_data = true"))
    site.sync()
    assert [report.state for report in site.run_due()] == ["ok"]
    site.clock.forward(86_400)
    assert site.due() == []

    with site.session() as session:
        session.mirror.conn.execute("UPDATE collections SET nobjects = nobjects + 1")
    assert [report.state for report in site.run_due()] == ["ok"]
    assert site.due() == []


def test_the_first_run_of_a_new_mirror_is_not_repeated_for_its_own_poll(
    site: SearchSite,
) -> None:
    site.ask(BRIGHT.replace('every = "1h"', "on_new_data = true"))
    assert [report.state for report in site.run_due()] == ["ok"]
    site.clock.forward(3600)
    assert site.due() == []


def test_a_changed_value_is_told(site: SearchSite) -> None:
    site.run()
    [(objectid, setid)] = site.latest(columns="objectid, setid")[:1]
    # As if the last run had had another value.
    conn = open_writer(site.root / "catalog.sqlite")
    conn.execute(
        "UPDATE dataset_rows SET data = json_set(data, '$.sdssr', 1.5) "
        "WHERE setid = ? AND objectid = ?",
        (setid, objectid),
    )
    conn.execute("UPDATE datasets SET table_sha256 = 'x' WHERE setid = ?", (setid,))
    close_writer(conn)
    second = site.run()
    assert (second.added, second.removed, second.changed) == (0, 0, 1)
    assert site.changes(second.run_id) == {objectid: "changed"}
