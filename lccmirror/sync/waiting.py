"""Telling people that a server does not answer, before the patience with it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from ..clock import Now, to_text

if TYPE_CHECKING:
    from ..server import Retry

_WORTH_TELLING_S = 5.0
_MOST_REASONS = 1000


class RetryNotes:
    """Says why it is waited, once for all threads that wait for the same reason.

    Parameters
    ----------
    note
        Is given the line.
    now
        The time.
    monotonic
        Seconds.
    """

    def __init__(
        self,
        note: Callable[[str], None],
        now: Now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._note = note
        self._now = now
        self._monotonic = monotonic
        self._lock = threading.Lock()
        # Of each reason: when it was first met, and until when enough was said of it.
        self._met: dict[str, tuple[float, float]] = {}

    def __call__(self, retry: Retry) -> None:
        """Say why there is another try, when, and for how long there will be, if it is long."""
        reason, seconds = str(retry.error), retry.wait_s
        with self._lock:
            now = self._monotonic()
            if len(self._met) > _MOST_REASONS:
                self._met.clear()
            first, silent_until = self._met.setdefault(reason, (now, now))
            long = seconds >= _WORTH_TELLING_S or now - first >= _WORTH_TELLING_S
            if not long or now < silent_until:
                return
            self._met[reason] = (first, now + max(seconds, _WORTH_TELLING_S))
        self._note(f"{reason}; {self._plan(retry)}")

    def _plan(self, retry: Retry) -> str:
        again = f"trying again in {max(1, round(retry.wait_s))} s"
        if retry.tries_left == 1:
            return f"{again}, for the last time"
        end = to_text(self._now() + timedelta(seconds=retry.patience_s))
        return (
            f"{again}, at most {retry.tries_left} times and not after {end[:19]}Z "
            "([server] retry_total)"
        )
