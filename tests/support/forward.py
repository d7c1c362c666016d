"""What may stand between us and a server: a forward proxy, and one who speaks TLS for it."""

from __future__ import annotations

import contextlib
import http.client
import socket
import socketserver
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit


class _Running(socketserver.ThreadingTCPServer):
    """A server on a free port of 127.0.0.1 while it is entered."""

    def __enter__(self) -> Self:
        self._open: list[socket.socket] = []
        self._serving = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._serving.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self.shutdown()
        self._serving.join()
        for one in self._open:
            _hang_up(one)
        self.server_close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, to end it at the end."""
        self._open.append(request)
        super().process_request(request, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no error here."""

    def reach(self, target: int) -> socket.socket:
        """Connect to a port of this machine."""
        there = socket.create_connection(("127.0.0.1", target))
        self._open.append(there)
        return there


class ForwardProxy(_Running):
    """A forward proxy; whatever host is asked for, the port `target` answers.

    Attributes
    ----------
    asked
        Method and target of each request, in order.
    refuse
        CONNECT is answered with 403.
    """

    def __init__(self, target: int, *, refuse: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _ProxyHandler)
        self.target = target
        self.refuse = refuse
        self.asked: list[tuple[str, str]] = []
        self.url = f"http://127.0.0.1:{self.port}"


class _ProxyHandler(BaseHTTPRequestHandler):
    server: ForwardProxy
    protocol_version = "HTTP/1.1"

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Say nothing."""

    def log_error(self, *args: Any) -> None:
        """Say nothing."""

    def do_CONNECT(self) -> None:
        self.server.asked.append((self.command, self.path))
        if self.server.refuse:
            self.send_error(403)
            return
        with self.server.reach(self.server.target) as there:
            self.send_response(200)
            self.end_headers()
            _relay(self.connection, there)
        self.close_connection = True

    def do_GET(self) -> None:
        self.server.asked.append((self.command, self.path))
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        there = http.client.HTTPConnection("127.0.0.1", self.server.target)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        there.request(self.command, target, body, dict(self.headers))
        answer = there.getresponse()
        content = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        there.close()

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()


class TlsFront(_Running):
    """Speaks TLS, and passes on what was said to the port `target`.

    Attributes
    ----------
    certificate
        The file of the certificate, which nobody vouches for.
    """

    def __init__(self, folder: Path, target: int) -> None:
        super().__init__(("127.0.0.1", 0), _TlsHandler)
        self.target = target
        self.certificate, key = self_signed(folder)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, key)
        self.url = f"https://127.0.0.1:{self.port}"


class _TlsHandler(socketserver.BaseRequestHandler):
    server: TlsFront

    def handle(self) -> None:
        self.request.settimeout(5)
        with (
            self.server.context.wrap_socket(self.request, server_side=True) as here,
            self.server.reach(self.server.target) as there,
        ):
            here.settimeout(None)
            _relay(here, there)


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1 that nobody vouches for; return it and its key."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("/usr/bin/env", "openssl", "req", "-x509", "-newkey", "ec"),
            *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


def _relay(one: socket.socket, other: socket.socket) -> None:
    """Pass on what each side says until one of them ends."""
    back = threading.Thread(target=_pump, args=(other, one))
    back.start()
    _pump(one, other)
    back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):  # somebody hung up: the other side is told below
        while data := source.recv(65536):
            sink.sendall(data)
    _hang_up(source)
    _hang_up(sink)


def _hang_up(one: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it has ended already
        one.shutdown(socket.SHUT_RDWR)
