"""The collections' descriptions of their light curves' format, each fetched when it is due."""

from __future__ import annotations

import contextlib
import hashlib
import re
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
from .fetch import Fetcher, Product, discard, fetch_file, unchanged
from .place import forget_arrival, put_product
from .trouble import local_errors

if TYPE_CHECKING:
    from .report import CycleReport
    from .session import Session

# The server's static files have the SHA-512 of their content for an ETag.
_SHA512 = re.compile(r'(?:W/)?"([0-9a-f]{128})"')
# So many in a row that could not be reached, and the rest is left for later.
_GIVE_UP_AFTER = 4
_COLLECTIONS = """
SELECT collection, collection_id, coalesce(last_updated, ''), lcformatdesc IS NOT NULL
FROM collections
"""


class _Doubt(NamedTuple):
    """Why a description was not taken, or not believed to be absent.

    Attributes
    ----------
    looks
        How often it was looked for in vain.
    due
        When it is looked for next.
    sha256
        Of one that came, and is not what its ETag says.
    """

    looks: int = 0
    due: datetime | None = None
    sha256: str = ""


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
        if _is_other(product) and product.sha256 != _doubt(conn, one.collection).sha256:
            # What comes the same twice is as it is meant, whatever its ETag says.
            discard(product.part)
            _put_doubt(conn, one.collection, _Doubt(0, session.now(), product.sha256))
            raise FormatError(f"{path} came damaged: its ETag is that of other bytes")
        with transaction(conn):
            now = to_text(session.now())
            put_product(session.mirror, product, now, collection=one.collection)
        forget_arrival(product)


def _is_other(product: Product) -> bool:
    """Whether other bytes came than those that the ETag is of."""
    match = _SHA512.fullmatch(product.etag or "")
    content = product.part.read_bytes()
    return match is not None and hashlib.sha512(content).hexdigest() != match[1]


def _not_there(session: Session, report: CycleReport, one: _Wanted) -> None:
    """The server has no description: believe that at once, or later."""
    conn = session.mirror.conn
    held = get_file(conn, layout.lcformat(one.collection))
    if held is not None and held.state != "ok":
        report.gone_files.append(held.path)
    looks = _doubt(conn, one.collection).looks
    if not one.promised or looks >= PATIENCE:
        _settle(conn, one)
        return
    _put_doubt(conn, one.collection, _Doubt(looks + 1, session.now() + delay(looks)))


def _settle(conn: sqlite3.Connection, one: _Wanted) -> None:
    """Write down that a collection is not to be asked again until it is updated."""
    with transaction(conn):
        forget_format(conn, one.collection)
        set_setting(conn, _asked_at(one.collection), one.updated)


def _is_due(conn: sqlite3.Connection, collection: str, now: datetime) -> bool:
    doubt = _doubt(conn, collection)
    # What is further ahead than any delay was written under a clock that was wrong.
    return doubt.due is None or not now < doubt.due <= now + delay(doubt.looks)


def _doubt(conn: sqlite3.Connection, collection: str) -> _Doubt:
    noted = get_setting(conn, _doubted(collection))
    with contextlib.suppress(ValueError):
        looks, due, *sha256 = (noted or "").split()
        return _Doubt(int(looks), from_text(due), "".join(sha256))
    return _Doubt()


def _put_doubt(conn: sqlite3.Connection, collection: str, doubt: _Doubt) -> None:
    assert doubt.due is not None
    noted = f"{doubt.looks} {to_text(doubt.due)} {doubt.sha256}".strip()
    with transaction(conn):
        set_setting(conn, _doubted(collection), noted)


def forget_format(conn: sqlite3.Connection, collection: str) -> None:
    """Have a collection's format description fetched by the next cycle."""
    for key in (_asked_at(collection), _doubted(collection)):
        conn.execute("DELETE FROM mirror WHERE key = ?", (key,))


def _asked_at(collection: str) -> str:
    """Return under which setting stands what its description was last asked for at."""
    return f"lcformat:{collection}"


def _doubted(collection: str) -> str:
    """Return under which setting stands why it was not taken yet."""
    return f"lcformat-doubted:{collection}"
