"""A loopback proxy that keeps what passes, and counts it: requests, heads, bodies."""

from __future__ import annotations

import http.client
import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Traffic:
    """What has passed.

    Parameters
    ----------
    requests
        ``GET /path → 200`` for each, in their order.
    sent_bytes, received_bytes
        All bytes of the client and of the server, heads included.
    bodies
        Bytes of each answer's body, as they were on the wire.
    """

    requests: tuple[str, ...]
    sent_bytes: int
    received_bytes: int
    bodies: tuple[int, ...]

    @property
    def body_bytes(self) -> int:
        """Of all bodies together."""
        return sum(self.bodies)

    def body_bytes_of(self, *beginnings: str) -> int:
        """Of the bodies of requests that begin so: ``GET /p/``."""
        return sum(
            size
            for what, size in zip(self.requests, self.bodies, strict=True)
            if what.startswith(beginnings)
        )


@dataclass
class _Connection:
    sent: bytearray = field(default_factory=bytearray)
    received: bytearray = field(default_factory=bytearray)


class CountingProxy:
    """Passes connections on to a server; `url` is where it listens."""

    def __init__(self, server_url: str) -> None:
        split = urlsplit(server_url)
        assert split.hostname is not None
        self._server = (split.hostname, split.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[_Connection] = []
        self._threads: list[threading.Thread] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def traffic(self) -> Traffic:
        """Return what has passed since the last call; no connection may be open."""
        for thread in self._threads:
            thread.join(30)
        done, self._connections = self._connections, []
        self._threads = []
        exchanges = [one for connection in done for one in _exchanges(connection)]
        return Traffic(
            requests=tuple(what for what, _ in exchanges),
            sent_bytes=sum(len(one.sent) for one in done),
            received_bytes=sum(len(one.received) for one in done),
            bodies=tuple(size for _, size in exchanges),
        )

    def serve(self) -> None:
        """Accept connections until the listener is closed."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            kept = _Connection()
            self._connections.append(kept)
            for source, target, into in (
                (client, server, kept.sent),
                (server, client, kept.received),
            ):
                thread = threading.Thread(target=_pass_on, args=(source, target, into))
                self._threads.append(thread)
                thread.start()

    def close(self) -> None:
        """Listen no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def counting(server_url: str) -> Iterator[CountingProxy]:
    """Run a proxy in front of a server."""
    proxy = CountingProxy(server_url)
    thread = threading.Thread(target=proxy.serve)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()


def _pass_on(source: socket.socket, target: socket.socket, kept: bytearray) -> None:
    try:
        while piece := source.recv(_PIECE):
            kept += piece
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        # The other side was closed first; what passed is counted all the same.
        source.close()
        target.close()


class _Bytes:
    """Received bytes in the form that `http.client` reads from."""

    def __init__(self, file: io.BytesIO) -> None:
        self._file = file

    def makefile(self, mode: str) -> io.BytesIO:
        del mode
        return self._file


def _exchanges(connection: _Connection) -> Iterator[tuple[str, int]]:
    """Yield each request with its answer's status, and the bytes of the answer's body."""
    asked = io.BytesIO(bytes(connection.sent))
    answered = _Unclosed(bytes(connection.received))
    while line := asked.readline():
        method, target = line.decode("latin-1").split()[:2]
        headers = http.client.parse_headers(asked)
        asked.read(int(headers.get("Content-Length", "0")))
        answer = http.client.HTTPResponse(cast(socket.socket, _Bytes(answered)), method=method)
        answer.begin()
        before = answered.tell()
        answer.read()
        yield f"{method} {target.partition('?')[0]} → {answer.status}", answered.tell() - before


class _Unclosed(io.BytesIO):
    """Answers follow one another on a connection: the end of one does not close it."""

    def close(self) -> None:
        return
