"""The one place that says what is tried again, how long, and how far apart."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from ..errors import FileChanged, TransientError
from .timing import Timing

if TYPE_CHECKING:
    import tenacity

T = TypeVar("T")

# A download that got this much further has not failed in vain: it may fail again as often.
PROGRESS_BYTES = 64 * 1024
_FAR = 1e9


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long a transient error is worth trying again.

    Parameters
    ----------
    attempts
        At most this many, the first one included.
    total_s
        No attempt begins later than this after the first (or after the last progress).
    first_wait_s, longest_wait_s
        The waits double from the one to the other; each is drawn between half and all of
        its length, so that clients that failed together do not come back together.
    longest_retry_after_s
        A server that asks for more is asked again after this.
    """

    attempts: int = 8
    total_s: float = 600.0
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    longest_retry_after_s: float = 300.0

    def wait(self, failures: int, error: BaseException | None, chance: float) -> float:
        """Return the seconds to wait after so many `failures`, the last one by `error`."""
        step: float = self.first_wait_s * 2.0 ** min(failures - 1, 30)
        backoff = min(self.longest_wait_s, step) * (0.5 + 0.5 * chance)
        asked = error.retry_after_s if isinstance(error, TransientError) else None
        if asked is None:
            return backoff
        return max(backoff, min(asked, self.longest_retry_after_s))


@dataclass(frozen=True)
class Retry:
    """What is known when a failure is followed by another try.

    Parameters
    ----------
    error
        The failure.
    wait_s
        Seconds until the next try.
    tries_left
        How many there are at most, the next one included, if none gets any further.
    patience_s
        Seconds from now after which no try begins.
    """

    error: BaseException
    wait_s: float
    tries_left: int
    patience_s: float


def call_with_retries(
    function: Callable[[], T],
    policy: RetryPolicy,
    timing: Timing,
    stop: threading.Event,
    *,
    retry_on: tuple[type[BaseException], ...] = (TransientError,),
    on_retry: Callable[[Retry], None] | None = None,
    position: Callable[[], int] | None = None,
) -> T:
    """Call `function` until it succeeds, fails for good, or patience ends.

    Parameters
    ----------
    function
        What to do; it is called again from the start.
    policy
        How often and how long.
    timing
        Clock, waiting and chance.
    stop
        Ends a wait with `Stopped`.
    retry_on
        The errors worth another try.
    on_retry
        Called before each wait.
    position
        Where a download stands, in bytes: progress makes attempts and time begin anew.

    Returns
    -------
    T
        What `function` returned.

    Raises
    ------
    LccMirrorError
        The last error, as it was raised.
    """
    pace = _Pace(policy, timing, position)
    try:
        return function()
    except retry_on as error:
        # tenacity comes in when something has failed: it takes longer than a small answer.
        failure: list[BaseException] = [error]

    import tenacity

    def attempt() -> T:
        if failure:
            raise failure.pop()
        return function()

    def before_sleep(state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if on_retry is not None and error is not None:
            on_retry(pace.retry(error, state))

    retrying = tenacity.Retrying(
        sleep=lambda seconds: timing.pause(seconds, stop),
        retry=tenacity.retry_if_exception_type(retry_on),
        stop=pace.stop,
        wait=pace.wait,
        before_sleep=before_sleep,
        reraise=True,
    )
    return retrying(attempt)


class _Pace:
    """Counts failures and time for one call, for tenacity's `stop` and `wait`.

    tenacity's own clock is the machine's, and which of `stop` and `wait` it asks first
    differs between its versions: so both look at one judgement per attempt.
    """

    def __init__(
        self, policy: RetryPolicy, timing: Timing, position: Callable[[], int] | None
    ) -> None:
        self._policy = policy
        self._timing = timing
        self._position = position or (lambda: 0)
        self._began = timing.monotonic()
        self._was_at = self._position()
        self._failures = 0
        self._judged = 0
        self._wait = 0.0

    def _judge(self, state: tenacity.RetryCallState) -> None:
        if state.attempt_number == self._judged:
            return
        self._judged = state.attempt_number
        error = state.outcome.exception() if state.outcome else None
        position = self._position()
        # a file that changes again and again moves forward for ever without an end
        if position - self._was_at >= PROGRESS_BYTES and not isinstance(error, FileChanged):
            self._failures = 0
            self._began = self._timing.monotonic()
        self._was_at = position
        self._failures += 1
        self._wait = self._policy.wait(self._failures, error, self._timing.random())

    def wait(self, state: tenacity.RetryCallState) -> float:
        self._judge(state)
        return self._wait

    def retry(self, error: BaseException, state: tenacity.RetryCallState) -> Retry:
        """Return what is known of the try that follows `error`."""
        self._judge(state)
        spent = self._timing.monotonic() - self._began
        return Retry(
            error,
            self._wait,
            self._policy.attempts - self._failures,
            max(self._wait, self._policy.total_s - spent),
        )

    def stop(self, state: tenacity.RetryCallState) -> bool:
        self._judge(state)
        spent = self._timing.monotonic() - self._began
        return (
            self._failures >= self._policy.attempts or spent + self._wait > self._policy.total_s
        )


def retry_after(value: str | None, now: float) -> float | None:
    """Read a ``Retry-After`` header in either of its forms.

    Parameters
    ----------
    value
        The header, if there was one.
    now
        Seconds since 1970 by the *server's* clock, for the form that is a date.

    Returns
    -------
    float or None
        Seconds from now, never negative; None if it says nothing that makes sense.
    """
    if value is None:
        return None
    text = value.strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return min(float(text), _FAR) if len(text) < 300 else _FAR
    if re.fullmatch(r"-[0-9.]+", text):
        return 0.0
    moment = http_date(text)
    return None if moment is None else min(max(0.0, moment - now), _FAR)


def http_date(value: str | None) -> float | None:
    """Return an HTTP date as seconds since 1970, or None if it is not one."""
    if value is None or len(value) > 100:
        return None
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
