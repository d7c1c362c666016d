"""An object, and everything that the mirror knows of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..names import printable
from ..query import Value
from ..query.known_object import KnownObject
from ..query.objects import known_objects
from . import show
from .curve_lookup import read_one

if TYPE_CHECKING:
    from ..query import ReadOnlyCatalog
    from .curves import MirroredLightCurve
    from .session import Session


@dataclass(frozen=True)
class MirroredObject(KnownObject):
    """An object of the mirror: a `KnownObject` of `lccmirror.query`, and its light curve."""

    _session: Session = field(repr=False, compare=False)

    @property
    def values(self) -> Mapping[str, Value]:
        """The values of its catalog, by the columns' names in ``objects``."""
        return {one.column: one.value for one in self.catalog}

    @property
    def finderchart(self) -> Path | None:
        """Where the server's picture of its surroundings lies, if the mirror has it."""
        if self.told is None or self.told.finderchart is None:
            return None
        where: Path = self._session.root / self.told.finderchart
        return where

    def lightcurve(self, setid: str | None = None) -> MirroredLightCurve:
        """Read its light curve: `Mirror.lightcurve`."""
        return read_one(self._session, self.objectid, self.collection, setid, None)

    def __repr__(self) -> str:
        place = "no position" if self.ra is None else f"ra {self.ra}, decl {self.decl}"
        curves = f"{self.nlightcurves} light curves"
        said = (self.objectid, self.collection, place, f"{self.ndatasets} datasets", curves)
        return show.in_brackets(type(self), said)

    def _repr_html_(self) -> str:
        catalog = show.table(
            ("column", "title", "value", "unit"),
            [(one.column, one.title, one.value, one.unit) for one in self.catalog],
        )
        neighbours = show.table(
            ("neighbour", "collection", "distance [arcsec]"),
            [(one.objectid, one.collection, one.dist_arcsec) for one in self.neighbours],
        )
        about = {
            "collection": self.collection,
            "RA": self.ra,
            "Dec": self.decl,
            "datasets": self.ndatasets,
            "light curves": self.nlightcurves,
            "searches": ", ".join(one.name for one in self.searches) or None,
            "comments": self.told and self.told.comments,
        }
        return show.facts(self.objectid, about, catalog + neighbours)


def read_object(
    catalog: ReadOnlyCatalog,
    session: Session,
    objectid: str,
    collection: str | None,
    radius_arcsec: float,
    most: int | None,
) -> MirroredObject:
    """Read what is known of an object: `lccmirror.offline.Mirror.object`."""
    found = known_objects(catalog, objectid, collection, radius_arcsec=radius_arcsec, most=most)
    if len(found) > 1:
        there = ", ".join(one.collection for one in found)
        raise UsageError(
            f"{printable(objectid, 80)} is in several collections: {there}",
            hint="name one of them: collection=…",
        )
    values = {one.name: getattr(found[0], one.name) for one in fields(KnownObject)}
    return MirroredObject(**values, _session=session)
