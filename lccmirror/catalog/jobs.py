"""What the daemon does by itself: when each job is due, and how its last run ended."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields


@dataclass(frozen=True)
class JobRow:
    """A job of the daemon.

    Attributes
    ----------
    schedule
        In words.
    due
        What its next run is for, a point of its timetable; None while nothing is due.
    next_run
        When that is tried: at `due`, or later after a failure.
    last_due, last_started, last_finished
        Of its last run. One that was cut off has started after it finished.
    last_outcome, last_message
        How the last finished run ended: ``ok``, ``failed`` or ``skipped``.
    failures
        How many runs in a row have failed.
    """

    name: str
    schedule: str
    due: str | None
    next_run: str | None
    last_due: str | None = None
    last_started: str | None = None
    last_finished: str | None = None
    last_outcome: str | None = None
    last_message: str | None = None
    failures: int = 0


_COLUMNS = ", ".join(field.name for field in fields(JobRow))
_SELECT = f"SELECT {_COLUMNS} FROM jobs"


def all_jobs(conn: sqlite3.Connection) -> dict[str, JobRow]:
    """Return every job by its name."""
    return {row[0]: JobRow(*row) for row in conn.execute(_SELECT + " ORDER BY name")}


def get_job(conn: sqlite3.Connection, name: str) -> JobRow | None:
    """Return a job, or None if the catalog does not know it."""
    row = conn.execute(_SELECT + " WHERE name = ?", (name,)).fetchone()
    return None if row is None else JobRow(*row)


def put_job(conn: sqlite3.Connection, job: JobRow) -> None:
    """Write a job down as it is now."""
    marks = ", ".join("?" * len(fields(JobRow)))
    conn.execute(f"INSERT OR REPLACE INTO jobs ({_COLUMNS}) VALUES ({marks})", astuple(job))


def keep_jobs(conn: sqlite3.Connection, names: Iterable[str]) -> None:
    """Forget every job but these."""
    kept = set(names)
    for name in all_jobs(conn).keys() - kept:
        conn.execute("DELETE FROM jobs WHERE name = ?", (name,))


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong for some time, and when a person was last told.

    Attributes
    ----------
    key
        What it is about: ``server``, ``room``, ``job …``.
    """

    key: str
    since: str
    told: str
    message: str


def trouble(conn: sqlite3.Connection, key: str) -> Trouble | None:
    """Return the trouble under `key`, or None if all is well there."""
    row = conn.execute(
        "SELECT key, since, told, message FROM troubles WHERE key = ?", (key,)
    ).fetchone()
    return None if row is None else Trouble(*row)


def put_trouble(conn: sqlite3.Connection, one: Trouble) -> None:
    """Write a trouble down."""
    conn.execute(
        "INSERT OR REPLACE INTO troubles (key, since, told, message) VALUES (?, ?, ?, ?)",
        astuple(one),
    )


def end_trouble(conn: sqlite3.Connection, key: str) -> None:
    """Forget a trouble that is over."""
    conn.execute("DELETE FROM troubles WHERE key = ?", (key,))
