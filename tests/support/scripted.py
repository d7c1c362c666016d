"""A bare HTTP server on loopback that answers by script, well or badly.

It is made of sockets, so that it can do what no HTTP library would: stop in the middle of
a header, reset a connection, promise more bytes than it sends, send them one by one.

    with ScriptedServer([Answer(200, b"..."), Answer(503)]) as server:
        ...  # server.url, server.requests

A script is a list of answers, used in order, or a function from a request to an answer. A
request past the end of the list is answered by 599 and fails the test on leaving.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Received:
    """A request as it came.

    Attributes
    ----------
    method, target
        ``GET``, ``/api/datasets?nsets=25``.
    headers
        Names in lower case.
    body
        The body.
    connection
        A number for the connection it came on.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The query's pairs."""
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def form(self) -> list[tuple[str, str]]:
        """The pairs of a form body, in order."""
        return parse_qsl(self.body.decode(), keep_blank_values=True)

    @property
    def key(self) -> str | None:
        """The key of ``Authorization: Bearer``."""
        value = self.headers.get("authorization")
        return None if value is None else value.removeprefix("Bearer ")


@dataclass(frozen=True)
class Answer:
    """What to do with one request.

    Parameters
    ----------
    status, body, headers
        The answer; the given headers replace those made otherwise.
    chunks
        In place of `body`: sent chunked, in exactly these pieces.
    sized
        Whether ``Content-Length`` is sent; without it the end of the connection is the end.
    cut_at
        Only so many bytes of the body are sent, then the connection is ended …
    reset
        … by RST in place of FIN.
    cut_header_at
        Only so many bytes of the header are sent, then the same.
    hang
        Before anything is sent, wait for this.
    hang_after
        After so many bytes of the body wait for `hang` (in place of before anything); of
        a chunked body, after all of it but the end mark, whatever the number.
    drip_s, drip_head_s
        The body, or the header, goes out byte by byte with this pause between.
    raw
        In place of all else: these bytes, then the end of the connection.
    dated
        The ``Date`` to send, in seconds since 1970; None for now.
    """

    status: int = 200
    body: bytes = b""
    headers: Sequence[tuple[str, str]] = ()
    chunks: Sequence[bytes] | None = None
    sized: bool = True
    cut_at: int | None = None
    reset: bool = False
    cut_header_at: int | None = None
    hang: threading.Event | None = None
    hang_after: int | None = None
    drip_s: float = 0.0
    drip_head_s: float = 0.0
    raw: bytes | None = None
    dated: float | None = None


def json_answer(content: Any, status: int = 200, **more: Any) -> Answer:
    """Return an answer of JSON."""
    headers = [("Content-Type", "application/json; charset=UTF-8"), *more.pop("headers", ())]
    return Answer(status, json.dumps(content).encode(), headers, **more)


def html_answer(text: str, status: int = 200, **more: Any) -> Answer:
    """Return an answer of HTML."""
    headers = [("Content-Type", "text/html; charset=UTF-8"), *more.pop("headers", ())]
    return Answer(status, text.encode(), headers, **more)


def gzip_answer(content: bytes, **more: Any) -> Answer:
    """Return an answer of JSON, compressed."""
    headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")]
    return Answer(200, gzip.compress(content), headers, **more)


def stream_answer(*pieces: bytes, **more: Any) -> Answer:
    """Return an answer of JSON lines, a piece a chunk."""
    return Answer(200, headers=[("Content-Type", "application/json")], chunks=pieces, **more)


def key_answer(key: str, expires: str = "2036-01-01T00:00:00Z", **more: Any) -> Answer:
    """Return the answer of ``/api/key``."""
    return json_answer(
        {"status": "ok", "result": {"apikey": key, "expires": expires}, "message": "made"},
        **more,
    )


def key_refusal() -> Answer:
    """Return the answer to a key that is not good."""
    message = "Your API key appears to be invalid or has expired."
    return json_answer({"status": "failed", "message": message, "result": None}, 401)


def file_answer(
    request: Received,
    content: bytes,
    *,
    etag: str = '"0123456789abcdef0123456789abcdef"',
    last_modified: str = "Mon, 23 Nov 2026 02:28:27 GMT",
    **more: Any,
) -> Answer:
    """Return what the server says to a request for a file, ranges and HEAD included."""
    headers = [("ETag", etag), ("Last-Modified", last_modified), ("Accept-Ranges", "bytes")]
    asked = request.headers.get("range")
    if asked is None:
        return Answer(200, content, headers, **more)
    start = int(asked.removeprefix("bytes=").removesuffix("-"))
    if start >= len(content):
        return Answer(416, b"", [*headers, ("Content-Range", f"bytes */{len(content)}")])
    span = f"bytes {start}-{len(content) - 1}/{len(content)}"
    return Answer(206, content[start:], [*headers, ("Content-Range", span)], **more)


Script = Sequence[Answer] | Callable[[Received], Answer]


@dataclass
class ScriptedServer:
    """The server; a context manager.

    Parameters
    ----------
    script
        Answers, or a function that gives them.
    greeting
        Sent as soon as a connection is made, whatever comes: what a server does that
        speaks something else.

    Attributes
    ----------
    requests
        What came, in order.
    """

    script: Script = ()
    greeting: bytes | None = None
    requests: list[Received] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._connections = 0
        self._beyond = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            still_open = list(self._open)
        for connection in still_open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive(), "a connection of the scripted server is stuck"
        if kind is None:
            assert not self._beyond, f"{self._beyond} requests more than the script has"

    def paths(self) -> list[str]:
        """Return the requests' paths, in order."""
        return [request.path for request in self.requests]

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections += 1
                self._open.add(connection)
            self._start(self._serve, connection, self._connections)

    def _serve(self, connection: socket.socket, number: int) -> None:
        # a client that goes away in the middle is what half of the tests are about
        with connection, contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.greeting is not None:
                connection.sendall(self.greeting)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass  # a close with something unread would be a reset
                return
            with connection.makefile("rb") as reader:
                while (request := _read_request(reader, number)) is not None:
                    if not self._reply(connection, request):
                        break
        with self._lock:
            self._open.discard(connection)

    def _next(self, request: Received) -> Answer:
        with self._lock:
            self.requests.append(request)
            if not callable(self.script):
                index = len(self.requests) - 1
                if index < len(self.script):
                    return self.script[index]
                self._beyond += 1
                return Answer(599)
        return self.script(request)

    def _reply(self, connection: socket.socket, request: Received) -> bool:
        """Answer, and return whether the connection may be used again."""
        answer = self._next(request)
        if answer.hang is not None and answer.hang_after is None:
            self._wait(answer.hang)
        if answer.raw is not None:
            connection.sendall(answer.raw)
            return False
        head = _head(answer)
        if answer.cut_header_at is not None:
            connection.sendall(head[: answer.cut_header_at])
            return self._end(connection, answer)
        self._send(connection, head, answer.drip_head_s)
        if request.method == "HEAD" or answer.status in {204, 304}:
            return True
        if answer.chunks is not None:
            for piece in answer.chunks:
                connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            if answer.cut_at is not None:
                return self._end(connection, answer)
            if answer.hang is not None:
                self._wait(answer.hang)
            connection.sendall(b"0\r\n\r\n")
            return True
        self._send_body(connection, answer)
        if answer.cut_at is not None or not answer.sized:
            return self._end(connection, answer)
        return True

    def _send_body(self, connection: socket.socket, answer: Answer) -> None:
        body = answer.body if answer.cut_at is None else answer.body[: answer.cut_at]
        if answer.hang is not None and answer.hang_after is not None:
            connection.sendall(body[: answer.hang_after])
            self._wait(answer.hang)
            body = body[answer.hang_after :]
        self._send(connection, body, answer.drip_s)

    def _send(self, connection: socket.socket, content: bytes, drip_s: float) -> None:
        if not drip_s:
            connection.sendall(content)
            return
        for byte in content:
            if self._closing.wait(drip_s):
                return
            connection.sendall(bytes([byte]))

    def _wait(self, event: threading.Event) -> None:
        while not event.wait(0.02) and not self._closing.is_set():
            pass

    def _end(self, connection: socket.socket, answer: Answer) -> bool:
        if answer.reset:
            # a lingering time of nothing makes close send RST
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        return False


def _head(answer: Answer) -> bytes:
    headers = {"Date": formatdate(answer.dated, usegmt=True)}
    if answer.chunks is not None:
        headers["Transfer-Encoding"] = "chunked"
    elif answer.sized:
        headers["Content-Length"] = str(len(answer.body))
    headers.update(dict(answer.headers))
    lines = [f"HTTP/1.1 {answer.status} Scripted"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _read_request(reader: Any, number: int) -> Received | None:
    first = reader.readline().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers: dict[str, str] = {}
    while (line := reader.readline().decode("latin-1").rstrip("\r\n")) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = reader.read(int(headers.get("content-length", "0")))
    return Received(first[0], first[1], headers, body, number)


def in_pieces(content: bytes, sizes: Iterable[int]) -> list[bytes]:
    """Return `content` cut into pieces of `sizes`, the rest as the last."""
    pieces, start = [], 0
    for size in sizes:
        pieces.append(content[start : start + size])
        start += size
    pieces.append(content[start:])
    return [piece for piece in pieces if piece]
