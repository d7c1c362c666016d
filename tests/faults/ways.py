"""The way to a server: its name, the connection, its certificate; each may fail."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import trustme

from tests.support.forward import TlsFront

HOST = "lcc.test"
"""What the server is called; nobody else may be, on any network."""

_OTHER_HOST = "other.test"


class Resolver:
    """Resolves `HOST` for this process, and fails to so often as it is told.

    It stands in place of the system's function, which is no part of this process: that
    asks name servers, and none knows the name.
    """

    def __init__(self) -> None:
        self._faults: list[Callable[[int], list[Any]]] = []
        self._lock = threading.Lock()

    def behave(self) -> None:
        """Resolve from now on."""
        with self._lock:
            self._faults.clear()

    def vanish(self, times: int, code: int = socket.EAI_AGAIN) -> None:
        """Do not know the name."""

        def nothing(port: int) -> list[Any]:
            raise socket.gaierror(code, "the name is not known")

        self._add(nothing, times)

    def refuse(self, times: int) -> None:
        """Name a place where nobody listens."""
        with socket.create_server(("127.0.0.1", 0)) as unused:
            nobody = unused.getsockname()[1]
        self._add(lambda port: [_address(nobody)], times)

    def add_deaf(self, times: int) -> None:
        """Name a place where nobody listens before the right one."""
        with socket.create_server(("127.0.0.1", 0)) as unused:
            nobody = unused.getsockname()[1]
        self._add(lambda port: [_address(nobody), _address(port)], times)

    def unreachable(self, times: int) -> None:
        """Let the network be down."""

        def down(port: int) -> list[Any]:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")

        self._add(down, times)

    def _add(self, fault: Callable[[int], list[Any]], times: int) -> None:
        with self._lock:
            self._faults += [fault] * times

    def __enter__(self) -> Self:
        self._before = socket.getaddrinfo
        socket.getaddrinfo = self._resolve
        return self

    def __exit__(self, *error: object) -> None:
        socket.getaddrinfo = self._before

    def _resolve(self, host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
        if host != HOST:
            return self._before(host, port, *arguments, **named)
        with self._lock:
            fault = self._faults.pop(0) if self._faults else None
        return [_address(int(port))] if fault is None else fault(int(port))


def _address(port: int) -> Any:
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))


class Certificates:
    """An authority for one campaign, and what it has signed: good and bad."""

    def __init__(self) -> None:
        self._authority = trustme.CA()
        day = timedelta(days=1)
        now = datetime.now(UTC)
        self.good = self._context(self._authority, HOST)
        self.bad = {
            "expired": self._context(self._authority, HOST, not_after=now - day),
            "for another host": self._context(self._authority, _OTHER_HOST),
            "of an unknown authority": self._context(trustme.CA(), HOST),
        }

    @staticmethod
    def _context(
        authority: trustme.CA, host: str, not_after: datetime | None = None
    ) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host, not_after=not_after).configure_cert(context)
        return context

    def write_authority(self, folder: Path) -> Path:
        """Write down whom to believe."""
        path = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(str(path))
        return path


class SwitchingFront(TlsFront):
    """Speaks TLS for a server, with a bad certificate so often as it is told."""

    def __init__(self, folder: Path, target: int, certificates: Certificates) -> None:
        self._next: list[ssl.SSLContext] = []
        super().__init__(folder, target)
        self._certificates = certificates
        self._self_signed = self.context
        self.context = certificates.good

    def behave(self) -> None:
        """Show the good certificate from now on."""
        self._next.clear()

    def show(self, which: str, times: int) -> None:
        """Show a bad certificate in the next so many connections."""
        known = {"self-signed": self._self_signed, **self._certificates.bad}
        self._next += [known[which]] * times

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection with the certificate that is its turn."""
        context = self._next.pop(0) if self._next else None
        if context is None:
            super().finish_request(request, client_address)
            return
        # A client that refuses it ends the connection: that is all there is to it.
        with contextlib.suppress(OSError):
            request.settimeout(5)
            context.wrap_socket(request, server_side=True).close()


BAD_CERTIFICATES = ("expired", "for another host", "of an unknown authority", "self-signed")
