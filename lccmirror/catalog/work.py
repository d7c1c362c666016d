"""What is still to be done: one row per dataset, with growing delays after a failure."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..clock import to_text

# After the last of these a dataset is asked for once a day.
DELAYS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
    timedelta(days=1),
)

LOOK_AGAIN = "the server contradicts itself"
"""The reason of work on a dataset that is mirrored as it came, and may come otherwise."""


def delay(attempts: int) -> timedelta:
    """Return how long to wait after another failure, when there were `attempts` before."""
    return DELAYS[min(attempts, len(DELAYS) - 1)]


@dataclass(frozen=True)
class WorkItem:
    """A dataset that is to be fetched, or looked at again."""

    setid: str
    reason: str
    attempts: int
    nobjects: int | None
    has_lczip: bool | None
    last_updated: str | None


# No delay is longer; what is further ahead was written under a clock that was wrong.
_BEYOND = DELAYS[-1] + timedelta(hours=1)


def forgive_wrong_clock(conn: sqlite3.Connection, now: datetime) -> None:
    """Make due what a clock that was ahead has put off for longer than any delay."""
    for table in ("work", "lightcurve_attempts"):
        conn.execute(
            f"UPDATE {table} SET not_before = ? WHERE not_before > ?",
            (to_text(now), to_text(now + _BEYOND)),
        )


# By keyset, so that a mirror of a million datasets needs no more memory than one of ten; and in
# the order of an index, which is read once, and not sorted for each batch.
_DUE = """
SELECT w.setid, w.reason, w.attempts, d.nobjects, d.has_lczip, d.last_updated, w.created_on
FROM work AS w INDEXED BY work_order CROSS JOIN datasets AS d USING (setid)
WHERE w.not_before <= :now AND (w.created_on, w.setid) > (:created_on, :setid)
ORDER BY w.created_on, w.setid LIMIT :most
"""
_AT_A_TIME = 500


def add_work(conn: sqlite3.Connection, setid: str, reason: str, now: str) -> None:
    """Plan a dataset, due at once; a reason given before is replaced."""
    conn.execute(
        "INSERT INTO work (setid, reason, since, not_before) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (setid) DO UPDATE SET "
        "reason = excluded.reason, not_before = excluded.not_before, attempts = 0",
        (setid, reason, now, now),
    )


# All may be due, when the mirror is new; what waits for later has failed.
_COUNT_DUE = """
SELECT n - (SELECT count(*) FROM work WHERE not_before > :now) FROM counts WHERE name = 'work'
"""


def count_due(conn: sqlite3.Connection, now: str) -> int:
    """Return how many datasets are due."""
    found: int = conn.execute(_COUNT_DUE, {"now": now}).fetchone()[0]
    return found


def due_work(conn: sqlite3.Connection, now: str) -> Iterator[WorkItem]:
    """Yield what is due at `now`, oldest dataset first; each once, whatever becomes of it."""
    after = {"created_on": "", "setid": ""}
    while count_due(conn, now):
        rows = conn.execute(_DUE, {"now": now, "most": _AT_A_TIME, **after}).fetchall()
        for setid, reason, attempts, nobjects, zipped, last_updated, _ in rows:
            has_lczip = None if zipped is None else bool(zipped)
            yield WorkItem(setid, reason, attempts, nobjects, has_lczip, last_updated)
        if len(rows) < _AT_A_TIME:
            return
        after = {"created_on": rows[-1][-1], "setid": rows[-1][0]}


_SMALLEST = """
SELECT w.setid, w.reason, w.attempts, d.nobjects, d.has_lczip, d.last_updated,
       coalesce(d.nobjects, 0)
FROM work AS w JOIN datasets AS d USING (setid)
WHERE w.not_before <= :now AND (coalesce(d.nobjects, 0), w.setid) > (:nobjects, :setid)
ORDER BY coalesce(d.nobjects, 0), w.setid LIMIT :most
"""


def due_smallest_first(conn: sqlite3.Connection, now: str) -> Iterator[WorkItem]:
    """Yield what is due at `now`, the fewest objects first, for when room is scarce."""
    after = {"nobjects": -1, "setid": ""}
    while True:
        rows = conn.execute(_SMALLEST, {"now": now, "most": _AT_A_TIME, **after}).fetchall()
        for setid, reason, attempts, nobjects, zipped, last_updated, _ in rows:
            has_lczip = None if zipped is None else bool(zipped)
            yield WorkItem(setid, reason, attempts, nobjects, has_lczip, last_updated)
        if len(rows) < _AT_A_TIME:
            return
        after = {"nobjects": rows[-1][-1], "setid": rows[-1][0]}


_ITEM = """
SELECT w.setid, w.reason, w.attempts, d.nobjects, d.has_lczip, d.last_updated
FROM work AS w JOIN datasets AS d USING (setid) WHERE w.setid = ? AND w.not_before <= ?
"""


def due_item(conn: sqlite3.Connection, setid: str, now: str) -> WorkItem | None:
    """Return what is to be done for one dataset, or None if nothing is due."""
    row = conn.execute(_ITEM, (setid, now)).fetchone()
    if row is None:
        return None
    setid, reason, attempts, nobjects, zipped, last_updated = row
    has_lczip = None if zipped is None else bool(zipped)
    return WorkItem(setid, reason, attempts, nobjects, has_lczip, last_updated)


def last_retry(conn: sqlite3.Connection) -> str | None:
    """Return when all that has failed will have been tried again; None if nothing waits."""
    row = conn.execute("SELECT max(not_before) FROM work WHERE attempts > 0").fetchone()
    latest: str | None = row[0]
    return latest


def look_again(conn: sqlite3.Connection, setid: str, why: str, now: datetime) -> None:
    """Plan another look at a dataset that is done but for a doubt, later and later."""
    conn.execute("UPDATE work SET reason = ? WHERE setid = ?", (LOOK_AGAIN, setid))
    postpone(conn, setid, why, now)


def postpone(conn: sqlite3.Connection, setid: str, error: str, now: datetime) -> datetime:
    """Write down a failed attempt; return when the next one is due."""
    row = conn.execute("SELECT attempts FROM work WHERE setid = ?", (setid,)).fetchone()
    attempts = row[0] if row else 0
    due = now + delay(attempts)
    conn.execute(
        "UPDATE work SET attempts = attempts + 1, not_before = ?, last_error = ? "
        "WHERE setid = ?",
        (to_text(due), error, setid),
    )
    return due


def done(conn: sqlite3.Connection, setid: str) -> None:
    """Nothing more is to be done for a dataset."""
    conn.execute("DELETE FROM work WHERE setid = ?", (setid,))
