"""What a mirror is about to do when it is cut off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.child import Work
from tests.support.misbehaving import altered_result
from tests.support.searches import SearchSite
from tests.support.site import Site

Goes = frozenset[str]


@dataclass(frozen=True)
class Scenario:
    """A site made ready, and the work it is to do then.

    Parameters
    ----------
    name
        In words; without colons and commas.
    prepare
        Makes ready; returns the datasets that the work is to remove.
    steps
        How many steps the work has, or a few more; see `steps`.
    settings
        Of the configuration.
    options
        Of the server.
    lasting
        The server is the same after it, so that it can be played again on the same site.
    """

    name: str
    prepare: Callable[[Site], Goes]
    steps: int
    work: Work = "sync"
    settings: str = ""
    options: tuple[tuple[str, Any], ...] = ()
    lasting: bool = True

    def site(self, folder: Path) -> Site:
        """Return the site, not yet made ready."""
        kind = SearchSite if self.work == "search" else Site
        return kind(folder, settings=self.settings, **dict(self.options))


def make_pair(site: Site) -> list[str]:
    """Make two datasets that share a ZIP."""
    first = [site.server.surveys[0].collection]
    return [
        site.server.make_dataset(collections=first, columns=("sdssr",)),
        site.server.make_dataset(collections=first, columns=("ndet", "remarks")),
    ]


def make_alone(site: Site, setid: str | None = None, remark: str = "first") -> str:
    """Make a dataset of one object, which is in no ZIP; or make it anew."""
    survey = site.server.surveys[1]
    objectid = next(one.objectid for one in survey.objects if one.convertible)
    return site.server.make_table(
        {"collection": "U20", "db_oid": "U20", "db_ra": "f8", "db_decl": "f8", "remarks": "U9"},
        [[survey.collection, objectid, 10.0, -5.0, remark]],
        setid=setid,
        lczip=False,
    )


def at_first(site: Site) -> list[str]:
    """From an empty folder."""
    return [*make_pair(site), make_alone(site)]


def at_second(site: Site) -> list[str]:
    """A mirror whose ZIPs and one of whose tables the server has made anew, and more."""
    one, two = make_pair(site)
    alone = make_alone(site)
    site.sync()
    site.clock.forward(1000)
    site.server.remake_zip(one)
    for setid in (one, two):
        site.clock.forward(2)
        site.server.change_visibility(setid, "public")
    make_alone(site, alone, remark="second")
    new = site.server.make_dataset(filters="(ndet gt 6)", columns=("ndet",))
    return [one, two, alone, new]


OBJECTS = """
[objects]
mirror = "all"
"""


def objects_at_first(site: Site) -> list[str]:
    """A mirror that was never told of its objects."""
    first = [site.server.surveys[0].collection]
    setid = site.server.make_dataset(collections=first, columns=("sdssr",))
    site.configure()
    site.sync()
    site.configure(OBJECTS)
    return [setid]


def objects_at_second(site: Site) -> list[str]:
    """A mirror whose information is old, and of which the server tells otherwise now."""
    made = objects_at_first(site)
    site.sync()
    site.clock.forward(100 * 86_400)

    def otherwise(result: dict[str, Any]) -> None:
        result.update(objectcomments="seen again", magseries=result["finderchart"])
        del result["finderchart"]

    site.server.add("/api/object", altered_result(otherwise), times=None)
    return made


def before_pruning(site: Site) -> tuple[list[str], list[str]]:
    """Mirror datasets of which rules take some.

    Returns
    -------
    list of str
        Those that go: one shares its rows and its ZIP with one that stays.
    list of str
        Those that stay.
    """
    go = [
        site.server.make_dataset(),
        site.server.make_dataset(filters="(ndet gt 6)", columns=("ndet",)),
    ]
    site.sync()
    stay = [
        site.server.make_dataset(),
        site.server.make_dataset(filters="(ndet gt 7)", columns=("ndet", "sdssr")),
    ]
    site.sync()
    assert site.sql("SELECT setid FROM datasets WHERE same_as = ?", go[0]) == [(stay[0],)]
    site.clock.forward(1000)
    # And a version that the server has replaced.
    site.server.remake_zip(stay[1])
    site.server.change_visibility(stay[1], "public")
    site.sync()
    site.clock.forward(20 * 86_400)
    site.configure(
        f'[prune]\nsuperseded = "1d"\nolder_than = "1d"\nkeep = ["{stay[0]}", "{stay[1]}"]'
    )
    return go, stay


def damaged(site: Site) -> Goes:
    """A mirror of which files are gone, cut, and changed, and rows are gone."""
    one, two, alone = at_first(site)
    site.sync()
    site.file(one, "csv").unlink()
    for path, kind in ((two, "json"), (alone, "csv")):
        file = site.file(path, kind)
        file.write_bytes(file.read_bytes()[:-7])
    zipped = site.file(one, "lczip")
    content = bytearray(zipped.read_bytes())
    content[len(content) // 2] ^= 1
    # A ZIP of two names is one file.
    zipped.write_bytes(content)
    with site.writing() as conn:
        conn.execute("DELETE FROM dataset_rows WHERE setid = ?", (alone,))
    return frozenset()


def searched(site: Site) -> Goes:
    """A mirror with a search that was run before, and is due again."""
    assert isinstance(site, SearchSite)
    site.run()
    site.clock.forward(3600)
    return frozenset()


def one_gone(site: Site) -> Goes:
    """A mirror of which the server has removed a dataset, and moved another to the top."""
    one, two = make_pair(site)
    site.sync()
    site.clock.forward(100)
    site.server.delete(one)
    site.server.change_visibility(two, "public")
    make_alone(site)
    return frozenset()


def after_days(site: Site) -> Goes:
    """A mirror whose catalog was backed up twice, and is to be again: the oldest goes."""
    make_pair(site)
    for _ in range(2):
        site.sync()
        site.clock.forward(2 * 86_400)
    return frozenset()


def with_history(site: Site) -> Goes:
    """A mirror with replaced versions, and a backup that is older than the last of it."""
    at_second(site)
    site.sync()
    make_alone(site)
    site.clock.forward(3600)
    site.sync()
    return frozenset()


def _nothing_goes(prepare: Callable[[Site], object]) -> Callable[[Site], Goes]:
    def act(site: Site) -> Goes:
        prepare(site)
        return frozenset()

    return act


def _prunable(site: Site) -> Goes:
    return frozenset(before_pruning(site)[0])


_ONE_WORKER = '[mirror]\nworkers = 1\nproducts = ["csv", "lczip", "pickle"]\n'
_SINGLES = _ONE_WORKER + '\n[lightcurves]\nsingles = "missing"\n'
_FEW = (("objects", 2),)

SCENARIOS = (
    Scenario("first sync", _nothing_goes(at_first), 700, settings=_SINGLES),
    Scenario("second sync", _nothing_goes(at_second), 415, settings=_SINGLES),
    Scenario("one gone", one_gone, 220, settings=_SINGLES),
    Scenario("first search", lambda site: frozenset(), 250, "search", lasting=False),
    Scenario("second search", searched, 185, "search", lasting=False),
    Scenario("prune", _prunable, 72, "prune", settings=_ONE_WORKER),
    Scenario("repair", damaged, 515, "repair", settings=_SINGLES),
    Scenario("backup", after_days, 58, settings="[backup]\nkeep = 2\n"),
    Scenario("rebuild", with_history, 109, "rebuild", settings=_SINGLES),
    Scenario("objects", _nothing_goes(objects_at_first), 206, settings=OBJECTS, options=_FEW),
    Scenario(
        "objects again", _nothing_goes(objects_at_second), 242, settings=OBJECTS, options=_FEW
    ),
)


def scenario(name: str) -> Scenario:
    """Return a scenario by its name."""
    return next(one for one in SCENARIOS if one.name == name)
