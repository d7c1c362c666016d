"""What came, went and changed between two runs of a search.

The objects a search has found and not lost are its members. Those of a search that asks
for everything are the objects of its last good run; with a limit or a sample they are all
that were ever seen, because an object that is not in such a result was not lost.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from .objects import SEARCH_OWN, catalog_columns

Key = tuple[str, str]
"""Collection and object ID."""
Rows = tuple[Key, list[str]]
"""An object, and the JSON of each of its rows."""

_POSITION = frozenset(("db_ra", "db_decl"))

_HOLDERS = """
SELECT DISTINCT coalesce(d.same_as, d.setid)
FROM search_run_sets AS s JOIN datasets AS d USING (setid) WHERE s.run_id = ?
"""
_FOUND = f"""
INSERT INTO temp.found SELECT DISTINCT collection, objectid FROM dataset_rows
WHERE setid IN ({_HOLDERS}) AND collection IS NOT NULL AND objectid IS NOT NULL
"""
_ROWS = f"""
SELECT collection, objectid, data FROM dataset_rows
WHERE setid IN ({_HOLDERS}) AND collection IS NOT NULL AND objectid IS NOT NULL
ORDER BY collection, objectid
"""
_COLUMNS = """
SELECT DISTINCT c.name FROM search_run_sets AS s JOIN dataset_columns AS c USING (setid)
WHERE s.run_id = ?
"""
_VALUES_FROM = """
SELECT DISTINCT d.values_from FROM search_run_sets AS s JOIN datasets AS d USING (setid)
WHERE s.run_id = ? ORDER BY 1
"""
_ADDED = """
INSERT INTO search_changes SELECT :run, :search, 'added', collection, objectid
FROM temp.found AS f WHERE NOT EXISTS (
  SELECT 1 FROM search_members AS m WHERE m.search = :search
  AND m.collection = f.collection AND m.objectid = f.objectid)
"""
_REMOVED = """
INSERT INTO search_changes SELECT :run, :search, 'removed', collection, objectid
FROM search_members AS m WHERE m.search = :search AND NOT EXISTS (
  SELECT 1 FROM temp.found AS f
  WHERE f.collection = m.collection AND f.objectid = m.objectid)
AND m.collection NOT IN (SELECT value FROM json_each(:kept))
"""
_NEW_MEMBERS = """
INSERT INTO search_members SELECT search, collection, objectid FROM search_changes
WHERE run_id = ? AND change = 'added'
"""
_LOST_MEMBERS = """
DELETE FROM search_members WHERE search = :search AND (collection, objectid) IN (
  SELECT collection, objectid FROM search_changes
  WHERE run_id = :run AND change = 'removed')
"""


@dataclass(frozen=True)
class Changes:
    """How many different objects a result has, and how many came, went and changed."""

    nobjects: int
    added: int
    removed: int
    changed: int


def record_changes(
    conn: sqlite3.Connection,
    search: str,
    run_id: int,
    before: int | None,
    *,
    removals: bool,
    kept: Collection[str] = (),
) -> Changes:
    """Compare a run's result with what the search had before, in the caller's transaction.

    Parameters
    ----------
    before
        The last good run, for the values of the objects in both.
    removals
        Whether an object that is not in the result is lost.
    kept
        Collections of which none is lost even then.
    """
    conn.execute("DROP TABLE IF EXISTS temp.found")
    conn.execute(
        "CREATE TEMP TABLE found (collection TEXT, objectid TEXT, "
        "PRIMARY KEY (collection, objectid)) WITHOUT ROWID"
    )
    nobjects = conn.execute(_FOUND, (run_id,)).rowcount
    names = {"run": run_id, "search": search}
    added = conn.execute(_ADDED, names).rowcount
    removed = 0
    if removals:
        not_lost = {**names, "kept": json.dumps(list(kept))}
        removed = conn.execute(_REMOVED, not_lost).rowcount
    changed = 0 if before is None else _record_changed(conn, search, run_id, before)
    conn.execute(_NEW_MEMBERS, (run_id,))
    conn.execute(_LOST_MEMBERS, names)
    conn.execute("DROP TABLE temp.found")
    return Changes(nobjects, added, removed, changed)


def comparable(conn: sqlite3.Connection, run_id: int, before: int) -> bool:
    """Whether the values of two runs come from the same kind of file.

    A CSV alone has rounded numbers: beside exact ones nearly every object has changed.
    """
    ours, theirs = (conn.execute(_VALUES_FROM, (one,)).fetchall() for one in (run_id, before))
    return not ours or not theirs or ours == theirs


def _record_changed(conn: sqlite3.Connection, search: str, run_id: int, before: int) -> int:
    ours, theirs = (set(conn.execute(_HOLDERS, (one,))) for one in (run_id, before))
    if ours == theirs or not comparable(conn, run_id, before):
        return 0
    return conn.executemany(
        "INSERT OR IGNORE INTO search_changes VALUES (?, ?, 'changed', ?, ?)",
        (
            (run_id, search, collection, objectid)
            for collection, objectid in differing(
                _rows(conn, before), _rows(conn, run_id), _compared(conn, run_id, before)
            )
        ),
    ).rowcount


def differing(
    old: Iterable[Rows], new: Iterable[Rows], columns: Callable[[str], frozenset[str]]
) -> Iterator[Key]:
    """Yield the objects in both results whose values differ.

    Parameters
    ----------
    old, new
        In the order of their keys.
    columns
        Which columns of a collection to look at. An object can have several rows, in any
        order: one that matched two of a list's positions.
    """
    before, after = iter(old), iter(new)
    one, other = next(before, None), next(after, None)
    while one is not None and other is not None:
        if one[0] < other[0]:
            one = next(before, None)
        elif one[0] > other[0]:
            other = next(after, None)
        else:
            if sorted(one[1]) != sorted(other[1]):
                looked_at = sorted(columns(one[0][0]))
                if _values(one[1], looked_at) != _values(other[1], looked_at):
                    yield one[0]
            one, other = next(before, None), next(after, None)


def _values(rows: Iterable[str], columns: list[str]) -> set[tuple[Any, ...]]:
    # 13 and 13.0 are the same value.
    decoded = (json.loads(data) for data in rows)
    return {tuple([values.get(name) for name in columns]) for values in decoded}


def _rows(conn: sqlite3.Connection, run_id: int) -> Iterator[Rows]:
    cursor = conn.execute(_ROWS, (run_id,))
    for key, rows in groupby(cursor, key=lambda row: (row[0], row[1])):
        yield key, [row[2] for row in rows]


def _compared(
    conn: sqlite3.Connection, run_id: int, before: int
) -> Callable[[str], frozenset[str]]:
    """Return which columns of a collection both runs have, the search's own left out.

    A full-text search's ``relevance`` changes for all objects when one is added.
    """
    names = frozenset.intersection(
        *(
            frozenset(name for (name,) in conn.execute(_COLUMNS, (one,)))
            for one in (run_id, before)
        )
    )
    known: dict[str, frozenset[str]] = {}

    def columns(collection: str) -> frozenset[str]:
        if collection not in known:
            catalog = catalog_columns(conn, collection)
            known[collection] = names & (
                (catalog or frozenset(n for n in names if not n.startswith("in_"))) - SEARCH_OWN
                | _POSITION
            )
        return known[collection]

    return columns
