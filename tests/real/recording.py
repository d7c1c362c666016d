"""A proxy on loopback that writes down every request's body, and passes all on live."""

from __future__ import annotations

import contextlib
import http.client
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.real.server import HOST

_TIMEOUT_S = 60.0
_HOP = frozenset(("connection", "transfer-encoding", "keep-alive"))


@dataclass(frozen=True)
class Recorded:
    """A request as it came."""

    method: str
    target: str
    content_type: str | None
    body: bytes


class Recorder:
    """A proxy of the server on a port of this machine, between ``with`` and its end.

    Attributes
    ----------
    requests
        Every request, oldest first.
    """

    def __init__(self, port: int) -> None:
        self.requests: list[Recorded] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                body = self.rfile.read(length)
                recorder.requests.append(
                    Recorded(self.command, self.path, self.headers.get("Content-Type"), body)
                )
                with contextlib.closing(
                    http.client.HTTPConnection(HOST, port, timeout=_TIMEOUT_S)
                ) as server:
                    server.request(self.command, self.path, body, dict(self.headers))
                    with server.getresponse() as answer:
                        self._answer(answer)

            def do_GET(self) -> None:
                self.pass_on()

            def do_POST(self) -> None:
                self.pass_on()

            def do_HEAD(self) -> None:
                self.pass_on()

            def _answer(self, answer: http.client.HTTPResponse) -> None:
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in _HOP:
                        self.send_header(name, value)
                chunked = answer.length is None and self.command != "HEAD"
                if chunked:
                    self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                # as it comes: a search's states are followed while the server works
                while self.command != "HEAD" and (piece := answer.read1(64 * 1024)):
                    self.wfile.write(
                        b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece
                    )
                if chunked:
                    self.wfile.write(b"0\r\n\r\n")

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- its name
                """Say nothing."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """Return the proxy's address."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    def searches(self) -> list[Recorded]:
        """Return the requests that were sent to a search service."""
        return [one for one in self.requests if one.method == "POST"]

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
        """End."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
