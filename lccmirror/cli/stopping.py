"""Ctrl-C and SIGTERM ask a long job to stop; a second one does not ask."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import NoReturn

import click

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Stopping:
    """Whether a job was asked to stop.

    Attributes
    ----------
    event
        Set when it was; for the job to look at.
    signum
        By which signal.
    """

    event: threading.Event = field(default_factory=threading.Event)
    signum: int | None = None

    def leave(self, code: int) -> NoReturn:
        """End the command with `code`, or as shells say of the signal that stopped it."""
        raise click.exceptions.Exit(code if self.signum is None else 128 + self.signum)


@contextlib.contextmanager
def stoppable(kept: str = "what has come so far is kept") -> Iterator[Stopping]:
    """Turn the first SIGINT or SIGTERM into an event, while the block runs.

    Parameters
    ----------
    kept
        What becomes of the work that is done, for the person who stopped it.
    """
    words = f"\nstopping; {kept} (again to stop at once)\n".encode()
    stopping = Stopping()

    def asked(signum: int, frame: FrameType | None) -> None:
        if stopping.signum is not None:
            raise KeyboardInterrupt(signum)
        stopping.signum = signum
        stopping.event.set()
        # Not by sys.stderr: the signal may have come in the middle of a write to it.
        with contextlib.suppress(OSError):
            os.write(2, words)

    before = {number: signal.signal(number, asked) for number in _SIGNALS}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
