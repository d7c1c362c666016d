"""Finding everything that the mirror knows of an object."""

from __future__ import annotations

from typing import Any, Final

from .described import server_words
from .geometry import position_angle_deg, turned
from .known_object import (
    CatalogValue,
    InDataset,
    InSearch,
    KnownObject,
    MissingCurve,
    Neighbour,
)
from .lightcurves import any_copies
from .object_names import collections_of
from .object_told import told_of
from .readonly import ReadOnlyCatalog
from .run import Value, run_query
from .sky import cone

_FIXED: Final = frozenset(("collection", "objectid", "ra", "decl", "zone"))

_COLLECTION: Final = "SELECT collection_id, name FROM collections WHERE collection = ?"
_ROW: Final = "SELECT * FROM objects WHERE collection = ? AND objectid = ?"
_COLUMNS: Final = """
SELECT o.sql_name, c.name, c.title, c.description, c.dtype, c.format
FROM columns AS c JOIN object_columns AS o ON o.name = c.name
WHERE c.collection = ? ORDER BY c.position, o.sql_name
"""
# A dataset that is identical to another has no rows of its own.
_ITS_DATASETS: Final = """
WITH mine AS MATERIALIZED (
  SELECT DISTINCT setid FROM dataset_rows
  WHERE collection = :collection AND objectid = :objectid),
its AS (SELECT setid FROM mine
        UNION ALL SELECT d.setid FROM mine CROSS JOIN datasets AS d ON d.same_as = mine.setid)
"""
_DATASETS: Final = (
    _ITS_DATASETS
    + """
SELECT d.setid, d.created_on, d.nobjects, d.query_type, d.state, d.name
FROM its JOIN datasets AS d USING (setid)
ORDER BY coalesce(d.created_on, '') DESC, d.setid LIMIT :most
"""
)
_HOW_MANY: Final = _ITS_DATASETS + "SELECT count(*) FROM its"
_SEARCHES: Final = """
SELECT s.name, s.kind, s.enabled, m.objectid IS NOT NULL,
       (SELECT max(r.id) FROM search_runs AS r CROSS JOIN search_changes AS c
        WHERE r.search = s.name AND c.run_id = r.id
          AND c.collection = :collection AND c.objectid = :objectid) AS last
FROM searches AS s LEFT JOIN search_members AS m
  ON m.search = s.name AND m.collection = :collection AND m.objectid = :objectid
WHERE m.objectid IS NOT NULL OR last IS NOT NULL
ORDER BY last DESC, s.name
"""
_CHANGE: Final = """
SELECT c.change, coalesce(r.finished, r.started)
FROM search_changes AS c JOIN search_runs AS r ON r.id = c.run_id
WHERE c.run_id = ? AND c.collection = ? AND c.objectid = ?
"""
_MISSING: Final = """
SELECT setid, reason, since FROM missing_lightcurves
WHERE collection = ? AND objectid = ? ORDER BY since DESC, setid
"""
_ATTEMPTS: Final = """
SELECT last_error, not_before FROM lightcurve_attempts WHERE collection = ? AND objectid = ?
"""


def known_objects(
    catalog: ReadOnlyCatalog,
    objectid: str,
    collection: str | None = None,
    *,
    radius_arcsec: float = 30.0,
    most: int | None = 10,
) -> tuple[KnownObject, ...]:
    """Return everything that is known of an object, once for each collection that has it.

    Parameters
    ----------
    catalog
        From `lccmirror.query.open_readonly`.
    objectid
        As the catalog has it.
    collection
        Only in this one, by its database ID or path form.
    radius_arcsec
        How far away neighbours may be.
    most
        Of datasets, light curves and neighbours; None for all.

    Raises
    ------
    UsageError
        If the mirror has no such object.
    """
    return tuple(
        _known(catalog, name, objectid, radius_arcsec, most)
        for name in collections_of(catalog, objectid, collection)
    )


def _known(
    catalog: ReadOnlyCatalog,
    collection: str,
    objectid: str,
    radius_arcsec: float,
    most: int | None,
) -> KnownObject:
    key = {"collection": collection, "objectid": objectid}
    rows = run_query(catalog, _ROW, (collection, objectid))
    row = dict(zip(rows.columns, next(rows.rows, ()), strict=False))
    about: Any = next(run_query(catalog, _COLLECTION, (collection,)).rows, (None, None))
    place = _place(row)
    neighbours, more = (
        _neighbours(catalog, key, *place, radius_arcsec, most) if place else ((), False)
    )
    limit = -1 if most is None else most
    # Our own tables, so types are those of the schema.
    datasets: Any = run_query(catalog, _DATASETS, {**key, "most": limit}).rows
    ((ndatasets,),) = run_query(catalog, _HOW_MANY, key).rows
    copies = any_copies(catalog.connection, objectid, collection)
    return KnownObject(
        collection=collection,
        objectid=objectid,
        collection_id=about[0],
        collection_name=about[1],
        ra=place[0] if place else None,
        decl=place[1] if place else None,
        catalog=_catalog(catalog, collection, row),
        datasets=tuple(InDataset(*one) for one in datasets),
        ndatasets=ndatasets if isinstance(ndatasets, int) else 0,
        searches=_searches(catalog, key),
        lightcurves=copies[:most],
        nlightcurves=len(copies),
        missing=_missing(catalog, collection, objectid),
        neighbours=neighbours,
        more_neighbours=more,
        told=told_of(catalog, collection, objectid),
    )


def _place(row: dict[str, Value]) -> tuple[float, float] | None:
    ra, decl = row.get("ra"), row.get("decl")
    return (ra, decl) if isinstance(ra, float) and isinstance(decl, float) else None


def _catalog(
    catalog: ReadOnlyCatalog, collection: str, row: dict[str, Value]
) -> tuple[CatalogValue, ...]:
    columns: Any = run_query(catalog, _COLUMNS, (collection,)).rows
    values = []
    for column, name, title, description, dtype, form in columns:
        if column not in row or name in _FIXED:
            continue
        words = server_words(title, description, dtype)
        values.append(
            CatalogValue(
                name,
                column,
                words.title,
                words.description,
                words.unit,
                dtype,
                form,
                row[column],
            )
        )
    return tuple(values)


def _searches(catalog: ReadOnlyCatalog, key: dict[str, str]) -> tuple[InSearch, ...]:
    found = []
    rows: Any = list(run_query(catalog, _SEARCHES, key).rows)
    for name, kind, enabled, member, last in rows:
        where = (last, key["collection"], key["objectid"])
        change: Any = next(run_query(catalog, _CHANGE, where).rows, (None, None))
        found.append(InSearch(name, kind, bool(enabled), bool(member), *change))
    return tuple(found)


def _missing(
    catalog: ReadOnlyCatalog, collection: str, objectid: str
) -> tuple[MissingCurve, ...]:
    key = (collection, objectid)
    none: Any = run_query(catalog, _MISSING, key).rows
    tried: Any = run_query(catalog, _ATTEMPTS, key).rows
    return (
        *(MissingCurve(*one) for one in none),
        *(MissingCurve(None, error, None, due) for error, due in tried),
    )


def _neighbours(
    catalog: ReadOnlyCatalog,
    key: dict[str, str],
    ra: float,
    decl: float,
    radius_arcsec: float,
    most: int | None,
) -> tuple[tuple[Neighbour, ...], bool]:
    if not -90 <= decl <= 90:
        return (), False
    ra = turned(ra)  # as published it may be anything
    # One more, because it finds itself; and one more, to know whether there are more.
    rows: Any = cone(
        catalog, ra, decl, radius_arcsec / 60, limit=None if most is None else most + 2
    ).rows
    found = [
        Neighbour(
            collection, objectid, its_ra, its_decl, dist,
            position_angle_deg(ra, decl, its_ra, its_decl),
        )
        for collection, objectid, its_ra, its_decl, dist in rows
        if (collection, objectid) != (key["collection"], key["objectid"])
    ]  # fmt: skip
    return tuple(found[:most]), most is not None and len(found) > most
