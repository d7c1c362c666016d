"""One replay, a step at a time.

Whatever is done next stands in the catalog before it is done, so that a run that is cut off
anywhere is taken up again: by what is not yet sent, and by the setids of what is. Only a
request that went out, and was cut off before the server named its dataset, cannot be found
again; it is sent anew, and the run's message says so.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...catalog import searches as catalog
from ...catalog.connection import transaction
from ...catalog.searches import PartRow, RunRow
from ...clock import from_text, to_text
from ...errors import Stopped
from ..session import Session
from ..trouble import local_errors
from .prepare import configured, prepare
from .requests import question
from .result import conclude
from .schedule import DueSearch, data_state, register
from .send import reclaim, send
from .watch import watch


@dataclass(frozen=True)
class Run:
    """A replay that has been begun.

    Attributes
    ----------
    id
        Of its row in ``search_runs``.
    due
        The time it was due at; None if a person asked for it.
    """

    id: int
    search: str
    due: datetime | None


def begin(session: Session, due: DueSearch) -> Run:
    """Open a run, committed before anything is sent.

    A search has at most one run under way, and a due time one run: if there is one already,
    that is returned.

    Raises
    ------
    UsageError
        If the configuration has no such search.
    """
    search = configured(session.config, due.name)
    conn, now = session.mirror.conn, session.now()
    at = None if due.due is None else to_text(due.due)
    with local_errors(), transaction(conn):
        register(conn, session.config, now)
        known = catalog.unfinished_run(conn, due.name)
        if known is None and at is not None:
            known = catalog.run_for(conn, due.name, at)
        if known is None:
            known = catalog.add_run(
                conn,
                due.name,
                due=at,
                covers=due.covers,
                params=question(search),
                data=data_state(conn, search),
                deadline_s=search.deadline_s,
                now=to_text(now),
            )
            catalog.set_next_run(conn, due.name, None)
    return _as_run(known)


def unfinished(conn: sqlite3.Connection) -> list[Run]:
    """Return the runs that are under way, the oldest first."""
    return [_as_run(row) for row in catalog.unfinished_runs(conn)]


def advance(session: Session, run: Run) -> datetime | None:
    """Do for a run what can be done now, and return.

    One step is a request to the server and its answer (a search's stream lasts as long as
    the server works on it), or the fetching of one dataset. `Stopped` ends it; the run goes
    on with the next call, in this process or another.

    Returns
    -------
    datetime or None
        When to call again; None when the run is finished.
    """
    conn = session.mirror.conn
    with local_errors():
        row = catalog.get_run(conn, run.id)
        if row.finished is not None:
            return None
        ahead = from_text(row.next_look or row.started) - session.now()
        # Further ahead than any of our waits: the clock was wrong then.
        if timedelta(0) < ahead <= _LONGEST_WAIT:
            return session.now() + ahead
        if session.stop.is_set():
            raise Stopped("asked to stop")
        following = _step(session, row)
        if following is None:
            register(conn, session.config, session.now())
            return None
        with transaction(conn):
            catalog.update_run(conn, run.id, next_look=to_text(following))
        return following


_LONGEST_WAIT = timedelta(days=2)
_Act = Callable[[Session, RunRow, list[PartRow]], datetime | None]
_ACTS: tuple[tuple[str, _Act], ...] = (("sending", reclaim), ("unsent", send), ("made", watch))


def _step(session: Session, row: RunRow) -> datetime | None:
    parts = catalog.parts_of(session.mirror.conn, row.id)
    if not any(part.sent_at for part in parts):
        prepared = prepare(session, row)
        if not isinstance(prepared, list):
            return prepared
        parts, row = prepared, catalog.get_run(session.mirror.conn, row.id)
    for state, act in _ACTS:
        concerned = [part for part in parts if part.state == state]
        if concerned:
            return act(session, row, concerned)
    return conclude(session, row, parts)


def _as_run(row: RunRow) -> Run:
    return Run(row.id, row.search, None if row.due is None else from_text(row.due))
