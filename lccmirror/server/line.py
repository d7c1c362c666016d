"""One connection's way to send: the adapter of `requests`, and no session around it.

A session works out for each request what the environment, cookies, a netrc and redirects add
to it. Nothing of that is wanted here, and for a small file it takes longer than all the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import requests
import requests.adapters
import requests.structures

from .guard import Guard, guarded_pools

if TYPE_CHECKING:
    from .transport import TransportOptions

# Nothing to be quoted, joined or spelled otherwise: `requests` takes a tenth of a millisecond
# to find that out.
_PLAIN = re.compile(r"https?://[a-z0-9.:-]+/[A-Za-z0-9._~/-]*\Z")


class Line:
    """Sends one request at a time; what it has connected stays for the next.

    Parameters
    ----------
    guard
        Of all that is read.
    options
        How to connect.
    """

    def __init__(self, guard: Guard, options: TransportOptions) -> None:
        self.guard = guard
        self._adapter = _Adapter(guard)
        proxy = options.proxy
        self._proxies = {} if proxy is None else {"http": proxy, "https": proxy}
        self._verify = True if options.ca_file is None else str(options.ca_file)
        self._trust_env = options.trust_env

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        form: Sequence[tuple[str, str]] | None,
        timeout_s: tuple[float, float],
    ) -> requests.Response:
        """Send a request; return its answer once the headers are here.

        Parameters
        ----------
        form
            The pairs of a form body; None for no body.
        timeout_s
            For the connection, and for each wait for the server's next bytes.

        Raises
        ------
        requests.RequestException, urllib3.exceptions.HTTPError, OSError
            See `faults.TROUBLE`.
        """
        prepared = requests.PreparedRequest()
        prepared.prepare_method(method)
        if is_plain(url):
            prepared.url = url
        else:
            prepared.prepare_url(url, None)
        prepared.prepare_headers(headers)
        if form is not None:
            prepared.prepare_body(list(form), None)
        settings: dict[str, Any] = {"proxies": self._proxies, "verify": self._verify}
        if self._trust_env:
            settings = self._with_environment(url)
        return self._adapter.send(prepared, timeout=timeout_s, **{**settings, "stream": True})

    def _with_environment(self, url: str) -> dict[str, Any]:
        """Return the settings with the environment's proxies and certificates."""
        with requests.Session() as session:
            session.proxies.update(self._proxies)
            return dict(session.merge_environment_settings(url, {}, True, self._verify, None))

    def close(self) -> None:
        """Close what is connected."""
        self._adapter.close()


def is_plain(url: str) -> bool:
    """Whether `requests` would leave a URL exactly as it is."""
    return _PLAIN.match(url) is not None and "/." not in url


class _Adapter(requests.adapters.HTTPAdapter):
    """urllib3 with our guard in its connections."""

    def __init__(self, guard: Guard) -> None:
        self._pools = guarded_pools(guard)
        self._site: Any = None
        super().__init__(pool_connections=2, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: bool | str | None,
        proxies: Mapping[str, str] | None = None,
        cert: Any = None,
    ) -> Any:
        """Return the pool of the one site, which would else be searched for each request."""
        found = self._site
        if found is None or proxies:
            found = super().get_connection_with_tls_context(request, verify, proxies, cert)
            self._site = None if proxies else found
        return found

    def request_url(
        self, request: requests.PreparedRequest, proxies: Mapping[str, str] | None
    ) -> str:
        """Return what stands in the request line."""
        return super().request_url(request, proxies) if proxies else request.path_url

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Return the answer; cookies stay where they are."""
        response = requests.Response()
        response.status_code = resp.status
        response.headers = requests.structures.CaseInsensitiveDict(resp.headers)
        response.raw = resp
        response.reason = resp.reason
        response.url = req.url or ""
        response.request = req
        return response

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
