"""Everything the mirror knows of an object, as it is handed on."""

from __future__ import annotations

from dataclasses import dataclass

from .lightcurves import Copy
from .object_told import Told
from .run import Value


@dataclass(frozen=True)
class CatalogValue:
    """A value of an object's catalog.

    Parameters
    ----------
    name, title, description, unit, dtype, format
        Of its column, as the server says; without markup.
    column
        What the column is called in the table ``objects``.
    value
        None if it is missing.
    """

    name: str
    column: str
    title: str
    description: str
    unit: str | None
    dtype: str | None
    format: str | None
    value: Value


@dataclass(frozen=True)
class InDataset:
    """A dataset that has the object."""

    setid: str
    created_on: str | None
    nobjects: int | None
    query_type: str | None
    state: str
    name: str | None


@dataclass(frozen=True)
class InSearch:
    """A saved search that has found the object, now or once.

    Parameters
    ----------
    name, kind, enabled
        Of the search.
    found
        Whether its latest good run has it.
    change, changed_at
        What happened last: ``added``, ``removed``, ``changed``; and when.
    """

    name: str
    kind: str
    enabled: bool
    found: bool
    change: str | None
    changed_at: str | None


@dataclass(frozen=True)
class MissingCurve:
    """A light curve that is not here, and why."""

    setid: str | None
    reason: str
    since: str | None
    next_try: str | None = None


@dataclass(frozen=True)
class Neighbour:
    """An object close by, and in which direction, from north through east."""

    collection: str
    objectid: str
    ra: float
    decl: float
    dist_arcsec: float
    position_angle_deg: float


@dataclass(frozen=True)
class KnownObject:
    """Everything the mirror knows of an object in one collection.

    Parameters
    ----------
    collection, collection_id, collection_name
        Of its collection; the last two are None where its list was never read.
    ra, decl
        Degrees; None where no table told them.
    catalog
        The collection's own columns that datasets had, in its order.
    datasets, ndatasets
        The newest of the datasets that have it, and how many there are.
    searches
        The latest change first.
    lightcurves, nlightcurves
        Copies, the newest first, and how many there are.
    missing
        Light curves that are not here.
    neighbours, more_neighbours
        The nearest within the radius, and whether there are more.
    told
        What the server told of it; None if it was never asked.
    """

    collection: str
    objectid: str
    collection_id: str | None
    collection_name: str | None
    ra: float | None
    decl: float | None
    catalog: tuple[CatalogValue, ...]
    datasets: tuple[InDataset, ...]
    ndatasets: int
    searches: tuple[InSearch, ...]
    lightcurves: tuple[Copy, ...]
    nlightcurves: int
    missing: tuple[MissingCurve, ...]
    neighbours: tuple[Neighbour, ...]
    more_neighbours: bool
    told: Told | None
