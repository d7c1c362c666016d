"""Send one request of a replay, and follow the server's answer live."""

from __future__ import annotations

from datetime import datetime

from ...catalog import searches as catalog
from ...catalog.connection import transaction
from ...catalog.searches import PartRow, RunRow
from ...clock import from_text, to_text
from ...errors import (
    AccessDenied,
    ForeignRedirect,
    KeyRefused,
    NotAnLccServer,
    NotFound,
    RateLimited,
    RequestRefused,
    ServerError,
    Stopped,
    TlsError,
    UsageError,
)
from ...names import printable
from ...server import Background, Finished, NoMatch, SearchEvent
from ...server.faults import NotConnected
from ..session import Session
from .requests import decode
from .schedule import SPACING
from .steps import MOST_LOST, finish, look_delay, remembered_losses, told, try_again

# The server has certainly not begun the search; it is worth another try.
_NOT_BEGUN = (NotConnected, RateLimited, KeyRefused, TlsError, ForeignRedirect, NotAnLccServer)
# It has not, and it will not.
_REFUSED = (RequestRefused, AccessDenied, NotFound, UsageError)


def send(session: Session, row: RunRow, unsent: list[PartRow]) -> datetime | None:
    """Send the first of the requests that are not sent yet.

    Returns
    -------
    datetime or None
        When to go on; None if the run has failed.
    """
    conn, part = session.mirror.conn, unsent[0]
    assert part.request is not None
    try:
        # So that what takes long or fails before the request itself is known not to be it.
        session.client.current_key()
    except ServerError as error:
        return try_again(session, row, _count(session, part), str(error))
    with transaction(conn):
        catalog.update_part(conn, part, state="sending", sent_at=to_text(session.now()))
        catalog.update_run(conn, row.id, state="running")
    told(session, row, "sent")
    follower = _Follower(session, row, part)
    try:
        for event in session.client.search(decode(part.request)):
            follower.take(event)
    except Stopped:
        # Without a setid the request counts as lost when the run is taken up again.
        raise
    except (ServerError, UsageError) as error:
        return _failed(session, row, follower, error)
    return _ended(session, row, follower)


def reclaim(session: Session, row: RunRow, sending: list[PartRow]) -> datetime | None:
    """Take up requests that were under way, without a setid, when a run was cut off."""
    for part in sending:
        following = _lost(session, row, part, "cut off before the server named the dataset")
        if following is None:
            return None
    return session.now()


class _Follower:
    """Writes down what a search's events say, the setid as soon as one names it."""

    def __init__(self, session: Session, row: RunRow, part: PartRow) -> None:
        self._session = session
        self._row = row
        self.part = part
        self.setid: str | None = None
        self.last: SearchEvent | None = None

    def take(self, event: SearchEvent) -> None:
        conn = self._session.mirror.conn
        if self.setid is None and event.setid is not None:
            with transaction(conn):
                catalog.update_part(
                    conn, self.part, setid=event.setid, state="made", request=None, tries=0
                )
                if self.part.part == 1:
                    catalog.update_run(conn, self._row.id, setid=event.setid)
            self.setid = event.setid
        self.last = event
        told(self._session, self._row, printable(event.message, 60))


def _ended(session: Session, row: RunRow, follower: _Follower) -> datetime | None:
    conn, part, last, now = session.mirror.conn, follower.part, follower.last, session.now()
    with transaction(conn):
        if isinstance(last, NoMatch):
            catalog.update_part(
                conn, part, state="empty", completed_at=to_text(now), total_nmatches=0
            )
        elif isinstance(last, Finished):
            catalog.update_part(conn, part, total_nmatches=last.total_nmatches)
        elif isinstance(last, Background):
            catalog.update_part(conn, part, message=f"in the background: {last.message}")
            return now + look_delay(0)
    return now


def _failed(
    session: Session, row: RunRow, follower: _Follower, error: ServerError | UsageError
) -> datetime | None:
    conn, part = session.mirror.conn, follower.part
    if isinstance(error, _REFUSED):
        with transaction(conn):
            catalog.update_part(conn, part, state="failed", message=error.message)
        finish(session, row, "failed", f"the server refuses the search: {error.message}")
        return None
    if follower.setid is not None:
        with transaction(conn):
            catalog.update_part(conn, part, message=error.message)
        return session.now() + look_delay(0)
    if isinstance(error, _NOT_BEGUN):
        with transaction(conn):
            catalog.update_part(
                conn,
                part,
                state="unsent",
                sent_at=part.sent_at if part.lost else None,
                tries=part.tries + 1,
            )
            state = "waiting" if part.part == 1 and not part.lost else "running"
            catalog.update_run(conn, row.id, state=state)
        return try_again(session, row, part.tries, str(error))
    return _lost(session, row, part, error.message)


def _lost(session: Session, row: RunRow, part: PartRow, why: str) -> datetime | None:
    """Deal with a request that the server may have begun under a name we do not know.

    An unlisted dataset is in no list of ours, so it cannot be looked for: it is asked for
    anew, but not sooner than a search may be repeated.
    """
    conn = session.mirror.conn
    lost = part.lost + 1
    with transaction(conn):
        catalog.update_part(conn, part, state="unsent", lost=lost, message=why)
    if lost >= MOST_LOST:
        losses = remembered_losses(catalog.parts_of(conn, row.id))
        finish(session, row, "failed", f"the server gave no answer: {why}{losses}")
        return None
    with transaction(conn):
        catalog.update_run(conn, row.id, message=f"to be sent again: {why}")
    sent_at = session.now() if part.sent_at is None else from_text(part.sent_at)
    return sent_at + SPACING


def _count(session: Session, part: PartRow) -> int:
    conn = session.mirror.conn
    with transaction(conn):
        catalog.update_part(conn, part, tries=part.tries + 1)
    return part.tries
