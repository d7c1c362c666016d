"""What is worked out from other tables or files, and whether it fits them."""

from __future__ import annotations

import sqlite3

from .lightcurves import settle_all
from .objects import affected_table, refresh_objects

_NO_OBJECT = """
SELECT DISTINCT collection, objectid FROM dataset_rows AS r
WHERE collection IS NOT NULL AND objectid IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM objects AS o WHERE o.collection = r.collection AND o.objectid = r.objectid)
"""
_NO_ROW = """
SELECT collection, objectid FROM objects AS o WHERE NOT EXISTS (
  SELECT 1 FROM dataset_rows AS r
  WHERE r.collection = o.collection AND r.objectid = o.objectid)
"""
_NO_ENTRIES = """
SELECT f.path, f.setid FROM files AS f JOIN datasets AS d USING (setid)
WHERE f.kind = 'lczip' AND f.state = 'ok' AND d.nrows > 0
  AND f.note IS NOT :nobodys
  AND NOT EXISTS (SELECT 1 FROM lightcurves AS l WHERE l.path = f.path)
  AND EXISTS (
    SELECT 1 FROM dataset_rows AS r WHERE r.setid = coalesce(d.same_as, d.setid)
      AND r.collection IS NOT NULL AND r.objectid IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM missing_lightcurves AS m WHERE m.setid = f.setid
          AND m.collection = r.collection AND m.objectid = r.objectid))
"""
_NOBODYS = {"nobodys": "no member of it has a name that we know"}
_NEWEST = """
SELECT collection, objectid FROM lightcurves
GROUP BY collection, objectid HAVING sum(newest) <> 1
"""
_NO_INFO = """
SELECT f.path FROM files AS f WHERE f.kind = 'objectinfo' AND f.state = 'ok'
  AND NOT EXISTS (SELECT 1 FROM object_info AS i WHERE i.path = f.path)
"""
_COUNTED = """
SELECT name FROM counts WHERE n <> CASE name
  WHEN 'dataset_rows' THEN (SELECT count(*) FROM dataset_rows)
  WHEN 'objects' THEN (SELECT count(*) FROM objects)
  WHEN 'lightcurves' THEN (SELECT count(*) FROM lightcurves)
  ELSE (SELECT coalesce(sum(size), 0) FROM files) END
"""


def broken_derived(conn: sqlite3.Connection) -> dict[str, str]:
    """Return what does not fit what it is worked out from: names, and what is wrong.

    Whether they are all there is looked at, not every value.
    """
    found = {}
    if conn.execute(f"{_NO_OBJECT} LIMIT 1").fetchone() is not None:
        found["objects"] = "objects of datasets' rows are not there"
    elif conn.execute(f"{_NO_ROW} LIMIT 1").fetchone() is not None:
        found["objects"] = "there are objects of which no dataset has a row"
    if conn.execute(f"{_NO_ENTRIES} LIMIT 1", _NOBODYS).fetchone() is not None:
        found["lightcurves"] = "light curves of a ZIP are not there"
    elif conn.execute(f"{_NEWEST} LIMIT 1").fetchone() is not None:
        found["lightcurves"] = "which copies are the newest is not right"
    if conn.execute(f"{_NO_INFO} LIMIT 1").fetchone() is not None:
        found["object_info"] = "what the server told of objects is here, and not in the table"
    if wrong := [name for (name,) in conn.execute(_COUNTED)]:
        found["counts"] = f"the count of {', '.join(wrong)} is wrong"
    return found


def zips_without_entries(conn: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return path and dataset of the ZIPs whose light curves are not in the catalog."""
    return conn.execute(_NO_ENTRIES, _NOBODYS).fetchall()


def note_nobodys(conn: sqlite3.Connection, path: str) -> None:
    """Note of a ZIP that was looked through, if nothing in it is anybody's."""
    conn.execute(
        "UPDATE files SET note = :nobodys WHERE path = :path "
        "AND NOT EXISTS (SELECT 1 FROM lightcurves WHERE path = :path)",
        {"path": path, **_NOBODYS},
    )


def infos_without_row(conn: sqlite3.Connection) -> list[str]:
    """Return the paths of what the server told of objects that is not in the catalog."""
    return [path for (path,) in conn.execute(_NO_INFO)]


def mend_objects(conn: sqlite3.Connection) -> None:
    """Work out the objects that lack or are too many, in the caller's transaction."""
    affected_table(conn)
    conn.execute(f"INSERT OR IGNORE INTO affected {_NO_OBJECT}")
    conn.execute(f"INSERT OR IGNORE INTO affected {_NO_ROW}")
    refresh_objects(conn)


def mend_newest(conn: sqlite3.Connection) -> None:
    """Say anew which copies of light curves are the newest, in the caller's transaction."""
    for key in conn.execute(_NEWEST).fetchall():
        settle_all(conn, key)


def count_again(conn: sqlite3.Connection) -> None:
    """Count what is counted, in the caller's transaction."""
    for table in ("dataset_rows", "objects", "lightcurves"):
        conn.execute(
            f"UPDATE counts SET n = (SELECT count(*) FROM {table}) WHERE name = ?", (table,)
        )
    conn.execute(
        "UPDATE counts SET n = (SELECT coalesce(sum(size), 0) FROM files) "
        "WHERE name = 'file_bytes'"
    )
