"""The control socket, and the threads that speak with those who connect."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .. import durable
from ..errors import FormatError, MirrorUnusable
from ..names import printable
from ..sync.layout import CONTROL
from .outbox import Outbox
from .protocol import (
    LAST,
    LONGEST_REQUEST,
    Event,
    Refused,
    Request,
    Still,
    line,
    read_request,
)

log = logging.getLogger(__name__)

CONTROL_MODE = 0o660
MOST_CLIENTS = 32
_REQUEST_WITHIN_S = 10.0
_SEND_WITHIN_S = 10.0
_STILL_EVERY_S = 5.0

Ask = Callable[[Request, Outbox], Event]
"""Takes a request; returns `Accepted` or `Refused`, or a `Done` that is the answer."""


class Control:
    """Listens at the control socket, a thread for each client.

    Parameters
    ----------
    root
        The mirror, whose lock the caller holds: so a socket that is there already is one
        that nobody listens at.
    ask
        Takes each request.
    """

    def __init__(self, root: Path, ask: Ask) -> None:
        self._root = root
        self._ask = ask
        self._listening = _listen(root)
        self._slots = threading.BoundedSemaphore(MOST_CLIENTS)
        self._closing = threading.Event()
        self._clients: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._accept, name="control", daemon=True)
        self._thread.start()

    def close(self, *, within_s: float = 1.0) -> None:
        """Let nobody in any more, and those inside read their last word."""
        self._closing.set()
        # Wakes up accept().
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()
        durable.remove(self._root / CONTROL)
        with self._lock:
            clients = list(self._clients)
        end = time.monotonic() + within_s
        for client in clients:
            client.join(max(0.0, end - time.monotonic()))

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError as error:
                if self._closing.is_set():
                    return
                # No descriptor left, or the client is gone already: not a reason to end.
                log.debug("the control socket: %s", error)
                self._closing.wait(0.1)
                continue
            if not self._slots.acquire(blocking=False):
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(_SEND_WITHIN_S)
                    connection.sendall(line(Refused("too many ask at once; try again")))
                continue
            thread = threading.Thread(
                target=self._serve, args=(connection,), name="client", daemon=True
            )
            with self._lock:
                self._clients.add(thread)
            try:
                thread.start()
            except RuntimeError as error:
                # The limit on threads: that is no reason to listen no more.
                log.debug("the control socket: %s", error)
                with self._lock:
                    self._clients.discard(thread)
                self._slots.release()
                connection.close()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                self._converse(connection)
        except OSError as error:
            # Gone. The work goes on without them.
            log.debug("a client of the control socket: %s", error)
        finally:
            with self._lock:
                self._clients.discard(threading.current_thread())
            self._slots.release()

    def _converse(self, connection: socket.socket) -> None:
        connection.settimeout(_REQUEST_WITHIN_S)
        outbox = Outbox()
        try:
            request = read_request(_line_from(connection))
        except FormatError as error:
            log.debug("refused at the control socket: %s", printable(error.message, 200))
            connection.sendall(line(Refused(printable(error.message, 500))))
            return
        connection.settimeout(_SEND_WITHIN_S)
        try:
            first = self._ask(request, outbox)
            connection.sendall(line(first))
            if isinstance(first, LAST):
                return
            for event in self._said(outbox):
                connection.sendall(line(event))
        finally:
            outbox.close()

    def _said(self, outbox: Outbox) -> Iterator[Event]:
        while True:
            event = outbox.take(_STILL_EVERY_S)
            if event is None:
                if outbox.closed:
                    yield Refused("you read too slowly; the work goes on")
                    return
                yield Still()
                continue
            yield event
            if isinstance(event, LAST):
                return


def _listen(root: Path) -> socket.socket:
    """Make the socket under another name, closed to others, and move it into place."""
    final, new = root / CONTROL, root / f".{CONTROL}.new"
    for path in (final, new):
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise MirrorUnusable(
                    f"{path} is in the way of the control socket",
                    hint="something else put it there; move it away",
                )
    durable.remove(new)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # The mode of a socket's file is that of the socket when it is bound.
        os.fchmod(listening.fileno(), 0o600)
        with short_name(new) as name:
            listening.bind(name)
        new.chmod(CONTROL_MODE)
        listening.listen(MOST_CLIENTS)
        durable.put_in_place(new, final)
    except BaseException:
        listening.close()
        raise
    return listening


@contextlib.contextmanager
def short_name(path: Path) -> Iterator[str]:
    """Give a name of `path` that fits a socket address, which has 108 bytes at most."""
    if len(os.fsencode(path)) < 100 or not Path("/proc/self/fd").is_dir():
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _line_from(connection: socket.socket) -> bytes:
    """Read one line.

    Raises
    ------
    FormatError
        If it is too long, or does not come whole in time.
    """
    text = b""
    while b"\n" not in text:
        if len(text) > LONGEST_REQUEST:
            raise FormatError(f"a request has at most {LONGEST_REQUEST:,} bytes")
        try:
            piece = connection.recv(4096)
        except TimeoutError:
            raise FormatError("no request came in time") from None
        if not piece:
            raise FormatError("the request has no end")
        text += piece
    return text.partition(b"\n")[0]
