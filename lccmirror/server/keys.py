"""Which key a request goes out with, and when there must be a new one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from ..errors import KeyRefused, LccMirrorError, ServerError, Stopped
from .clock import ServerClock
from .keystore import ApiKey, KeyStore, Kind, read_key_file
from .timing import Timing
from .urls import Origin

__all__ = ["ApiKey", "KeyEvent", "KeyRing", "KeyStore", "Kind", "read_key_file"]

log = logging.getLogger(__name__)

# A key this young that the server refuses will not be better for being made again.
_YOUNG_S = 60.0
# After a renewal that failed, the old key serves for so long before the next try.
_AGAIN_S = 300.0
_SLICE_S = 0.25


@dataclass(frozen=True)
class KeyEvent:
    """Something a person should know about the keys.

    Parameters
    ----------
    kind
        ``renewed``; ``renewal_failed`` (the old key still serves); ``account_expiring``
        (within a day), ``account_expired`` or ``account_refused``, which only the
        account's owner can mend.
    message
        The same in words.
    """

    kind: Literal[
        "renewed", "renewal_failed", "account_expiring", "account_expired", "account_refused"
    ]
    message: str


class KeyRing:
    """The key in use, for all threads of a client.

    An anonymous key is fetched when there is none, kept in the store, and renewed before
    it ends or when the server refuses it; however many threads ask, one fetches and all
    get what it got. An account's key is never replaced: when it is no longer good, that is
    told, and work goes on under an anonymous key unless that is not wanted.

    Parameters
    ----------
    origin
        The site.
    fetch
        Gets a new anonymous key from the server.
    clock
        The server's time.
    timing
        This machine's.
    store
        Where keys are kept between runs; None to keep them nowhere.
    account
        The account's key, if there is one.
    anonymous_fallback
        Whether an account key that is no longer good is replaced by an anonymous one.
    renew_before_s
        How long before its end an anonymous key is renewed.
    on_event
        Called with each `KeyEvent`, in the thread that met it.
    """

    def __init__(
        self,
        origin: Origin,
        fetch: Callable[[threading.Event], ApiKey],
        clock: ServerClock,
        timing: Timing,
        *,
        store: KeyStore | None = None,
        account: ApiKey | None = None,
        anonymous_fallback: bool = True,
        renew_before_s: float = 3600.0,
        on_event: Callable[[KeyEvent], None] | None = None,
    ) -> None:
        self._origin = origin
        self._fetch = fetch
        self._clock = clock
        self._timing = timing
        self._store = store
        self._account = account
        self._fallback = anonymous_fallback
        self._renew_before = timedelta(seconds=renew_before_s)
        self._on_event = on_event or (lambda event: None)
        self._lock = threading.Lock()
        self._anonymous: ApiKey | None = None
        self._looked = False
        self._flight: Future[ApiKey] | None = None
        self._fetched_at: float | None = None
        self._proven = False
        self._failed_at: float | None = None
        self._told: set[str] = set()

    @property
    def current(self) -> ApiKey | None:
        """The key that the next request would carry, if there is one already."""
        return self._account or self._anonymous

    def get(self, stop: threading.Event) -> ApiKey:
        """Return the key for a request, fetched or renewed if need be.

        Raises
        ------
        KeyRefused
            If the account's key has ended and an anonymous one is not wanted.
        ServerError
            If there is no key and none is to be had.
        """
        account = self._account
        if account is not None and not self._account_ended(account):
            return account
        self._look_in_store()
        key = self._anonymous
        if key is None:
            return self._renew(None, stop)
        if not self._due(key):
            return key
        try:
            return self._renew(key, stop)
        except ServerError as error:
            if key.expires is None or self._clock.now() >= key.expires:
                raise
            with self._lock:
                self._failed_at = self._timing.monotonic()
            message = f"the API key could not be renewed yet: {error.message}"
            self._tell(KeyEvent("renewal_failed", message))
            return key

    def worked(self, key: ApiKey) -> None:
        """Note that the server took `key`."""
        if key is self._anonymous:
            self._proven = True

    def refused(self, key: ApiKey, error: KeyRefused, stop: threading.Event) -> ApiKey:
        """Return a better key than the one the server has just refused.

        Parameters
        ----------
        key
            The one that was refused; if it has been replaced meanwhile, nothing is fetched.
        error
            How it was refused.
        stop
            Ends the wait.

        Raises
        ------
        KeyRefused
            `error`, if no better key is to be had: an account's without fallback, or an
            anonymous one that has only just been made and never worked.
        """
        if key.kind == "account":
            words = "the server refuses the account's API key"
            self._drop_account(key, "account_refused", words)
            if not self._fallback:
                raise error
            return self.get(stop)
        with self._lock:
            young = (
                self._fetched_at is not None
                and self._timing.monotonic() - self._fetched_at < _YOUNG_S
            )
            if key is self._anonymous and young and not self._proven:
                raise error
        return self._renew(key, stop)

    def renew(self, stop: threading.Event) -> ApiKey:
        """Fetch a new anonymous key now, whatever the old one is like."""
        self._look_in_store()
        return self._renew(self._anonymous, stop)

    def _look_in_store(self) -> None:
        with self._lock:
            if not self._looked:
                if self._store is not None:
                    self._anonymous = self._store.load(self._origin, "anonymous")
                self._looked = True

    def _due(self, key: ApiKey) -> bool:
        # Before the server's first answer only our own clock could say so. If it is wrong
        # that would cost a key each start; if it is right, a refusal costs one request.
        if key.expires is None or self._clock.offset_s is None:
            return False
        with self._lock:
            failed_at = self._failed_at
        if failed_at is not None and self._timing.monotonic() - failed_at < _AGAIN_S:
            return False
        return self._clock.now() >= key.expires - self._renew_before

    def _account_ended(self, account: ApiKey) -> bool:
        if account.expires is None or self._clock.offset_s is None:
            return False
        left = account.expires - self._clock.now()
        if left <= timedelta(0):
            self._drop_account(account, "account_expired", "the account's API key has expired")
            if not self._fallback:
                raise KeyRefused(
                    "the account's API key has expired",
                    hint="get a new one from the server, then: lccmirror key import FILE",
                )
            return True
        if left < timedelta(days=1) and "account_expiring" not in self._told:
            self._told.add("account_expiring")
            ends = account.expires.isoformat(timespec="minutes")
            self._tell(KeyEvent("account_expiring", f"the account's API key ends at {ends}"))
        return False

    def _drop_account(
        self, key: ApiKey, kind: Literal["account_expired", "account_refused"], words: str
    ) -> None:
        with self._lock:
            if self._account is not key or kind in self._told:
                return
            self._told.add(kind)
            if self._fallback:
                self._account = None
        consequence = "going on anonymously" if self._fallback else "not going on without it"
        self._tell(KeyEvent(kind, f"{words}; {consequence}"))

    def _renew(self, old: ApiKey | None, stop: threading.Event) -> ApiKey:
        """Fetch a key, or wait for the thread that is already fetching one."""
        while True:
            with self._lock:
                if self._anonymous is not None and self._anonymous is not old:
                    return self._anonymous
                flight = self._flight
                if flight is None:
                    flight = self._flight = Future()
                    break
            try:
                return _wait_for(flight, stop)
            except CancelledError:
                continue  # whoever was fetching has been stopped: one of us goes on
        try:
            key = self._fetch(stop)
        except BaseException as error:
            with self._lock:
                self._flight = None
            if isinstance(error, ServerError):
                flight.set_exception(error)
            else:
                flight.cancel()
            raise
        with self._lock:
            self._anonymous = key
            self._fetched_at = self._timing.monotonic()
            self._proven = False
            self._failed_at = None
            self._flight = None
        flight.set_result(key)
        self._keep(key)
        return key

    def _keep(self, key: ApiKey) -> None:
        if self._store is not None:
            try:
                self._store.save(key, self._origin)
            except (OSError, LccMirrorError) as error:
                # the key in hand is good; only the next start will have to fetch again
                log.warning("the API key could not be kept: %s", error)
        self._tell(KeyEvent("renewed", "a new anonymous API key was fetched"))

    def _tell(self, event: KeyEvent) -> None:
        log.debug("%s", event.message)
        self._on_event(event)


def _wait_for(flight: Future[ApiKey], stop: threading.Event) -> ApiKey:
    while True:
        if stop.is_set():
            raise Stopped("stopped while waiting for an API key")
        try:
            return flight.result(timeout=_SLICE_S)
        except TimeoutError:
            if flight.done():
                raise
