"""Saved searches as people ask for them: by name, waited for or not."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...catalog import searches as catalog
from ...clock import from_text
from ...errors import Stopped, UsageError
from ...units import duration_text
from ..session import Session
from .prepare import configured
from .replay import Run, advance, begin, unfinished
from .schedule import SPACING, DueSearch, due_searches

Pause = Callable[[threading.Event, float], bool]
"""``pause(stop, seconds)`` waits, and returns True as soon as `stop` is set."""


@dataclass(frozen=True)
class RunReport:
    """How a run stands, plain enough to be sent to another process.

    Attributes
    ----------
    state
        As in ``search_runs``: ``ok``, ``suspect``, ``failed`` or ``gave_up`` when it is
        finished; ``waiting``, ``running`` or ``mirroring`` while it is not.
    next_look
        When it goes on, if it does.
    """

    run_id: int
    search: str
    state: str
    message: str | None
    setids: tuple[str, ...] = ()
    nobjects: int | None = None
    total_nmatches: int | None = None
    added: int | None = None
    removed: int | None = None
    changed: int | None = None
    next_look: str | None = None

    @property
    def finished(self) -> bool:
        """Whether it is over, well or not."""
        return self.state in catalog.FINAL

    @property
    def unsendable(self) -> bool:
        """Whether it waits for a server that cannot be asked: nobody wants to see that."""
        return self.state == "waiting" and self.message is not None

    @property
    def exit_code(self) -> int:
        """The exit code of the contract."""
        if self.state in ("suspect", "failed", "gave_up"):
            return 1
        return 69 if self.unsendable else 0

    def summary(self) -> str:
        """Return the one line for people."""
        words = {"gave_up": "given up", "waiting": "not sent yet", "running": "under way"}
        state = words.get(self.state, self.state)
        return f"{self.search}: {state}" + (f": {self.message}" if self.message else "")


def report_of(conn: sqlite3.Connection, run: Run) -> RunReport:
    """Return how a run stands."""
    row = catalog.get_run(conn, run.id)
    setids = tuple(part.setid for part in catalog.parts_of(conn, run.id) if part.setid)
    return RunReport(
        row.id,
        row.search,
        row.state,
        row.message,
        setids,
        row.nobjects,
        row.total_nmatches,
        row.added,
        row.removed,
        row.changed,
        row.next_look,
    )


def run_search(
    session: Session, name: str, *, wait: bool, pause: Pause = threading.Event.wait
) -> RunReport:
    """Run a saved search now, or go on with its run that is under way.

    Parameters
    ----------
    wait
        Until it is finished; otherwise only as far as it goes without waiting.
    pause
        How to wait.

    Raises
    ------
    UsageError
        If there is no such search, or it ran less than 15 minutes ago and the
        configuration does not insist.
    Stopped
        When asked to stop; the run is taken up again later.
    """
    return run_searches(session, [name], wait=wait, pause=pause)[0]


def run_searches(
    session: Session, names: Sequence[str], *, wait: bool, pause: Pause = threading.Event.wait
) -> list[RunReport]:
    """Run several saved searches side by side; see `run_search`."""
    for name in names:
        _refuse_too_soon(session, name)
    runs = [begin(session, _asked_for(session, name)) for name in dict.fromkeys(names)]
    _follow(session, runs, wait=wait, pause=pause)
    return [report_of(session.mirror.conn, run) for run in runs]


def take_up(session: Session) -> None:
    """Go on with the runs that are under way, as far as they go without waiting."""
    _follow(session, unfinished(session.mirror.conn), wait=False, pause=threading.Event.wait)


def _follow(session: Session, runs: Sequence[Run], *, wait: bool, pause: Pause) -> None:
    pending: dict[Run, datetime] = dict.fromkeys(runs, session.now())
    while pending:
        run = min(pending, key=lambda one: pending[one])
        now = session.now()
        if pending[run] > now:
            if not wait or all(_unsendable(session, one) for one in pending):
                return
            if pause(session.stop, (pending[run] - now).total_seconds()):
                raise Stopped("stopped while waiting for a search; it is taken up again")
            continue
        following = advance(session, run)
        if following is None:
            del pending[run]
        else:
            pending[run] = following


def _unsendable(session: Session, run: Run) -> bool:
    return report_of(session.mirror.conn, run).unsendable


def _asked_for(session: Session, name: str) -> DueSearch:
    """Return the due time that a run asked for by a person stands for, if there is one."""
    conn, now = session.mirror.conn, session.now()
    due = (one for one in due_searches(conn, session.config, now) if one.name == name)
    return next(due, DueSearch(name, None))


def _refuse_too_soon(session: Session, name: str) -> None:
    search = configured(session.config, name)
    last = catalog.last_run(session.mirror.conn, name)
    if search.allow_frequent or last is None or last.finished is None:
        return
    ago = session.now() - from_text(last.started)
    if timedelta(0) <= ago < SPACING:
        raise UsageError(
            f"{name} ran {duration_text(int(ago.total_seconds()))} ago; each run leaves a "
            "dataset on the server",
            hint=f"wait until {duration_text(SPACING.total_seconds())} have passed, or set "
            "allow_frequent = true",
        )
