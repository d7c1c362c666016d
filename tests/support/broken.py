"""Connections that break off, hang or trickle, on order (see `misbehaving`)."""

from __future__ import annotations

import threading
from collections.abc import Callable

from lccmirror.demo.messages import Answer, FilePart
from tests.support.turns import Action, Turn, whole

_PATIENCE_S = 30.0


def cut(at: int, *, declared: bool = True, by_reset: bool = False) -> Action:
    """End the connection after `at` bytes of the body.

    With `declared` there is a Content-Length (or chunks), so that it can be noticed;
    without, the body just ends and looks whole.
    """

    def act(turn: Turn) -> None:
        answer = turn.honest()
        content = whole(answer)
        wire = turn.wire
        if not declared:
            wire.send_head(answer.status, (*answer.headers, ("Connection", "close")))
            wire.send(content[:at])
        elif isinstance(answer.body, bytes | FilePart):
            length = ("Content-Length", str(len(content)))
            wire.send_head(answer.status, (*answer.headers, length))
            wire.send(content[:at])
        else:
            chunked = ("Transfer-Encoding", "chunked")
            wire.send_head(answer.status, (*answer.headers, chunked))
            piece = content[:at]
            wire.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        wire.reset() if by_reset else wire.close()

    return act


def reset(*, within_head: bool = False) -> Action:
    """Break the connection off before, or in the middle of, the headers."""

    def act(turn: Turn) -> None:
        if within_head:
            turn.wire.send(b"HTTP/1.1 200 OK\r\nContent-Ty", body=False)
        turn.wire.reset()

    return act


def wrong_length(difference: int) -> Action:
    """Answer honestly, but with a Content-Length that is wrong by `difference`."""

    def act(turn: Turn) -> None:
        answer = turn.honest()
        content = whole(answer)
        length = ("Content-Length", str(len(content) + difference))
        turn.wire.send_head(answer.status, (*answer.headers, length))
        turn.wire.send(content)
        turn.wire.close()

    return act


def hang(until: threading.Event | None = None, *, after: int | None = None) -> Action:
    """Say nothing until `until` is set (or the server closes), then answer honestly.

    With `after`, that many bytes of the body are sent before.
    """

    def act(turn: Turn) -> Answer | None:
        if after is None:
            _wait(turn, until)
            return turn.honest()
        answer = turn.honest()
        content = whole(answer)
        length = ("Content-Length", str(len(content)))
        turn.wire.send_head(answer.status, (*answer.headers, length))
        turn.wire.send(content[:after])
        _wait(turn, until)
        turn.wire.send(content[after:])
        return None

    return act


def trickle(piece: int, pause: Callable[[], object]) -> Action:
    """Send the honest body in pieces, calling `pause` before each."""

    def act(turn: Turn) -> None:
        answer = turn.honest()
        content = whole(answer)
        length = ("Content-Length", str(len(content)))
        turn.wire.send_head(answer.status, (*answer.headers, length))
        for start in range(0, len(content), piece):
            pause()
            turn.wire.send(content[start : start + piece])

    return act


def _wait(turn: Turn, until: threading.Event | None) -> None:
    # in short steps, so that a server that closes is noticed
    waited = 0.0
    while waited < _PATIENCE_S and not turn.released.wait(0.02):
        if until is not None and until.is_set():
            return
        waited += 0.02
