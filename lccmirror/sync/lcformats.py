"""The collections' descriptions of their light curves' format, each fetched when it is due."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from ..catalog.connection import transaction
from ..catalog.files import get_file
from ..catalog.log import get_setting, set_setting
from ..catalog.work import delay
from ..clock import from_text, to_text
from ..errors import (
    AccessDenied,
    FormatError,
    InTheWay,
    NotFound,
    ServerError,
    Unreachable,
)
from ..server.urls import lcformat_path
from . import layout
from .doubts import PATIENCE
from .fetch import Fetcher, fetch_file, unchanged
from .place import forget_arrival, put_product
from .trouble import local_errors

if TYPE_CHECKING:
    from .report import CycleReport
    from .session import Session

# So many in a row that could not be reached, and the rest is left for later.
_GIVE_UP_AFTER = 4
_COLLECTIONS = """
SELECT collection, collection_id, coalesce(last_updated, ''), lcformatdesc IS NOT NULL
FROM collections
"""


class _Wanted(NamedTuple):
    """A collection whose description may have changed.

    Attributes
    ----------
    updated
        When the collection was last updated.
    promised
        The server's list names a description.
    """

    collection: str
    folder: str
    updated: str
    promised: bool


def fetch_formats(session: Session, fetcher: Fetcher, report: CycleReport) -> None:
    """Fetch each collection's light-curve format description, where it may have changed.

    A collection without one is not asked again until it is updated. Where the server's list
    names one that is not there, it is looked for some times more before that is believed.
    """
    conn = session.mirror.conn
    unreachable = 0
    for row in conn.execute(_COLLECTIONS).fetchall():
        one = _Wanted(row[0], row[1], row[2], bool(row[3]))
        if get_setting(conn, _asked_at(one.collection)) == one.updated:
            continue
        if not _is_due(conn, one.collection, session.now()):
            continue
        try:
            _fetch(session, fetcher, one)
        except (NotFound, AccessDenied):
            _not_there(session, report, one)
        except (ServerError, FormatError, InTheWay) as error:
            report.failed[f"light-curve format of {one.collection}"] = error.message
            unreachable += isinstance(error, Unreachable)
            if unreachable >= _GIVE_UP_AFTER:
                raise
        else:
            _settle(conn, one)


def _fetch(session: Session, fetcher: Fetcher, one: _Wanted) -> None:
    conn = session.mirror.conn
    try:
        path, source = layout.lcformat(one.collection), lcformat_path(one.folder)
    except FormatError as error:
        # Nothing of it can lie under such a name; asking again would not help.
        session.progress.note(f"no light-curve format is fetched: {error.message}")
        return
    held = get_file(conn, path)
    if held is not None and held.state == "ok" and unchanged(held, session.client.head(source)):
        return
    with local_errors():
        product = fetch_file(fetcher, source, path, "lcformat")
        with transaction(conn):
            now = to_text(session.now())
            put_product(session.mirror, product, now, collection=one.collection)
        forget_arrival(product)


def _not_there(session: Session, report: CycleReport, one: _Wanted) -> None:
    """The server has no description: believe that at once, or later."""
    conn = session.mirror.conn
    held = get_file(conn, layout.lcformat(one.collection))
    if held is not None and held.state != "ok":
        report.gone_files.append(held.path)
    looks = _looks(conn, one.collection)[0]
    if not one.promised or looks >= PATIENCE:
        _settle(conn, one)
        return
    due = to_text(session.now() + delay(looks))
    with transaction(conn):
        set_setting(conn, _doubted(one.collection), f"{looks + 1} {due}")


def _settle(conn: sqlite3.Connection, one: _Wanted) -> None:
    """Write down that a collection is not to be asked again until it is updated."""
    with transaction(conn):
        forget_format(conn, one.collection)
        set_setting(conn, _asked_at(one.collection), one.updated)


def _is_due(conn: sqlite3.Connection, collection: str, now: datetime) -> bool:
    looks, due = _looks(conn, collection)
    # What is further ahead than any delay was written under a clock that was wrong.
    return due is None or not now < due <= now + delay(looks)


def _looks(conn: sqlite3.Connection, collection: str) -> tuple[int, datetime | None]:
    """Return how often a description was looked for in vain, and when it is next."""
    noted = get_setting(conn, _doubted(collection))
    with contextlib.suppress(ValueError):
        looks, due = (noted or "").split()
        return int(looks), from_text(due)
    return 0, None


def forget_format(conn: sqlite3.Connection, collection: str) -> None:
    """Have a collection's format description fetched by the next cycle."""
    for key in (_asked_at(collection), _doubted(collection)):
        conn.execute("DELETE FROM mirror WHERE key = ?", (key,))


def _asked_at(collection: str) -> str:
    """Return under which setting stands what its description was last asked for at."""
    return f"lcformat:{collection}"


def _doubted(collection: str) -> str:
    """Return under which setting stands how often it was looked for in vain."""
    return f"lcformat-doubted:{collection}"
