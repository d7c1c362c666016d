"""The HTTP layer: requests in, answers out, nothing about light curves.

An `Application` turns a `Request` into an `Answer`; a `Hook` may stand between, alter the
answer, or write to the connection itself through the `Wire` (that is how tests make the
server misbehave). `WebServer` does the sockets: HTTP/1.1 with connections kept open,
chunked bodies, a thread a connection, and an end that leaves nothing behind.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol, Self
from urllib.parse import parse_qs, urlsplit

from ..closing import Closing
from .messages import Answer, FilePart, Request, html_error


@dataclass
class Exchange:
    """One line of the request log.

    `sent` counts body bytes and is written before they leave, so whoever has received
    them finds them counted. `headers` are the request's, without the key; `with_key`
    tells that there was one. `rule` is what a hook writes there.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    with_key: bool
    status: int = 0
    sent: int = 0
    rule: str | None = None

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


class Wire:
    """The connection's sending side."""

    def __init__(
        self, connection: socket.socket, exchange: Exchange, clock: Callable[[], float]
    ) -> None:
        self._connection = connection
        self._clock = clock
        self.exchange = exchange
        self.closed = False

    def send(self, content: bytes, *, body: bool = True) -> None:
        """Send bytes as they are."""
        if body:
            self.exchange.sent += len(content)
        self._connection.sendall(content)

    def send_head(self, status: int, headers: Iterable[tuple[str, str]]) -> None:
        """Send a status line and headers; the log has the status before."""
        self.exchange.status = status
        lines = [
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
            "Server: lccmirror-demo",
            f"Date: {formatdate(self._clock(), usegmt=True)}",
            *(f"{name}: {value}" for name, value in headers),
        ]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"), body=False)

    def send_answer(self, request: Request, answer: Answer) -> None:
        """Send a whole answer."""
        bodiless = request.method == "HEAD" or answer.status == HTTPStatus.NOT_MODIFIED
        body = answer.body
        if isinstance(body, bytes | FilePart):
            length = len(body) if isinstance(body, bytes) else body.length
            headers = answer.headers
            if answer.status != HTTPStatus.NOT_MODIFIED:
                headers = answer.with_headers(("Content-Length", str(length))).headers
            self.send_head(answer.status, headers)
            if not bodiless:
                for piece in (body,) if isinstance(body, bytes) else body.pieces():
                    self.send(piece)
            return
        self.send_head(answer.status, (*answer.headers, ("Transfer-Encoding", "chunked")))
        if bodiless:
            return
        for piece in body:
            if piece:
                self.exchange.sent += len(piece)
                self.send(b"%x\r\n%s\r\n" % (len(piece), piece), body=False)
        self.send(b"0\r\n\r\n", body=False)

    def reset(self) -> None:
        """Break the connection off: the client sees a reset, not an end."""
        linger = struct.pack("ii", 1, 0)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        # an ordinary close waits for the handler's files and says goodbye first
        os.close(self._connection.detach())
        self.closed = True

    def close(self) -> None:
        """Let the connection end after what was sent."""
        self.closed = True


class Application(Protocol):
    """What answers requests."""

    def __call__(self, request: Request) -> Answer:
        """Answer a request."""
        ...

    def after(self, request: Request) -> None:
        """Called when the answer to `request` has left."""
        ...


Hook = Callable[[Request, Callable[[Request], Answer], Wire], Answer | None]


@dataclass
class WebServer(Closing):
    """A server of one application on a free port of 127.0.0.1.

    Parameters
    ----------
    clock
        POSIX seconds, for the ``Date`` header.
    hook
        Called for each request with (request, how to answer it honestly, wire). It
        returns the answer to send, or None when it has used the wire itself.
    """

    application: Application
    clock: Callable[[], float] = time.time
    hook: Hook | None = None
    requests: list[Exchange] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = _Server(self)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where the server listens, without a slash at the end."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> None:
        """Begin to serve."""
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop serving, break off open connections, wait for their threads."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.close_all()

    def __enter__(self) -> Self:
        self.start()
        return self


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, web: WebServer) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.web = web
        self._open: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()

    def process_request_thread(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        with self._lock:
            self._open[request] = threading.current_thread()
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.pop(request, None)

    def handle_error(self, request: object, client_address: object) -> None:
        # called inside of an except block; a client that went away is no error
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, OSError):
            self.web.errors.append(error)

    def close_all(self) -> None:
        self.server_close()
        with self._lock:
            living = dict(self._open)
        for connection in living:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the client was faster
        for thread in living.values():
            thread.join(timeout=5.0)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the base's name
        """Say nothing: the log is `WebServer.requests`."""

    def _serve(self) -> None:
        web = self.server.web
        length = int(self.headers.get("Content-Length") or 0)
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            target=self.path,
            path=parts.path,
            query=parse_qs(parts.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
            address=self.client_address[0],
        )
        public = {k: v for k, v in request.headers.items() if k != "authorization"}
        with_key = bool(request.headers.get("authorization"))
        exchange = Exchange(self.command, self.path, public, with_key)
        web.requests.append(exchange)
        wire = Wire(self.connection, exchange, web.clock)
        answer: Answer | None
        if web.hook is not None:
            answer = web.hook(request, self._honest, wire)
        else:
            answer = self._honest(request)
        if answer is not None:
            wire.send_answer(request, answer)
        if wire.closed:
            self.close_connection = True
        web.application.after(request)

    def _honest(self, request: Request) -> Answer:
        try:
            return self.server.web.application(request)
        except Exception as error:  # noqa: BLE001 # a server answers 500 and records it
            self.server.web.errors.append(error)
            return html_error(500)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = _serve  # noqa: N815 # http.server looks for these names
