"""What a status, a content type and a body mean, before anything is parsed.

The server says "no" in many ways: JSON or an HTML page under 401, 403, 404, 405 and 500,
``status: failed`` under 200, a page of HTML where JSON was due. Each becomes one type.
"""

from __future__ import annotations

import html
import re
from contextlib import suppress

from .. import foreign_json
from ..errors import (
    AccessDenied,
    CutShort,
    KeyRefused,
    NotAnLccServer,
    NotFound,
    ProtocolError,
    RateLimited,
    RequestRefused,
    ServerError,
    ServerFault,
    TransientError,
    Unreachable,
)
from ..names import printable
from .reply import Reply
from .retry import http_date, retry_after

# An error's page is read this far, to say what it says.
_GLANCE = 64 * 1024
_MESSAGE = 300


def check_status(reply: Reply, now: float, *, good: frozenset[int] = frozenset({200})) -> None:
    """Let a reply with a `good` status pass.

    Parameters
    ----------
    reply
        The reply; when it is not good, some of its body is read.
    now
        Seconds since 1970 by the server's clock, for a ``Retry-After`` without a ``Date``.
    good
        The statuses the caller can use.

    Raises
    ------
    ServerError
        Of the type that fits, with the server's own words where it has any.
    """
    if reply.status not in good:
        raise refusal(reply, _glance(reply), now)


def refusal(reply: Reply, body: bytes, now: float) -> ServerError:
    """Return the error that a reply of a status that is no success stands for."""
    what, status = reply.what, reply.status
    said = _said(reply, body)
    words = f": {said}" if said else ""
    moment = http_date(reply.headers.get("Date"))
    wait = retry_after(reply.headers.get("Retry-After"), now if moment is None else moment)
    if status == 429:
        return RateLimited(f"{what}: too many requests{words}", retry_after_s=wait)
    if status >= 500:
        return ServerFault(f"{what}: the server failed ({status}){words}", retry_after_s=wait)
    if status == 401:
        return _unauthorized(reply, said, words)
    if status == 403:
        return AccessDenied(f"{what}: not for us (403){words}")
    if status in {404, 410}:
        by_api = reply.content_type == "application/json"
        return NotFound(f"{what}: not there ({status}){words}", by_api=by_api)
    if status in {408, 425}:
        return Unreachable(f"{what}: the server gave up waiting ({status})")
    if status >= 400:
        return RequestRefused(f"{what}: refused ({status}){words}")
    return ProtocolError(f"{what}: an answer of status {status} makes no sense here")


def _unauthorized(reply: Reply, said: str, words: str) -> ServerError:
    # A bad key is told in JSON, on every path. A private file is told in HTML, and a
    # private dataset in JSON that speaks of the dataset.
    of_the_key = not said or "api key" in said.lower()
    if reply.content_type == "application/json" and of_the_key:
        return KeyRefused(
            f"{reply.what}: the server refuses the API key{words}",
            hint="it has expired, or was made for another address",
            said=bool(said),
        )
    return AccessDenied(f"{reply.what}: not for us (401){words}")


def check_json_start(reply: Reply, start: bytes) -> None:
    """Let a body pass that may be a JSON object.

    Raises
    ------
    NotAnLccServer
        If it is a web page.
    CutShort
        If it is empty.
    ProtocolError
        If it is something else.
    """
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"{"):
        return
    if not text:
        raise CutShort(f"{reply.what}: an empty answer")
    if text.startswith(b"<") or reply.content_type == "text/html":
        raise NotAnLccServer(
            f"{reply.what}: a web page came where JSON was due",
            hint="is [server] url right, and nothing between that answers in its place?",
        )
    raise ProtocolError(
        f"{reply.what}: something came that is not JSON",
        hint="is [server] url that of an LCC-Server?",
    )


def check_no_page(reply: Reply) -> None:
    """Let a reply pass that may be a file.

    Raises
    ------
    NotAnLccServer
        If it is a web page: no file of the server is one, but what a portal or a proxy
        puts in a file's place is.
    """
    if reply.content_type in {"text/html", "application/xhtml+xml"}:
        raise NotAnLccServer(
            f"{reply.what}: a web page came in its place",
            hint="is there something between us and the server that answers for it?",
        )


def plain(text: object) -> str:
    """Return a server's message as plain text: without HTML, on one line, not too long.

    The running server's ``/api/verify`` sends a list of one text.
    """
    if isinstance(text, list):
        text = " ".join(one for one in text if isinstance(one, str))
    if not isinstance(text, str):
        return ""
    text = re.sub(r"</?(br|p|div|li)\b[^<>]{0,500}>", " ", text[: 20 * _MESSAGE])
    text = re.sub(r"<[^<>]{0,500}>", "", text)
    return printable(" ".join(html.unescape(text).split()), _MESSAGE)


def _glance(reply: Reply) -> bytes:
    """Return the beginning of an error's body; that it is cut is then no matter."""
    body = b""
    with suppress(TransientError, ProtocolError):
        for piece in reply.chunks(2 * _GLANCE, _GLANCE):
            body += piece
            if len(body) >= _GLANCE:
                break
    return body[:_GLANCE]


def _said(reply: Reply, body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    if reply.content_type == "application/json":
        with suppress(ValueError):
            answer = foreign_json.load(text)
            if isinstance(answer, dict):
                return plain(answer.get("message"))
        return ""
    title = re.search(r"<title>([^<]{1,300})</title>", text, re.IGNORECASE)
    return plain(title.group(1)) if title else ""
