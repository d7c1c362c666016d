"""Tell somebody by a webhook: a POST of JSON, all of it within a time limit.

A webhook's address is as good as a password: no error of this module has it, nor what a
library says of it. `http.client` itself, because the debug log of what is built upon it has
every address, and because only so the time of a whole exchange can be limited.
"""

from __future__ import annotations

import base64
import ipaddress
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from .. import __version__
from .undelivered import NotDelivered

_MOST_HOPS = 5


@dataclass(frozen=True)
class Way:
    """How the net is reached.

    Attributes
    ----------
    proxy
        ``http://host:port``; not for what is on this machine.
    ca_file
        Certificates to trust beside the usual ones.
    """

    proxy: str | None = None
    ca_file: Path | None = None


DIRECT = Way()


def post(url: str, content: bytes, limit_s: float, way: Way = DIRECT) -> None:
    """Bring `content` to a webhook.

    A redirect is followed only on the same host, and only if it keeps the POST.

    Raises
    ------
    NotDelivered
        If it does not answer well within `limit_s` seconds.
    """
    end = time.monotonic() + limit_s
    for _ in range(_MOST_HOPS):
        status, location = _exchange(url, content, end - time.monotonic(), way)
        if 200 <= status < 300:
            return
        if location is None or not 300 <= status < 400:
            raise NotDelivered(f"the webhook answers {status}")
        target = urljoin(url, location)
        if status not in (307, 308) or _origin(target) != _origin(url):
            raise NotDelivered(f"the webhook answers {status}, to go elsewhere")
        url = target
    raise NotDelivered("the webhook sends in circles")


def _exchange(url: str, content: bytes, left_s: float, way: Way) -> tuple[int, str | None]:
    if left_s <= 0:
        raise NotDelivered("the webhook cannot be reached: it took too long")
    over = threading.Event()
    try:
        parts = urlsplit(url)
        connection, target = _connection(parts, left_s, way)
        timer = threading.Timer(left_s, _cut, (connection, over))
        timer.daemon = True
        timer.start()
        try:
            connection.request("POST", target, content, _headers(parts))
            with connection.getresponse() as answer:
                return answer.status, answer.headers.get("Location")
        finally:
            timer.cancel()
            connection.close()
    except (OSError, HTTPException, ValueError) as error:
        reason = "it took too long" if over.is_set() else _reason(error)
        raise NotDelivered(f"the webhook cannot be reached: {reason}") from None


def _cut(connection: HTTPConnection, over: threading.Event) -> None:
    """End an exchange from outside: a byte now and then keeps no time limit of a socket."""
    over.set()
    if connection.sock is not None:
        try:
            # Past TLS, which the other thread may be in.
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)
        except OSError:
            return


def _connection(parts: SplitResult, timeout_s: float, way: Way) -> tuple[HTTPConnection, str]:
    """Return a connection that is not open yet, and what to ask it for."""
    assert parts.hostname is not None
    host, port = parts.hostname, parts.port
    target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
    if not target.startswith("/"):
        target = f"/{target}"
    proxy = None if way.proxy is None or _is_here(host) else urlsplit(way.proxy)
    if proxy is not None and (proxy.scheme != "http" or proxy.hostname is None):
        raise NotDelivered("webhooks can only go through a proxy of http://")
    connection: HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        if way.ca_file is not None:
            context.load_verify_locations(way.ca_file)
        if proxy is None:
            return HTTPSConnection(host, port, timeout=timeout_s, context=context), target
        assert proxy.hostname is not None
        connection = HTTPSConnection(
            proxy.hostname, proxy.port or 80, timeout=timeout_s, context=context
        )
        connection.set_tunnel(host, port or 443)
        return connection, target
    if proxy is None:
        return HTTPConnection(host, port, timeout=timeout_s), target
    assert proxy.hostname is not None
    connection = HTTPConnection(proxy.hostname, proxy.port or 80, timeout=timeout_s)
    return connection, f"http://{parts.netloc.rpartition('@')[2]}{target}"


def _headers(parts: SplitResult) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": f"lccmirror/{__version__}",
        "Connection": "close",
    }
    if parts.username is not None:
        said = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(said.encode()).decode()
    return headers


def _is_here(host: str) -> bool:
    """Whether a name is of this machine, which no proxy would reach."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return (
        parts.scheme,
        parts.hostname,
        parts.port or {"http": 80, "https": 443}.get(parts.scheme),
    )


def _reason(error: Exception) -> str:
    """Say what went wrong in words of the system, which know no address."""
    if isinstance(error, TimeoutError):
        return "it took too long"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, OSError) and str(error).startswith("Tunnel connection failed"):
        return "the proxy does not connect us"
    return type(error).__name__
