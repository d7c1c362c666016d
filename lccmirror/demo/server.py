"""`DemoServer`: an LCC-Server inside this process.

It speaks either dialect on a free port of 127.0.0.1, holds two collections of synthetic
variable stars, and can be asked by a test for the truth behind everything it serves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Self

from ..closing import Closing
from .backend import ANONYMOUS_USER, utc
from .dialects import Dialect
from .handlers import LccApplication
from .keys import KeyDesk
from .memory import MemoryBackend
from .messages import Request
from .surveys import Survey, demo_surveys
from .web import Exchange, Hook, WebServer
from .workshop import Workshop

_DAY_S = 86400.0
_LIFETIME_S = {"running": 7 * _DAY_S, "documented": _DAY_S}


class DemoServer(Workshop, Closing):
    """An embedded LCC-Server.

    Parameters
    ----------
    dialect
        ``running`` (lccserver 0.2.7) or ``documented`` (the API of 2018).
    seed
        Everything that is made up follows from it.
    clock
        POSIX seconds; for keys, times of datasets and files, and the rate limit.
    objects, points
        Objects in each collection; the fewest and most points of a light curve.
    surveys
        Other collections than the demo's two.
    rate_limit
        Whether to limit requests per key.
    key_lifetime_s
        By default that of the dialect.
    rows_per_page, lczip_max_nrows
        Site settings, for datasets made from now on.
    max_rows
        The most rows in a search's dataset, as the server limits them by role.
    hook
        See `web.WebServer`.

    Examples
    --------
    >>> with DemoServer(objects=5, points=(5, 9)) as server:
    ...     setid = server.make_dataset("columnsearch", filters="(ndet gt 0)")
    ...     len(server.truth(setid))
    10
    """

    def __init__(
        self,
        *,
        dialect: Dialect = "running",
        seed: int = 1,
        clock: Callable[[], float] = time.time,
        objects: int = 150,
        points: tuple[int, int] = (300, 600),
        surveys: Sequence[Survey] | None = None,
        rate_limit: bool = False,
        key_lifetime_s: float | None = None,
        rows_per_page: int = 500,
        lczip_max_nrows: int = 500,
        max_rows: int = 100_000,
        hook: Hook | None = None,
    ) -> None:
        random = Random(seed)
        backend = MemoryBackend(
            surveys if surveys is not None else demo_surveys(seed, objects, points),
            clock,
            random,
            rows_per_page=rows_per_page,
            lczip_max_nrows=lczip_max_nrows,
            max_rows=max_rows,
        )
        super().__init__(backend, dialect)
        self._client_address: str | None = None
        lifetime = _LIFETIME_S[dialect] if key_lifetime_s is None else key_lifetime_s
        self.keys = KeyDesk(
            clock,
            Random(f"keys {seed}"),
            lifetime,
            limited=rate_limit,
            dotted=dialect == "documented",
        )
        application = LccApplication(
            backend, self.keys, dialect, lambda: utc(clock()), self._address
        )
        self.web = WebServer(application, clock, hook)

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return self.web.url

    @property
    def requests(self) -> list[Exchange]:
        """Every request so far, in the order of arrival."""
        return self.web.requests

    def start(self) -> None:
        """Begin to serve."""
        self.web.start()

    def close(self) -> None:
        """Stop, and leave nothing behind."""
        self.web.close()
        self._backend.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    # Keys

    def account_key(self, user_id: int = 5) -> str:
        """Return a key of an account, as its owner would download it."""
        if user_id == ANONYMOUS_USER:
            raise ValueError("that user is everybody")
        address = self._client_address or "127.0.0.1"
        return self.keys.issue(address, user_id=user_id)[0]

    def move_client(self, address: str) -> None:
        """From now on the client comes from another address: its keys are refused."""
        self._client_address = address

    def _address(self, request: Request) -> str:
        return self._client_address or request.address
