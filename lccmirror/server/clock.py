"""The server's clock, which decides when a key ends; ours may be wrong."""

from __future__ import annotations

from datetime import UTC, datetime

from .retry import http_date
from .timing import Timing

# `Date` has whole seconds and the way here takes some: less than this is no offset.
_NOISE_S = 5.0


class ServerClock:
    """The server's time, measured by the ``Date`` of its answers.

    Parameters
    ----------
    timing
        This machine's clock.
    """

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._offset_s: float | None = None

    @property
    def offset_s(self) -> float | None:
        """Seconds that the server is ahead of us; None before its first answer."""
        return self._offset_s

    def observe(self, date: str | None, age: str | None) -> None:
        """Learn from an answer's ``Date``, unless its ``Age`` says it is a cache's."""
        moment = http_date(date)
        if moment is None or age is not None:
            return
        offset = moment - self._timing.wall()
        self._offset_s = 0.0 if abs(offset) < _NOISE_S else offset

    def seconds(self) -> float:
        """Return the server's time in seconds since 1970, as far as we know it."""
        return self._timing.wall() + (self._offset_s or 0.0)

    def now(self) -> datetime:
        """Return the server's time, as far as we know it."""
        return datetime.fromtimestamp(self.seconds(), UTC)
