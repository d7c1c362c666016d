"""Ask a running daemon to do something, and follow it."""

from __future__ import annotations

import contextlib
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from .. import errors
from ..errors import FormatError, LccMirrorError, Stopped
from ..sync.layout import CONTROL
from ..sync.progress import Progress
from .control import short_name
from .outbox import replay
from .protocol import (
    LONGEST_MESSAGE,
    Accepted,
    Done,
    Event,
    Failed,
    Refused,
    Request,
    line,
    read_event,
)

T = TypeVar("T")

_SLICE_S = 0.25
# A daemon says something every few seconds, if only that it lives.
SILENCE_S = 60.0


class DaemonLost(LccMirrorError):
    """The daemon ended, or stopped talking, before it had answered."""


def connect(root: Path) -> socket.socket | None:
    """Return a connection to the daemon of the mirror at `root`; None if none listens.

    Raises
    ------
    LccMirrorError
        If one does, but not to this user.
    """
    path = root / CONTROL
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            return None
    except OSError:
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(SILENCE_S)
    try:
        with short_name(path) as name:
            connection.connect(name)
    except PermissionError as error:
        connection.close()
        raise LccMirrorError(
            f"{path}: {error.strerror}",
            hint="only the mirror's user and group may ask the daemon",
        ) from error
    except OSError:
        # Left behind by a daemon that was killed; the next one removes it.
        connection.close()
        return None
    return connection


def ask(
    connection: socket.socket,
    request: Request,
    kind: type[T],
    *,
    progress: Progress,
    stop: threading.Event | None = None,
    silence_s: float = SILENCE_S,
    monotonic: Callable[[], float] = time.monotonic,
) -> T:
    """Send a request, follow what is said, and return the result.

    Parameters
    ----------
    kind
        What the result is.
    progress
        Is shown what the daemon says of its progress.
    stop
        Ends the following, not the work.
    silence_s
        A daemon that says nothing for so long is lost.

    Raises
    ------
    LccMirrorError
        The error that ended the work, of its own class.
    DaemonLost
        If the daemon ended meanwhile.
    Stopped
        When `stop` is set.
    """
    try:
        connection.sendall(line(request))
        for event in _events(connection, stop or threading.Event(), silence_s, monotonic):
            match event:
                case Done(result):
                    return msgspec.convert(result, kind)
                case Failed(error, message, hint):
                    raise _error_class(error)(message, hint=hint)
                case Refused(message):
                    raise LccMirrorError(f"the daemon refuses: {message}")
                case Accepted(ahead, busy_with) if busy_with is not None:
                    waits = f", and {ahead} more before" if ahead else ""
                    progress.note(f"the daemon is busy with {busy_with}{waits}; waiting")
                case _:
                    replay(event, progress)
    except (OSError, FormatError, msgspec.ValidationError) as error:
        raise DaemonLost(
            f"the daemon was lost: {error}", hint="lccmirror status says how things stand"
        ) from error
    raise DaemonLost(
        "the daemon was lost before it was done: it was killed, or has hung up since nobody "
        "read what it said",
        hint="what it was doing goes on, at the latest when it is back; see `lccmirror status`",
    )


def _events(
    connection: socket.socket,
    stop: threading.Event,
    silence_s: float,
    monotonic: Callable[[], float],
) -> Iterator[Event]:
    connection.settimeout(_SLICE_S)
    pending = bytearray()
    heard = monotonic()
    while True:
        if stop.is_set():
            raise Stopped("not followed any more; the daemon goes on with it")
        try:
            piece = connection.recv(65536)
        except TimeoutError:
            if monotonic() - heard > silence_s:
                raise
            continue
        if not piece:
            return
        heard = monotonic()
        pending += piece
        if len(pending) > LONGEST_MESSAGE:
            raise FormatError("a message without end")
        if b"\n" not in piece:
            continue
        *lines, rest = bytes(pending).split(b"\n")
        pending = bytearray(rest)
        for text in lines:
            yield read_event(text)


def _error_class(name: str) -> type[LccMirrorError]:
    found: Any = getattr(errors, name, None)
    if isinstance(found, type) and issubclass(found, LccMirrorError):
        return found
    return LccMirrorError


def request_quietly(root: Path, request: Request, kind: type[T]) -> T | None:
    """Ask for something that is answered at once; None if no daemon does, within a second."""
    from ..sync.progress import Silent

    with contextlib.suppress(LccMirrorError):
        connection = connect(root)
        if connection is not None:
            with connection:
                return ask(connection, request, kind, progress=Silent(), silence_s=1.0)
    return None
