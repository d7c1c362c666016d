"""Processes that do a part of the work each, and hand back the results in order.

Python's own pools start a process by running the caller's script again, up to the place
where it asks for the pool: in a script without ``if __name__ == "__main__"`` everything
before that place would happen once more in each of them. Or they fork, which is not safe
beside threads. These are new programs that know nothing but the task they are sent.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final, TypeVar

from ..errors import LocalError

A = TypeVar("A")
R = TypeVar("R")

# What each process may have to do and to hand back, beyond what is taken right now.
_AHEAD: Final = 2
_PROGRAM: Final = """\
import sys
number, *sys.path[:] = sys.argv[1:]
from lccmirror.query.lc_workers import serve
serve(int(number))
"""


def in_processes(
    task: Callable[[A], R], pieces: Sequence[A], processes: int
) -> Generator[R, None, None]:
    """Do a task for each of some pieces, in several processes.

    No more than two results for each process wait for whoever takes them. The processes
    have ended when the iterator has: at its end, when it is closed, when an error is raised.

    Parameters
    ----------
    task
        Called with a piece. It can be pickled, and is imported, not of ``__main__``.
    pieces
        Each can be pickled, to a few tens of kilobytes.
    processes
        How many, at least 1.

    Yields
    ------
    object
        The results, in the order of the pieces.

    Raises
    ------
    LocalError
        If a process cannot be started, or ends before its work is done.
    OSError
        As the task raises it there: the disk is full, a folder is gone.
    """
    with contextlib.ExitStack() as ending:
        workers = []
        for _ in range(min(processes, len(pieces))):
            worker = _start()
            ending.callback(worker.end)
            worker.send(task)
            workers.append(worker)
        busy: deque[_Worker] = deque()
        for number, piece in enumerate(pieces):
            worker = workers[number % len(workers)]
            worker.send(piece)
            busy.append(worker)
            if len(busy) >= _AHEAD * len(workers):
                yield busy.popleft().receive()
        while busy:
            yield busy.popleft().receive()


@dataclass(frozen=True)
class _Worker:
    process: subprocess.Popen[bytes]
    line: Connection[Any, Any]

    def send(self, what: object) -> None:
        try:
            self.line.send(what)
        except OSError as error:
            raise self._lost() from error

    def receive(self) -> Any:
        try:
            done = self.line.recv()
        except (EOFError, OSError) as error:
            raise self._lost() from error
        if isinstance(done, _Failed):
            raise done.error
        return done

    def _lost(self) -> LocalError:
        return LocalError(
            "a process that reads light curves ended before its work was done (exit code "
            f"{self.process.wait()})",
            hint="ended from outside, perhaps for want of memory, if that is negative; with "
            "one process the work is done in this one",
        )

    def end(self) -> None:
        """Close the line, which ends the process after the piece that it has begun."""
        self.line.close()
        try:
            self.process.wait()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise


@dataclass(frozen=True)
class _Failed:
    """What a process hands back in place of a result."""

    error: OSError


def _start() -> _Worker:
    if not sys.executable:
        raise LocalError(
            "this program is not run by a Python that could be started again",
            hint="read with one process: workers=1",
        )
    ours, theirs = socket.socketpair()
    line = Connection(ours.detach())
    with theirs:
        command = [sys.executable, "-c", _PROGRAM, str(theirs.fileno()), *sys.path]
        try:
            # Not of the terminal's group: Ctrl-C reaches the one that gave the work, which
            # ends them, and none of them tells of it while it is still starting.
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                process_group=0,
            )
        except OSError as error:
            line.close()
            raise LocalError(f"cannot start {sys.executable}: {error.strerror}") from error
    return _Worker(process, line)


def serve(descriptor: int) -> None:
    """Do what the other end of a socket asks for, until it is closed.

    Parameters
    ----------
    descriptor
        Of the socket: the task comes first, then the pieces.
    """
    with Connection(descriptor) as line, contextlib.suppress(EOFError, ConnectionError):
        task = line.recv()
        while True:
            piece = line.recv()
            try:
                done = task(piece)
            except OSError as error:
                done = _Failed(error)
            line.send(done)
