"""Which light curve is in which file, and which copy is the newest."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ..clock import from_http_date, to_text
from .work import delay


@dataclass(frozen=True)
class Entry:
    """A light curve inside a ZIP, or a file of its own (`member` is None)."""

    collection: str
    objectid: str
    member: str | None
    size: int
    crc32: int | None


def expected_members(conn: sqlite3.Connection, setid: str) -> int:
    """Fill the temporary table ``expected`` with what a dataset's ZIP should hold.

    One row per light curve: ``member`` (``<collection_id>-<oid>-csvlc.gz``, as the server
    names it), ``short`` (without the collection, as the manifest names it),
    ``collection``, ``objectid``.

    Returns
    -------
    int
        How many light curves are expected.
    """
    conn.execute("DROP TABLE IF EXISTS temp.expected")
    conn.execute(
        "CREATE TEMP TABLE expected (member TEXT PRIMARY KEY, short TEXT, collection TEXT, "
        "objectid TEXT) WITHOUT ROWID"
    )
    return conn.execute(_EXPECT, {"setid": setid}).rowcount


_EXPECT = """
INSERT OR IGNORE INTO expected
SELECT coalesce(c.collection_id, replace(r.collection, '_', '-')) || '-' || r.objectid
         || '-csvlc.gz',
       r.objectid || '-csvlc.gz', r.collection, r.objectid
FROM datasets AS d
JOIN dataset_rows AS r ON r.setid = coalesce(d.same_as, d.setid)
LEFT JOIN collections AS c ON c.collection = r.collection
WHERE d.setid = :setid AND r.collection IS NOT NULL AND r.objectid IS NOT NULL
"""


def put_entries(
    conn: sqlite3.Connection, setid: str | None, path: str, entries: Iterable[Entry]
) -> int:
    """Write down the light curves in the file at `path`, and which copies are now newest.

    Returns
    -------
    int
        How many there are.
    """
    remove_entries(conn, path)
    written = conn.executemany(
        "INSERT OR IGNORE INTO lightcurves "
        "(collection, objectid, setid, path, member, size, crc32, newest) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 1)",
        ((e.collection, e.objectid, setid, path, e.member, e.size, e.crc32) for e in entries),
    ).rowcount
    conn.execute("UPDATE counts SET n = n + ? WHERE name = 'lightcurves'", (max(written, 0),))
    _settle_newest(conn, path)
    return max(written, 0)


def remove_entries(conn: sqlite3.Connection, path: str) -> None:
    """Forget the light curves in the file at `path`; the next newest copies take over."""
    orphans = conn.execute(
        "SELECT collection, objectid FROM lightcurves WHERE path = ? AND newest = 1", (path,)
    ).fetchall()
    removed = conn.execute("DELETE FROM lightcurves WHERE path = ?", (path,)).rowcount
    conn.execute("UPDATE counts SET n = n - ? WHERE name = 'lightcurves'", (removed,))
    for key in orphans:
        paths = [
            row[0]
            for row in conn.execute(
                "SELECT path FROM lightcurves WHERE collection = ? AND objectid = ?", key
            )
        ]
        if paths:
            best = max(paths, key=lambda one: _rank(conn, one))
            conn.execute(
                "UPDATE lightcurves SET newest = 1 "
                "WHERE collection = ? AND objectid = ? AND path = ?",
                (*key, best),
            )


def settle_all(conn: sqlite3.Connection, key: tuple[str, str]) -> None:
    """Say anew which copy of a light curve (collection, objectid) is the newest."""
    where = "WHERE collection = ? AND objectid = ?"
    conn.execute(f"UPDATE lightcurves SET newest = 0 {where}", key)
    paths = [row[0] for row in conn.execute(f"SELECT path FROM lightcurves {where}", key)]
    best = max(paths, key=lambda one: _rank(conn, one))
    conn.execute(f"UPDATE lightcurves SET newest = 1 {where} AND path = ?", (*key, best))


_RIVALS = """
SELECT DISTINCT old.path FROM lightcurves AS mine
JOIN lightcurves AS old USING (collection, objectid)
WHERE mine.path = ? AND old.path <> mine.path AND old.newest = 1
"""
_LOSE = """
UPDATE lightcurves SET newest = 0 WHERE path = :loser AND newest = 1
AND (collection, objectid) IN
  (SELECT collection, objectid FROM lightcurves WHERE path = :winner AND newest = 1)
"""


def _settle_newest(conn: sqlite3.Connection, path: str) -> None:
    mine = _rank(conn, path)
    for (rival,) in conn.execute(_RIVALS, (path,)).fetchall():
        winner, loser = (path, rival) if mine > _rank(conn, rival) else (rival, path)
        conn.execute(_LOSE, {"winner": winner, "loser": loser})


def _rank(conn: sqlite3.Connection, path: str) -> tuple[str, str, str]:
    """Newest is what the server wrote last; then what belongs to the newest dataset."""
    row = conn.execute(
        "SELECT f.last_modified, f.fetched_at, d.created_on, f.path FROM files AS f "
        "LEFT JOIN datasets AS d USING (setid) WHERE f.path = ?",
        (path,),
    ).fetchone()
    if row is None:
        return ("", "", path)
    last_modified, fetched_at, created_on, _ = row
    moment = from_http_date(last_modified)
    written = fetched_at if moment is None else to_text(moment)
    return (written, created_on or "", path)


# (With OR REPLACE the triggers that count would not hear of the row that goes.)
_PUT_MISSING = """
INSERT INTO missing_lightcurves (collection, objectid, setid, reason, since)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (collection, objectid, setid) DO UPDATE SET reason = excluded.reason,
  since = excluded.since
"""


def put_missing(
    conn: sqlite3.Connection,
    setid: str,
    missing: Iterable[tuple[str, str]],
    reason: str,
    now: str,
) -> None:
    """Write down the light curves (collection, objectid) that a dataset does not have."""
    conn.executemany(
        _PUT_MISSING,
        ((collection, objectid, setid, reason, now) for collection, objectid in missing),
    )


def forget_missing(conn: sqlite3.Connection, key: tuple[str, str]) -> None:
    """The server has a light curve (collection, objectid) after all."""
    conn.execute("DELETE FROM missing_lightcurves WHERE collection = ? AND objectid = ?", key)


def postpone_lightcurve(
    conn: sqlite3.Connection, key: tuple[str, str], error: str, now: datetime
) -> None:
    """Write down that a single light curve (collection, objectid) could not be had."""
    attempts = lightcurve_attempts(conn, key)
    conn.execute(
        "INSERT OR REPLACE INTO lightcurve_attempts VALUES (?, ?, ?, ?, ?)",
        (*key, attempts + 1, to_text(now + delay(attempts)), error),
    )


def lightcurve_attempts(conn: sqlite3.Connection, key: tuple[str, str]) -> int:
    """Return how often a single light curve (collection, objectid) was asked for in vain."""
    row = conn.execute(
        "SELECT attempts FROM lightcurve_attempts WHERE collection = ? AND objectid = ?", key
    ).fetchone()
    return row[0] if row else 0


def lightcurve_done(conn: sqlite3.Connection, key: tuple[str, str]) -> None:
    """A single light curve (collection, objectid) needs no further attempt."""
    conn.execute("DELETE FROM lightcurve_attempts WHERE collection = ? AND objectid = ?", key)
