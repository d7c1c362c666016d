"""A relay on loopback between a mirror and the genuine server: it counts, and can hold.

It passes everything on as it is, notes each request with the bytes of its answer's body,
can speak to the server from another loopback address, as if the mirror had moved, and can
stop in the middle of an answer until it is told to go on.
"""

from __future__ import annotations

import contextlib
import re
import socket
import socketserver
import threading
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import BinaryIO, Self

from tests.real.server import HOST

_PIECE = 16 * 1024
_TIMEOUT_S = 60.0


@dataclass
class Passed:
    """A request that was passed on, and what has come back so far.

    Attributes
    ----------
    method, target
        ``GET``, ``/api/datasets?nsets=25``.
    status
        Of the answer; 0 until it comes.
    body_bytes
        Bytes of the answer's body that were passed on.
    whole
        Whether that is all of it.
    """

    method: str
    target: str
    status: int = 0
    body_bytes: int = 0
    whole: bool = False

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass
class Hold:
    """The relay stops once, ``after`` bytes into the body of an answer to ``path``."""

    path: str
    after: int
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


class Relay:
    """A relay to the server on a port of this machine, between ``with`` and its end.

    Attributes
    ----------
    passed
        Every request, oldest first.
    source
        The loopback address that connections to the server come from; a new one counts
        from the next request on.
    """

    def __init__(self, port: int) -> None:
        self.passed: list[Passed] = []
        self.source = HOST
        self._upstream = (HOST, port)
        self._holds: list[Hold] = []
        self._clients: set[socket.socket] = set()
        self._server = _Listener((HOST, 0), self._handle)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """Return the relay's address."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    def hold(self, path: str, after: int) -> Hold:
        """Stop in the middle of the next answer to ``path``; ``released`` goes on."""
        self._holds.append(Hold(path, after))
        return self._holds[-1]

    def since(self, number: int) -> list[Passed]:
        """Return the requests after the first ``number``."""
        return self.passed[number:]

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End; whatever was held goes on."""
        for hold in self._holds:
            hold.released.set()
        self._server.shutdown()
        self._thread.join()
        # a mirror that still keeps a connection must not hold the test up
        for client in list(self._clients):
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        self._server.server_close()

    def _handle(self, client: socket.socket) -> None:
        self._clients.add(client)
        upstream: socket.socket | None = None
        source = ""
        # the mirror was killed, or the server: the connection ends with either
        with contextlib.suppress(ConnectionError), client.makefile("rb") as requests:
            try:
                while head := _read_head(requests):
                    if upstream is None or source != self.source:
                        if upstream is not None:
                            upstream.close()
                        source = self.source
                        upstream = socket.create_connection(
                            self._upstream, _TIMEOUT_S, source_address=(source, 0)
                        )
                    upstream.sendall(head)
                    self._answer(head, upstream, client)
            finally:
                self._clients.discard(client)
                if upstream is not None:
                    upstream.close()

    def _answer(self, head: bytes, upstream: socket.socket, client: socket.socket) -> None:
        method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        passed = Passed(method, target)
        self.passed.append(passed)
        with upstream.makefile("rb") as answer:
            answer_head = _read_head(answer)
            if not answer_head:
                raise ConnectionResetError("the server has closed the connection")
            passed.status = int(answer_head.split(b" ", 2)[1])
            client.sendall(answer_head)
            left = 0 if method == "HEAD" else _content_length(answer_head, passed.status)
            hold = next((one for one in self._holds if one.path == passed.path), None)
            while left:
                size = min(left, _PIECE)
                if hold is not None:
                    size = min(size, max(1, hold.after - passed.body_bytes))
                piece = answer.read(size)
                if not piece:
                    raise ConnectionResetError("the server has cut its answer")
                client.sendall(piece)
                left -= len(piece)
                passed.body_bytes += len(piece)
                if hold is not None and passed.body_bytes >= hold.after:
                    hold.reached.set()
                    hold.released.wait()
                    self._holds.remove(hold)
                    hold = None
        passed.whole = True


def bodies(passed: list[Passed]) -> Counter[str]:
    """Return the bytes of bodies that came for each path."""
    found: Counter[str] = Counter()
    for one in passed:
        found[one.path] += one.body_bytes
    return found


class _Listener(socketserver.ThreadingTCPServer):
    def __init__(self, address: tuple[str, int], handle: object) -> None:
        super().__init__(address, _Handler)
        self.handle = handle


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.server.handle(self.request)  # type: ignore[attr-defined]  # it is a _Listener


def _read_head(file: BinaryIO) -> bytes:
    """Return a request's or an answer's head with its empty line; nothing at the end."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = file.readline()
        if not line:
            return b""
        head += line
    return head


def _content_length(head: bytes, status: int) -> int:
    if status in (204, 304):
        return 0
    found = re.search(rb"(?im)^content-length: *(\d+)\r$", head)
    if found is None:
        # the server sends in chunks only what a mirror does not ask for
        raise AssertionError(f"an answer without a length: {head!r}")
    return int(found[1])
