"""HTTP with one site: connections, redirects, limits, and nothing of its meaning.

A `Transport` sends a `Request` and gives a `Reply` whose body is read in bounded pieces.
It stores no cookies, follows no redirect to another site, uses neither proxy nor netrc of
the environment unless told to, and turns every failure into the error tree. It knows no
API: what a status means is for `classify`.
"""

from __future__ import annotations

import http.cookiejar
import logging
import threading
from collections import deque
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

import requests
import requests.adapters

from ..errors import ForeignRedirect, ProtocolError
from .budget import RequestBudget
from .faults import TROUBLE, opening_fault
from .guard import Guard, Patience, guarded_pools
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
        self._idle: deque[_Line] = deque()
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
            self._idle.pop().session.close()

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
            response = line.session.request(
                request.method,
                url,
                data=None if request.form is None else list(request.form),
                headers=self._headers(request),
                stream=True,
                allow_redirects=False,
                timeout=(self._options.connect_timeout_s, self._options.read_timeout_s),
            )
        except TROUBLE as error:
            line.session.close()
            log.debug("%s %s: no answer", request.method, redacted(url))
            # what requests raised may hold the whole URL: it stays behind
            raise opening_fault(error, str(self.origin), request.what) from None
        except BaseException:
            line.session.close()
            raise
        log.debug("%s %s: %d", request.method, redacted(url), response.status_code)
        return Reply(response, request.what, self._stats, partial(self._release, line))

    def _headers(self, request: Request) -> dict[str, str]:
        headers = dict(request.headers)
        headers["User-Agent"] = self._options.user_agent
        headers["Accept-Encoding"] = "gzip" if request.gzip else "identity"
        if request.key is not None:
            headers["Authorization"] = f"Bearer {request.key.reveal()}"
        return headers

    def _line(self) -> _Line:
        try:
            return self._idle.pop()
        except IndexError:
            return _Line.make(self._options, self._timing)

    def _release(self, line: _Line) -> None:
        if self._closed:
            line.session.close()
        else:
            self._idle.append(line)


@dataclass(frozen=True)
class _Line:
    """A session and the guard of its connection; used by one exchange at a time."""

    session: requests.Session
    guard: Guard

    @classmethod
    def make(cls, options: TransportOptions, timing: Timing) -> _Line:
        guard = Guard(timing)
        session = _Session()
        session.trust_env = options.trust_env
        # with auth set, requests leaves our Authorization alone and no netrc is read
        session.auth = _unchanged
        session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        if options.proxy is not None:
            session.proxies = {"http": options.proxy, "https": options.proxy}
        if options.ca_file is not None:
            session.verify = str(options.ca_file)
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Adapter(guard))
        return cls(session, guard)


def _joined(url: str, target: str) -> str | None:
    """Return where `target` leads from `url`; None if it is no URL."""
    try:
        return urljoin(url, target)
    except ValueError:
        return None


def _unchanged(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    return prepared


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Requests would otherwise read a redirect's whole body, however large."""
        return None


class _Adapter(requests.adapters.HTTPAdapter):
    """urllib3 with our guard in its connections."""

    def __init__(self, guard: Guard) -> None:
        self._pools = guarded_pools(guard)
        super().__init__(pool_connections=2, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def close(self) -> None:
        """Close the idle connections now.

        urllib3 only forgets its pools, and their connections stay open until the garbage
        collector comes: an error that somebody keeps holds them by its traceback.
        """
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118 it cannot be iterated over
                pool = manager.pools.get(key)
                if pool is not None:
                    pool.close()
        super().close()
