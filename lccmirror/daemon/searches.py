"""The saved searches as one of the daemon's jobs: a step of one replay at a time.

What is due, what has been begun and when it goes on stands in the catalog; this only
chooses the next step, and sees that a replay which cannot be advanced does not keep the
others waiting.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ..catalog import searches as catalog
from ..clock import from_text
from ..errors import Stopped
from ..names import printable
from ..sync.searches import (
    Run,
    RunReport,
    advance,
    begin,
    due_searches,
    next_due,
    report_of,
    unfinished,
)
from .jobs import Outcome

if TYPE_CHECKING:
    from ..sync.session import Session

log = logging.getLogger(__name__)

_FIRST_HOLD, _LONGEST_HOLD = timedelta(minutes=1), timedelta(hours=1)
_FARTHEST_LOOK = timedelta(days=1)

_ENDED_BEFORE = """
SELECT state, message FROM search_runs
WHERE search = ? AND finished IS NOT NULL AND id <> ? ORDER BY id DESC LIMIT 1
"""


@dataclass
class _Held:
    """A replay whose last step ended with an error that was not foreseen."""

    until: datetime
    pause: timedelta


@dataclass
class SearchJob:
    """Runs the saved searches, a step at a time. Only the writer uses it.

    Parameters
    ----------
    on_ended
        Called with each run that has ended.
    """

    on_ended: Callable[[RunReport], None]
    _held: dict[int, _Held] = field(default_factory=dict)

    def run(self, session: Session) -> Outcome:
        """Begin what is due, and do one step of the replay that has waited longest."""
        conn, now = session.mirror.conn, session.now()
        for due in due_searches(conn, session.config, now):
            begin(session, due)
        looks = {run: self._look(conn, run, now) for run in unfinished(conn)}
        waiting = [run for run, look in looks.items() if look is None or look <= now]
        if not waiting:
            return Outcome(message="no search is due")
        run = min(waiting, key=lambda one: looks[one] or now)
        try:
            following = advance(session, run)
        except Stopped:
            raise
        except Exception as error:
            # Told again by whoever runs the job; the next step is another replay's.
            self._hold(run, now)
            error.add_note(f"while replaying the search {run.search}")
            raise
        self._held.pop(run.id, None)
        if following is None:
            self._tell(conn, run)
        return Outcome(message=f"a step of {run.search}")

    def plan(self, session: Session) -> datetime | None:
        """Return when a step can be done; None if nothing is foreseen."""
        conn, now = session.mirror.conn, session.now()
        moments = [self._look(conn, run, now) or now for run in unfinished(conn)]
        for search in session.config.searches:
            due = next_due(conn, search, now)
            if due is not None:
                moments.append(due)
        return min(moments, default=None)

    def _look(self, conn: sqlite3.Connection, run: Run, now: datetime) -> datetime | None:
        """Return when a replay goes on; None for at once."""
        text = catalog.get_run(conn, run.id).next_look
        look = None if text is None else from_text(text)
        if look is not None and look - now > _FARTHEST_LOOK:
            # By a clock that was ahead.
            look = None
        held = self._held.get(run.id)
        return look if held is None else max(look or held.until, held.until)

    def _hold(self, run: Run, now: datetime) -> None:
        before = self._held.get(run.id)
        pause = _FIRST_HOLD if before is None else min(before.pause * 2, _LONGEST_HOLD)
        self._held[run.id] = _Held(now + pause, pause)

    def _tell(self, conn: sqlite3.Connection, run: Run) -> None:
        report = report_of(conn, run)
        summary = printable(report.summary())
        before = conn.execute(_ENDED_BEFORE, (run.search, run.id)).fetchone()
        if report.exit_code and before != (report.state, report.message):
            log.warning("search %s", summary)
        elif report.added or report.removed or report.changed:
            log.info("search %s", summary)
        else:
            log.debug("search %s", summary)
        self.on_ended(report)


def report_of_run(conn: sqlite3.Connection, run_id: int) -> RunReport:
    """Return how the run with this id stands."""
    return report_of(conn, Run(run_id, catalog.get_run(conn, run_id).search, None))
