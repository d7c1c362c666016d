"""Making a file that takes a while: a bar on a terminal, and Ctrl-C that leaves nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import Stopped
from ..sync.progress import Progress
from .failures import say_error
from .progress import progress_display
from .settings import Settings
from .stopping import Stopping, stoppable


@dataclass
class Making:
    """Work that is watched on the terminal.

    Parameters
    ----------
    stopping
        Whether it was asked to stop.
    """

    stopping: Stopping
    _shown: Progress
    _label: str
    _done: int = -1

    def progress(self, done: int, total: int) -> None:
        """Show that `done` of `total` bytes are done; the total may change."""
        if self._done < 0 or done < self._done:
            self._shown.begin(self._label, self._label, total)
            self._done = 0
        self._shown.advance(self._label, done - self._done)
        self._done = done

    def file(self, name: str, written: int) -> None:
        """Show that `written` bytes of a file are written; nobody knows how many it gets."""
        if name != self._label:
            if self._done >= 0:
                self._shown.end(self._label, ok=True)
            self._label, self._done = name, 0
            self._shown.begin(name, name, None)
        self._shown.advance(name, written - self._done)
        self._done = written


@contextlib.contextmanager
def making(chosen: Settings, label: str) -> Iterator[Making]:
    """Watch the work of the block.

    One that was asked to stop ends the command as shells say of the signal.

    Parameters
    ----------
    chosen
        ``--quiet`` shows nothing.
    label
        What is made, for the bar.
    """
    with stoppable("nothing is left of it") as stopping:
        try:
            with progress_display(chosen) as shown:
                yield Making(stopping, shown, label)
        except Stopped as error:
            say_error(error, chosen)
            stopping.leave(error.exit_code)
