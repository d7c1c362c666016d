"""A catalog with values of all kinds, and what has become of them in Parquet."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]

from lccmirror.catalog.connection import close_writer, open_writer
from lccmirror.query.parquet_export import Manifest, Watch, export_parquet
from tests.support.catalog import NOW, add_collection, add_dataset, column, put_rows

MOMENT = datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)


def a_mirror(folder: Path) -> Path:
    """Make a mirror with two datasets, one twice, and objects with values of all kinds."""
    folder.mkdir()
    with writing(folder) as conn:
        add_collection(
            conn, "field_a", {"sdssr": "<f8", "ndet": "<i8", "remarks": "U200", "Größe": "f8"}
        )
        conn.execute(
            "UPDATE columns SET title = '<em>r</em> [mag]', description = 'SDSS &amp; r' "
            "WHERE name = 'sdssr'"
        )
        for setid, created in (("aaaa", NOW), ("7", NOW), ("bbbb", "2026-11-24T00:00:00Z")):
            add_dataset(conn, setid, created)
        columns = [
            column("sdssr"),
            column("ndet", "i8"),
            column("remarks", "U200"),
            column("Größe"),
        ]
        rows = [
            ("field_a", "A-1", 10.5, -0.0, 12.25, 2**53 + 1, "a\0b\n|\u2028", 1e308),
            ("field_a", "A-2", None, None, None, -(2**63), "", 5e-324),
            ("field_a", "ø/../2", 359.999, 90.0, -9999.0, 2**63 - 1, None, None),
        ]
        put_rows(conn, "aaaa", columns, rows)
        put_rows(conn, "7", columns[:1], [(*row[:4], row[4]) for row in rows])
        put_rows(conn, "bbbb", columns, rows)
    return folder


@contextlib.contextmanager
def writing(root: Path) -> Iterator[sqlite3.Connection]:
    conn = open_writer(root / "catalog.sqlite")
    try:
        yield conn
    finally:
        close_writer(conn)


def export(root: Path, folder: Path, *chosen: str, watch: Watch | None = None) -> Manifest:
    seen = watch or Watch(lambda name, written: None, threading.Event())
    return export_parquet(root, folder, now=lambda: MOMENT, watch=seen, chosen=chosen)


def sql(root: Path, statement: str) -> list[tuple[Any, ...]]:
    uri = f"{(root / 'catalog.sqlite').as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as conn:
        return conn.execute(statement).fetchall()


def read(path: Path) -> tuple[list[str], list[tuple[Any, ...]]]:
    # Not read_table: that makes columns of the names of folders.
    table = pq.ParquetFile(path).read()
    columns = [made.to_pylist() for made in table.columns]
    return table.column_names, list(zip(*columns, strict=True))


def as_sqlite(value: Any) -> Any:
    """Return a time as the catalog writes it; anything else as it is."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value


def typed(rows: Sequence[Sequence[Any]]) -> list[list[tuple[str, Any]]]:
    """Return values with their types: 1 is not 1.0, nor -0.0 what 0.0 is."""
    return [[(type(value).__name__, repr(as_sqlite(value))) for value in row] for row in rows]


def plain(rows: Sequence[Sequence[Any]]) -> list[list[tuple[str, Any]]]:
    return typed([[as_sqlite(value) for value in row] for row in rows])
