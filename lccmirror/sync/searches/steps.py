"""What the steps of a replay share: where a part stands, how long to wait, how it ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from ...catalog import searches as catalog
from ...catalog.connection import transaction
from ...catalog.searches import PartRow, RunRow
from ...clock import from_text, to_text
from ...units import duration_text
from ..session import Session

MOST_LOST = 3
"""So many requests whose setid was not learned, and a run has failed."""

_FIRST_LOOK_S, _LONGEST_LOOK_S = 5.0, 600.0
_FIRST_TRY_S, _LONGEST_TRY_S = 60.0, 1800.0


def look_delay(looks: int) -> timedelta:
    """Return how long to wait for the next look at a dataset that is being made."""
    return timedelta(seconds=min(_FIRST_LOOK_S * 2.0 ** min(looks, 20), _LONGEST_LOOK_S))


def try_again(session: Session, row: RunRow, tries: int, why: str) -> datetime:
    """Note why nothing could be sent, and return when to try again: ever more seldom.

    There is no end to it: nothing is begun, and later due times join this one.
    """
    with transaction(session.mirror.conn):
        catalog.update_run(session.mirror.conn, row.id, message=why)
    wait_s = min(_FIRST_TRY_S * 2.0 ** min(tries, 20), _LONGEST_TRY_S)
    return session.now() + timedelta(seconds=wait_s)


def deadline(row: RunRow, since: str | None) -> datetime:
    """Return when a run is given up that has waited since then."""
    return from_text(since or row.started) + timedelta(seconds=row.deadline_s)


def gave_up(session: Session, row: RunRow, why: str) -> None:
    """End a run whose time is over."""
    finish(session, row, "gave_up", f"given up after {duration_text(row.deadline_s)}: {why}")


def finish(session: Session, row: RunRow, state: str, message: str) -> None:
    """End a run that has no result; what the search showed before stays."""
    with transaction(session.mirror.conn):
        catalog.update_run(
            session.mirror.conn,
            row.id,
            state=state,
            finished=to_text(session.now()),
            message=message,
            next_look=None,
        )
    told(session, row, None)


def told(session: Session, row: RunRow, what: str | None) -> None:
    """Show those who watch how a run is getting on; None when it has ended."""
    key = f"search {row.search}"
    if what is None:
        session.progress.end(key, ok=True)
    else:
        session.progress.begin(key, f"{row.search}: {what}", None)


def remembered_losses(parts: list[PartRow]) -> str:
    """Say which requests may have left a dataset whose name nobody knows."""
    lost = sum(part.lost for part in parts)
    if not lost:
        return ""
    were = "1 request was" if lost == 1 else f"{lost} requests were"
    return (
        f"; {were} cut off before the server named the dataset, and sent again: it may have "
        "left another one there"
    )
