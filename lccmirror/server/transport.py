"""HTTP with one site: connections, redirects, limits, and nothing of its meaning.

A `Transport` sends a `Request` and gives a `Reply` whose body is read in bounded pieces.
It stores no cookies, follows no redirect to another site, uses neither proxy nor netrc of
the environment unless told to, and turns every failure into the error tree. It knows no
API: what a status means is for `classify`.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlencode, urljoin

from ..errors import ForeignRedirect, ProtocolError
from .budget import RequestBudget
from .faults import TROUBLE, opening_fault
from .guard import Guard, Patience
from .line import Line
from .reply import Reply
from .secret import Secret
from .stats import Stats
from .timing import Timing
from .urls import Origin, redacted

log = logging.getLogger(__name__)

_REDIRECTS = 4
_TRICKLE = Patience(floor_bytes=16 * 1024, window_s=60.0)


@dataclass(frozen=True)
class Request:
    """One request to the site.

    Parameters
    ----------
    method, path, params
        ``GET``, ``/api/datasets``, the query's pairs.
    what
        What is asked for, in words, for messages.
    form
        The pairs of a form body.
    headers
        Further headers.
    key
        Sent as ``Authorization: Bearer``.
    secret_query
        A name and a secret for the query, added where no log sees it.
    gzip
        Whether a compressed body is welcome; never for files, whose ETag, length and
        ranges the server then counts in compressed bytes.
    patience
        What is too slow.
    max_bytes
        The largest JSON answer to it, where that is less than for all.
    """

    method: str
    path: str
    what: str
    params: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    key: Secret | None = None
    secret_query: tuple[str, Secret] | None = None
    gzip: bool = False
    patience: Patience = _TRICKLE
    max_bytes: int | None = None

    def with_key(self, key: Secret | None) -> Request:
        """Return the same request under `key`."""
        return replace(self, key=key)


@dataclass(frozen=True)
class TransportOptions:
    """How to connect.

    Parameters
    ----------
    connect_timeout_s, read_timeout_s
        For the connection, and for each wait for the server's next bytes.
    user_agent
        Who we are.
    trust_env
        Whether the environment's proxies are used.
    proxy
        The URL of a proxy that everything goes through.
    ca_file
        Certificates to trust in place of the usual ones.
    """

    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0
    user_agent: str = "lccmirror"
    trust_env: bool = False
    proxy: str | None = None
    ca_file: Path | None = None


class Transport:
    """Sends requests to one site, from any number of threads.

    Parameters
    ----------
    origin
        The site.
    budget
        Asked before every request, redirects included.
    options
        How to connect.
    timing
        Clock and waiting.
    stats
        Where requests and bytes are counted.
    """

    def __init__(
        self,
        origin: Origin,
        budget: RequestBudget,
        options: TransportOptions,
        timing: Timing,
        stats: Stats,
    ) -> None:
        self.origin = origin
        self._budget = budget
        self._options = options
        self._timing = timing
        self._stats = stats
        self._idle: deque[Line] = deque()
        self._closed = False

    def open(self, request: Request, stop: threading.Event) -> Reply:
        """Send `request` and return the reply once its headers are here.

        Returns
        -------
        Reply
            To be closed; with any status but a redirect.

        Raises
        ------
        Unreachable, TlsError, ForeignRedirect, NotAnLccServer, ProtocolError
            If there is none.
        Stopped
            When `stop` is set meanwhile.
        """
        if self._closed:
            raise RuntimeError("the client is closed")
        url = self.origin.url(request.path)
        if request.params:
            url += f"?{urlencode(request.params)}"
        for _ in range(_REDIRECTS):
            reply = self._send(request, url, stop)
            target = reply.headers.get("Location")
            if reply.status not in {301, 302, 303, 307, 308} or target is None:
                return reply
            reply.close()
            url = self._redirect(request, reply, _joined(url, target))
            # the secret goes to the one address it was meant for
            request = replace(request, secret_query=None)
        raise ProtocolError(f"{request.what}: too many redirects")

    def close(self) -> None:
        """Close all connections; replies still open close their own."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def _redirect(self, request: Request, reply: Reply, target: str | None) -> str:
        if target is None:
            raise ProtocolError(f"{request.what}: a redirect to what is no URL")
        if not self.origin.holds(target):
            raise ForeignRedirect(
                f"{request.what}: {self.origin} sends us to {redacted(target)}",
                hint="if that is the right place, set [server] url to it",
            )
        if request.method == "POST" and reply.status not in {307, 308}:
            raise ProtocolError(f"{request.what}: a POST was answered with a redirect")
        return target

    def _send(self, request: Request, url: str, stop: threading.Event) -> Reply:
        self._budget.acquire(stop)
        line = self._line()
        line.guard.begin(request.patience, stop, request.secret_query)
        self._stats.add(requests=1)
        try:
            response = line.send(
                request.method,
                url,
                self._headers(request),
                request.form,
                (self._options.connect_timeout_s, self._options.read_timeout_s),
            )
        except TROUBLE as error:
            line.close()
            log.debug("%s %s: no answer", request.method, redacted(url))
            # what requests raised may hold the whole URL: it stays behind
            raise opening_fault(error, str(self.origin), request.what) from None
        except BaseException:
            line.close()
            raise
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s %s: %d", request.method, redacted(url), response.status_code)
        return Reply(response, request.what, self._stats, partial(self._release, line))

    def _headers(self, request: Request) -> dict[str, str]:
        headers = dict(request.headers)
        headers["User-Agent"] = self._options.user_agent
        headers["Accept"] = "*/*"
        headers["Connection"] = "keep-alive"
        headers["Accept-Encoding"] = "gzip" if request.gzip else "identity"
        if request.key is not None:
            headers["Authorization"] = f"Bearer {request.key.reveal()}"
        return headers

    def _line(self) -> Line:
        try:
            return self._idle.pop()
        except IndexError:
            return Line(Guard(self._timing), self._options)

    def _release(self, line: Line) -> None:
        if self._closed:
            line.close()
        else:
            self._idle.append(line)


def _joined(url: str, target: str) -> str | None:
    """Return where `target` leads from `url`; None if it is no URL."""
    try:
        return urljoin(url, target)
    except ValueError:
        return None
