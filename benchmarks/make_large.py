"""Make a catalog of many datasets and many light curves, quickly.

    python -m benchmarks.make_large CATALOG [DATASETS]

The schema is the mirror's own, and so is what is in each row. Only the way in is shorter: one
statement for each table, in the order of its key; indices, triggers and what they would have
kept (counts, full-text search) come after. So pages are fuller than those of a catalog that
has grown, and nothing else differs. There are no rows of tables (``dataset_rows``): 20
million would take more room than all the rest, and nothing that is measured here reads them.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from lccmirror.catalog.connection import close_writer, transaction
from lccmirror.catalog.derived import count_again

from .make_catalog import new_catalog

DATASETS: Final = 1_000_000
COPIES: Final = 10
"""Light curves of each object, each in another dataset."""

CURVES: Final = 20
"""Light curves of each dataset."""

COLLECTION: Final = "bench"
COLUMNS: Final = (
    ("sdssr", "f8", "%.3f"),
    ("ndet", "i8", "%i"),
    ("db_oid", "U20", "%s"),
    ("db_ra", "f8", "%.5f"),
    ("db_decl", "f8", "%.5f"),
    ("collection", "U20", "%s"),
)
"""Of a dataset's table: name, dtype, format."""


# Each dataset came a minute after the one before it; one in a thousand failed, one in fifty
# is not wanted.
_DATASETS = """
WITH RECURSIVE number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < :count)
INSERT INTO datasets (setid, name, description, created_on, last_updated, nobjects, query_type,
                      query_params, visibility, origin, state, values_from, has_lczip, nrows,
                      last_error, first_seen, last_seen, mirrored_at)
SELECT setid, 'dataset ' || n, 'made for a benchmark', at, at, :curves, 'sqlite_column_search',
       '{"conditions": "(sdssr lt 13.0)"}', 'public', 'listed',
       CASE WHEN n % 1000 = 0 THEN 'failed' WHEN n % 50 = 0 THEN 'skipped' ELSE 'mirrored' END,
       'both', 1, :curves, CASE WHEN n % 1000 = 0 THEN 'the server said 500' END, at, at, at
FROM (SELECT n, printf('Bench%06d', n) AS setid,
             strftime('%Y-%m-%dT%H:%M:%S.000000Z', '2024-01-01', n || ' minutes') AS at
      FROM number)
"""
_IN_COLLECTIONS = "INSERT INTO dataset_collections SELECT setid, :collection FROM datasets"
_FILES = """
INSERT INTO files (path, setid, kind, size, sha256, etag, last_modified, fetched_at,
                   verified_at, state)
SELECT 'datasets/' || substr(d.setid, 1, 2) || '/' || d.setid || '/' ||
         replace(k.column2, '?', d.setid), d.setid, k.column1, 10000, hex(randomblob(32)),
       'W/"5f1b2c3d"', 'Sun, 22 Nov 2026 18:38:30 GMT', d.created_on, d.created_on, 'ok'
FROM datasets AS d CROSS JOIN (VALUES ('csv', 'dataset-?.csv'), ('json', 'dataset-?.json.gz'),
                                      ('lczip', 'lightcurves-?.zip')) AS k
WHERE d.state = 'mirrored'
"""
# Two objects share each ten datasets: of n datasets, one in ten begins such a group.
_CURVES = """
WITH RECURSIVE object (o) AS (
  SELECT 0 UNION ALL SELECT o + 1 FROM object WHERE o + 1 < :objects
)
INSERT INTO lightcurves (collection, objectid, setid, path, member, size, crc32, newest)
SELECT :collection, objectid, setid,
       'datasets/Be/' || setid || '/lightcurves-' || setid || '.zip',
       'bench-' || objectid || '-csvlc.gz', 20000, o * 2654435761 % 4294967296,
       copy = :copies - 1
FROM (SELECT o, c.value AS copy, printf('HAT-%07d', o) AS objectid,
             printf('Bench%06d', o / 2 % (:count / :copies) + c.value * (:count / :copies))
               AS setid
      FROM object CROSS JOIN json_each(:each) AS c)
"""
_OBJECTS = """
WITH RECURSIVE object (o) AS (
  SELECT 0 UNION ALL SELECT o + 1 FROM object WHERE o + 1 < :objects
)
INSERT INTO objects (collection, objectid, ra, decl, zone)
SELECT :collection, printf('HAT-%07d', o), ra, decl, CAST((decl + 90) * 6 AS INTEGER)
FROM (SELECT o, o * 0.7548776662 * 360 % 360 AS ra, o * 569840291 % 180000000 / 1e6 - 90 AS decl
      FROM object)
"""
_WORK = """
INSERT INTO work (setid, reason, since, attempts, not_before, last_error)
SELECT setid, 'new', created_on, 3, '2999-01-01T00:00:00.000000Z', last_error
FROM datasets WHERE state = 'failed'
"""
# The largest first: what its indices are sorted in is given back before the rest comes.
_STATEMENTS: Final = {
    "lightcurves": _CURVES,
    "datasets": _DATASETS,
    "dataset_collections": _IN_COLLECTIONS,
    "files": _FILES,
    "objects": _OBJECTS,
    "work": _WORK,
}
_TEXTS = """
INSERT INTO datasets_text (setid, name, description, citation, query)
SELECT * FROM datasets_words
"""
_INDEX = "INSERT INTO datasets_fts (datasets_fts) VALUES ('rebuild')"
_MADE_LATER = """
SELECT name, type, sql FROM sqlite_master
WHERE type IN ('index', 'trigger') AND sql IS NOT NULL AND tbl_name = ?
"""


def make_large(path: Path, datasets: int = DATASETS) -> float:
    """Make a catalog of so many datasets at `path`; return how many seconds it took."""
    began = time.perf_counter()
    conn = new_catalog(path, COLLECTION, COLUMNS)
    try:
        # Nobody needs this catalog after a power cut.
        conn.execute("PRAGMA journal_mode = OFF")
        conn.execute("PRAGMA synchronous = OFF")
        conn.execute("PRAGMA cache_size = -500000")
        conn.execute("PRAGMA threads = 2")
        conn.execute("PRAGMA foreign_keys = OFF")
        given = {
            "count": datasets,
            "curves": CURVES,
            "objects": datasets * CURVES // COPIES,
            "copies": COPIES,
            "each": json.dumps(list(range(COPIES))),
            "collection": COLLECTION,
        }
        for table, statement in _STATEMENTS.items():
            with _bare(conn, table), transaction(conn):
                conn.execute(statement, given)
        with transaction(conn):
            conn.execute(_TEXTS)
            conn.execute(_INDEX)
            count_again(conn)
    finally:
        close_writer(conn)
    return time.perf_counter() - began


@contextmanager
def _bare(conn: sqlite3.Connection, table: str) -> Iterator[None]:
    """Take indices and triggers off a table, and make them anew at the end."""
    later = conn.execute(_MADE_LATER, (table,)).fetchall()
    for name, kind, _ in later:
        conn.execute(f"DROP {kind} {name}")
    yield
    for _, _, sql in later:
        conn.execute(sql)


if __name__ == "__main__":
    seconds = make_large(Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else DATASETS)
    with closing(sys.stdout):
        print(json.dumps({"seconds": round(seconds, 1)}))
