"""Which member of a light-curve ZIP is whose, and which light curves it lacks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..catalog.lightcurves import Entry, expected_members, put_entries, put_missing

if TYPE_CHECKING:
    from ..formats.lczip import ZipReport

_PRESENT = """
SELECT e.collection, e.objectid, p.member, p.size, p.crc32
FROM expected AS e JOIN present AS p USING (member)
"""
_ABSENT = """
SELECT e.collection, e.objectid, e.member FROM expected AS e
WHERE NOT EXISTS (SELECT 1 FROM present AS p WHERE p.member = e.member)
"""
_UNEXPECTED = """
SELECT count(*), min(member) FROM present
WHERE member <> 'lczip-manifest.json' AND member NOT IN (SELECT member FROM expected)
"""

_MISSING = "SELECT collection, objectid, reason FROM missing_lightcurves WHERE setid = ?"
_NOT_MISSING = """
DELETE FROM missing_lightcurves WHERE setid = ? AND collection = ? AND objectid = ?
"""
_TOLD = "the server could not make it, says the ZIP's manifest"
_UNSAID = "not in the ZIP, though the manifest does not say so"


def index_zip(
    conn: sqlite3.Connection, setid: str, path: str, report: ZipReport, now: str
) -> list[str]:
    """Write down the light curves in a dataset's ZIP at `path`, and those it should have.

    Members are named ``<collection_id>-<objectid>-csvlc.gz``; where some are not, they are
    looked for under the other names that the server has for the same light curve. Members
    that are still nobody's are a problem, and then nothing is said to be missing that may
    be among them.

    Returns
    -------
    list of str
        What is wrong with it, in words.
    """
    problems: list[str] = []
    expected_members(conn, setid)
    _fill_present(conn, report)
    said = {name.removesuffix(" missing") for name in report.missing}
    absent = conn.execute(_ABSENT).fetchall()
    if any(f"{objectid}-csvlc.gz" not in said for _, objectid, _ in absent):
        _take_other_names(conn, setid, said)
        absent = conn.execute(_ABSENT).fetchall()
    put_entries(conn, setid, path, _entries(conn.execute(_PRESENT)))
    told = {(one[0], one[1]): _TOLD for one in absent if _is_said(one, said)}
    unsaid = {(one[0], one[1]): _UNSAID for one in absent if not _is_said(one, said)}
    extra, example = conn.execute(_UNEXPECTED).fetchone()
    first = next(iter(unsaid), ("", ""))[1]
    if unsaid and extra >= len(unsaid):
        _note_missing(conn, setid, told, now)
        problems.append(
            f"{len(unsaid)} light curves ({first} …) are not in the ZIP by any name "
            f"we know, but {extra} members are nobody's ({example} …)"
        )
        return problems
    _note_missing(conn, setid, told | unsaid, now)
    if unsaid:
        problems.append(f"{len(unsaid)} light curves are not in the ZIP ({first} …)")
    if extra:
        problems.append(f"{extra} members of the ZIP belong to no object of it ({example} …)")
    return problems


def _note_missing(
    conn: sqlite3.Connection, setid: str, missing: dict[tuple[str, str], str], now: str
) -> None:
    """Write down which light curves a dataset lacks, and why; since when stays."""
    known = {(one[0], one[1]): one[2] for one in conn.execute(_MISSING, (setid,))}
    conn.executemany(_NOT_MISSING, ((setid, *key) for key in known.keys() - missing.keys()))
    for reason in (_TOLD, _UNSAID):
        fresh = [key for key, why in missing.items() if why == reason != known.get(key)]
        put_missing(conn, setid, fresh, reason, now)


def _is_said(absent: tuple[str, str, str], said: set[str]) -> bool:
    """Whether the manifest says that a light curve is missing."""
    _, objectid, member = absent
    return f"{objectid}-csvlc.gz" in said or member in said


def _fill_present(conn: sqlite3.Connection, report: ZipReport) -> None:
    conn.execute("DROP TABLE IF EXISTS temp.present")
    conn.execute(
        "CREATE TEMP TABLE present (member TEXT PRIMARY KEY, size INTEGER, crc32 INTEGER)"
        " WITHOUT ROWID"
    )
    conn.executemany(
        "INSERT OR IGNORE INTO present VALUES (?, ?, ?)",
        ((member.name, member.size, member.crc32) for member in report.members),
    )


# By which other names a light curve may go: as in the link to it in its row, /l/<folder>/
# <file>, with the folder or without; and by its object alone.
_CALLED = """
WITH linked AS (
  SELECT e.member, substr(json_extract(r.data, '$.db_lcfname'), 4) AS link
  FROM datasets AS d
  JOIN dataset_rows AS r ON r.setid = coalesce(d.same_as, d.setid)
  JOIN expected AS e ON e.collection = r.collection AND e.objectid = r.objectid
  WHERE d.setid = ? AND json_extract(r.data, '$.db_lcfname') LIKE '/l/%/%'
)
INSERT OR IGNORE INTO called
SELECT member, replace(link, '/', '-') FROM linked
UNION ALL SELECT member, substr(link, instr(link, '/') + 1) FROM linked
UNION ALL SELECT member, short FROM expected
"""
# A name that more than one light curve may go by says nothing.
_RENAME = """
UPDATE OR IGNORE expected SET member = clear.name
FROM (SELECT min(was) AS was, name FROM called GROUP BY name HAVING count(*) = 1) AS clear
WHERE expected.member = clear.was
  AND expected.member NOT IN (SELECT member FROM present)
  AND clear.name IN (SELECT name FROM in_zip)
"""


def _take_other_names(conn: sqlite3.Connection, setid: str, said: set[str]) -> None:
    """Let those in ``expected`` that are not present go by the names the ZIP has for them.

    Parameters
    ----------
    said
        Names that the manifest says are missing.
    """
    conn.execute("DROP TABLE IF EXISTS temp.called")
    conn.execute("DROP TABLE IF EXISTS temp.in_zip")
    conn.execute(
        "CREATE TEMP TABLE called (was TEXT, name TEXT, PRIMARY KEY (name, was)) WITHOUT ROWID"
    )
    conn.execute("CREATE TEMP TABLE in_zip (name TEXT PRIMARY KEY) WITHOUT ROWID")
    conn.execute(_CALLED, (setid,))
    conn.executemany("INSERT INTO in_zip VALUES (?)", ((name,) for name in said))
    conn.execute(
        "INSERT OR IGNORE INTO in_zip SELECT member FROM present "
        "WHERE member NOT IN (SELECT member FROM expected)"
    )
    conn.execute(_RENAME)


def _entries(rows: Iterable[tuple[Any, ...]]) -> Iterator[Entry]:
    return (Entry(*row) for row in rows)
