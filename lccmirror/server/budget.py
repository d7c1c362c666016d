"""How many requests, and how many bytes, in how much time."""

from __future__ import annotations

import threading

from .timing import Timing

# The server looks at a key's average rate from its 26th request on, so a burst must end
# well before; requests of other programs under the same key count too.
LARGEST_BURST = 20


class RequestBudget:
    """Leave for one request at a time, shared by all threads of a client.

    Two rules hold together. A token bucket: never more than `burst` requests at once, then
    a steady rate. And an average: past the first `burst`, never more requests than
    ``rate * time since the first one``, because that is what the server itself counts, per
    key, since the key's first use. After its first burst a young key therefore rests until
    the average has come down.

    Parameters
    ----------
    requests_per_minute
        The steady rate.
    timing
        Clock and waiting.
    burst
        At most this many at once; never more than 20.
    """

    def __init__(
        self, requests_per_minute: float, timing: Timing, *, burst: int = LARGEST_BURST
    ) -> None:
        if requests_per_minute <= 0 or burst < 1:
            raise ValueError("a request budget needs a positive rate and burst")
        self._rate = requests_per_minute / 60
        self._burst = min(burst, LARGEST_BURST)
        self._timing = timing
        self._lock = threading.Lock()
        self._tokens = float(self._burst)
        self._filled_at: float | None = None
        self._count = 0
        self._counted_since = 0.0
        self._closed_until = 0.0

    def acquire(self, stop: threading.Event) -> None:
        """Wait until one more request may be sent.

        Raises
        ------
        Stopped
            When `stop` is set meanwhile; the request then counts as sent.
        """
        self._timing.pause(self._reserve(), stop)

    def new_key(self) -> None:
        """Begin the average anew: the server has not seen this key before.

        Tokens are left as they are, so a new key is never a way around the budget.
        """
        with self._lock:
            self._count = 0

    def hold(self, seconds: float) -> None:
        """Let nobody send anything for `seconds`, because the server asked for it."""
        with self._lock:
            until = self._timing.monotonic() + seconds
            self._closed_until = max(self._closed_until, until)

    def _reserve(self) -> float:
        """Book the next request and return how long it must wait."""
        with self._lock:
            now = self._timing.monotonic()
            if self._filled_at is None:
                self._filled_at = now
            elif now > self._filled_at:
                grown = self._tokens + (now - self._filled_at) * self._rate
                self._tokens = min(float(self._burst), grown)
                self._filled_at = now
            # _filled_at is in the future while earlier requests are still waiting
            start = max(now, self._closed_until, self._filled_at)
            if self._tokens < 1:
                start = max(start, self._filled_at + (1 - self._tokens) / self._rate)
            if self._count == 0:
                self._counted_since = start
            elif self._count >= self._burst:
                start = max(start, self._counted_since + (self._count + 1) / self._rate)
            self._tokens = min(
                float(self._burst), self._tokens + (start - self._filled_at) * self._rate
            )
            self._tokens -= 1
            self._filled_at = start
            self._count += 1
            return start - now


class Bandwidth:
    """A ceiling on bytes per second, shared by all downloads.

    Parameters
    ----------
    bytes_per_s
        The ceiling; a second's worth may come at once.
    timing
        Clock and waiting.
    """

    def __init__(self, bytes_per_s: float, timing: Timing) -> None:
        if bytes_per_s <= 0:
            raise ValueError("a bandwidth must be positive")
        self._rate = bytes_per_s
        self._timing = timing
        self._lock = threading.Lock()
        self._paid_until = float("-inf")

    def spend(self, nbytes: int, stop: threading.Event) -> None:
        """Wait until `nbytes` that have just come are paid for.

        Raises
        ------
        Stopped
            When `stop` is set meanwhile.
        """
        with self._lock:
            now = self._timing.monotonic()
            self._paid_until = max(self._paid_until, now - 1) + nbytes / self._rate
            owed = self._paid_until - now
        self._timing.pause(owed, stop)
