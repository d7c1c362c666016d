"""Collections and their columns, as the server describes them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .objects import catalog_columns, refresh_collection

if TYPE_CHECKING:
    from ..server import Collection

_FIELDS = (
    "collection_id",
    "name",
    "description",
    "project",
    "citation",
    "visibility",
    "nobjects",
    "datarelease",
    "minra",
    "maxra",
    "mindecl",
    "maxdecl",
    "lcformatdesc",
    "lcmagcols",
    "last_updated",
)

_PUT_COLLECTION = f"""
INSERT INTO collections (collection, {", ".join(_FIELDS)}, first_seen, last_seen)
VALUES (:collection, {", ".join(":" + field for field in _FIELDS)}, :now, :now)
ON CONFLICT (collection) DO UPDATE SET
  {", ".join(f"{field} = excluded.{field}" for field in _FIELDS)},
  last_seen = excluded.last_seen
"""

_PUT_COLUMN = """
INSERT INTO columns (collection, name, position, title, description, dtype, format,
                     indexed, fts_indexed, first_seen, last_seen)
VALUES (:collection, :name, :position, :title, :description, :dtype, :format,
        :indexed, :fts_indexed, :now, :now)
ON CONFLICT (collection, name) DO UPDATE SET
  position = excluded.position, title = excluded.title, description = excluded.description,
  dtype = excluded.dtype, format = excluded.format, indexed = excluded.indexed,
  fts_indexed = excluded.fts_indexed, last_seen = excluded.last_seen
"""


def record_collections(
    conn: sqlite3.Connection, collections: Iterable[Collection], now: str
) -> int:
    """Write down what the server says of its collections; none is ever removed.

    Datasets may be here that have a collection's columns before the server describes them
    (another cycle asks for the collections): their values come into `objects` then.

    Returns
    -------
    int
        How many of them were not known before.
    """
    before = conn.execute("SELECT count(*) FROM collections").fetchone()[0]
    for one in collections:
        values = {field: getattr(one, field) for field in _FIELDS}
        values["lcmagcols"] = ",".join(one.lcmagcols) or None
        known = catalog_columns(conn, one.collection)
        conn.execute(_PUT_COLLECTION, {**values, "collection": one.collection, "now": now})
        conn.executemany(
            _PUT_COLUMN,
            (
                {
                    "collection": one.collection,
                    "name": column.name,
                    "position": position,
                    "title": column.title,
                    "description": column.description,
                    "dtype": column.dtype,
                    "format": column.format,
                    "indexed": int(column.name in one.indexed),
                    "fts_indexed": int(column.name in one.fts_indexed),
                    "now": now,
                }
                for position, column in enumerate(one.columns, start=1)
            ),
        )
        refresh_collection(conn, one.collection, {c.name for c in one.columns} - known)
    after: int = conn.execute("SELECT count(*) FROM collections").fetchone()[0]
    return after - int(before)
