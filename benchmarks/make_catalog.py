"""Make catalogs: empty ones that know a collection, and large ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from lccmirror.catalog.connection import close_writer, open_writer, transaction

_WHEN = "2026-01-01T00:00:00.000000Z"
_SEARCH_OWN = ("db_oid", "db_ra", "db_decl", "db_lcfname", "collection")


def new_catalog(
    path: Path, collection: str, columns: Sequence[tuple[str, str, str]]
) -> sqlite3.Connection:
    """Return a new catalog that knows one collection, with ``(name, dtype, format)``."""
    conn = open_writer(path)
    with transaction(conn):
        conn.execute(
            "INSERT INTO collections (collection, collection_id, first_seen, last_seen) "
            "VALUES (?, ?, ?, ?)",
            (collection, collection.replace("_", "-"), _WHEN, _WHEN),
        )
        conn.executemany(
            "INSERT INTO columns (collection, name, position, dtype, format, first_seen, "
            "last_seen) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (collection, name, place, dtype, fmt, _WHEN, _WHEN)
                for place, (name, dtype, fmt) in enumerate(columns)
                if name not in _SEARCH_OWN
            ),
        )
    return conn


def add_listed(conn: sqlite3.Connection, setid: str, collection: str) -> None:
    """Add a dataset that has been seen in the list, and no more."""
    with transaction(conn):
        conn.execute(
            "INSERT INTO datasets (setid, created_on, last_updated, origin, state, "
            "first_seen, last_seen) VALUES (?, ?, ?, 'listed', 'listed', ?, ?)",
            (setid, _WHEN, _WHEN, _WHEN, _WHEN),
        )
        conn.execute("INSERT INTO dataset_collections VALUES (?, ?)", (setid, collection))


_DATASETS = """
WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :count)
INSERT INTO datasets (setid, name, description, created_on, last_updated, nobjects, query_type,
                      visibility, origin, state, values_from, has_lczip, nrows, first_seen,
                      last_seen, mirrored_at)
SELECT printf('Bench%06d', n), 'dataset ' || n, 'made for a benchmark', :at, :at, n % 500,
       'sqlite_column_search', 'public', 'listed',
       CASE WHEN n % 1000 = 0 THEN 'failed' WHEN n % 50 = 0 THEN 'skipped' ELSE 'mirrored' END,
       'both', 1, n % 500, :at, :at, :at
FROM number
"""
_FILES = """
INSERT INTO files (path, setid, kind, size, sha256, fetched_at, state)
SELECT 'datasets/' || substr(setid, 1, 2) || '/' || setid || '/' || kind, setid, kind,
       10000 + nobjects, hex(zeroblob(32)), :at, 'ok'
FROM datasets JOIN (SELECT 'csv' AS kind UNION ALL SELECT 'json' UNION ALL SELECT 'lczip')
WHERE datasets.state = 'mirrored'
"""
_WORK = """
INSERT INTO work (setid, reason, since, attempts, not_before, last_error)
SELECT setid, 'new', :at, 3, '2999-01-01T00:00:00.000000Z', 'the server said 500'
FROM datasets WHERE state = 'failed'
"""


def fill_catalog(path: Path, count: int) -> None:
    """Make a catalog of `count` datasets: most mirrored, some skipped, a few failed."""
    conn = new_catalog(path, "bench_north", ())
    given = {"count": count, "at": _WHEN}
    with transaction(conn):
        for statement in (_DATASETS, _FILES, _WORK):
            conn.execute(statement, given)
    close_writer(conn)
