"""Whose word counts where several datasets have an object: the one's that was created last.

By ``created_on``, then setid; a dataset of which no time is known comes before all others.
Of light curves that the server wrote at the same time, the same holds.
"""

from __future__ import annotations

import sqlite3

from .lightcurves import settle_all
from .objects import affected_table, refresh_objects

_LATER = """
SELECT 1 FROM datasets AS me JOIN datasets AS d
  ON (d.created_on >= coalesce(me.created_on, '')
      AND (d.created_on, d.setid) > (coalesce(me.created_on, ''), me.setid))
  OR (d.created_on IS NULL AND me.created_on IS NULL AND d.setid > me.setid)
WHERE me.setid = ? AND d.nrows IS NOT NULL LIMIT 1
"""
_BETWEEN = """
SELECT 1 FROM datasets AS d
WHERE ((d.created_on BETWEEN :low AND :high
        AND (d.created_on, d.setid) > (:low, :setid)
        AND (d.created_on, d.setid) < (:high, :setid))
       OR (d.created_on IS NULL AND :low = '' AND d.setid > :setid))
  AND d.nrows IS NOT NULL LIMIT 1
"""
_ROWS = """
INSERT OR IGNORE INTO affected
SELECT r.collection, r.objectid FROM datasets AS d
JOIN dataset_rows AS r ON r.setid = coalesce(d.same_as, d.setid)
WHERE d.setid = ? AND r.collection IS NOT NULL AND r.objectid IS NOT NULL
"""
_CURVES = "SELECT DISTINCT collection, objectid FROM lightcurves WHERE setid = ?"


def is_newest(conn: sqlite3.Connection, setid: str) -> bool:
    """Whether no ingested dataset was created after this one."""
    row = conn.execute(_LATER, (setid,)).fetchone()
    return row is None


def created_on(conn: sqlite3.Connection, setid: str) -> str | None:
    """Return when a dataset was created, as far as is known."""
    row = conn.execute("SELECT created_on FROM datasets WHERE setid = ?", (setid,)).fetchone()
    return None if row is None else row[0]


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
    if low == high:
        return
    passed = {"low": low, "high": high, "setid": setid}
    if conn.execute(_BETWEEN, passed).fetchone() is None:
        return
    affected_table(conn)
    conn.execute(_ROWS, (setid,))
    refresh_objects(conn)
    for key in conn.execute(_CURVES, (setid,)).fetchall():
        settle_all(conn, key)
