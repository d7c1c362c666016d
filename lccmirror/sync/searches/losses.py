"""What is not in a result, and yet not lost.

A result shows what a search found; that an object is gone it shows only if it would have
been there otherwise. So nothing is taken for lost when the result was cut: by the question's
own limit or sample, or by the most rows that the server gives to one of our kind. And where
a whole collection is missing from it, the collection was not searched (an account's key
that has ended does not see the private ones any more), or its query failed, of which the
server says nothing (lccserver 0.2.7, ``sqlite_column_search`` and its like: ``nmatches`` is
then 0): that has to be seen twice.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from ...catalog.searches import RunRow
from ...formats.damage import damage_json
from ...names import printable

_CUT = """
SELECT sum(s.total_nmatches), sum(d.nrows), max(s.total_nmatches > d.nrows)
FROM search_run_sets AS s JOIN datasets AS d USING (setid) WHERE s.run_id = ?
"""
_SEARCHED = """
SELECT DISTINCT c.collection
FROM search_run_sets AS s JOIN dataset_collections AS c USING (setid) WHERE s.run_id = ?
"""
_FOUND_IN = """
SELECT DISTINCT r.collection
FROM search_run_sets AS s JOIN datasets AS d USING (setid)
JOIN dataset_rows AS r ON r.setid = coalesce(d.same_as, d.setid)
WHERE s.run_id = ? AND r.collection IS NOT NULL
"""
_MEMBERS_IN = """
SELECT collection, count(*) FROM search_members WHERE search = ? GROUP BY collection
ORDER BY collection
"""


@dataclass(frozen=True)
class Losses:
    """Which of the objects that a result does not have are lost.

    Attributes
    ----------
    any
        Whether any is.
    kept
        Collections of which none is, all the same.
    remarks
        Why not, for people.
    """

    any: bool
    kept: frozenset[str] = frozenset()
    remarks: tuple[str, ...] = ()


def losses(conn: sqlite3.Connection, row: RunRow, before: RunRow | None) -> Losses:
    """Say which objects a run's result, all of it in the catalog, shows to be lost.

    Parameters
    ----------
    before
        The last good run.
    """
    if {"limit", "sample"} & json.loads(row.params).keys():
        return Losses(any=False)
    matched, given, cut = conn.execute(_CUT, (row.id,)).fetchone()
    if cut:
        return Losses(
            any=False,
            remarks=(
                f"the server gave only {given:,} of {matched:,} matches, so no object is "
                "taken for lost; a narrower search, or an account's key, has them all",
            ),
        )
    if before is None or before.params != row.params:
        return Losses(any=True)
    return _of_collections(conn, row, before)


def _of_collections(conn: sqlite3.Connection, row: RunRow, before: RunRow) -> Losses:
    searched = _searched(conn, row)
    if not searched:
        # Nothing matched at all: that has been confirmed already.
        return Losses(any=True)
    found = _names(conn, _FOUND_IN, row)
    seen_empty = _searched(conn, before) - {
        damage_json(name) for name in _names(conn, _FOUND_IN, before)
    }
    kept, remarks = set[str](), list[str]()
    for name, count in conn.execute(_MEMBERS_IN, (row.search,)).fetchall():
        if name in found:
            continue
        where = f"{printable(name, 60)} (of its objects {count:,} were found before)"
        if damage_json(name) not in searched:
            kept.add(name)
            remarks.append(f"the server did not search {where}: none is taken for lost")
        elif damage_json(name) not in seen_empty:
            kept.add(name)
            remarks.append(
                f"nothing matched in {where}: none is taken for lost until another run "
                "says so, too"
            )
    return Losses(any=True, kept=frozenset(kept), remarks=tuple(remarks))


def _searched(conn: sqlite3.Connection, row: RunRow) -> set[str]:
    # The names are those of the dataset's JSON, which have that damage.
    return {damage_json(name) for name in _names(conn, _SEARCHED, row)}


def _names(conn: sqlite3.Connection, sql: str, row: RunRow) -> set[str]:
    return {name for (name,) in conn.execute(sql, (row.id,))}
