"""Clock, waiting and chance, handed in so that tests need none of them."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import Stopped


@dataclass(frozen=True)
class Timing:
    """What the client knows of time.

    Parameters
    ----------
    monotonic
        Seconds that never go back.
    wall
        Seconds since 1970, by this machine's clock (which may be wrong).
    wait
        ``wait(stop, seconds)`` waits, and returns True as soon as `stop` is set.
    random
        A number in [0, 1).
    """

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    wait: Callable[[threading.Event, float], bool] = threading.Event.wait
    random: Callable[[], float] = random.random

    def pause(self, seconds: float, stop: threading.Event) -> None:
        """Wait `seconds`.

        Raises
        ------
        Stopped
            When `stop` is set before or meanwhile.
        """
        if self.wait(stop, seconds) if seconds > 0 else stop.is_set():
            raise Stopped("stopped while waiting for the server")
