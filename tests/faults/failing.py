"""Operations on the disk that fail: full, over quota, read-only, forbidden, or broken.

A `Failing` listens to the operations of a process (see `operations`) and lets the chosen
one fail, or all from there on. What a failed flush should have put on the disk is taken for
lost, whatever the system's memory still shows: a file that gets its final name after that,
not written anew, is told as wrong.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tests.faults.operations import PUT, Kind, Operation, Watch

Error = Literal["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EIO"]
# What needs room; all the rest is done on a full disk, too.
_ROOM: frozenset[Kind] = frozenset(("create", "write", "flush", "mkdir", "link", "commit"))
# What a broken disk fails at.
_PLATTER: frozenset[Kind] = frozenset(("create", "write", "flush", "rename", "link", "commit"))
# What SQLite makes of it (its os_unix.c), where it is written.
_OF_SQLITE = {"ENOSPC": "SQLITE_FULL", "EACCES": "SQLITE_READONLY"}
# SQLite tells nobody what went wrong when it closes.
_SILENT = "close"
LOST = "lost-"


@dataclass(frozen=True)
class Failure:
    """What fails.

    Parameters
    ----------
    error
        How.
    at
        From which of the steps that could fail so, from 0; the begin and the middle of a
        write are two.
    of
        Whether changes fail, or the reading of files.
    lasting
        All of those from there on.
    below
        Only what lies below this folder of the mirror.
    """

    error: Error
    at: int
    of: Literal["changes", "reads"] = "changes"
    lasting: bool = False
    below: str = ""

    def concerns(self, kind: Kind, path: str) -> bool:
        """Whether an operation can fail so."""
        if self.below and f"/mirror/{self.below}/" not in path:
            return False
        if self.error in ("ENOSPC", "EDQUOT"):
            return kind in _ROOM
        return kind in _PLATTER if self.error == "EIO" else kind != "flush"


class Failing:
    """Lets operations fail.

    Parameters
    ----------
    failure
        Which ones; None: none.
    aside
        A folder on the same disk, where files with a failed flush are held.

    Attributes
    ----------
    first
        The first operation that failed.
    steps
        How many could have failed so.
    wrong
        What was used although its flush had failed.
    """

    def __init__(self, watch: Watch, failure: Failure | None, aside: Path) -> None:
        self.first: str | None = None
        self.wrong: list[str] = []
        self._watch = watch
        self._failure = failure
        self._aside = aside
        self.steps = 0
        self._lock = threading.Lock()
        self._lost = {_inode(one): one for one in sorted(aside.glob(f"{LOST}*"))}

    def before(self, operation: Operation) -> None:
        """See `operations.Listener`."""
        if operation.kind == "rename" and _inode(Path(operation.path)) in self._lost:
            self.wrong.append(f"{operation}: its flush had failed, and it is used")
        self._step(operation)

    def within(self, operation: Operation) -> None:
        """See `operations.Listener`."""
        self._step(operation)

    def after(self, operation: Operation) -> None:
        """See `operations.Listener`."""
        path = Path(operation.path)
        emptied = operation.kind in ("create", "write") and operation.name != PUT
        if emptied and path.is_file() and path.stat().st_size == 0:
            held = self._lost.pop(_inode(path), None)
            if held is not None:
                held.unlink()

    def read(self, path: str) -> None:
        """Fail, if this reading of a file is to fail."""
        failure = self._failure
        if failure is None or failure.of != "reads" or not self._watch.concerns(path):
            return
        if self._due(f"read {path.rpartition('/')[2]}"):
            raise _os_error(failure.error, path)

    def _step(self, operation: Operation) -> None:
        failure = self._failure
        if failure is None or failure.of != "changes":
            return
        kind, path = operation.kind, operation.path
        if not failure.concerns(kind, operation.to or path) or operation.name == _SILENT:
            return
        if not self._due(str(operation)):
            return
        if kind == "commit":
            raise _sqlite_error(failure.error)
        if kind == "flush":
            self._lose(operation)
        raise _os_error(failure.error, path)

    def _due(self, name: str) -> bool:
        assert self._failure is not None
        with self._lock:
            here, self.steps = self.steps, self.steps + 1
            due = here == self._failure.at or (
                self._failure.lasting and here > self._failure.at
            )
            if due and self.first is None:
                self.first = name
        return due

    def _lose(self, operation: Operation) -> None:
        """Hold a file whose flush fails, so that it is known again under any name."""
        path = Path(operation.path)
        if path.is_file() and path.stat().st_size:
            held = self._aside / f"{LOST}{len(self._lost)}-{self.steps}"
            with self._watch.quiet():
                os.link(path, held)
            self._lost[_inode(path)] = held


def _inode(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_dev, status.st_ino


def _os_error(error: str, path: str) -> OSError:
    number: int = getattr(errno, error)
    return OSError(number, os.strerror(number), path)


def _sqlite_error(error: str) -> sqlite3.OperationalError:
    name = _OF_SQLITE.get(error, "SQLITE_IOERR_WRITE")
    failed = sqlite3.OperationalError("disk I/O error")
    failed.sqlite_errorname = name
    failed.sqlite_errorcode = getattr(sqlite3, name)
    return failed


def watch_reads(told: Callable[[str], None]) -> None:
    """Tell of each piece that is read from a file, before it is read."""

    class Told(io.FileIO):
        def readinto(self, buffer: Any, /) -> int:
            told(os.fsdecode(self.name))
            return super().readinto(buffer)

        def readall(self) -> bytes:
            told(os.fsdecode(self.name))
            return super().readall()

    real = io.open

    def opened(file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        if mode != "rb" or isinstance(file, int):
            return real(file, mode, *arguments, **named)
        return io.BufferedReader(Told(os.fspath(file)))

    io.open = builtins.open = opened
