"""Find what people should be told of: from the catalog, after each task of the daemon.

What has been told stands in the catalog beside what it is about, and is written in the same
transaction as the announcement: so a restart tells nothing twice and misses nothing.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from ..catalog.announcements import forget, set_told, told, told_like
from ..catalog.connection import transaction
from ..clock import Now, from_text, to_text
from ..errors import NoRoom
from ..names import printable
from .announce import Announcer
from .events import Event, KeyTold, NotWritten, TaskEnded
from .news import (
    AccountKey,
    DamageFound,
    Gap,
    LowDisk,
    News,
    RepeatedFailure,
    SearchChanged,
)

log = logging.getLogger(__name__)

IN_A_ROW = 3
GONE_FOR = timedelta(days=1)
_SHOWN = 50

_CHANGED = """
SELECT id, search, setid, added, removed,
       params IS NOT (SELECT params FROM search_runs AS compared
                      WHERE compared.id = search_runs.compared_with)
FROM search_runs
WHERE state = 'ok' AND finished IS NOT NULL AND (added > 0 OR removed > 0)
  AND id > coalesce((SELECT CAST(what AS INTEGER) FROM announced
                     WHERE subject = 'search_run:' || search), 0)
  AND EXISTS (SELECT 1 FROM search_runs AS before
              WHERE before.search = search_runs.search AND before.state = 'ok'
                AND before.id < search_runs.id)
ORDER BY id
"""
_OBJECTS = """
SELECT change, collection, objectid FROM search_changes
WHERE run_id = ? AND change IN ('added', 'removed')
ORDER BY change, collection, objectid LIMIT ?
"""
_FAILING_SEARCHES = """
WITH failed AS (
  SELECT search, count(*) AS times, max(id) AS newest FROM search_runs AS r
  WHERE finished IS NOT NULL AND state IN ('failed', 'gave_up')
    AND id > coalesce((SELECT max(id) FROM search_runs AS good
                       WHERE good.search = r.search AND good.state IN ('ok', 'suspect')), 0)
  GROUP BY search
)
SELECT f.search, f.times, r.message FROM failed AS f JOIN search_runs AS r ON r.id = f.newest
WHERE f.times >= ?
"""
# That the server is gone, or the disk full, is told as that and not as a job's failure.
_FAILING_JOBS = """
SELECT name, failures, last_message FROM jobs
WHERE failures >= ? AND EXISTS (SELECT 1 FROM troubles WHERE key = 'job ' || name)
"""
_GAPS = "SELECT id, older_than, newer_than, message FROM gaps WHERE id > ? ORDER BY id"
# (That they are not 'ok' says nothing new to us, but lets SQLite use the index of such files.)
_UNSOUND = (
    "SELECT path FROM files INDEXED BY files_state "
    "WHERE state IN ('damaged', 'missing') AND state <> 'ok' ORDER BY path"
)
_TROUBLE = "SELECT since, message FROM troubles WHERE key = ?"


class Lookout:
    """An observer of the daemon that has people told.

    Parameters
    ----------
    conn
        The catalog, of the writer's thread.
    root
        The mirror's root.
    """

    def __init__(
        self, conn: sqlite3.Connection, root: Path, now: Now, announcer: Announcer
    ) -> None:
        self._conn = conn
        self._root = root
        self._now = now
        self._announcer = announcer
        self._blind = False
        # A key event may come in any thread; it is kept until it is written down.
        self._keys: deque[KeyTold] = deque()
        self._unwritten = self._full = False

    def __call__(self, event: Event) -> None:
        """Take note of an event of the daemon; a task's end is the time to look around."""
        if isinstance(event, KeyTold):
            if event.kind.startswith("account_"):
                self._keys.append(event)
        elif isinstance(event, NotWritten):
            self._unwritten = True
            if isinstance(event.error, NoRoom) and not self._full:
                self._full = True
                free = shutil.disk_usage(self._root).free
                self._announcer.at_once(LowDisk(printable(event.error.message), free))
        elif isinstance(event, TaskEnded):
            self._full, self._unwritten = self._full and self._unwritten, False
            try:
                self.look()
                self._announcer.flush()
            except sqlite3.OperationalError as error:
                # A full disk, mostly: what is not told now is found by a later look.
                level = logging.DEBUG if self._blind else logging.WARNING
                log.log(level, "nobody can be told of anything: %s", error)
                self._blind = True
            else:
                self._blind = False

    def look(self) -> None:
        """Announce all that is new."""
        keys = list(self._keys)
        with transaction(self._conn):
            for event in keys:
                self._announcer.announce(AccountKey(event.kind, event.message))
            for news in self._found():
                self._announcer.announce(news)
        for _ in keys:
            self._keys.popleft()

    def _found(self) -> Iterator[News]:
        yield from self._searches()
        yield from self._gaps()
        yield from self._failures()
        yield from self._damage()
        trouble = self._conn.execute(_TROUBLE, ("room",)).fetchone()
        if self._begins("room", trouble and trouble[1]):
            yield LowDisk(trouble[1], shutil.disk_usage(self._root).free)

    def _searches(self) -> Iterator[News]:
        # Noted for each search: a run that takes long may end after later ones of others.
        for row in self._conn.execute(_CHANGED).fetchall():
            run_id, search, setid, added, removed, otherwise = row
            objects = [
                {"change": change, "collection": collection, "objectid": objectid}
                for change, collection, objectid in self._conn.execute(
                    _OBJECTS, (run_id, _SHOWN)
                )
            ]
            self._told(f"search_run:{search}", run_id)
            yield SearchChanged(
                search, run_id, setid, added or 0, removed or 0, objects, bool(otherwise)
            )

    def _gaps(self) -> Iterator[News]:
        for gap_id, older, newer, message in self._conn.execute(
            _GAPS, (self._last("gap"),)
        ).fetchall():
            self._told("gap", gap_id)
            yield Gap(older, newer, message)

    def _failures(self) -> Iterator[News]:
        failing: dict[str, tuple[str, int | None, str]] = {}
        for name, times, message in self._conn.execute(_FAILING_JOBS, (IN_A_ROW,)):
            failing[f"failing:job {name}"] = (f"the job {name}", times, message or "")
        for name, times, message in self._conn.execute(_FAILING_SEARCHES, (IN_A_ROW,)):
            failing[f"failing:search {name}"] = (f"the search {name}", times, message or "")
        gone = self._conn.execute(_TROUBLE, ("server",)).fetchone()
        if gone is not None and self._now() - from_text(gone[0]) >= GONE_FOR:
            failing["failing:server"] = ("the way to the server", None, gone[1])
        for subject in told_like(self._conn, "failing:") - failing.keys():
            forget(self._conn, subject)
        for subject, (what, times, message) in failing.items():
            if self._begins(subject, message):
                yield RepeatedFailure(what, times, message)

    def _damage(self) -> Iterator[News]:
        paths = [row[0] for row in self._conn.execute(_UNSOUND)]
        known = told(self._conn, "damage")
        if not paths:
            forget(self._conn, "damage")
        elif known is None or int(known[0]) < len(paths):
            yield DamageFound(len(paths), paths[:_SHOWN])
        if paths:
            self._told("damage", len(paths))

    def _begins(self, subject: str, what: str | None) -> bool:
        """Whether something is wrong that was not told yet; if it is over, forget it."""
        known = told(self._conn, subject)
        if what is None:
            if known is not None:
                forget(self._conn, subject)
            return False
        if known is None:
            set_told(self._conn, subject, what, to_text(self._now()))
        return known is None

    def _last(self, subject: str) -> int:
        known = told(self._conn, subject)
        return 0 if known is None else int(known[0])

    def _told(self, subject: str, last: int) -> None:
        set_told(self._conn, subject, str(last), to_text(self._now()))
