"""What people have been told, and what they are still to be told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Waiting:
    """An announcement that has not arrived yet; `event` is JSON."""

    id: int
    kind: str
    at: str
    event: str
    tries: int


def told(conn: sqlite3.Connection, subject: str) -> tuple[str, str] | None:
    """Return what was last told of a subject, and when."""
    found: tuple[str, str] | None = conn.execute(
        "SELECT what, at FROM announced WHERE subject = ?", (subject,)
    ).fetchone()
    return found


def set_told(conn: sqlite3.Connection, subject: str, what: str, now: str) -> None:
    """Remember what was told of a subject."""
    conn.execute("INSERT OR REPLACE INTO announced VALUES (?, ?, ?)", (subject, what, now))


def told_like(conn: sqlite3.Connection, prefix: str) -> set[str]:
    """Return the subjects with a prefix of which something was told."""
    return {
        row[0]
        for row in conn.execute(
            "SELECT subject FROM announced WHERE substr(subject, 1, ?) = ?",
            (len(prefix), prefix),
        )
    }


def forget(conn: sqlite3.Connection, subject: str) -> None:
    """What was wrong is over: the next time it is told again."""
    conn.execute("DELETE FROM announced WHERE subject = ?", (subject,))


def add_waiting(
    conn: sqlite3.Connection, recipient: str, kind: str, now: str, event: str
) -> None:
    """Put something on the list of what somebody is to be told."""
    conn.execute(
        "INSERT INTO announcements (recipient, kind, at, event, not_before) "
        "VALUES (?, ?, ?, ?, ?)",
        (recipient, kind, now, event, now),
    )


def due_for(
    conn: sqlite3.Connection, recipient: str, now: str, until: str
) -> dict[str, list[Waiting]]:
    """Return what may be told to somebody now, by kind.

    All of a kind waits while one of it is not to be tried before a time that is between
    `now` and `until`.
    """
    found: dict[str, list[Waiting]] = {}
    for row in conn.execute(
        "SELECT id, kind, at, event, tries FROM announcements AS a WHERE recipient = ? "
        "AND NOT EXISTS (SELECT 1 FROM announcements AS b WHERE b.recipient = a.recipient "
        "                AND b.kind = a.kind AND b.not_before > ? AND b.not_before <= ?) "
        "ORDER BY id",
        (recipient, now, until),
    ):
        one = Waiting(*row)
        found.setdefault(one.kind, []).append(one)
    return found


def arrived(conn: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Take announcements off the list."""
    conn.executemany("DELETE FROM announcements WHERE id = ?", ((one,) for one in ids))


def delay(conn: sqlite3.Connection, ids: Iterable[int], not_before: str) -> None:
    """Try announcements again, not before a time."""
    conn.executemany(
        "UPDATE announcements SET tries = tries + 1, not_before = ? WHERE id = ?",
        ((not_before, one) for one in ids),
    )


def drop_others(conn: sqlite3.Connection, recipients: Iterable[str], before: str) -> int:
    """Drop what is for nobody any more, and what is old and did not arrive; return how many.

    What was never tried, because the daemon did not run or it was too soon, is not dropped.
    """
    known = list(recipients)
    marks = ", ".join("?" * len(known))
    return conn.execute(
        f"DELETE FROM announcements WHERE recipient NOT IN ({marks}) OR (at < ? AND tries > 0)",
        (*known, before),
    ).rowcount
