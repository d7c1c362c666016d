"""Whose word counts where several datasets have an object: the one's that was created last.

By ``created_on``, then setid; a dataset of which no time is known comes before all others.
Of light curves that the server wrote at the same time, the same holds.
"""

from __future__ import annotations

import sqlite3

from .lightcurves import settle_all
from .objects import affected_table, refresh_objects

# The index holds those with rows alone: of a million that are listed, and not yet here, none is
# looked at. (It is of an expression, for which row values find no beginning: hence both.)
_LATER = """
SELECT 1 FROM datasets AS d INDEXED BY datasets_ingested
WHERE d.nrows IS NOT NULL AND coalesce(d.created_on, '') >= :low
  AND (coalesce(d.created_on, ''), d.setid) > (:low, :setid) LIMIT 1
"""
_BETWEEN = """
SELECT 1 FROM datasets AS d INDEXED BY datasets_ingested
WHERE d.nrows IS NOT NULL AND coalesce(d.created_on, '') BETWEEN :low AND :high
  AND (coalesce(d.created_on, ''), d.setid) > (:low, :setid)
  AND (coalesce(d.created_on, ''), d.setid) < (:high, :setid) LIMIT 1
"""
_ROWS = """
INSERT OR IGNORE INTO affected
SELECT r.collection, r.objectid FROM datasets AS d
JOIN dataset_rows AS r ON r.setid = coalesce(d.same_as, d.setid)
WHERE d.setid = ? AND r.collection IS NOT NULL AND r.objectid IS NOT NULL
"""
_CURVES = """
SELECT DISTINCT l.collection, l.objectid
FROM files AS f CROSS JOIN lightcurves AS l USING (path) WHERE f.setid = ?
"""


def is_newest(conn: sqlite3.Connection, setid: str) -> bool:
    """Whether no ingested dataset was created after this one."""
    asked = {"low": created_on(conn, setid) or "", "setid": setid}
    return conn.execute(_LATER, asked).fetchone() is None


def created_on(conn: sqlite3.Connection, setid: str) -> str | None:
    """Return when a dataset was created, as far as is known."""
    row = conn.execute("SELECT created_on FROM datasets WHERE setid = ?", (setid,)).fetchone()
    return None if row is None else row[0]


def _has_rows(conn: sqlite3.Connection, setid: str) -> bool:
    row = conn.execute("SELECT nrows FROM datasets WHERE setid = ?", (setid,)).fetchone()
    return row is not None and row[0] is not None


def put_in_order(conn: sqlite3.Connection, setid: str, before: str | None) -> None:
    """Work out again what a dataset says, if it is told to be older or younger than it was.

    To be called after its ``created_on`` was written, in the same transaction. Does nothing
    where no dataset with rows lies between the two times, or it has no rows itself.

    Parameters
    ----------
    before
        What its ``created_on`` was.
    """
    low, high = sorted((before or "", created_on(conn, setid) or ""))
    if low == high or not _has_rows(conn, setid):
        return
    passed = {"low": low, "high": high, "setid": setid}
    if conn.execute(_BETWEEN, passed).fetchone() is None:
        return
    affected_table(conn)
    conn.execute(_ROWS, (setid,))
    refresh_objects(conn)
    for key in conn.execute(_CURVES, (setid,)).fetchall():
        settle_all(conn, key)
