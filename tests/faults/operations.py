"""Every change that a process makes to its disk, as one `Operation` before and one after.

The functions of `os` that change files are replaced, in this process, by ones that tell a
`Listener`; so are files opened for writing (each write has a middle, too). `commits` does
the same for SQLite. What is changed by any other way is for `strays` to find.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, Protocol, Self

Kind = Literal[
    "create", "write", "flush", "rename", "link", "unlink", "mkdir", "rmdir", "other", "commit"
]
# What a write to a `WatchedFile` is called.
PUT = "put"
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True)
class Operation:
    """One change.

    Parameters
    ----------
    kind
        What sort of change.
    name
        The function, or the statement.
    path
        Of the file, absolute.
    to
        The new name, of a rename or a link.
    descriptor
        Of the file, where it is open.
    """

    kind: Kind
    name: str
    path: str
    to: str | None = None
    descriptor: int | None = None

    def __str__(self) -> str:
        names = [self.name, self.path.rpartition("/")[2]]
        if self.to is not None:
            names.append(self.to.rpartition("/")[2])
        return " ".join(names)


class Listener(Protocol):
    """Who is told."""

    def before(self, operation: Operation) -> None:
        """It is about to be done."""

    def within(self, operation: Operation) -> None:
        """A write is half done."""

    def after(self, operation: Operation) -> None:
        """It is done."""


class Watch:
    """Tells a listener of the operations below some folders, once it is given one."""

    def __init__(self) -> None:
        self.listener: Listener | None = None
        self.roots: tuple[str, ...] = ()
        self._around: frozenset[str] = frozenset()
        # What is told twice by names of different kinds is one thing: the outermost.
        self._inside = threading.local()
        # One change at a time, so that what a listener looks at is as it was then.
        self._lock = threading.RLock()

    def begin(self, listener: Listener, *roots: Path) -> None:
        """Begin to tell."""
        self.roots = tuple(str(one) for one in roots)
        # Their own names are there for good only when that was flushed.
        self._around = frozenset(str(one.parent) for one in roots)
        self.listener = listener

    def concerns(self, path: str) -> bool:
        """Whether a path lies below one of the folders, is one, or is what one is in."""
        return path in self._around or any(
            path == root or path.startswith(root + "/") for root in self.roots
        )

    def is_inside(self) -> bool:
        """Whether this thread is doing what is told of."""
        return bool(getattr(self._inside, "depth", 0))

    @contextlib.contextmanager
    def around(self, operation: Operation) -> Iterator[None]:
        """Tell before and after what is done inside."""
        if self.listener is None or self.is_inside() or not self.concerns(operation.path):
            yield
            return
        with self._lock:
            self.listener.before(operation)
            with self.quiet():
                yield
            self.listener.after(operation)

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """Do not tell of what is done inside."""
        depth = getattr(self._inside, "depth", 0)
        self._inside.depth = depth + 1
        try:
            yield
        finally:
            self._inside.depth = depth

    def middle(self, operation: Operation) -> None:
        """Tell that a write is half done."""
        if self.listener is not None and not self.is_inside():
            self.listener.within(operation)


def path_of(target: Any, folder: int | None = None) -> str:
    """Return the absolute path of what a function of `os` was given."""
    if isinstance(target, int):
        return str(Path(f"/proc/self/fd/{target}").readlink())
    path = os.fsdecode(target)
    if folder is not None and not path.startswith("/"):
        path = f"{path_of(folder)}/{path}"
    # Not resolved: the last part may be a link, and it is the link that is changed.
    return os.path.abspath(path)  # noqa: PTH100


# Kind by function; the first parameter is a path or a descriptor.
_ONE_NAME: dict[str, Kind] = {
    "unlink": "unlink",
    "remove": "unlink",
    "mkdir": "mkdir",
    "rmdir": "rmdir",
    "fsync": "flush",
    "fdatasync": "flush",
    "truncate": "write",
    "ftruncate": "write",
    "write": "write",
    "pwrite": "write",
    "writev": "write",
    "pwritev": "write",
    "sendfile": "write",
    "posix_fallocate": "write",
    "utime": "other",
    "chmod": "other",
    "fchmod": "other",
    "chown": "other",
    "fchown": "other",
    "setxattr": "other",
    "mkfifo": "other",
    "mknod": "other",
}
_TWO_NAMES: dict[str, Kind] = {
    "rename": "rename",
    "replace": "rename",
    "link": "link",
    "symlink": "link",
}
# Those whose second parameter is the file that is written.
_INTO_SECOND: dict[str, Kind] = {"copy_file_range": "write", "splice": "write"}


def watch_files(watch: Watch) -> None:
    """Replace the functions of `os` that change files, and the files that it opens."""
    for name, kind in {**_ONE_NAME, **_INTO_SECOND}.items():
        if hasattr(os, name):
            which = int(name in _INTO_SECOND)
            setattr(os, name, _one_name(watch, name, kind, getattr(os, name), which))
    for name, kind in _TWO_NAMES.items():
        setattr(os, name, _two_names(watch, name, kind, getattr(os, name)))
    os.open = _opening(watch, os.open)
    os.fdopen = _opened(watch, os.fdopen)


def _one_name(
    watch: Watch, name: str, kind: Kind, function: Callable[..., Any], which: int
) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        if watch.listener is None:
            return function(*arguments, **named)
        target = arguments[which]
        path = path_of(target, named.get("dir_fd"))
        descriptor = target if isinstance(target, int) else None
        with watch.around(Operation(kind, name, path, descriptor=descriptor)):
            return function(*arguments, **named)

    return call


def _two_names(
    watch: Watch, name: str, kind: Kind, function: Callable[..., Any]
) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(source: Any, target: Any, **named: Any) -> Any:
        if watch.listener is None:
            return function(source, target, **named)
        new = path_of(target, named.get("dst_dir_fd"))
        # What a symbolic link says is no path of ours.
        old = new if name == "symlink" else path_of(source, named.get("src_dir_fd"))
        with watch.around(Operation(kind, name, old, new)):
            return function(source, target, **named)

    return call


def _opening(watch: Watch, function: Callable[..., int]) -> Callable[..., int]:
    @functools.wraps(function)
    def call(path: Any, flags: int, *arguments: Any, **named: Any) -> int:
        if watch.listener is None or not flags & (os.O_CREAT | os.O_TRUNC):
            return function(path, flags, *arguments, **named)
        where = path_of(path, named.get("dir_fd"))
        with watch.around(Operation("create", "open", where)):
            return function(path, flags, *arguments, **named)

    return call


def _opened(watch: Watch, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(descriptor: int, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        file = function(descriptor, mode, *arguments, **named)
        if watch.listener is None or not set(mode) & set("wax+"):
            return file
        path = path_of(descriptor)
        return WatchedFile(file, path, watch) if watch.concerns(path) else file

    return call


class WatchedFile:
    """A file open for writing, of which each write is told, and its middle."""

    def __init__(self, file: BinaryIO, path: str, watch: Watch) -> None:
        self._file = file
        self._watch = watch
        self._told = Operation("write", PUT, path, descriptor=file.fileno())

    def write(self, content: bytes) -> int:
        """Write the first half, tell, and write the other half."""
        whole = memoryview(content)
        half = len(whole) // 2
        with self._watch.around(self._told):
            self._put(whole[:half])
        self._watch.middle(self._told)
        with self._watch.around(self._told):
            self._put(whole[half:])
        return len(whole)

    def _put(self, rest: memoryview) -> None:
        while rest:
            rest = rest[self._file.write(rest) :]

    def flush(self) -> None:
        """Hand what is buffered to the system."""
        with self._watch.around(self._told):
            self._file.flush()

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._file.fileno()

    def close(self) -> None:
        """Close the file, which hands the rest to the system."""
        if self._file.closed:
            return
        self.flush()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
