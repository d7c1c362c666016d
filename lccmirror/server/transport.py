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
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urljoin

import requests
import requests.adapters

from ..errors import CutShort, ForeignRedirect, ProtocolError, TooLarge
from .budget import RequestBudget
from .faults import TROUBLE, opening_fault, reading_fault
from .guard import Guard, Patience, guarded_pools
from .gunzip import gunzipped
from .secret import Secret
from .stats import Stats
from .timing import Timing
from .urls import Origin, redacted

log = logging.getLogger(__name__)

CHUNK = 1024 * 1024
_REDIRECTS = 4
_WITHOUT_BODY = frozenset({204, 304})
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
            url = self._redirect(request, reply, urljoin(url, target))
            # the secret goes to the one address it was meant for
            request = replace(request, secret_query=None)
        raise ProtocolError(f"{request.what}: too many redirects")

    def close(self) -> None:
        """Close all connections; replies still open close their own."""
        self._closed = True
        while self._idle:
            self._idle.pop().session.close()

    def _redirect(self, request: Request, reply: Reply, target: str) -> str:
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
        return Reply(response, request.what, self._stats, line, self._release)

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


@dataclass(eq=False)
class Reply:
    """An answer: status, headers, and a body still to be read; close it after use.

    Attributes
    ----------
    status
        The status code.
    headers
        The headers, in any case of letters.
    what
        What was asked for, in words.
    """

    _response: requests.Response
    what: str
    _stats: Stats
    _own_line: _Line
    _release: Any
    _open: bool = field(default=True, init=False)

    @property
    def status(self) -> int:
        return self._response.status_code

    @property
    def headers(self) -> requests.structures.CaseInsensitiveDict[str]:
        return self._response.headers

    @property
    def content_type(self) -> str:
        """The media type alone, in lower case."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def length(self) -> int | None:
        """Bytes of the body as they are sent, where the server says so."""
        text = self.headers.get("Content-Length", "")
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "").lower()
        return int(text) if text.isascii() and text.isdigit() and not chunked else None

    def raw_chunks(self, size: int = CHUNK) -> Iterator[bytes]:
        """Yield the body as it comes, in pieces of at most `size` bytes.

        Raises
        ------
        CutShort
            If it ends before its end.
        """
        expected = self.length
        received = 0
        while expected is None or received < expected:
            try:
                data = self._response.raw.read1(size, decode_content=False)
            except TROUBLE as error:
                raise reading_fault(error, self.what) from None
            if not data:
                break
            received += len(data)
            self._stats.add(bytes_received=len(data))
            yield data
        if expected is not None and received < expected:
            raise CutShort(f"{self.what}: {received} of {expected} bytes came")

    def chunks(self, limit: int, size: int = CHUNK) -> Iterator[bytes]:
        """Yield the body's content, unpacked, and at most `limit` bytes of it.

        Raises
        ------
        CutShort, TooLarge, ProtocolError
            If it ends early, is too large, or is packed as we did not ask for.
        """
        encoding = self.headers.get("Content-Encoding", "").strip().lower()
        if encoding in {"", "identity"}:
            content = self.raw_chunks(size)
        elif encoding in {"gzip", "x-gzip"}:
            content = gunzipped(self.raw_chunks(size), self.what)
        else:
            raise ProtocolError(f"{self.what}: packed in a way we did not ask for")
        total = 0
        for piece in content:
            total += len(piece)
            if total > limit:
                raise TooLarge(f"{self.what}: more than the limit of {limit:,} bytes")
            yield piece

    def close(self) -> None:
        """Give the connection back, or close it if the body was not read to its end."""
        if self._open:
            self._open = False
            if self.status in _WITHOUT_BODY or self._response.request.method == "HEAD":
                # Its end has come with its headers; urllib3 wants to be told, or it would
                # close the connection.
                self._response.raw.drain_conn()
            self._response.close()
            self._release(self._own_line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


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
