"""Signs of life: that the work moves, not only that the process is there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pulse:
    """When the work last moved.

    Parameters
    ----------
    monotonic
        Seconds that never go back.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._last = monotonic()

    def beat(self) -> None:
        """The work has moved."""
        self._last = self._monotonic()

    @property
    def age_s(self) -> float:
        """Seconds since the work last moved."""
        return self._monotonic() - self._last


class Stop(threading.Event):
    """A wish to stop. All work looks at it between two pieces: each look is a beat.

    Some work sets it by itself, to end what it has running beside it; `renew` takes that
    back before the next task, but never a wish from outside.
    """

    def __init__(self, pulse: Pulse) -> None:
        super().__init__()
        self._pulse = pulse
        self._final = False

    def is_set(self) -> bool:
        """Whether to stop."""
        self._pulse.beat()
        return super().is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait in short steps, each a beat."""
        left = timeout
        while left is None or left > 0:
            step = _STEP_S if left is None else min(left, _STEP_S)
            self._pulse.beat()
            if super().wait(step):
                return True
            if left is not None:
                left -= step
        return super().is_set()

    @property
    def final(self) -> bool:
        """Whether the daemon is to end."""
        return self._final

    def for_good(self) -> None:
        """Stop this task, and all that would come."""
        self._final = True
        self.set()

    def clear(self) -> None:
        """Take a wish back, unless the daemon is to end."""
        super().clear()
        # A wish that came in between has been cleared with the rest.
        if self._final:
            self.set()

    def renew(self) -> None:
        """Let the next task begin, unless the daemon is to end."""
        self.clear()


_STEP_S = 5.0
