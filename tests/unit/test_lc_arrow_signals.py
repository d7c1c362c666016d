"""Arrow beside signals: whoever handles them decides what becomes of the work."""

from __future__ import annotations

import signal
import threading
from types import FrameType

from lccmirror.formats.lc_arrow import read_by_arrow

ROWS = 200_000
BODY = b"".join(b"%d,%d.5,r\n" % (row, row) for row in range(ROWS))


def test_a_signal_that_is_handled_is_no_error() -> None:
    heard: list[int] = []
    done = threading.Event()

    def send() -> None:
        while not done.wait(0.002):
            signal.raise_signal(signal.SIGINT)

    def handle(number: int, frame: FrameType | None) -> None:
        heard.append(number)

    before = signal.signal(signal.SIGINT, handle)
    sender = threading.Thread(target=send)
    sender.start()
    try:
        while len(heard) < 20:
            found = read_by_arrow(BODY, ["i8", "f8", "U8"], ",")
            # None: Arrow gave up, and the plain reader takes its place
            assert found is None or len(found[0][0]) == ROWS
    finally:
        done.set()
        sender.join()
        signal.signal(signal.SIGINT, before)
