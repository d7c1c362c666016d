"""From the exceptions of requests, urllib3 and the socket to the error tree."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from typing import TypeVar

import requests
import urllib3.exceptions

from ..errors import (
    CutShort,
    LccMirrorError,
    NotAnLccServer,
    ServerError,
    TlsError,
    TransientError,
    Unreachable,
)
from ..names import printable
from .guard import Stalled

E = TypeVar("E", bound=BaseException)

_DOWN = "is the server down, or [server] url wrong?"

#: What a request, or the reading of its answer, can raise.
TROUBLE = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
)


class NotConnected(Unreachable):
    """The connection was never made: the server has certainly not seen the request."""


def opening_fault(error: BaseException, site: str, what: str) -> ServerError:
    """Return the typed error for a request that got no answer.

    Parameters
    ----------
    error
        What requests raised.
    site
        The origin, for the message.
    what
        What was asked for, in words.
    """
    causes = list(_causes(error))
    certificate = _first(causes, ssl.SSLCertVerificationError)
    if certificate is not None:
        return TlsError(
            f"{site}: the server's certificate is not good: {certificate.verify_message}",
            hint="check this machine's clock and its CA certificates",
        )
    tls = _first(causes, ssl.SSLError)
    if tls is not None and not isinstance(tls, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return TlsError(
            f"{site}: no TLS connection: {tls.reason or 'handshake failed'}",
            hint="is it https at that port?",
        )
    if _first(causes, requests.exceptions.ProxyError):
        return NotConnected(
            f"{site}: the proxy does not connect us: {_reason(causes)}",
            hint="is [server] proxy right, and may it be used for this server?",
        )
    if _first(causes, socket.gaierror) or _first(
        causes, urllib3.exceptions.NameResolutionError
    ):
        return NotConnected(
            f"{site}: the host's name cannot be resolved",
            hint="is [server] url right, and does name resolution work on this machine?",
        )
    # urllib3's own error for a refused connection is a kind of its timeout
    if _first(causes, urllib3.exceptions.NewConnectionError, ConnectionRefusedError):
        return NotConnected(f"{site}: cannot connect: {_reason(causes)}", hint=_DOWN)
    if _first(causes, requests.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError):
        return NotConnected(f"{site}: no connection in time", hint=_DOWN)
    if _first(causes, Stalled, TimeoutError, urllib3.exceptions.ReadTimeoutError):
        return Unreachable(f"{site}: no answer in time for {what}")
    if _first(causes, http.client.RemoteDisconnected):
        return Unreachable(f"{site}: closed the connection without an answer for {what}")
    status_line = _first(causes, http.client.BadStatusLine)
    if status_line is not None and str(status_line.args[0]).startswith("H"):
        return Unreachable(f"{site}: the answer for {what} broke off in its first line")
    if status_line is not None or _first(causes, http.client.LineTooLong):
        return NotAnLccServer(f"{site} does not speak HTTP", hint="check [server] url")
    return Unreachable(f"{site}: no answer for {what}: {_reason(causes)}")


def reading_fault(error: BaseException, what: str) -> TransientError:
    """Return the typed error for an answer whose body broke off."""
    causes = list(_causes(error))
    if _first(causes, Stalled):
        return CutShort(f"{what}: the server sends too slowly")
    if _first(causes, TimeoutError, urllib3.exceptions.ReadTimeoutError):
        return CutShort(f"{what}: the server stopped sending")
    return CutShort(f"{what}: the connection broke off")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and all that is wrapped in it, outermost first."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            if not isinstance(one, LccMirrorError):
                yield one
            waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]


def _first(causes: list[BaseException], *kinds: type[E]) -> E | None:
    return next((one for one in causes if isinstance(one, kinds)), None)


def _reason(causes: list[BaseException]) -> str:
    """Say it in the system's own words: an error's text could hold the URL."""
    for one in causes:
        # How http.client tells what a proxy answered to CONNECT.
        if type(one) is OSError and str(one).startswith("Tunnel connection failed: "):
            return printable(str(one).partition(": ")[2], 100)
    for one in reversed(causes):
        if isinstance(one, OSError) and one.strerror:
            return one.strerror
    return type(causes[-1]).__name__
