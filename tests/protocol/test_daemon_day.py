"""A day in the life of a daemon, in seconds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

from lccmirror.daemon.events import JobEnded, KeyTold, ServerBack, ServerGone
from tests.support.daemon import DaemonSite
from tests.support.misbehaving import reset
from tests.support.site import Site

SEARCHES = [
    ("cone", 'kind = "conesearch"\ncenter = [291.0, 42.8]\nradius_arcmin = 60', 'every = "2h"'),
    ("cone_small", 'kind = "conesearch"\ncenter = "19:25:27.9 +42:47:03.7"', 'every = "6h"'),
    ("all", 'kind = "columnsearch"\nfilters = "ndet > 0"', 'every = "3h"'),
    ("many", 'kind = "columnsearch"\nfilters = "ndet > 5"', 'every = "1h"'),
    ("bright", 'kind = "columnsearch"\nfilters = "sdssr < 13.5"', 'every = "4h"'),
    ("faint", 'kind = "columnsearch"\nfilters = "sdssr > 13.5"', 'cron = "0 */5 * * *"'),
    ("sorted", 'kind = "columnsearch"\nfilters = "ndet > 6"\nsort = ["sdssr", "desc"]',
     'cron = "30 */4 * * *"'),
    ("few", 'kind = "columnsearch"\nfilters = "ndet > 0"\nlimit = 3', 'every = "8h"'),
    ("rrab", 'kind = "ftsquery"\ntext = "RRab"', 'every = "2h"'),
    ("variable", 'kind = "ftsquery"\ntext = "variable"', 'every = "12h"'),
    ("nothing", 'kind = "columnsearch"\nfilters = "sdssr < 1.0"', 'every = "6h"'),
    ("news", 'kind = "columnsearch"\nfilters = "ndet > 7"', "on_new_data = true"),
]  # fmt: skip
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
        made: list[str] = []
        for _ in range(200):
            day.at(random.uniform(0, 23.5), lambda: made.append(new_dataset(site, random)))
        day.at(7.0, lambda: site.server.add(".*", reset(), times=None))
        day.at(12.0, site.server.behave)
        day.at(3.1, lambda: day.kill(after_calls=40))
        day.at(15.3, lambda: day.kill(after_calls=90))
        day.at(18.0, lambda: day.daemon.adopt(site.configure(settings(poll="10m"))))
        day.start()
        day.run(24.0)
        config = site.config
        day.leave()
        assert day.starts == 3

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
        check_changes(site)

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


def check_changes(site: Site) -> None:
    """The demo's stars stay as they are: only a first run adds objects."""
    first = "SELECT min(id) FROM search_runs GROUP BY search"
    changed = site.sql(
        "SELECT search, added, removed, changed FROM search_runs "
        f"WHERE id NOT IN ({first}) AND (added OR removed OR changed)"
    )
    assert changed == []
