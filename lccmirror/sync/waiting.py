"""Telling people that a server does not answer, before the patience with it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_WORTH_TELLING_S = 5.0
_MOST_REASONS = 1000


class RetryNotes:
    """Says why it is waited, once for all threads that wait for the same reason.

    Parameters
    ----------
    note
        Is given the line.
    monotonic
        Seconds.
    """

    def __init__(
        self, note: Callable[[str], None], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._note = note
        self._monotonic = monotonic
        self._lock = threading.Lock()
        # Of each reason: when it was first met, and until when enough was said of it.
        self._met: dict[str, tuple[float, float]] = {}

    def __call__(self, error: BaseException, seconds: float) -> None:
        """Say that `error` is followed by another try in so many seconds, if it is long."""
        reason = str(error)
        with self._lock:
            now = self._monotonic()
            if len(self._met) > _MOST_REASONS:
                self._met.clear()
            first, silent_until = self._met.setdefault(reason, (now, now))
            long = seconds >= _WORTH_TELLING_S or now - first >= _WORTH_TELLING_S
            if not long or now < silent_until:
                return
            self._met[reason] = (first, now + max(seconds, _WORTH_TELLING_S))
        self._note(f"{reason}; trying again in {max(1, round(seconds))} s")
