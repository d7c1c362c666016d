"""Pruning: only by rules, only what they say, and nothing shared is lost with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lccmirror import durable
from lccmirror.errors import Stopped
from lccmirror.sync.jobs import prune_mirror
from lccmirror.sync.mirror import Mirror, open_mirror
from lccmirror.sync.prune import PruneReport, prune
from tests.support.site import Site
from tests.support.sites import site_fixture

DAY = 86_400


site = site_fixture()


def pruned(
    site: Site, rules: str = "", mirror: str = "", *, dry_run: bool = False
) -> PruneReport:
    """Prune by rules, on top of the site's own configuration."""
    config = site.configure(f"[mirror]\n{mirror}\n[prune]\n{rules}")
    return prune_mirror(config, site.around(), dry_run=dry_run)


def take(site: Site, *setids: str) -> tuple[str, str]:
    """Return the rules, and a limit, that call for as much room as these datasets take."""
    total = site.sql("SELECT sum(size) FROM files")[0][0]
    want = 10_000_000 - total + sum(sizes(site)[setid] for setid in setids)
    return f"headroom = {want}", "max_bytes = 10000000"


def also(rules: tuple[str, str], more: str) -> tuple[str, str]:
    return f"{rules[0]}\n{more}", rules[1]


def names(report: PruneReport) -> list[str]:
    return [one.name for one in report.pruned]


def sizes(site: Site) -> dict[str, int]:
    return dict(site.sql("SELECT setid, sum(size) FROM files GROUP BY setid"))


@contextmanager
def opened(site: Site) -> Iterator[Mirror]:
    with open_mirror(site.root, site.config.server.url) as mirror:
        yield mirror


def make_three(site: Site) -> list[str]:
    """Mirror three datasets of different sizes, the smallest first."""
    made = [
        site.server.make_dataset(filters="(ndet gt 7)", columns=("ndet",)),
        site.server.make_dataset(filters="(ndet gt 6)", columns=("ndet",)),
        site.server.make_dataset(),
    ]
    site.sync()
    by_size = sorted(made, key=sizes(site).__getitem__)
    assert len(set(sizes(site).values())) >= 3
    return by_size


def gone(site: Site, setid: str) -> None:
    """Nothing of a dataset is left but its row."""
    (state, reason) = site.sql("SELECT state, reason FROM datasets WHERE setid = ?", setid)[0]
    assert state == "pruned"
    assert "prune." in reason
    for table in ("files", "lightcurves", "missing_lightcurves", "dataset_rows", "work"):
        assert site.sql(f"SELECT count(*) FROM {table} WHERE setid = ?", setid) == [(0,)]
    assert list(site.file(setid, "csv").parent.iterdir()) == []


def test_without_rules_nothing_is_removed(site: Site) -> None:
    make_three(site)
    report = pruned(site)
    assert report.no_rules
    assert report.pruned == []
    site.check()


def test_the_largest_go_first_and_no_more_than_the_headroom_needs(site: Site) -> None:
    small, middle, large = make_three(site)
    assert pruned(site, "headroom = 1").pruned == []
    # So much room that the largest one is just not enough.
    rules = take(site, large)
    more = int(rules[0].split()[-1]) + 1
    report = pruned(site, f"headroom = {more}", rules[1])
    assert names(report) == [large, middle]
    assert report.missing_bytes == 0
    gone(site, large)
    gone(site, middle)
    site.check(small)


def test_a_dry_run_says_the_same_and_removes_nothing(site: Site) -> None:
    rules = take(site, *make_three(site))
    would = pruned(site, *rules, dry_run=True)
    assert would.dry_run
    site.check()
    assert len(names(would)) == 3
    assert names(pruned(site, *rules)) == names(would)


def test_a_disk_that_something_else_has_filled_costs_no_dataset(site: Site) -> None:
    make_three(site)
    report = pruned(site, "headroom = 1000000000000000")
    assert report.pruned == []
    assert report.missing_bytes > 0
    assert "none of it was touched" in report.summary()
    site.check()


def test_keep_lists_are_stronger_than_every_rule(site: Site) -> None:
    one, two, three = make_three(site)
    rules = take(site, three)
    config = site.configure(
        f'[select]\nallow = ["{one}"]\n[mirror]\n{rules[1]}\n'
        f'[prune]\n{rules[0]}\nkeep = ["{two}"]'
    )
    kept = also(take(site, three), 'keep_collections = ["*"]')
    assert pruned(site, *kept).pruned == []
    assert names(prune_mirror(config, site.around())) == [three]


def test_what_the_server_no_longer_lists_is_kept_unless_told_otherwise(site: Site) -> None:
    one, two, three = make_three(site)
    with opened(site) as mirror:
        mirror.conn.execute("UPDATE datasets SET vanished_at = 'x' WHERE setid = ?", (three,))
    assert names(pruned(site, *take(site, one, two))) == [two, one]
    rules = take(site, three)
    assert pruned(site, *rules).pruned == []
    assert names(pruned(site, *also(rules, "keep_vanished = false"))) == [three]


def test_rows_and_zips_that_others_share_stay_with_them(site: Site) -> None:
    site.server.make_dataset()
    site.server.make_dataset()
    site.sync()
    ((first, again),) = site.sql("SELECT same_as, setid FROM datasets WHERE same_as <> ''")
    assert site.file(again, "lczip").samefile(site.file(first, "lczip"))
    # On the disk this frees next to nothing: by the count of max_bytes it does.
    rules = also(take(site, first), f'keep = ["{again}"]')
    assert names(pruned(site, *rules)) == [first]
    gone(site, first)
    assert site.sql("SELECT same_as FROM datasets WHERE setid = ?", again) == [(None,)]
    newest = site.sql("SELECT count(*) FROM lightcurves WHERE newest = 1")
    assert newest == site.sql("SELECT count(*) FROM lightcurves WHERE setid = ?", again)
    site.check(again)


def test_objects_that_nothing_else_has_go_with_their_rows(site: Site) -> None:
    pruned(site, *take(site, *make_three(site)))
    for table in ("objects", "dataset_rows", "lightcurves", "files"):
        where = " WHERE setid IS NOT NULL" if table == "files" else ""
        assert site.sql(f"SELECT count(*) FROM {table}{where}") == [(0,)]
    for name in ("dataset_rows", "objects", "lightcurves"):
        assert site.sql("SELECT n FROM counts WHERE name = ?", name) == [(0,)]


def test_what_was_pruned_is_not_fetched_again_unless_allowed(site: Site) -> None:
    setid = site.server.make_dataset()
    site.sync()
    pruned(site, *take(site, setid))
    site.clock.forward(DAY)
    site.server.change_visibility(setid, "public")
    site.sync()
    assert site.states() == {setid: "pruned"}
    assert site.requests("/d/") == []
    site.configure(f'[select]\nallow = ["{setid}"]')
    site.sync()
    site.check(setid)


def test_versions_that_the_server_replaced_go_when_they_are_old_enough(site: Site) -> None:
    setid = site.server.make_dataset()
    site.sync()
    site.clock.forward(100)
    site.server.remake_zip(setid)
    site.server.change_visibility(setid, "public")
    site.sync()
    old = site.sql("SELECT path FROM files WHERE state = 'superseded'")
    assert old
    site.clock.forward(9 * DAY)
    assert pruned(site, 'superseded = "10d"').pruned == []
    site.clock.forward(2 * DAY)
    assert sorted(names(pruned(site, 'superseded = "10d"'))) == sorted(p for (p,) in old)
    for (path,) in old:
        assert not (site.root / path).exists()
    site.check()


def add_run(site: Site, setid: str, state: str = "ok", search: str = "movers") -> None:
    with opened(site) as mirror:
        mirror.conn.execute(
            "INSERT OR IGNORE INTO searches (name, kind, params, schedule, enabled, "
            "first_seen) VALUES (?, 'columnsearch', '{}', 'every 6h', 1, '2026')",
            (search,),
        )
        finished = None if state == "running" else "2026-01-01T00:00:00.000000Z"
        run = mirror.conn.execute(
            "INSERT INTO search_runs (search, started, finished, state, setid, params, data, "
            "deadline_s) VALUES (?, '2026', ?, ?, ?, '{}', '{}', 1)",
            (search, finished, state, setid),
        ).lastrowid
        mirror.conn.execute(
            "INSERT INTO search_run_sets (run_id, part, setid, state) "
            "VALUES (?, 1, ?, 'complete')",
            (run, setid),
        )


def test_only_the_newest_runs_of_a_search_are_kept(site: Site) -> None:
    setids = make_three(site)
    for setid in setids:
        add_run(site, setid)
    assert names(pruned(site, "keep_runs = 2")) == setids[:1]
    assert pruned(site, "keep_runs = 2").pruned == []


def test_what_was_made_long_ago_goes_but_not_what_only_we_have(site: Site) -> None:
    old, listed_no_more = make_three(site)[:2]
    site.clock.forward(20 * 86_400)
    site.server.delete(listed_no_more)
    new = site.server.make_dataset(filters="(ndet gt 6)", columns=("ndet",))
    site.sync()
    assert pruned(site, 'older_than = "30d"').pruned == []
    first = names(pruned(site, 'older_than = "10d"'))
    assert old in first
    assert listed_no_more not in first
    assert new not in first
    assert listed_no_more in names(pruned(site, 'older_than = "10d"\nkeep_vanished = false'))
    assert site.states()[new] == "mirrored"


def test_the_run_that_a_view_shows_is_kept_by_every_rule(site: Site) -> None:
    good, suspect, failed = make_three(site)
    add_run(site, good)
    add_run(site, suspect, "suspect")
    add_run(site, failed, "failed")
    assert pruned(site, "keep_runs = 1").pruned == []
    assert pruned(site, *take(site, good, failed)).pruned == []
    assert names(pruned(site, *take(site, failed))) == [failed]


def test_a_run_under_way_loses_nothing(site: Site) -> None:
    one, two, running = make_three(site)
    add_run(site, running, "running")
    assert names(pruned(site, *take(site, one, two))) == [two, one]
    assert pruned(site, *take(site, running)).pruned == []


def test_a_dataset_of_two_searches_stays_while_one_of_them_keeps_it(site: Site) -> None:
    one, two, three = make_three(site)
    for setid in (one, two, three):
        add_run(site, setid)
    add_run(site, one, search="others")
    assert names(pruned(site, "keep_runs = 1")) == [two]


class PowerCut(BaseException):
    """The machine is gone."""


def test_a_pruning_cut_off_before_a_file_is_removed_is_finished_by_the_next_cycle(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    setid = site.server.make_dataset()
    site.sync()
    rules = take(site, setid)
    config = site.configure(f"[mirror]\n{rules[1]}\n[prune]\n{rules[0]}")

    def cut(path: Path) -> None:
        raise PowerCut

    with monkeypatch.context() as patched:
        patched.setattr(durable, "remove", cut)
        with pytest.raises(PowerCut):
            prune_mirror(config, site.around())
    assert site.file(setid, "csv").exists()
    assert site.states() == {setid: "pruned"}
    site.sync()
    gone(site, setid)
    assert site.verify().found.unknown == []


def test_what_stands_in_the_place_of_a_pruned_file_stops_nothing(site: Site) -> None:
    setid = make_three(site)[2]
    file = site.file(setid, "csv")
    rules = take(site, setid)
    file.unlink()
    (file / "of somebody").mkdir(parents=True)
    assert names(pruned(site, *rules)) == [setid]
    site.configure()
    new = site.server.make_dataset(filters="(ndet gt 5)", columns=("ndet",))
    assert site.sync().exit_code == 0
    assert site.states()[new] == "mirrored"
    assert (file / "of somebody").is_dir()


def test_a_file_that_cannot_be_removed_is_told_and_tried_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    setid = make_three(site)[2]
    rules = take(site, setid)
    remove = durable.remove

    def refuse(path: Path) -> None:
        if path.suffix == ".zip":
            raise PermissionError(1, "Operation not permitted", str(path))
        remove(path)

    with monkeypatch.context() as patched:
        patched.setattr(durable, "remove", refuse)
        assert "1 files could not be removed" in pruned(site, *rules).summary()
        assert site.sync().exit_code == 0
    assert site.file(setid, "lczip").exists()
    site.sync()
    gone(site, setid)


def test_a_file_that_came_back_is_not_removed_by_an_old_note(site: Site) -> None:
    setid = site.server.make_dataset()
    site.sync()
    path = site.file(setid, "csv").relative_to(site.root).as_posix()
    with opened(site) as mirror:
        mirror.conn.execute("INSERT INTO pruned_files VALUES (?)", (path,))
    site.sync()
    assert site.sql("SELECT * FROM pruned_files") == []
    site.check()


def test_a_wish_to_stop_is_heard_between_two_datasets(site: Site) -> None:
    rules = take(site, *make_three(site))
    stop = threading.Event()
    stop.set()
    config = site.configure(f"[mirror]\n{rules[1]}\n[prune]\n{rules[0]}")
    with opened(site) as mirror, pytest.raises(Stopped):
        prune(mirror, config, site.now, stop=stop)
    site.check()


def test_each_pruning_is_in_the_log(site: Site) -> None:
    pruned(site, *take(site, *make_three(site)))
    ((job, outcome, message),) = site.sql(
        "SELECT job, outcome, message FROM sync_log WHERE job = 'prune'"
    )
    assert (job, outcome) == ("prune", "ok")
    assert "3 datasets" in message
