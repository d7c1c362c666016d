"""Catalogs and tables for tests of what stands in them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from lccmirror.catalog.connection import prepare, transaction
from lccmirror.catalog.rows import RowsWritten, write_table
from lccmirror.formats.columns import TableColumn, kind_of

NOW = "2026-11-23T00:00:00.000000Z"


def fresh_catalog() -> sqlite3.Connection:
    """Return a new, empty catalog in memory."""
    conn = sqlite3.connect(":memory:", isolation_level=None)
    prepare(conn, ":memory:")
    return conn


def add_collection(
    conn: sqlite3.Connection, collection: str, columns: dict[str, str] | None = None
) -> None:
    """Add a collection with catalog columns ``{name: dtype}``."""
    conn.execute(
        "INSERT INTO collections (collection, collection_id, first_seen, last_seen) "
        "VALUES (?, ?, ?, ?)",
        (collection, collection.replace("_", "-"), NOW, NOW),
    )
    conn.executemany(
        "INSERT INTO columns (collection, name, position, dtype, first_seen, last_seen) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            (collection, name, position, dtype, NOW, NOW)
            for position, (name, dtype) in enumerate((columns or {}).items())
        ),
    )


def add_dataset(conn: sqlite3.Connection, setid: str, created_on: str = NOW) -> None:
    """Add a listed dataset without rows."""
    conn.execute(
        "INSERT INTO datasets (setid, created_on, last_updated, origin, state, first_seen, "
        "last_seen) VALUES (?, ?, ?, 'listed', 'listed', ?, ?)",
        (setid, created_on, created_on, NOW, NOW),
    )


def column(name: str, dtype: str = "f8") -> TableColumn:
    """Return a column with nothing but a name and a dtype."""
    return TableColumn(name, "", "", dtype, "%s", kind_of(dtype))


def put_rows(
    conn: sqlite3.Connection,
    setid: str,
    columns: Sequence[TableColumn],
    rows: Iterable[Sequence[Any]],
) -> RowsWritten:
    """Write a table; every row begins with collection, objectid, ra, decl."""
    fixed = [
        column("collection", "U20"),
        column("db_oid", "U20"),
        column("db_ra"),
        column("db_decl"),
    ]
    with transaction(conn):
        return write_table(conn, setid, [*fixed, *columns], rows)
