"""A day in the life of a daemon, in seconds."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from random import Random

from lccmirror.daemon.events import JobEnded, KeyTold, ServerBack, ServerGone
from lccmirror.demo.surveys import CatalogObject
from tests.support.catalog_changes import Asked, ChangingCatalogs, within
from tests.support.daemon import DaemonSite
from tests.support.misbehaving import reset
from tests.support.site import Site

SEARCHES = [
    ("cone", 'kind = "conesearch"\ncenter = [291.0, 42.8]\nradius_arcmin = 60', 'every = "2h"'),
    ("cone_small", 'kind = "conesearch"\ncenter = "19:25:27.9 +42:47:03.7"', 'every = "6h"'),
    ("all", 'kind = "columnsearch"\nfilters = "ndet > 0"\ncolumns = ["sdssr", "ndet"]',
     'every = "3h"'),
    ("many", 'kind = "columnsearch"\nfilters = "ndet > 5"', 'every = "1h"'),
    ("bright", 'kind = "columnsearch"\nfilters = "sdssr < 13.5"\ncolumns = ["objtype"]',
     'every = "4h"'),
    ("faint", 'kind = "columnsearch"\nfilters = "sdssr > 13.5"\ncolumns = ["remarks"]',
     'cron = "0 */5 * * *"'),
    ("sorted", 'kind = "columnsearch"\nfilters = "ndet > 6"\nsort = ["sdssr", "desc"]',
     'cron = "30 */4 * * *"'),
    ("few", 'kind = "columnsearch"\nfilters = "ndet > 0"\nlimit = 3', 'every = "8h"'),
    ("rrab", 'kind = "ftsquery"\ntext = "RRab"', 'every = "2h"'),
    ("variable", 'kind = "ftsquery"\ntext = "variable"', 'every = "12h"'),
    ("nothing", 'kind = "columnsearch"\nfilters = "sdssr < 1.0"', 'every = "6h"'),
    ("news", 'kind = "columnsearch"\nfilters = "ndet > 7"\ncolumns = ["sdssr"]',
     "on_new_data = true"),
]  # fmt: skip
TEXTS = ("objtype", "starname", "remarks")
ASKED = {
    "cone": Asked(within(291.0, 42.8, 60)),
    "cone_small": Asked(within(291.36625, 42.784361, 5)),
    "all": Asked(lambda one: number(one, "ndet") > 0, ("sdssr", "ndet")),
    "many": Asked(lambda one: number(one, "ndet") > 5),
    "bright": Asked(lambda one: number(one, "sdssr") < 13.5, ("objtype",)),
    "faint": Asked(lambda one: number(one, "sdssr") > 13.5, ("remarks",)),
    "sorted": Asked(lambda one: number(one, "ndet") > 6, ("sdssr",)),
    "few": Asked(lambda one: number(one, "ndet") > 0, limit=3),
    "rrab": Asked(lambda one: one.values["objtype"] == "RRab", TEXTS),
    "variable": Asked(lambda one: "variable" in str(one.values["remarks"]), TEXTS),
    "nothing": Asked(lambda one: number(one, "sdssr") < 1.0),
    "news": Asked(lambda one: number(one, "ndet") > 7, ("sdssr",)),
}
EVERY_H = {"cone": 2, "cone_small": 6, "all": 3, "many": 1, "bright": 4, "few": 8, "rrab": 2}


def settings(poll: str = "15m") -> str:
    searches = "".join(
        f'[[search]]\nname = "{name}"\n{what}\n{when}\n'
        + ('timezone = "UTC"\n' if "cron" in when else "")
        for name, what, when in SEARCHES
    )
    return f'[poll]\ndatasets = "{poll}"\ncollections = "6h"\n' + searches


def test_a_day_with_an_outage_two_kills_and_a_reload(tmp_path: Path) -> None:
    random = Random(3)
    with (
        Site(tmp_path, settings(), key_lifetime_s=7200.0) as site,
        DaemonSite(site) as day,
    ):
        catalogs = ChangingCatalogs(site)
        let_catalogs_change(day, catalogs)
        made: list[str] = []
        for _ in range(200):
            day.at(random.uniform(0, 23.5), lambda: made.append(new_dataset(site, random)))
        day.at(7.0, lambda: site.server.add(".*", reset(), times=None))
        day.at(12.0, site.server.behave)
        # Searches are due in the minute after each.
        day.at(2.99, lambda: day.kill(40, within="datasets"))
        day.at(14.99, lambda: day.kill(300, within="searches"))
        day.at(18.0, lambda: day.daemon.adopt(site.configure(settings(poll="10m"))))
        day.start()
        day.run(24.0)
        config = site.config
        day.leave()
        assert day.starts == 3
        assert day.killed_in == ["datasets", "searches"]

        # Every dataset is mirrored.
        assert len(made) == 200
        site.check(*made)
        assert set(site.states().values()) == {"mirrored"}

        # Each due time of each job has exactly one finished run.
        ended = [one for one in day.events if isinstance(one, JobEnded) and one.outcome.ok]
        runs = Counter((one.name, one.due) for one in ended if one.name != "searches")
        assert set(runs.values()) == {1}
        assert len([one for one in ended if one.name == "datasets"]) > 70
        assert len([one for one in ended if one.name == "verify"]) == 1

        # Each due time of each search has exactly one finished run.
        replays = site.sql(
            "SELECT search, due, count(*), sum(covers), count(finished) FROM search_runs "
            "GROUP BY search, due"
        )
        assert {(count, finished) for _, _, count, _, finished in replays} == {(1, 1)}
        assert {one[0] for one in replays} == {search.name for search in config.searches}
        for name, every in EVERY_H.items():
            assert sum(one[3] for one in replays if one[0] == name) == due_times(every)
        assert site.sql("SELECT count(*) FROM search_runs WHERE state = 'failed'") == [(0,)]
        check_changes(catalogs)

        # Keys were renewed ahead of their end, and never refused.
        renewed = [one for one in day.events if isinstance(one, KeyTold)]
        assert 12 <= sum(one.kind == "renewed" for one in renewed) <= 30

        assert sum(isinstance(one, ServerGone) for one in day.events) == 1
        assert sum(isinstance(one, ServerBack) for one in day.events) == 1
        assert sum("the server is" in line for line in day.log) == 2
        assert len(day.log) < 200, "\n".join(day.log)
        assert not [line for line in day.log if "bug" in line]


def new_dataset(site: Site, random: Random) -> str:
    return site.server.make_dataset(
        filters=f"(ndet gt {random.randint(0, 7)})",
        columns=("sdssr", "ndet")[: random.randint(1, 2)],
    )


def due_times(every_h: int) -> int:
    return len([hour for hour in range(24) if hour % every_h == 0])


def number(target: CatalogObject, column: str) -> float:
    """Return a value; a missing one is in no range."""
    value = target.values[column]
    return value if isinstance(value, int | float) else math.nan


def let_catalogs_change(day: DaemonSite, catalogs: ChangingCatalogs) -> None:
    """Plan what the server's staff do with its catalogs."""
    a, b = "demo_field_a", "demo_field_b"
    # From the bright ones to the faint ones, and later back.
    day.at(1.7, lambda: catalogs.change(a, 4, sdssr=13.62))
    day.at(16.9, lambda: catalogs.change(a, 4, sdssr=13.2))
    day.at(2.6, lambda: catalogs.add(a, 9, 291.366, 42.785, objtype="RRab", ndet=8))
    day.at(3.4, lambda: catalogs.change(a, 9, sdssr=14.25, remarks="a variable, really"))
    day.at(19.6, lambda: catalogs.remove(a, 9))
    day.at(5.4, lambda: catalogs.remove(b, 8))
    # While nobody can ask.
    day.at(8.2, lambda: catalogs.change(a, 3, ndet=4, remarks="variable"))
    day.at(8.3, lambda: catalogs.remove(a, 2))
    day.at(13.3, lambda: catalogs.add(b, 18, 1.5, -28.5, objtype="RRab", ndet=9, sdssr=12.1))
    day.at(17.5, lambda: catalogs.change(b, 18, objtype="EA"))
    day.at(21.2, lambda: catalogs.change(b, 4, sdssr=12.5, ndet=5))


def check_changes(catalogs: ChangingCatalogs) -> None:
    """What came, went and changed in each run is what the catalogs say."""
    seen: Counter[str] = Counter()
    for name, asked in ASKED.items():
        first = True
        for run_id, changes in catalogs.expected(name, asked):
            assert catalogs.recorded(run_id) == changes, (name, run_id)
            counted = Counter(change for change, _ in changes)
            assert catalogs.site.sql(
                "SELECT added, removed, changed FROM search_runs WHERE id = ?", run_id
            ) == [(counted["added"], counted["removed"], counted["changed"])]
            seen += Counter() if first else counted
            first = False
    assert seen["added"] > 10, seen
    assert seen["removed"] > 10, seen
    assert seen["changed"] > 5, seen
