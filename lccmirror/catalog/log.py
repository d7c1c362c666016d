"""What the mirror remembers of its own doings: polls, gaps, cycles."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class PollState:
    """What the next poll of a list needs to know of the last one.

    Attributes
    ----------
    etag
        Of the last answer to a request with `nsets`.
    nsets
        The window of the dataset list that was enough last time.
    proves
        That answer held a dataset which we knew: the same answer again shows that
        nothing new is there.
    dialect
        ``running`` or ``documented``, where the answers tell.
    proven_until
        Nothing in the list up to this ``last_updated`` is unknown to us, but for the gaps
        that are written down.
    """

    etag: str | None = None
    nsets: int | None = None
    proves: bool = False
    dialect: str | None = None
    last_ok: str | None = None
    last_full: str | None = None
    proven_until: str | None = None


def poll_state(conn: sqlite3.Connection, name: str) -> PollState:
    """Return what is remembered of the poll `name` (``collections`` or ``datasets``)."""
    row = conn.execute(
        "SELECT etag, nsets, proves, dialect, last_ok, last_full, proven_until FROM polls "
        "WHERE name = ?",
        (name,),
    ).fetchone()
    if row is None:
        return PollState()
    etag, nsets, proves, *others = row
    return PollState(etag, nsets, bool(proves), *others)


def set_poll_state(conn: sqlite3.Connection, name: str, state: PollState) -> None:
    """Remember `state` for the next poll."""
    conn.execute(
        "INSERT OR REPLACE INTO polls (name, etag, nsets, proves, dialect, last_ok, last_full, "
        "proven_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            name,
            state.etag,
            state.nsets,
            int(state.proves),
            state.dialect,
            state.last_ok,
            state.last_full,
            state.proven_until,
        ),
    )


def record_gap(
    conn: sqlite3.Connection,
    now: str,
    *,
    older_than: str | None,
    newer_than: str | None,
    message: str,
) -> None:
    """Write down that datasets in a span of time may have been missed; the same gap once."""
    conn.execute(
        "INSERT INTO gaps (detected, older_than, newer_than, message) "
        "SELECT ?, ?, ?, ? WHERE NOT EXISTS ("
        "  SELECT 1 FROM gaps WHERE older_than IS ? AND newer_than IS ?)",
        (now, older_than, newer_than, message, older_than, newer_than),
    )


def begin_log(conn: sqlite3.Connection, job: str, now: str) -> int:
    """Open a row of ``sync_log``; return its id."""
    cursor = conn.execute("INSERT INTO sync_log (job, started) VALUES (?, ?)", (job, now))
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def end_log(
    conn: sqlite3.Connection,
    log_id: int,
    now: str,
    *,
    outcome: str,
    new_datasets: int,
    received_bytes: int,
    requests: int,
    message: str,
) -> None:
    """Close a row of ``sync_log``."""
    conn.execute(
        "UPDATE sync_log SET finished = ?, outcome = ?, new_datasets = ?, bytes = ?, "
        "requests = ?, message = ? WHERE id = ?",
        (now, outcome, new_datasets, received_bytes, requests, message, log_id),
    )


def get_setting(conn: sqlite3.Connection, key: str) -> str | None:
    """Return what the catalog remembers under `key`."""
    row = conn.execute("SELECT value FROM mirror WHERE key = ?", (key,)).fetchone()
    return None if row is None else row[0]


def set_setting(conn: sqlite3.Connection, key: str, value: str) -> None:
    """Remember `value` under `key`."""
    conn.execute("INSERT OR REPLACE INTO mirror (key, value) VALUES (?, ?)", (key, value))
