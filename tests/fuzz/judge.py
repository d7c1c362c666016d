"""One input for one target: is what comes of it allowed?

Allowed are a value, and an error of `lccmirror.errors` with a message that fits on one line
of a terminal (a list of mistakes in what the user wrote: on several). Nothing else: no other
exception, no memory out of proportion, no work out of proportion.
"""

from __future__ import annotations

import sys
import tracemalloc
from pathlib import Path
from types import FrameType
from typing import Any

from lccmirror.errors import ConfigError, LccMirrorError, UsageError

from .target import Target, find

MAX_BYTES = 96 << 20
"""Memory that an input of a few kilobytes may take."""
_FREE_STEPS = 200_000
_STEPS_A_BYTE = 2_000
_LONGEST_MESSAGE = 20_000


def judge(target: Target, data: bytes, folder: Path) -> None:
    """Give `data` to `target`.

    Raises
    ------
    Exception
        Whatever is not allowed: `Find`, or what the parser let through.
    """
    try:
        target.run(data, folder)
    except LccMirrorError as error:
        _check_message(error)


def judge_closely(target: Target, data: bytes, folder: Path) -> None:
    """Like `judge`, with memory and steps counted, too: ten times as slow.

    A step is a line of Python in the package: the same number on every machine.
    """
    steps = _Steps(_FREE_STEPS + _STEPS_A_BYTE * len(data))
    tracemalloc.start()
    before = sys.gettrace()
    sys.settrace(steps.trace)
    try:
        judge(target, data, folder)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        sys.settrace(before)
        tracemalloc.stop()
    if peak > MAX_BYTES:
        find(f"{peak:,} bytes of memory for an input of {len(data):,}")


class _Steps:
    def __init__(self, limit: int) -> None:
        self._left = limit

    def trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        del event, arg
        return self._line if "/lccmirror/" in frame.f_code.co_filename else None

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        del frame, event, arg
        self._left -= 1
        if self._left < 0:
            find("it takes more steps than its length allows: does it end?")
        return self._line


def _check_message(error: LccMirrorError) -> None:
    lines = error.message.split("\n")
    if len(lines) > 1 and not isinstance(error, ConfigError | UsageError):
        find(f"a message of {len(lines)} lines: {error.message!r:.200}")
    for line in (*lines, error.hint or ""):
        if not line.isprintable():
            find(f"{type(error).__name__} with a message that is not printable: {line!r:.200}")
    if not error.message.strip() or len(error.message) > _LONGEST_MESSAGE:
        find(f"a message of {len(error.message)} characters")
