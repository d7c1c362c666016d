"""A clock that only moves when somebody waits on it."""

from __future__ import annotations

import threading

from lccmirror.server import Timing


class FakeTime:
    """Time for tests: waiting takes none, and is written down.

    Parameters
    ----------
    wall
        Seconds since 1970 at the beginning.

    Attributes
    ----------
    waits
        Every wait, in seconds.
    """

    def __init__(self, wall: float = 1_800_000_000.0) -> None:
        self._lock = threading.Lock()
        self._passed = 0.0
        self._began = wall
        self.waits: list[float] = []

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        return self._passed

    def wall(self) -> float:
        """Return the seconds since 1970."""
        return self._began + self._passed

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self._passed += seconds

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Note the wait and let its time pass at once."""
        with self._lock:
            self.waits.append(seconds)
            self._passed += seconds
        return stop.is_set()

    def timing(self, chance: float = 1.0) -> Timing:
        """Return this clock, with a chance that always comes out the same."""
        return Timing(self.monotonic, self.wall, self.wait, lambda: chance)
