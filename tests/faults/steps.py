"""Counts the durable steps of a run, and dies by SIGKILL at the chosen one."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

from tests.faults.operations import Operation


class Steps:
    """Before, in the middle of, and after each operation is a step.

    Parameters
    ----------
    die_at
        The step, from 0, at which the process is killed; None: never.
    last_words
        Called before, with the step's name and number.
    """

    def __init__(self, die_at: int | None, last_words: Callable[[str, int], None]) -> None:
        self.count = 0
        self._die_at = die_at
        self._last_words = last_words
        self._lock = threading.Lock()

    def before(self, operation: Operation) -> None:
        """See `operations.Listener`."""
        self._step(f"before {operation}")

    def within(self, operation: Operation) -> None:
        """See `operations.Listener`."""
        self._step(f"within {operation}")

    def after(self, operation: Operation) -> None:
        """See `operations.Listener`."""
        self._step(f"after {operation}")

    def _step(self, name: str) -> None:
        with self._lock:
            here, self.count = self.count, self.count + 1
            if here == self._die_at:
                self._last_words(name, self.count)
                os.kill(os.getpid(), signal.SIGKILL)
