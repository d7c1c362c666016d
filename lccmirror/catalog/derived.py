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
WITH counted (name, n) AS MATERIALIZED (
  SELECT 'dataset_rows', count(*) FROM dataset_rows
  UNION ALL SELECT 'objects', count(*) FROM objects
  UNION ALL SELECT 'lightcurves', count(*) FROM lightcurves
  UNION ALL SELECT 'missing_lightcurves', count(*) FROM missing_lightcurves
  UNION ALL SELECT 'work', count(*) FROM work
  UNION ALL SELECT 'datasets:' || state, count(*) FROM datasets GROUP BY state
  UNION ALL SELECT 'datasets:vanished', count(*) FROM datasets WHERE vanished_at IS NOT NULL
  UNION ALL SELECT 'files:' || kind, count(*) FROM files GROUP BY kind
  UNION ALL SELECT 'file_bytes:' || kind, sum(size) FROM files GROUP BY kind
  UNION ALL SELECT 'file_bytes', coalesce(sum(size), 0) FROM files
  UNION ALL SELECT 'object_info:' || state, count(*) FROM object_info GROUP BY state
)
"""
_MISCOUNTED = f"""{_COUNTED}
SELECT c.name FROM counts AS c LEFT JOIN counted USING (name)
WHERE c.n <> coalesce(counted.n, 0)
UNION ALL
SELECT name FROM counted WHERE n IS NOT NULL AND name NOT IN (SELECT name FROM counts)
ORDER BY 1
"""
_COUNT_WHAT_LACKS = f"""{_COUNTED}
INSERT OR IGNORE INTO counts SELECT name, n FROM counted WHERE n IS NOT NULL
"""
_COUNT_AGAIN = f"""{_COUNTED}
UPDATE counts SET n = coalesce((SELECT n FROM counted WHERE counted.name = counts.name), 0)
"""
_ARRIVED = """
WITH came (hour, bytes) AS MATERIALIZED (
  SELECT substr(fetched_at, 1, 13), sum(size) FROM files GROUP BY 1
)
"""
# An hour of which nothing is left stays, with 0.
_MISDATED = f"""{_ARRIVED}
SELECT 1 FROM arrivals LEFT JOIN came USING (hour)
WHERE arrivals.bytes <> coalesce(came.bytes, 0)
UNION ALL
SELECT 1 FROM came WHERE bytes > 0 AND hour NOT IN (SELECT hour FROM arrivals)
"""
_DATE_AGAIN = f"""{_ARRIVED} INSERT INTO arrivals SELECT hour, bytes FROM came"""


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
    if wrong := [name for (name,) in conn.execute(_MISCOUNTED)]:
        found["counts"] = f"the count of {', '.join(wrong)} is wrong"
    elif conn.execute(_MISDATED).fetchone() is not None:
        found["counts"] = "how much came when is wrong"
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
    conn.execute(_COUNT_WHAT_LACKS)
    conn.execute(_COUNT_AGAIN)
    conn.execute("DELETE FROM arrivals")
    conn.execute(_DATE_AGAIN)
