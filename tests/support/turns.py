"""A request whose turn it is to be answered otherwise, and what may be done to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lccmirror.demo.messages import Answer, FilePart, Request
from lccmirror.demo.web import Wire


@dataclass(frozen=True)
class Turn:
    """One request that a rule has taken.

    `honest` answers it as the demo server would; `released` is set when the server
    closes, so that nothing hangs for longer than its test.
    """

    request: Request
    honest: Callable[[], Answer]
    wire: Wire
    released: threading.Event


Action = Callable[[Turn], Answer | None]


def whole(answer: Answer) -> bytes:
    """Return an answer's body in one piece."""
    if isinstance(answer.body, bytes):
        return answer.body
    pieces: Iterable[bytes] = (
        answer.body.pieces() if isinstance(answer.body, FilePart) else answer.body
    )
    return b"".join(pieces)
