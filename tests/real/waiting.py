"""The one place of this tier where anything waits.

The genuine server offers no way to be told that something has happened, so its state is
asked for again and again, up to a deadline. Tests call helpers built on this; they never
sleep themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class NeverHappened(AssertionError):
    """What was waited for did not come about before the deadline."""


def wait_for(
    what: str, look: Callable[[], T | None], *, deadline_s: float, every_s: float = 0.05
) -> T:
    """Return the first answer of ``look`` that is neither None nor False.

    Parameters
    ----------
    what
        What is waited for, for the error's text.
    look
        Asked at least once, and a last time after the deadline.
    deadline_s, every_s
        How long to wait at most, and between two looks.

    Raises
    ------
    NeverHappened
        After the deadline.
    """
    end = time.monotonic() + deadline_s
    while True:
        late = time.monotonic() > end
        answer = look()
        if answer is not None and answer is not False:
            return answer
        if late:
            raise NeverHappened(f"{what}: not within {deadline_s:g} s")
        time.sleep(every_s)
