"""What a run did to its disk, in order, with the bytes there were after each operation.

Made by the process that runs (`Recorder`), read by whoever models a power cut (`power_model`).
Files are known by numbers of their own, since names change and the system's numbers are
used again.
"""

from __future__ import annotations

import pickle
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.operations import Kind, Operation

_CATALOG = "catalog.sqlite"
# What readers and the writer share is made anew by whoever opens the catalog.
_PASSING = f"{_CATALOG}-shm"
_CONTENT = ("create", "write", "flush", "other", "commit")
_COMPANIONS = ("", "-wal", "-journal")


@dataclass(frozen=True)
class Event:
    """One operation that was done.

    Parameters
    ----------
    file
        The number of the file, 0 for a folder.
    content
        All of the file's bytes after it, where they may have changed or been flushed.
    databases
        After a commit to the catalog: number and bytes of it and of each file that belongs
        to it; None for one that is not there.
    """

    kind: Kind
    name: str
    path: str
    to: str | None = None
    file: int = 0
    content: bytes | None = None
    databases: dict[str, tuple[int, bytes] | None] = field(default_factory=dict)

    def __str__(self) -> str:
        names = [self.name, self.path.rpartition("/")[2]]
        return " ".join([*names, *([self.to.rpartition("/")[2]] if self.to else [])])


@dataclass(frozen=True)
class Journal:
    """A run from its begin to its end.

    Parameters
    ----------
    folders
        Those that were there before it.
    names
        The files that were there before it: number by path.
    contents
        Their bytes: by number.
    """

    folders: tuple[str, ...]
    names: dict[str, int]
    contents: dict[int, bytes]
    events: tuple[Event, ...]

    def save(self, path: Path) -> None:
        """Write it down."""
        path.write_bytes(pickle.dumps(self))

    @classmethod
    def load(cls, path: Path) -> Journal:
        """Read it again; written by our own process, a moment ago."""
        journal = pickle.loads(path.read_bytes())  # noqa: S301
        assert isinstance(journal, cls)
        return journal


class Recorder:
    """Writes down what is done below some folders.

    Parameters
    ----------
    roots
        The folders; what is in them when it begins is on the disk for good.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self._events: list[Event] = []
        self._numbers: dict[tuple[int, int], int] = {}
        self._known = 0
        folders: list[str] = []
        names: dict[str, int] = {}
        contents: dict[int, bytes] = {}
        for root in roots:
            if not root.is_dir():
                continue
            for one in (root, *sorted(root.rglob("*"))):
                if one.is_dir():
                    folders.append(str(one))
                elif one.name != _PASSING and stat.S_ISREG(one.lstat().st_mode):
                    names[str(one)] = self._number(one)
                    contents[names[str(one)]] = one.read_bytes()
        self._before = Journal(tuple(folders), names, contents, ())
        # Which file an unlink or rename was about is known only before it.
        self._about = 0

    def journal(self) -> Journal:
        """Return what was done so far."""
        before = self._before
        return Journal(before.folders, before.names, before.contents, tuple(self._events))

    def before(self, operation: Operation) -> None:
        """See `operations.Listener`; only one operation is done at a time."""
        path = Path(operation.path)
        gone = operation.kind in ("rename", "unlink", "link")
        self._about = self._number(path) if gone and _is_file(path) else 0
        if operation.kind == "rename" and operation.to is not None:
            self._forget(Path(operation.to))
        elif operation.kind == "unlink":
            self._forget(path)

    def within(self, operation: Operation) -> None:
        """See `operations.Listener`."""

    def after(self, operation: Operation) -> None:
        """See `operations.Listener`."""
        path = Path(operation.path)
        file, content = self._about, None
        databases: dict[str, tuple[int, bytes] | None] = {}
        if operation.kind == "commit" and path.name == _CATALOG:
            databases = self._database(path)
        elif operation.kind in _CONTENT and _is_file(path):
            file, content = self._number(path), path.read_bytes()
        if path.name != _PASSING:
            self._events.append(
                Event(
                    operation.kind,
                    operation.name,
                    operation.path,
                    operation.to,
                    file,
                    content,
                    databases,
                )
            )
        self._about = 0

    def _database(self, path: Path) -> dict[str, tuple[int, bytes] | None]:
        """Return the catalog's files, as they are now."""
        files = [path.with_name(path.name + end) for end in _COMPANIONS]
        return {
            str(one): (self._number(one), one.read_bytes()) if one.is_file() else None
            for one in files
        }

    def _number(self, path: Path) -> int:
        status = path.lstat()
        key = (status.st_dev, status.st_ino)
        if key not in self._numbers:
            self._known += 1
            self._numbers[key] = self._known
        return self._numbers[key]

    def _forget(self, path: Path) -> None:
        """Forget the system's number of a file whose last name goes: it is used again."""
        if _is_file(path) and path.lstat().st_nlink == 1:
            status = path.lstat()
            self._numbers.pop((status.st_dev, status.st_ino), None)


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def clear(roots: Sequence[Path]) -> None:
    """Remove the folders of a run."""
    for root in roots:
        shutil.rmtree(root, ignore_errors=True)
