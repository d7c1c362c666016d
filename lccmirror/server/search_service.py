"""A search sent to the server, and its answer read while the server works on it."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import RateLimited
from .classify import check_json_start
from .faults import NotConnected
from .guard import Patience
from .reply import Reply
from .searches import Search
from .services import Desk
from .streams import SearchEvent, read_search
from .transport import Request

_CHUNK = 64 * 1024


def run_search(
    desk: Desk, search: Search, *, total_s: float, max_bytes: int
) -> Iterator[SearchEvent]:
    """Send `search` and yield its events as they come.

    A search makes a dataset on the server. So it is sent again only when the server has
    certainly not begun it: no connection, a refused key, 429.

    Parameters
    ----------
    desk
        Where to ask.
    search
        What to ask.
    total_s, max_bytes
        The longest time for the answer, and the most bytes of it.
    """
    request = Request(
        "POST",
        f"/api/{search.service}",
        search.service,
        form=search.form(),
        patience=Patience(total_s=total_s),
    )
    reply = desk.exchange.run(
        lambda: request,
        lambda opened: opened,
        desk.ring,
        desk.stop,
        retry_on=(NotConnected, RateLimited),
    )
    with reply:
        yield from read_search(_no_page(reply, max_bytes), search.service)


def _no_page(reply: Reply, max_bytes: int) -> Iterator[bytes]:
    """Yield the body's pieces, unless it begins like a web page."""
    begun = False
    for piece in reply.chunks(max_bytes, _CHUNK):
        # The first alone: a message with a "<" in it may be cut just there.
        if not begun and piece.strip():
            begun = True
            if piece.lstrip().startswith(b"<"):
                check_json_start(reply, piece)
        yield piece
