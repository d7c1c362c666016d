"""How the mirror is: what is in it, what waits, what failed, what is next."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

import msgspec

from ..catalog.migrate import SCHEMA_VERSION
from ..clock import from_text, to_text
from ..errors import CatalogTooNew, MirrorUnusable
from .readonly import ReadOnlyCatalog
from .run import Value, run_query
from .status_searches import SearchStatus, read_searches

PROBLEMS_SHOWN: Final = 50

_COUNTS = "SELECT name, n FROM counts"
_COLLECTIONS = "SELECT count(*) FROM collections"
# The second condition says nothing new to us, but lets SQLite use the index of such files.
_UNSOUND = """
SELECT path, state FROM files INDEXED BY files_state
WHERE state IN ('damaged', 'missing') AND state <> 'ok'
ORDER BY path LIMIT :limit
"""
_OBJECT_ERROR = """
SELECT last_error FROM object_info WHERE state = 'failed' ORDER BY asked_at DESC LIMIT 1
"""
_KEY = "SELECT value FROM mirror WHERE key = 'api_key_until'"
_WEEK = "SELECT coalesce(sum(bytes), 0) FROM arrivals WHERE hour >= substr(:since, 1, 13)"
_BACKUP = "SELECT value FROM mirror WHERE key = 'backup'"
_SERVER = "SELECT value FROM mirror WHERE key = 'server_url'"
_GAPS = (
    "SELECT detected, older_than, newer_than, message FROM gaps ORDER BY id DESC LIMIT :limit"
)
# All may be due, when the mirror is new; what waits for later has failed.
_WAITING = "SELECT count(*), min(not_before) FROM work WHERE not_before > :now"
_PROBLEM = """
SELECT d.setid, d.name, d.state, coalesce(w.attempts, 0), w.not_before,
       coalesce(w.last_error, d.last_error, d.reason)
"""
# Both end after so many rows, however many there are: neither sorts.
_TRIED = f"""{_PROBLEM}
FROM work AS w INDEXED BY work_tried CROSS JOIN datasets AS d USING (setid)
WHERE w.attempts > 0 ORDER BY w.not_before, w.setid LIMIT :limit
"""
_NOT_TRIED = f"""{_PROBLEM}
FROM datasets AS d INDEXED BY datasets_bad LEFT JOIN work AS w USING (setid)
WHERE d.state IN ('failed', 'partial', 'private') AND coalesce(w.attempts, 0) = 0
ORDER BY d.setid LIMIT :limit
"""
_JOBS = """
SELECT name, schedule, next_run, last_finished, last_outcome, last_message, failures,
       last_started > coalesce(last_finished, '') FROM jobs
ORDER BY next_run IS NULL, next_run, name
"""
_TROUBLES = "SELECT key, since, message FROM troubles ORDER BY since"
_CYCLE = """
SELECT job, started, finished, outcome, new_datasets, bytes, message FROM sync_log {where}
ORDER BY id DESC LIMIT 1
"""
_LAST = _CYCLE.format(where="")
_LAST_GOOD = _CYCLE.format(where="WHERE outcome = 'ok'")


class Problem(msgspec.Struct, frozen=True):
    """A dataset that is not as it should be, and when it is tried again (None: it is not)."""

    setid: str
    name: str | None
    state: str
    attempts: int
    next_try: str | None
    error: str | None


class Cycle(msgspec.Struct, frozen=True):
    """A row of ``sync_log``; not `finished` means that it runs now, or was cut off."""

    job: str
    started: str
    finished: str | None
    outcome: str | None
    new_datasets: int | None
    received_bytes: int | None
    message: str | None


class Gap(msgspec.Struct, frozen=True):
    """A span of time whose datasets may have been missed."""

    detected: str
    older_than: str | None
    newer_than: str | None
    message: str


class FileKind(msgspec.Struct, frozen=True):
    """How many files there are of one kind, and how large they are together."""

    kind: str
    files: int
    bytes: int


class Job(msgspec.Struct, frozen=True):
    """A job of the daemon.

    Attributes
    ----------
    next_run
        When it is run next; None while nothing is due.
    running
        It runs at this moment, or was cut off.
    """

    name: str
    schedule: str
    next_run: str | None
    last_finished: str | None
    outcome: str | None
    message: str | None
    failures: int
    running: bool


class Trouble(msgspec.Struct, frozen=True):
    """Something that is wrong since some time: the server is gone, there is no room …"""

    key: str
    since: str
    message: str


class Backup(msgspec.Struct, frozen=True):
    """The last copy of the catalog that was made: when, and where it was put."""

    at: str
    path: str


class Status(msgspec.Struct, frozen=True):
    """All of it.

    Parameters
    ----------
    root, server
        The mirror's folder, and the server it is of (None before the first answer).
    collections, rows, objects, lightcurves, missing_lightcurves
        How many there are.
    datasets
        How many are in each state.
    vanished
        Datasets kept that the server no longer lists.
    files, file_bytes
        Per kind, and in all.
    free_bytes
        Free on the disk.
    unsound
        Files that the last `verify` found damaged or missing, and which of the two.
    due, waiting, next_due
        Datasets to fetch now, those to fetch later, and when the first of these is due.
    problems, gaps
        What went wrong, at most `PROBLEMS_SHOWN` each.
    object_info, object_info_error
        How many objects were asked for and ended in each state, and the latest failure.
    week_bytes
        Of the files, what came in the last seven days: by cycles, searches and jobs.
    key
        Which kind of API key the last cycle had, and until when: ``anonymous 2026-…Z``.
    backup
        The last backup of the catalog; None if there never was one.
    searches
        The saved searches, and how their last runs ended.
    jobs, troubles
        What the daemon does by itself, and what it has found wrong.
    last_cycle, last_good_cycle
        The newest of all cycles and jobs, and of those that went well.
    """

    root: str
    server: str | None
    collections: int
    datasets: dict[str, int]
    vanished: int
    rows: int
    objects: int
    lightcurves: int
    missing_lightcurves: int
    object_info: dict[str, int]
    object_info_error: str | None
    files: tuple[FileKind, ...]
    file_bytes: int
    free_bytes: int
    week_bytes: int
    key: str | None
    backup: Backup | None
    unsound: tuple[tuple[str, str], ...]
    due: int
    waiting: int
    next_due: str | None
    problems: tuple[Problem, ...]
    gaps: tuple[Gap, ...]
    searches: tuple[SearchStatus, ...]
    jobs: tuple[Job, ...]
    troubles: tuple[Trouble, ...]
    last_cycle: Cycle | None
    last_good_cycle: Cycle | None


def read_status(catalog: ReadOnlyCatalog, now: str) -> Status:
    """Read the status of a mirror.

    Parameters
    ----------
    catalog
        From `lccmirror.query.open_readonly`.
    now
        The time, as `lccmirror.clock.to_text` writes it: what is due is due before it.

    Raises
    ------
    MirrorUnusable
        If nothing has been mirrored into it yet.
    CatalogTooNew
        If a newer lccmirror wrote it.
    """
    require_schema(catalog)

    def rows(sql: str, **params: Value) -> list[tuple[Value, ...]]:
        return list(run_query(catalog, sql, params).rows)

    def number(sql: str) -> int:
        return _integer(rows(sql)[0][0])

    counts = {str(name): _integer(n) for name, n in rows(_COUNTS)}
    waiting, next_due = rows(_WAITING, now=now)[0]
    server = rows(_SERVER)
    disk = os.statvfs(catalog.path.parent)
    limited = {"limit": PROBLEMS_SHOWN}
    week_ago = to_text(from_text(now) - timedelta(days=7))
    return Status(
        root=str(catalog.path.parent),
        server=_text(server[0][0]) if server else None,
        collections=number(_COLLECTIONS),
        datasets=_states(counts),
        vanished=counts.get("datasets:vanished", 0),
        rows=counts.get("dataset_rows", 0),
        objects=counts.get("objects", 0),
        lightcurves=counts.get("lightcurves", 0),
        missing_lightcurves=counts.get("missing_lightcurves", 0),
        object_info=_object_info(counts),
        object_info_error=_text(failed[0][0]) if (failed := rows(_OBJECT_ERROR)) else None,
        files=tuple(
            FileKind(kind, n, counts.get(f"file_bytes:{kind}", 0))
            for kind, n in _by_kind(counts, "files")
            if n
        ),
        file_bytes=counts.get("file_bytes", 0),
        free_bytes=disk.f_bavail * disk.f_frsize,
        week_bytes=_integer(rows(_WEEK, since=week_ago)[0][0]),
        key=_text(key[0][0]) if (key := rows(_KEY)) else None,
        backup=_backup(rows(_BACKUP)),
        unsound=tuple((str(path), str(state)) for path, state in rows(_UNSOUND, **limited)),
        due=counts.get("work", 0) - _integer(waiting),
        waiting=_integer(waiting),
        next_due=_text(next_due),
        problems=_problems(catalog),
        gaps=tuple(_gap(row) for row in rows(_GAPS, **limited)),
        searches=read_searches(catalog),
        jobs=tuple(_job(row) for row in rows(_JOBS)),
        troubles=tuple(
            Trouble(str(key), str(since), str(message))
            for key, since, message in rows(_TROUBLES)
        ),
        last_cycle=_cycle(rows(_LAST)),
        last_good_cycle=_cycle(rows(_LAST_GOOD)),
    )


def require_schema(catalog: ReadOnlyCatalog) -> None:
    """Refuse a catalog that has nothing in it yet, or more than we know of.

    Raises
    ------
    MirrorUnusable, CatalogTooNew
        If it is so.
    """
    version = _integer(next(run_query(catalog, "PRAGMA user_version").rows)[0])
    if version > SCHEMA_VERSION:
        raise CatalogTooNew(
            f"{catalog.path} has schema {version}; this lccmirror knows up to {SCHEMA_VERSION}",
            hint="a newer lccmirror wrote it: upgrade lccmirror on this machine",
        )
    if version == 0:
        raise MirrorUnusable(
            f"{catalog.path} is not a mirror's catalog yet", hint="run `lccmirror sync`"
        )


def _integer(value: Value) -> int:
    return value if isinstance(value, int) else 0


def _text(value: Value) -> str | None:
    return None if value is None else str(value)


def _backup(rows: list[tuple[Value, ...]]) -> Backup | None:
    if not rows:
        return None
    import json  # imported here, and shutil not at all: `status` has to start at once

    noted = json.loads(str(rows[0][0]))
    return Backup(str(noted["at"]), str(noted["path"]))


def _by_kind(counts: Mapping[str, int], table: str) -> Iterator[tuple[str, int]]:
    """Yield the counts of a table by state or kind, in alphabetical order."""
    for name, n in sorted(counts.items()):
        counted, _, kind = name.partition(":")
        if counted == table and kind:
            yield kind, n


def _states(counts: Mapping[str, int]) -> dict[str, int]:
    """Return how many datasets there are in each state, most first."""
    found = [(state, n) for state, n in _by_kind(counts, "datasets") if n]
    ordered = sorted(found, key=lambda one: (-one[1], one[0]))
    return {state: n for state, n in ordered if state != "vanished"}


def _object_info(counts: Mapping[str, int]) -> dict[str, int]:
    """Return how many objects the asking ended with in each state, ``ok`` first."""
    found = [(state, n) for state, n in _by_kind(counts, "object_info") if n]
    return dict(sorted(found, key=lambda one: one[0] != "ok"))


def _problems(catalog: ReadOnlyCatalog) -> tuple[Problem, ...]:
    """Return what is not simply due for the first time, and what was given up or refused."""
    limit = {"limit": PROBLEMS_SHOWN}
    found = [_problem(row) for row in run_query(catalog, _TRIED, limit).rows]
    rest = {"limit": PROBLEMS_SHOWN - len(found)}
    found += [_problem(row) for row in run_query(catalog, _NOT_TRIED, rest).rows]
    found.sort(key=lambda one: (one.next_try is None, one.next_try or "", one.setid))
    return tuple(found)


def _problem(row: tuple[Value, ...]) -> Problem:
    setid, name, state, attempts, next_try, error = row
    return Problem(
        str(setid),
        _text(name),
        str(state),
        _integer(attempts),
        _text(next_try),
        _text(error),
    )


def _gap(row: tuple[Value, ...]) -> Gap:
    detected, older_than, newer_than, message = row
    return Gap(str(detected), _text(older_than), _text(newer_than), str(message))


def _job(row: tuple[Value, ...]) -> Job:
    name, schedule, next_run, finished, outcome, message, failures, running = row
    return Job(
        str(name),
        str(schedule),
        _text(next_run),
        _text(finished),
        _text(outcome),
        _text(message),
        _integer(failures),
        bool(running),
    )


def _cycle(rows: list[tuple[Value, ...]]) -> Cycle | None:
    if not rows:
        return None
    job, started, finished, outcome, new, received, message = rows[0]
    return Cycle(
        str(job),
        str(started),
        _text(finished),
        _text(outcome),
        None if new is None else _integer(new),
        None if received is None else _integer(received),
        _text(message),
    )
