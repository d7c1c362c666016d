"""Datasets that the server no longer lists, and no longer has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..catalog.connection import transaction
from ..catalog.datasets import NO_LONGER_THERE, set_state, unreadable
from ..catalog.files import files_of
from ..catalog.work import done as no_work
from . import ingest, layout
from .doubts import PATIENCE
from .fetch_table import FetchedTable, whole_json
from .recover import drop_downloads

if TYPE_CHECKING:
    from collections.abc import Container

    from ..catalog.work import WorkItem
    from .fetch import Fetcher
    from .mirror import Mirror

_NOTHING = "the server no longer lists it, nor gives it to us"
_ROW = """
SELECT vanished_at IS NOT NULL, nrows IS NOT NULL, state FROM datasets WHERE setid = ?
"""


def end_work(
    mirror: Mirror, fetcher: Fetcher, item: WorkItem, sound: Container[str], now: str
) -> bool:
    """End the work on a dataset that is not there, if the server lists it no more.

    A list that was damaged on its way, or a dataset that was soon removed, would be asked for
    without end. It is asked for some times before that is believed: it may only be unlisted. A
    JSON that had come whole is taken in. Listed again, it is work again.

    Parameters
    ----------
    sound
        The kinds of its files that are here and sound: where one is damaged, its repair
        waits on.

    Returns
    -------
    bool
        Whether the work is ended.
    """
    conn, setid = mirror.conn, item.setid
    vanished, has_rows, state = conn.execute(_ROW, (setid,)).fetchone()
    known = files_of(conn, setid)
    if not vanished or item.attempts < PATIENCE or any(kind not in sound for kind in known):
        return False
    whole = None if known else whole_json(fetcher, setid, item.last_updated)
    error = None
    if whole is not None:
        document, has_lczip = whole
        fetched = FetchedTable(setid, has_lczip, {"json": document})
        limits = fetcher.config.limits
        error = ingest.ingest_table(mirror, fetched, limits, now, patient=False).unread
    drop_downloads(mirror, setid)
    with transaction(conn):
        if whole is not None:
            set_state(conn, setid, "partial", reason=NO_LONGER_THERE, error=error)
        elif known or has_rows:
            error = unreadable(conn, setid)
            kept = "mirrored" if state == "mirrored" and error is None else "partial"
            set_state(conn, setid, kept, reason=NO_LONGER_THERE, error=error)
        else:
            set_state(conn, setid, "skipped", reason=_NOTHING)
        no_work(conn, setid)
    here = files_of(conn, setid)
    for kind in layout.KINDS:
        over = fetcher.admission.settle if kind in here else fetcher.admission.give_back
        over(layout.product(setid, kind))
    return True
