"""What retention rules ask of the catalog, and how a dataset leaves it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .lightcurves import remove_entries
from .rows import remove_table


@dataclass(frozen=True)
class Held:
    """A dataset whose files are here.

    Attributes
    ----------
    size
        Bytes of all its files, as `mirror.max_bytes` counts them.
    collections
        Its collections' database IDs.
    created_on
        By the server's clock, where it is known.
    """

    setid: str
    size: int
    vanished: bool
    collections: tuple[str, ...]
    created_on: str | None


_HELD = """
SELECT d.setid, coalesce(sum(f.size), 0) AS bytes, d.vanished_at IS NOT NULL,
       (SELECT group_concat(collection) FROM dataset_collections AS c WHERE c.setid = d.setid),
       d.created_on
FROM datasets AS d LEFT JOIN files AS f USING (setid)
WHERE d.state IN ('mirrored', 'partial'){only}
GROUP BY d.setid ORDER BY bytes DESC, d.created_on, d.setid
"""
_ONLY = """
  AND (d.created_on < :before OR d.setid IN (SELECT value FROM json_each(:setids)))
"""


def held_datasets(
    conn: sqlite3.Connection, *, before: str | None = None, setids: Iterable[str] | None = None
) -> Iterator[Held]:
    """Return the datasets that could be pruned, the largest first.

    Parameters
    ----------
    before, setids
        Only those created before a time, and these; all, unless one of the two is given.
    """
    some = before is not None or setids is not None
    asked = {"before": before, "setids": json.dumps(list(setids or ()))} if some else {}
    sql = _HELD.format(only=_ONLY if some else "")
    for setid, size, vanished, collections, created_on in conn.execute(sql, asked):
        names = tuple((collections or "").split(","))
        yield Held(setid, size, bool(vanished), names, created_on)


# A version is old since the first one after it came. Its path is that of the newest, and
# 17 characters; the range is of all versions. (With + the index on paths is used, not that
# on setids, which objects' files do not have.)
_SUPERSEDED = """
SELECT f.path, f.size FROM files AS f
WHERE f.state = 'superseded' AND f.state <> 'ok' AND coalesce(
  (SELECT min(g.fetched_at) FROM files AS g
   WHERE +g.setid IS f.setid AND g.collection IS f.collection AND g.kind = f.kind
     AND g.path >= substr(f.path, 1, length(f.path) - 17)
     AND g.path < substr(f.path, 1, length(f.path) - 17) || '/'
     AND g.fetched_at > f.fetched_at),
  f.fetched_at) < ?
ORDER BY f.path
"""


def superseded_before(conn: sqlite3.Connection, before: str) -> list[tuple[str, int]]:
    """Return path and size of the versions that were replaced before a time."""
    return conn.execute(_SUPERSEDED, (before,)).fetchall()


_RUNS = """
WITH ranked AS (
  SELECT id, search, row_number() OVER (PARTITION BY search ORDER BY id DESC) AS age
  FROM search_runs WHERE finished IS NOT NULL AND setid IS NOT NULL
)
SELECT s.setid, min(ranked.search)
FROM ranked CROSS JOIN search_run_sets AS s ON s.run_id = ranked.id
WHERE (SELECT state FROM datasets WHERE setid = s.setid) IN ('mirrored', 'partial')
GROUP BY s.setid HAVING min(ranked.age) > ?
ORDER BY min(ranked.id), s.setid
"""


def of_older_runs(conn: sqlite3.Connection, keep: int) -> list[tuple[str, str]]:
    """Return the datasets that no search has among its newest `keep` runs, and whose it was."""
    return conn.execute(_RUNS, (keep,)).fetchall()


# A view shows the last good run; the next run is compared with the last result, and a run
# under way with the one it remembers.
_NEEDED = """
SELECT setid FROM search_run_sets WHERE setid IS NOT NULL AND run_id IN (
  SELECT max(id) FROM search_runs WHERE state = 'ok' GROUP BY search
  UNION SELECT max(id) FROM search_runs WHERE state IN ('ok', 'suspect') GROUP BY search
  UNION SELECT id FROM search_runs WHERE finished IS NULL
  UNION SELECT view_run FROM searches
  UNION SELECT compared_with FROM search_runs WHERE finished IS NULL
)
"""


def needed_by_searches(conn: sqlite3.Connection) -> set[str]:
    """Return the datasets that saved searches still need."""
    return {row[0] for row in conn.execute(_NEEDED)}


def paths_of(conn: sqlite3.Connection, setid: str) -> list[str]:
    """Return the paths of all files of a dataset, superseded ones too."""
    return [
        row[0]
        for row in conn.execute(
            "SELECT path FROM files WHERE setid = ? ORDER BY path", (setid,)
        )
    ]


def forget_dataset(conn: sqlite3.Connection, setid: str, reason: str) -> list[str]:
    """Take a dataset's rows, light curves and files out of the catalog; itself stays.

    In the caller's transaction. Rows that other datasets share stay with them.

    Returns
    -------
    list of str
        The paths to remove from the disk, noted as such.
    """
    paths = paths_of(conn, setid)
    for path in paths:
        forget_file(conn, path)
    remove_table(conn, setid)
    conn.execute("DELETE FROM missing_lightcurves WHERE setid = ?", (setid,))
    conn.execute("DELETE FROM work WHERE setid = ?", (setid,))
    conn.execute(
        "UPDATE datasets SET state = 'pruned', reason = ?, last_error = NULL WHERE setid = ?",
        (reason, setid),
    )
    return paths


def forget_file(conn: sqlite3.Connection, path: str) -> None:
    """Take a file out of the catalog, in the caller's transaction, and note it for removal."""
    remove_entries(conn, path)
    conn.execute("DELETE FROM files WHERE path = ?", (path,))
    to_remove(conn, path)


def to_remove(conn: sqlite3.Connection, path: str) -> None:
    """Note a path for removal, in the caller's transaction: no row speaks of it."""
    conn.execute("INSERT OR IGNORE INTO pruned_files VALUES (?)", (path,))


def to_be_removed(conn: sqlite3.Connection) -> list[tuple[str, bool]]:
    """Return the paths noted for removal, and whether the catalog has them again."""
    return [
        (path, bool(known))
        for path, known in conn.execute(
            "SELECT p.path, f.path IS NOT NULL FROM pruned_files AS p "
            "LEFT JOIN files AS f ON f.path = p.path ORDER BY p.path"
        )
    ]


def removed(conn: sqlite3.Connection, path: str) -> None:
    """Take a path off the notes: it is gone from the disk."""
    conn.execute("DELETE FROM pruned_files WHERE path = ?", (path,))
