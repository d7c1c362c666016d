"""Signals: heard at once, and a wish to leave is met in time."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NoReturn

from .pulse import Stop

if TYPE_CHECKING:
    from types import FrameType

# What is asked of us is 10 seconds.
LEAVE_WITHIN_S: Final = 9.0
_WISHES: Final = (signal.SIGTERM, signal.SIGINT)
_HEARD: Final = (*_WISHES, signal.SIGHUP, signal.SIGUSR1)
# What is heard when there is nothing more to hear; no signal has this number.
_OVER: Final = 0


@contextlib.contextmanager
def heard(
    tell: Callable[[int], None],
    stop: Stop,
    last_line: Callable[[str], str] = str,
    within_s: float = LEAVE_WITHIN_S,
) -> Iterator[None]:
    """Pass signals on; leave at the second wish to leave, or when the first takes too long.

    Parameters
    ----------
    tell
        Called in the main thread with the number of each; waits for no lock.
    stop
        Set for good by a wish to leave: SIGTERM or SIGINT.
    last_line
        Makes a line of the log of what is said when there is no time left.
    within_s
        Seconds that leaving may take.
    """
    # Python calls a handler when the main thread gets to it, and that may be in the middle of
    # a long wait; here a signal is heard at once.
    hears, rings = socket.socketpair()
    rings.setblocking(False)

    def see_to_it() -> None:
        with hears:
            if _is_to_leave(hears, within_s):
                _leave_now(last_line)

    def received(number: int, frame: FrameType | None) -> None:
        if number in _WISHES:
            stop.for_good()
        tell(number)

    threading.Thread(target=see_to_it, name="leaver", daemon=True).start()
    before = {number: signal.signal(number, received) for number in _HEARD}
    bell = signal.set_wakeup_fd(rings.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(bell)
        for number, handler in before.items():
            signal.signal(number, handler)
        with rings:
            rings.setblocking(True)
            rings.send(bytes([_OVER]))


def _is_to_leave(hears: socket.socket, within_s: float) -> bool:
    """Wait for the end of hearing, for a second wish, or for the first one's time to pass."""
    wishes = 0
    until: float | None = None
    while wishes < 2:
        try:
            numbers = hears.recv(64)
        except TimeoutError:
            return True
        if _OVER in numbers:
            return False
        wishes += sum(number in _WISHES for number in numbers)
        if wishes and until is None:
            until = time.monotonic() + within_s
        if until is not None:
            hears.settimeout(max(0.001, until - time.monotonic()))
    return True


def _leave_now(last_line: Callable[[str], str]) -> NoReturn:
    # What is under way is as safe as in a power cut, and taken up by the next start.
    with contextlib.suppress(OSError):
        os.write(2, last_line("leaving in the middle of it; nothing is lost").encode() + b"\n")
    os._exit(0)
