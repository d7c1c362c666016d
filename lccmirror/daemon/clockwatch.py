"""Notice that the clock of this machine was put back.

Forward is no matter: what has become due is done, once. But what was planned by a clock that
was ahead would wait until it has caught up, be that for years.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from ..clock import Now

_LEAST = timedelta(seconds=10)


class ClockWatch:
    """Compares the clock with one that never goes back.

    Parameters
    ----------
    now
        The time.
    monotonic
        Seconds that never go back.
    """

    def __init__(self, now: Now, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._monotonic = monotonic
        self._began = now() - timedelta(seconds=monotonic())

    def put_back(self) -> timedelta | None:
        """Return by how much the clock was put back since the last look; None if it was not."""
        began = self._now() - timedelta(seconds=self._monotonic())
        back = self._began - began
        self._began = began
        return back if back >= _LEAST else None
