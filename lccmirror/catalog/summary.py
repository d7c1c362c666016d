"""What `lccmirror status` shows, read from the catalog alone."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from .datasets import counts_by_state
from .log import get_setting, poll_state


@dataclass(frozen=True)
class Waiting:
    """A dataset that is still to be done, and why it is not."""

    setid: str
    state: str
    reason: str
    attempts: int
    not_before: str
    last_error: str | None


@dataclass(frozen=True)
class Summary:
    """The state of a mirror.

    Attributes
    ----------
    datasets
        How many there are in each state.
    file_bytes
        Sum of the sizes of all mirrored files; shared ones count each time.
    waiting
        The first of those that are still to be done, longest waiting first.
    nwaiting
        How many there are in all.
    last_sync
        The last finished row of ``sync_log``, or None.
    """

    server_url: str | None
    collections: int
    datasets: dict[str, int]
    vanished: int
    dataset_rows: int
    objects: int
    lightcurves: int
    missing_lightcurves: int
    files: int
    file_bytes: int
    damaged_files: int
    waiting: tuple[Waiting, ...]
    nwaiting: int
    gaps: tuple[dict[str, Any], ...]
    last_poll: str | None
    last_full_poll: str | None
    last_sync: dict[str, Any] | None


_WAITING = """
SELECT w.setid, d.state, w.reason, w.attempts, w.not_before, w.last_error
FROM work AS w JOIN datasets AS d USING (setid) ORDER BY w.attempts DESC, w.since LIMIT ?
"""


_LAST_SYNC = """
SELECT job, started, finished, outcome, new_datasets, bytes, requests, message FROM sync_log
WHERE finished IS NOT NULL ORDER BY id DESC LIMIT 1
"""


def read_summary(conn: sqlite3.Connection, most: int = 20) -> Summary:
    """Read the state of a mirror; `most` limits the waiting datasets and gaps listed."""
    counts = dict(conn.execute("SELECT name, n FROM counts"))

    def number(sql: str) -> int:
        found: int = conn.execute(sql).fetchone()[0]
        return found

    polls = poll_state(conn, "datasets")
    return Summary(
        server_url=get_setting(conn, "server_url"),
        collections=number("SELECT count(*) FROM collections"),
        datasets=counts_by_state(conn),
        vanished=number("SELECT count(*) FROM datasets WHERE vanished_at IS NOT NULL"),
        dataset_rows=counts["dataset_rows"],
        objects=counts["objects"],
        lightcurves=counts["lightcurves"],
        missing_lightcurves=number("SELECT count(*) FROM missing_lightcurves"),
        files=number("SELECT count(*) FROM files"),
        file_bytes=counts["file_bytes"],
        damaged_files=number(
            "SELECT count(*) FROM files WHERE state <> 'ok' AND state IN ('damaged', 'missing')"
        ),
        waiting=tuple(Waiting(*row) for row in conn.execute(_WAITING, (most,))),
        nwaiting=number("SELECT count(*) FROM work"),
        gaps=_dicts(
            conn.execute(
                "SELECT detected, older_than, newer_than, message FROM gaps "
                "ORDER BY id DESC LIMIT ?",
                (most,),
            )
        ),
        last_poll=polls.last_ok,
        last_full_poll=polls.last_full,
        last_sync=next(iter(_dicts(conn.execute(_LAST_SYNC))), None),
    )


def _dicts(cursor: sqlite3.Cursor) -> tuple[dict[str, Any], ...]:
    names = [column[0] for column in cursor.description]
    return tuple(dict(zip(names, row, strict=True)) for row in cursor)
