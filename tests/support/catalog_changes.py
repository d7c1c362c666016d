"""A demo server whose catalogs change, and what repeated searches should make of that.

What is expected of a run is worked out from the catalogs as they were when the server ran
the search: without the server's search, without the mirror, and without its comparison.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from lccmirror.demo.surveys import CatalogObject, Value
from tests.support.site import Site

Key = tuple[str, str]
"""Collection and object ID."""


@dataclass(frozen=True)
class Asked:
    """What a saved search asks for.

    Parameters
    ----------
    wanted
        Whether an object is in the result.
    columns
        Those of the catalog that the result has, beside the position.
    limit
        At most so many objects, the first of the catalogs.
    """

    wanted: Callable[[CatalogObject], bool]
    columns: tuple[str, ...] = ()
    limit: int | None = None


def within(ra: float, decl: float, radius_arcmin: float) -> Callable[[CatalogObject], bool]:
    """Return whether an object is in a circle, by the angle between two unit vectors."""

    def unit(ra: float, decl: float) -> tuple[float, float, float]:
        a, d = math.radians(ra), math.radians(decl)
        return math.cos(d) * math.cos(a), math.cos(d) * math.sin(a), math.sin(d)

    def wanted(target: CatalogObject) -> bool:
        pairs = zip(unit(ra, decl), unit(target.ra, target.decl), strict=True)
        return sum(a * b for a, b in pairs) >= math.cos(math.radians(radius_arcmin / 60))

    return wanted


@dataclass
class ChangingCatalogs:
    """The catalogs of a site's server, of now and of before."""

    site: Site
    _versions: list[tuple[float, dict[str, tuple[CatalogObject, ...]]]] = field(
        default_factory=list
    )

    def __post_init__(self) -> None:
        self._keep(-math.inf)

    def _keep(self, since: float) -> None:
        objects = {one.collection: one.objects for one in self.site.server.surveys}
        self._versions.append((since, objects))

    def _put(self, collection: str, objects: tuple[CatalogObject, ...]) -> None:
        self.site.server.change_catalog(collection, objects)
        self._keep(self.site.clock())

    def change(self, collection: str, number: int, **values: Value) -> None:
        """Change values of the object that has this number at the end of its name."""
        self._put(
            collection,
            tuple(
                replace(one, values={**one.values, **values}) if _is(one, number) else one
                for one in self._versions[-1][1][collection]
            ),
        )

    def remove(self, collection: str, number: int) -> None:
        """Remove an object."""
        objects = self._versions[-1][1][collection]
        left = tuple(one for one in objects if not _is(one, number))
        assert len(left) == len(objects) - 1
        self._put(collection, left)

    def add(
        self, collection: str, number: int, ra: float, decl: float, **values: Value
    ) -> None:
        """Add an object, otherwise like the collection's first one ever."""
        like = self._versions[0][1][collection][0]
        objectid = f"{like.objectid[:-7]}{number:07d}"
        fresh = replace(
            like, objectid=objectid, ra=ra, decl=decl, values={**like.values, **values}
        )
        self._put(collection, (*self._versions[-1][1][collection], fresh))

    def result(self, asked: Asked, at: float) -> dict[Key, tuple[Value, ...]]:
        """Return the result of a search at a time: objects, and what is known of them."""
        catalogs = [objects for since, objects in self._versions if since <= at][-1]
        found = [
            ((name, one.objectid), (one.ra, one.decl, *(one.values[c] for c in asked.columns)))
            for name, objects in catalogs.items()
            for one in objects
            if asked.wanted(one)
        ]
        return dict(found[: asked.limit])

    def expected(self, name: str, asked: Asked) -> Iterator[tuple[int, set[tuple[str, Key]]]]:
        """Yield each run of a search, and what should have been written down of it."""
        members: set[Key] = set()
        before: dict[Key, tuple[Value, ...]] = {}
        for run_id, at in self._runs(name):
            now = self.result(asked, at)
            changes = {("added", key) for key in now.keys() - members}
            if asked.limit is None:
                # Where nothing is found any more, only the second run is believed.
                believed = {name for name, _ in now} | (
                    {name for name, _ in members} - {name for name, _ in before}
                )
                lost = {key for key in members - now.keys() if key[0] in believed}
                changes |= {("removed", key) for key in lost}
                members -= lost
            both = now.keys() & before.keys()
            changes |= {("changed", key) for key in both if now[key] != before[key]}
            members |= now.keys()
            before = now
            yield run_id, changes

    def recorded(self, run_id: int) -> set[tuple[str, Key]]:
        """Return what the mirror has written down of a run."""
        return {
            (change, (collection, objectid))
            for change, collection, objectid in self.site.sql(
                "SELECT change, collection, objectid FROM search_changes WHERE run_id = ?",
                run_id,
            )
        }

    def _runs(self, name: str) -> Iterator[tuple[int, float]]:
        """Yield each run, and when the server ran it."""
        for run_id, setid, sent in self.site.sql(
            "SELECT r.id, r.setid, s.sent_at FROM search_runs AS r "
            "JOIN search_run_sets AS s ON s.run_id = r.id WHERE r.search = ? ORDER BY r.id",
            name,
        ):
            try:
                ran = self.site.server.dataset(setid).created.replace(tzinfo=UTC)
            except KeyError:
                # It found nothing, and left no dataset.
                ran = datetime.fromisoformat(sent)
            yield run_id, ran.timestamp()


def _is(target: CatalogObject, number: int) -> bool:
    return int(target.objectid[-7:]) == number
