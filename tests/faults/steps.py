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
    die_at_commit
        The same, of the steps just before a commit alone. Where threads meet, the number of a
        step is another in each run; that of a commit is not.
    last_words
        Called before, with the step's name and number.
    """

    def __init__(
        self,
        die_at: int | None,
        last_words: Callable[[str, int], None],
        die_at_commit: int | None = None,
    ) -> None:
        self.count = 0
        self.commits = 0
        self._die_at = die_at
        self._die_at_commit = die_at_commit
        self._last_words = last_words
        self._lock = threading.Lock()

    def before(self, operation: Operation) -> None:
        """See `operations.Listener`."""
        chosen = False
        if operation.kind == "commit":
            chosen = self.commits == self._die_at_commit
            self.commits += 1
        self._step(f"before {operation}", chosen=chosen)

    def within(self, operation: Operation) -> None:
        """See `operations.Listener`."""
        self._step(f"within {operation}")

    def after(self, operation: Operation) -> None:
        """See `operations.Listener`."""
        self._step(f"after {operation}")

    def _step(self, name: str, *, chosen: bool = False) -> None:
        with self._lock:
            here, self.count = self.count, self.count + 1
            if chosen or here == self._die_at:
                self._last_words(name, self.count)
                os.kill(os.getpid(), signal.SIGKILL)
