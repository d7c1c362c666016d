"""One request made good: budget, key, retries, classification, in that order."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypeVar

from ..errors import KeyRefused, RateLimited, ServerFault, TransientError
from .budget import RequestBudget
from .classify import check_json_start, check_status
from .clock import ServerClock
from .keys import ApiKey, KeyRing
from .reply import Reply
from .retry import Retry, RetryPolicy, call_with_retries
from .spool import spooled
from .stats import Stats
from .timing import Timing
from .told_hash import AnswerHash, NotAsTold, ToldHashes
from .transport import Request, Transport

log = logging.getLogger(__name__)

T = TypeVar("T")
# How long everybody rests after a 429 that does not say how long.
_REST_S = 5.0


@dataclass(frozen=True)
class Exchange:
    """What every request passes.

    Parameters
    ----------
    transport, budget, clock, policy, timing, stats
        The parts of one client.
    max_json
        The largest JSON answer, in bytes.
    spool_folder
        Where large answers wait to be read; the system's temporary folder if None.
    on_retry
        Called before each wait for another try.
    told_hashes
        Whether the ETags of JSON answers are their hashes.
    """

    transport: Transport
    budget: RequestBudget
    clock: ServerClock
    policy: RetryPolicy
    timing: Timing
    stats: Stats
    max_json: int
    spool_folder: Path | None
    on_retry: Callable[[Retry], None] | None = None
    told_hashes: ToldHashes = field(default_factory=ToldHashes)

    def run(
        self,
        make: Callable[[], Request],
        use: Callable[[Reply], T],
        ring: KeyRing | None,
        stop: threading.Event,
        *,
        good: frozenset[int] = frozenset({200}),
        retry_on: tuple[type[BaseException], ...] = (TransientError,),
        position: Callable[[], int] | None = None,
        renew: bool = True,
    ) -> T:
        """Send a request until it is answered and its answer used, or fails for good.

        Parameters
        ----------
        make
            Gives the request, anew for each attempt.
        use
            Takes the reply; what it raises counts as the attempt's. It closes the reply,
            or keeps it and returns.
        ring
            The keys; None to send none.
        stop
            Ends all waits.
        good
            The statuses that `use` can take.
        retry_on, position
            See `call_with_retries`.
        renew
            Whether a refused key is replaced, once, and the request sent again.
        """

        def attempts(key: ApiKey | None) -> T:
            return call_with_retries(
                lambda: self._attempt(make(), use, key, ring, stop, good),
                self.policy,
                self.timing,
                stop,
                retry_on=retry_on,
                on_retry=self._note_retry,
                position=position,
            )

        if ring is None:
            return attempts(None)
        key = ring.get(stop)
        try:
            return self._unless_unsaid(lambda: attempts(key), stop)
        except KeyRefused as error:
            if not renew:
                raise
            if key.kind == "account" and not error.said:
                # An account's key is not given up for what may be the server's own trouble.
                raise ServerFault(f"{error.message}, and does not say why") from error
            better = ring.refused(key, error, stop)
        return attempts(better)

    def _unless_unsaid(self, ask: Callable[[], T], stop: threading.Event) -> T:
        """Ask, and once more where a key is refused without a word.

        The running server numbers its own questions about a key by chance, and takes the number
        0, one in 10,001, for none: then it refuses a good key. So it does while the part of it
        that knows the keys is not there.
        """
        try:
            return ask()
        except KeyRefused as error:
            if error.said:
                raise
            log.debug("%s; asking once more under the same key", error)
        self.stats.add(retries=1)
        self.timing.pause(self.policy.first_wait_s, stop)
        return ask()

    def json(
        self,
        request: Request,
        parse: Callable[[Reply, IO[bytes] | None], T],
        ring: KeyRing | None,
        stop: threading.Event,
        *,
        renew: bool = True,
        retry_on: tuple[type[BaseException], ...] = (TransientError,),
    ) -> T:
        """Fetch a JSON answer whole and give it to `parse`.

        The answer is on hand as a file before anything is made of it, so that a retry
        never repeats half of it.

        Parameters
        ----------
        request
            With ``If-None-Match`` in its headers, 304 is a good answer.
        parse
            Takes the reply and its body as a file, None for 304. The file is its own to
            close, unless it raises.
        ring, stop, renew, retry_on
            See `run`.
        """
        limit = min(self.max_json, request.max_bytes or self.max_json)
        conditional = any(name == "If-None-Match" for name, _ in request.headers)
        again = self.policy.attempts > 1 and self.policy.total_s > 0
        patient = again and any(issubclass(NotAsTold, one) for one in retry_on)
        answer = AnswerHash(self.told_hashes, request.what, patient=patient)

        def use(reply: Reply) -> T:
            with reply:
                if reply.status == 304:
                    self.stats.add(not_modified=1)
                    return parse(reply, None)
                content = answer.watched(reply.chunks(limit), reply.headers.get("ETag"))
                file = spooled(content, folder=self.spool_folder)
            try:
                check_json_start(reply, file.read(200))
                file.seek(0)
                return parse(reply, file)
            except BaseException:
                file.close()
                raise

        good = frozenset({200, 304}) if conditional else frozenset({200})
        return self.run(
            lambda: request, use, ring, stop, good=good, retry_on=retry_on, renew=renew
        )

    def _attempt(
        self,
        request: Request,
        use: Callable[[Reply], T],
        key: ApiKey | None,
        ring: KeyRing | None,
        stop: threading.Event,
        good: frozenset[int],
    ) -> T:
        reply = self.transport.open(request.with_key(None if key is None else key.value), stop)
        try:
            self.clock.observe(reply.headers.get("Date"), reply.headers.get("Age"))
            check_status(reply, self.clock.seconds(), good=good)
        except RateLimited as error:
            reply.close()
            # the server counts per key, so the other threads are meant as well
            rest = _REST_S if error.retry_after_s is None else error.retry_after_s
            self.budget.hold(min(rest, self.policy.longest_retry_after_s))
            raise
        except BaseException:
            reply.close()
            raise
        if ring is not None and key is not None:
            ring.worked(key)
        try:
            return use(reply)
        except BaseException:
            reply.close()
            raise

    def _note_retry(self, retry: Retry) -> None:
        self.stats.add(retries=1)
        log.debug("%s; trying again in %.0f s", retry.error, retry.wait_s)
        if self.on_retry is not None:
            self.on_retry(retry)
