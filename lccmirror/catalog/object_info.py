"""What the server told of single objects: the rows, and which objects are to be asked for."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from ..clock import to_text
from .log import get_setting, set_setting
from .work import delay

if TYPE_CHECKING:
    from ..formats.object_info import ObjectInfo

Key = tuple[str, str]
"""Collection and object."""
State = Literal["missing", "refused", "failed"]

# What the server says it does not have, or gives as something else, it will hardly have or
# mend by tomorrow. The last of these comes again and again.
_LASTING = (timedelta(days=1), timedelta(days=7), timedelta(days=30))
_PLACE = "object_info_place"
# Objects looked at in one cycle for some that were never asked for.
_LOOKED_AT = 50_000


# (With OR REPLACE the triggers that count would not hear of the row that goes.)
_TOLD = (
    "asked_at", "fetched_at", "objectisvar", "vartags", "objecttags", "comments", "period",
    "epoch", "xmatch", "neighbors", "problems", "info", "path", "finderchart", "magseries",
)  # fmt: skip
_PUT = f"""
INSERT INTO object_info (collection, objectid, state, {", ".join(_TOLD)})
VALUES (?, ?, 'ok', {", ".join("?" * len(_TOLD))})
ON CONFLICT (collection, objectid) DO UPDATE SET state = excluded.state, attempts = 0,
  not_before = NULL, last_error = NULL,
  {", ".join(f"{name} = excluded.{name}" for name in _TOLD)}
"""


def put_info(
    conn: sqlite3.Connection,
    key: Key,
    info: ObjectInfo,
    at: str,
    path: str,
    pictures: dict[str, str],
) -> None:
    """Write down what the server told of an object, in place of what it told before.

    Parameters
    ----------
    at
        When it came.
    path
        Of the file with all of it.
    pictures
        The paths of its pictures, by name.
    """
    conn.execute(
        _PUT,
        (
            *key,
            at,
            at,
            info.objectisvar,
            info.vartags,
            info.objecttags,
            info.comments,
            info.period,
            info.epoch,
            info.xmatch,
            info.neighbors,
            json.dumps(info.problems) if info.problems else None,
            info.info,
            path,
            pictures.get("finderchart"),
            pictures.get("magseries"),
        ),
    )
    conn.execute("DELETE FROM object_periods WHERE collection = ? AND objectid = ?", key)
    conn.executemany(
        "INSERT OR IGNORE INTO object_periods VALUES (?, ?, ?, ?, ?, ?)",
        ((*key, one.method, one.rank, one.period, one.epoch) for one in info.periods),
    )


_FAIL = """
INSERT INTO object_info
  (collection, objectid, state, asked_at, attempts, not_before, last_error)
VALUES (:collection, :objectid, :state, :at, 1, :due, :error)
ON CONFLICT (collection, objectid) DO UPDATE SET state = excluded.state,
  asked_at = excluded.asked_at, attempts = object_info.attempts + 1,
  not_before = excluded.not_before, last_error = excluded.last_error
"""


def put_off(
    conn: sqlite3.Connection,
    key: Key,
    state: State,
    error: str,
    now: datetime,
    *,
    lasting: bool,
) -> None:
    """Write down that the server told nothing of an object, and when it is asked again.

    What it told before stays.

    Parameters
    ----------
    lasting
        Whether it will be the same tomorrow, most likely.
    """
    row = conn.execute(
        "SELECT attempts FROM object_info WHERE collection = ? AND objectid = ?", key
    ).fetchone()
    attempts = row[0] if row else 0
    wait = _LASTING[min(attempts, len(_LASTING) - 1)] if lasting else delay(attempts)
    conn.execute(
        _FAIL,
        {
            "collection": key[0],
            "objectid": key[1],
            "state": state,
            "at": to_text(now),
            "due": to_text(now + wait),
            "error": error,
        },
    )


def forgive_wrong_clock(conn: sqlite3.Connection, now: datetime) -> None:
    """Make due what a clock that was ahead has put off for longer than any delay."""
    conn.execute(
        "UPDATE object_info SET not_before = ? WHERE state <> 'ok' AND not_before > ?",
        (to_text(now), to_text(now + _LASTING[-1] + timedelta(hours=1))),
    )


# The second condition says nothing new to us, but lets SQLite use the index of such files.
_DAMAGED = """
SELECT path FROM files WHERE state IN ('damaged', 'missing') AND state <> 'ok'
  AND kind IN ('objectinfo', 'png') ORDER BY path LIMIT ?
"""


def damaged_files(conn: sqlite3.Connection, most: int) -> list[str]:
    """Return the paths of objects' files that are damaged or missing."""
    return [path for (path,) in conn.execute(_DAMAGED, (most,))]


def may_be_asked(conn: sqlite3.Connection, key: Key, now: str) -> bool:
    """Whether an object has not just been asked for in vain."""
    row = conn.execute(
        "SELECT 1 FROM object_info WHERE collection = ? AND objectid = ? "
        "AND state <> 'ok' AND not_before > ?",
        (*key, now),
    ).fetchone()
    return row is None


_AGAIN = """
SELECT collection, objectid FROM (
  SELECT collection, objectid, not_before AS due FROM object_info
  WHERE state <> 'ok' AND not_before <= :now
  UNION ALL
  SELECT collection, objectid, asked_at FROM object_info
  WHERE state = 'ok' AND asked_at <= :older_than) AS i
WHERE :all OR EXISTS (
  SELECT 1 FROM searches AS s CROSS JOIN search_members AS m
  WHERE s.enabled = 1 AND m.search = s.name
    AND m.collection = i.collection AND m.objectid = i.objectid)
ORDER BY due LIMIT :most
"""


def to_ask_again(
    conn: sqlite3.Connection, now: str, older_than: str, most: int, *, searched: bool
) -> list[Key]:
    """Return objects that were asked for in vain, and those whose information is old.

    Parameters
    ----------
    older_than
        What came before this is old.
    searched
        Only those that saved searches have found.
    """
    values = {"now": now, "older_than": older_than, "most": most, "all": not searched}
    return conn.execute(_AGAIN, values).fetchall()


_NEW_SEARCHED = """
SELECT DISTINCT m.collection, m.objectid
FROM searches AS s JOIN search_members AS m ON m.search = s.name
WHERE s.enabled = 1 AND NOT EXISTS (
  SELECT 1 FROM object_info AS i
  WHERE i.collection = m.collection AND i.objectid = m.objectid)
LIMIT ?
"""


def never_asked_searched(conn: sqlite3.Connection, most: int) -> list[Key]:
    """Return objects that saved searches have found and that were never asked for."""
    return conn.execute(_NEW_SEARCHED, (most,)).fetchall()


_NEXT = """
SELECT o.collection, o.objectid, i.objectid IS NULL FROM objects AS o
LEFT JOIN object_info AS i USING (collection, objectid)
WHERE (o.collection, o.objectid) > (?, ?)
ORDER BY o.collection, o.objectid LIMIT ?
"""


def never_asked(
    conn: sqlite3.Connection, most: int, looked_at: int = _LOOKED_AT
) -> tuple[list[Key], Key | None]:
    """Return objects that were never asked for, and where to go on next time.

    A mirror may have millions of objects, nearly all of them asked for: a part of them is
    looked at, and the next cycle looks at the next; see `remember_place`.
    """
    after: Key = ("", "")
    if place := get_setting(conn, _PLACE):
        collection, objectid = json.loads(place)
        after = (collection, objectid)
    found: list[Key] = []
    count = 0
    for collection, objectid, unasked in conn.execute(_NEXT, (*after, looked_at)):
        count += 1
        after = (collection, objectid)
        if unasked:
            found.append(after)
            if len(found) == most:
                return found, after
    return found, after if count == looked_at else None


def remember_place(conn: sqlite3.Connection, place: Key | None) -> None:
    """Note where `never_asked` is to go on; None: at the beginning."""
    text = json.dumps(place or ("", ""))
    if get_setting(conn, _PLACE) != text:
        set_setting(conn, _PLACE, text)
