"""Patience with one connection, kept below everything that could wait for ever.

A read timeout only bounds one ``recv``: a server that sends a byte a second never meets
it. So each connection's reads pass a `Guard`, which sees every ``recv``, ends those that
trickle, and lets a stop request through while the server is silent. The same layer puts a
secret into the request line, below urllib3's log and the messages of its errors.
"""

from __future__ import annotations

import http.client
import io
import select
import socket
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import urllib3.connection
import urllib3.connectionpool

from ..errors import Stopped
from .secret import Secret
from .timing import Timing

# How soon a stop request is noticed while the server is silent.
_SLICE_S = 0.25
# A hundred headers of 64 KiB each are the most that http.client takes; it would read
# interim answers, and headers behind a body, without end.
_LONGEST_HEAD = 8 << 20


@dataclass(frozen=True)
class Patience:
    """What is too slow for one exchange.

    Parameters
    ----------
    total_s
        The longest time from sending the request to the last byte; None for no such limit.
    floor_bytes, window_s
        Once bytes have begun to come, at least so many in every such window.
    """

    total_s: float | None = None
    floor_bytes: int = 0
    window_s: float = 60.0


class Stalled(TimeoutError):
    """The server sends, but so slowly, or so little of the answer, that it will never end."""


class Guard:
    """Watches the reads of one connection, one exchange at a time."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self.begin(Patience(), threading.Event())

    def begin(
        self,
        patience: Patience,
        stop: threading.Event,
        secret_query: tuple[str, Secret] | None = None,
    ) -> None:
        """Start the watch over the next exchange."""
        self._patience = patience
        self._stop = stop
        self._secret_query = secret_query
        self._began = self._timing.monotonic()
        self._window_began: float | None = None
        self._in_window = 0

    def finish_target(self, target: str) -> str:
        """Return the request target with its secret parameter, if it has one."""
        if self._secret_query is None:
            return target
        name, secret = self._secret_query
        return f"{target}{'&' if '?' in target else '?'}{name}={quote(secret.reveal())}"

    def before_read(self, sock: socket.socket) -> None:
        """Wait until `sock` can be read.

        Raises
        ------
        Stopped
            When the stop event is set.
        TimeoutError
            When the socket's own timeout has passed in silence.
        """
        # kernel time, not the injected clock: only it ends a wait for a silent peer
        left = sock.gettimeout()
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        while True:
            if self._stop.is_set():
                raise Stopped("stopped while the server was answering")
            self._check_total()
            if _has_buffered(sock) or poll.poll(1000 * min(_SLICE_S, left or _SLICE_S)):
                return
            if left is not None:
                left -= _SLICE_S
                if left <= 0:
                    raise TimeoutError("timed out")

    def after_read(self, nbytes: int) -> None:
        """Count what came.

        Raises
        ------
        Stalled
            When it came too slowly.
        """
        self._check_total()
        now = self._timing.monotonic()
        if self._window_began is None:
            self._window_began = now
        self._in_window += nbytes
        if now - self._window_began >= self._patience.window_s:
            if nbytes and self._in_window < self._patience.floor_bytes:
                raise Stalled("the answer trickles")
            self._window_began, self._in_window = now, 0

    def _check_total(self) -> None:
        total = self._patience.total_s
        if total is not None and self._timing.monotonic() - self._began > total:
            raise Stalled("the answer takes too long")


def _has_buffered(sock: socket.socket) -> bool:
    """Whether a TLS socket holds decrypted bytes that poll cannot see."""
    pending = getattr(sock, "pending", None)
    return pending is not None and pending() > 0


class _GuardedRaw(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, sock: socket.socket, guard: Guard) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._guard = guard
        self.ended = False
        self.unused = 0  # bytes since the head began, or the last piece of the body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._guard.before_read(self._sock)
        nbytes = self._raw.readinto(buffer)
        self._guard.after_read(nbytes or 0)
        self.unused += nbytes or 0
        if self.unused > _LONGEST_HEAD:
            raise Stalled("the answer has headers without end")
        self.ended = nbytes == 0
        return nbytes

    def close(self) -> None:
        self._raw.close()
        super().close()


def guarded_pools(guard: Guard) -> dict[str, type[urllib3.connectionpool.HTTPConnectionPool]]:
    """Return urllib3's two kinds of pool, with every read passing `guard`."""

    class Response(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
            super().__init__(sock, *args, **kwargs)
            self._guarded = _GuardedRaw(self.fp.detach(), sock, guard)
            self.fp = io.BufferedReader(self._guarded, 64 * 1024)

        def begin(self) -> None:
            super().begin()
            # http.client takes a header that breaks off for a whole one, and would then
            # take an empty body without Content-Length for all there is
            if self._guarded.ended:
                raise http.client.RemoteDisconnected("the header broke off")
            if self.length == 0:
                # there is no body, whatever it says: http.client would read chunks of one
                self.chunked = False

        def read(self, amt: int | None = None) -> bytes:
            self._guarded.unused = 0
            return super().read(amt)

        def read1(self, n: int = -1) -> bytes:
            self._guarded.unused = 0
            return super().read1(n)

    class Plain(urllib3.connection.HTTPConnection):
        response_class = Response

        def putrequest(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
            super().putrequest(method, guard.finish_target(url), *args, **kwargs)

    class Secure(urllib3.connection.HTTPSConnection):
        response_class = Response

        def putrequest(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
            super().putrequest(method, guard.finish_target(url), *args, **kwargs)

    class PlainPool(urllib3.connectionpool.HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(urllib3.connectionpool.HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
