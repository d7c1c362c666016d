"""Saved searches and their runs: what has been asked, how far that is, what came of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields

FINAL = ("ok", "suspect", "failed", "gave_up")
"""States of a finished run."""


@dataclass(frozen=True)
class SearchRow:
    """A saved search, as the configuration had it when it was last looked at."""

    name: str
    kind: str
    params: str
    schedule: str
    enabled: int
    last_run: str | None
    next_run: str | None
    first_seen: str
    view_run: int | None


@dataclass(frozen=True)
class RunRow:
    """A replay.

    Attributes
    ----------
    due
        The due time that it is for; None if a person asked for it.
    covers
        How many due times it stands for.
    state
        ``waiting`` (nothing sent yet), ``running`` (the server is at it), ``mirroring``
        (complete there), or one of `FINAL`.
    data
        How new the searched collections were when it began.
    next_look
        When there is something to be done for it again.
    """

    id: int
    search: str
    due: str | None
    covers: int
    started: str
    finished: str | None
    state: str
    setid: str | None
    nobjects: int | None
    total_nmatches: int | None
    added: int | None
    removed: int | None
    changed: int | None
    message: str | None
    params: str
    data: str
    deadline_s: float
    compared_with: int | None
    next_look: str | None


@dataclass(frozen=True)
class PartRow:
    """One request of a run, and the dataset that it makes.

    Attributes
    ----------
    state
        ``unsent``, ``sending`` (sent, no setid yet), ``made`` (the server makes it),
        ``complete``, ``empty`` (nothing matched) or ``failed``.
    tries
        Requests that were not begun; then, looks in vain.
    lost
        Requests that may have been begun without our learning the setid.
    """

    run_id: int
    part: int
    setid: str | None
    state: str
    request: str | None
    sent_at: str | None
    completed_at: str | None
    tries: int
    lost: int
    total_nmatches: int | None
    message: str | None


_SEARCH_COLUMNS = ", ".join(field.name for field in fields(SearchRow))
_RUN_COLUMNS = ", ".join(field.name for field in fields(RunRow))
_PART_COLUMNS = ", ".join(field.name for field in fields(PartRow))


def get_search(conn: sqlite3.Connection, name: str) -> SearchRow | None:
    """Return a saved search, or None if the catalog has not heard of it."""
    row = conn.execute(
        f"SELECT {_SEARCH_COLUMNS} FROM searches WHERE name = ?", (name,)
    ).fetchone()
    return None if row is None else SearchRow(*row)


_PUT_SEARCH = """
INSERT INTO searches (name, kind, params, schedule, enabled, first_seen)
VALUES (:name, :kind, :params, :schedule, :enabled, :now)
ON CONFLICT (name) DO UPDATE SET
  kind = excluded.kind, params = excluded.params, schedule = excluded.schedule,
  enabled = excluded.enabled
WHERE (kind, params, schedule, enabled) IS NOT
  (excluded.kind, excluded.params, excluded.schedule, excluded.enabled)
"""


def put_search(
    conn: sqlite3.Connection,
    name: str,
    *,
    kind: str,
    params: str,
    schedule: str,
    enabled: bool,
    now: str,
) -> None:
    """Write down what the configuration says of a search."""
    conn.execute(
        _PUT_SEARCH,
        {
            "name": name,
            "kind": kind,
            "params": params,
            "schedule": schedule,
            "enabled": int(enabled),
            "now": now,
        },
    )


def disable_others(conn: sqlite3.Connection, names: Sequence[str]) -> None:
    """Disable the searches that the configuration no longer has; their results stay."""
    kept = set(names)
    for (name,) in conn.execute("SELECT name FROM searches WHERE enabled").fetchall():
        if name not in kept:
            conn.execute(
                "UPDATE searches SET enabled = 0, next_run = NULL WHERE name = ?", (name,)
            )


def set_next_run(conn: sqlite3.Connection, name: str, next_run: str | None) -> None:
    """Write down when a search is next due."""
    conn.execute(
        "UPDATE searches SET next_run = ? WHERE name = ? AND next_run IS NOT ?",
        (next_run, name, next_run),
    )


def add_run(
    conn: sqlite3.Connection,
    search: str,
    *,
    due: str | None,
    covers: int,
    params: str,
    data: str,
    deadline_s: float,
    now: str,
) -> RunRow:
    """Open a run; nothing of it is sent yet."""
    cursor = conn.execute(
        "INSERT INTO search_runs (search, due, covers, started, state, params, data, "
        "deadline_s, next_look) VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?, ?)",
        (search, due, covers, now, params, data, deadline_s, now),
    )
    conn.execute("UPDATE searches SET last_run = ? WHERE name = ?", (now, search))
    assert cursor.lastrowid is not None
    return get_run(conn, cursor.lastrowid)


def get_run(conn: sqlite3.Connection, run_id: int) -> RunRow:
    """Return a run.

    Raises
    ------
    KeyError
        If there is none.
    """
    row = conn.execute(
        f"SELECT {_RUN_COLUMNS} FROM search_runs WHERE id = ?", (run_id,)
    ).fetchone()
    if row is None:
        raise KeyError(run_id)
    return RunRow(*row)


def run_for(conn: sqlite3.Connection, search: str, due: str) -> RunRow | None:
    """Return the run of a due time, or None."""
    return _one(conn, "search = ? AND due = ?", search, due)


def unfinished_run(conn: sqlite3.Connection, search: str) -> RunRow | None:
    """Return the run of a search that is under way, or None."""
    return _one(conn, "search = ? AND finished IS NULL", search)


def unfinished_runs(conn: sqlite3.Connection) -> list[RunRow]:
    """Return all runs that are under way, the oldest first."""
    return [
        RunRow(*row)
        for row in conn.execute(
            f"SELECT {_RUN_COLUMNS} FROM search_runs WHERE finished IS NULL ORDER BY id"
        )
    ]


def last_run(conn: sqlite3.Connection, search: str, until: str | None = None) -> RunRow | None:
    """Return the run of a search that began last, not later than `until`."""
    if until is None:
        return _one(conn, "search = ?", search)
    return _one(conn, "search = ? AND started <= ?", search, until)


def last_due_run(conn: sqlite3.Connection, search: str, now: str) -> RunRow | None:
    """Return the run of the latest due time of a search that is not later than `now`."""
    row = conn.execute(
        f"SELECT {_RUN_COLUMNS} FROM search_runs WHERE search = ? AND due <= ? "
        "ORDER BY due DESC LIMIT 1",
        (search, now),
    ).fetchone()
    return None if row is None else RunRow(*row)


def last_good_run(conn: sqlite3.Connection, search: str) -> RunRow | None:
    """Return the last run of a search whose result is believed."""
    return _one(conn, "search = ? AND state = 'ok'", search)


def last_result(conn: sqlite3.Connection, search: str) -> RunRow | None:
    """Return the last run of a search that had a result, believed or suspect."""
    return _one(conn, "search = ? AND state IN ('ok', 'suspect')", search)


def failures_in_a_row(conn: sqlite3.Connection, search: str) -> int:
    """Return how many runs have finished since the last good one."""
    found: int = conn.execute(
        "SELECT count(*) FROM search_runs WHERE search = :search AND finished IS NOT NULL "
        "AND id > coalesce((SELECT max(id) FROM search_runs "
        "                   WHERE search = :search AND state = 'ok'), 0)",
        {"search": search},
    ).fetchone()[0]
    return found


def update_run(conn: sqlite3.Connection, run_id: int, **values: str | int | None) -> None:
    """Set columns of a run; their names are the program's own."""
    _update(conn, "search_runs", values, "id = :key", {"key": run_id})


def parts_of(conn: sqlite3.Connection, run_id: int) -> list[PartRow]:
    """Return the parts of a run."""
    return [
        PartRow(*row)
        for row in conn.execute(
            f"SELECT {_PART_COLUMNS} FROM search_run_sets WHERE run_id = ? ORDER BY part",
            (run_id,),
        )
    ]


def set_parts(conn: sqlite3.Connection, run_id: int, requests: Sequence[str]) -> None:
    """Write down what a run is to send, in place of what it was before."""
    conn.execute("DELETE FROM search_run_sets WHERE run_id = ?", (run_id,))
    conn.executemany(
        "INSERT INTO search_run_sets (run_id, part, state, request) VALUES (?, ?, 'unsent', ?)",
        ((run_id, part, request) for part, request in enumerate(requests, start=1)),
    )


def update_part(conn: sqlite3.Connection, part: PartRow, **values: str | int | None) -> None:
    """Set columns of a part; their names are the program's own."""
    keys = {"run": part.run_id, "number": part.part}
    _update(conn, "search_run_sets", values, "run_id = :run AND part = :number", keys)


def _update(
    conn: sqlite3.Connection,
    table: str,
    values: dict[str, str | int | None],
    where: str,
    keys: dict[str, int],
) -> None:
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    conn.execute(f"UPDATE {table} SET {assignments} WHERE {where}", {**values, **keys})


def _one(conn: sqlite3.Connection, where: str, *values: str) -> RunRow | None:
    row = conn.execute(
        f"SELECT {_RUN_COLUMNS} FROM search_runs WHERE {where} ORDER BY id DESC LIMIT 1", values
    ).fetchone()
    return None if row is None else RunRow(*row)
