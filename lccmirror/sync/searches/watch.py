"""Watch datasets that the server makes without us until they are complete."""

from __future__ import annotations

from datetime import datetime

from ...catalog import searches as catalog
from ...catalog.connection import transaction
from ...catalog.datasets import record_result
from ...catalog.searches import PartRow, RunRow
from ...catalog.work import add_work
from ...clock import to_text
from ...errors import (
    AccessDenied,
    FormatError,
    KeyRefused,
    NoRoom,
    NotFound,
    ServerError,
    Stopped,
)
from ...server import DatasetHeader
from .. import layout
from ..fetch import discard
from ..fetch_table import NotComplete, fetch_json
from ..session import Session, fetcher_for
from .steps import deadline, gave_up, look_delay, remembered_losses, told

_NOT_THERE = (
    "the server has not made dataset {setid}. It leaves nothing behind when a query crashes, "
    "or matches nothing after it was sent to the background"
)


def watch(session: Session, row: RunRow, made: list[PartRow]) -> datetime | None:
    """Look once at the dataset that was looked at least.

    A dataset that is complete is taken with this look: its JSON, which is what tells, is
    kept, and the dataset planned to be mirrored like any other.

    Returns
    -------
    datetime or None
        When to go on; None if the run was given up.
    """
    conn = session.mirror.conn
    part = min(made, key=lambda one: (one.tries, one.part))
    assert part.setid is not None
    header, why = _look(session, part.setid)
    now = session.now()
    if header is not None:
        _complete(session, part, header)
        return now
    end = deadline(row, part.sent_at)
    with transaction(conn):
        catalog.update_part(conn, part, tries=part.tries + 1)
        catalog.update_run(conn, row.id, message=why)
    told(session, row, why)
    if now >= end:
        said = f" (its answer ended so: {part.message})" if part.message else ""
        gave_up(session, row, why + said + remembered_losses(catalog.parts_of(conn, row.id)))
        return None
    if any(one.tries <= part.tries for one in made if one.part != part.part):
        return now
    return min(now + look_delay(part.tries + 1), end)


def _look(session: Session, setid: str) -> tuple[DatasetHeader | None, str]:
    """Return the header of a dataset that is complete, or why it is not."""
    fetcher = fetcher_for(session)
    part = fetcher.root / layout.arriving(layout.product(setid, "json"))
    discard(part)
    headers: list[DatasetHeader] = []
    try:
        fetch_json(fetcher, setid, None, headers.append)
    except Stopped:
        raise
    except (ServerError, FormatError, NoRoom) as error:
        discard(part)
        return None, _why(setid, error)
    return headers[0], ""


def _why(setid: str, error: ServerError | FormatError | NoRoom) -> str:
    if isinstance(error, NotFound):
        return _NOT_THERE.format(setid=setid)
    if isinstance(error, NotComplete):
        return f"dataset {setid} is still being made on the server"
    if isinstance(error, AccessDenied | KeyRefused):
        return (
            f"the server does not let us read dataset {setid}: after a query that takes too "
            "long it forgets whose it is"
        )
    return error.message


def _complete(session: Session, part: PartRow, header: DatasetHeader) -> None:
    conn, now = session.mirror.conn, to_text(session.now())
    with transaction(conn):
        record_result(conn, header, now)
        add_work(conn, header.setid, "search", now)
        catalog.update_part(
            conn,
            part,
            state="complete",
            completed_at=now,
            message=None,
            total_nmatches=part.total_nmatches
            if header.total_nmatches is None
            else header.total_nmatches,
        )
