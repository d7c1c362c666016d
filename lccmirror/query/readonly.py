"""Open the catalog so that nothing can be changed by it, whoever runs it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..catalog import CATALOG_NAME, REBUILD_HINT
from ..errors import Damaged, LccMirrorError, LocalError, MirrorLocked, MirrorUnusable
from .functions import add_functions
from .guard import Deadline, Guard

_BUSY_TIMEOUT_S = 5.0
# SQLite's virtual-machine steps between two looks at the clock: about a millisecond.
_STEPS_BETWEEN_CHECKS = 20_000
# One text or blob made by a statement (zeroblob, group_concat …): bounds its memory.
_LONGEST_VALUE = 256 * 1024 * 1024

_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_NOT_OPENED: Final = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY})


@dataclass
class ReadOnlyCatalog:
    """A connection that can only read, and what stands guard over it.

    The connection is replaced by another, with the same guard, when a statement needs
    functions that Python's `sqlite3` cannot have.

    Parameters
    ----------
    path
        The catalog's file.
    connection
        For reading; `lccmirror.query.run.run_query` turns its errors into clear ones.
    guard
        Refuses all but reading, and remembers what it refused.
    deadline
        Ends a statement that takes too long.
    files
        The mirror's folder, if the catalog does not lie in it (a snapshot does not).
    """

    path: Path
    connection: sqlite3.Connection
    guard: Guard
    deadline: Deadline
    files: Path | None = None

    @property
    def root(self) -> Path:
        """The folder below which the mirror's files are."""
        return self.path.parent if self.files is None else self.files


@contextlib.contextmanager
def open_readonly(
    root: Path,
    *,
    time_limit_s: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[ReadOnlyCatalog]:
    """Open the catalog of the mirror at `root` for reading only.

    Needs no permission to write. Works beside a daemon that writes, and after one that
    ended cleanly.

    Parameters
    ----------
    root
        The mirror's folder.
    time_limit_s
        Seconds each statement may take; None for no limit.
    clock
        What measures that limit.

    Raises
    ------
    MirrorUnusable
        If there is no mirror, or the catalog cannot be opened by this user.
    Damaged
        If the catalog is not an SQLite database, or a broken one.
    MirrorLocked
        If a writer holds it for longer than a few seconds.
    """
    path = root / CATALOG_NAME
    require_readable(root, path)
    guard = Guard()
    deadline = Deadline(time_limit_s, clock)
    connection = connect_guarded(path, guard, deadline)
    catalog = ReadOnlyCatalog(path, connection, guard, deadline)
    try:
        yield catalog
    finally:
        # it may have been replaced by then
        catalog.connection.close()


def connect_guarded(
    path: Path, guard: Guard, deadline: Deadline, *, any_thread: bool = False
) -> sqlite3.Connection:
    """Connect to a catalog so that the connection can only read.

    Parameters
    ----------
    path
        The catalog.
    guard, deadline
        Asked before each part of a statement, and while it runs.
    any_thread
        Whether it may be used, and closed, by another thread than this one.

    Raises
    ------
    MirrorUnusable, Damaged, MirrorLocked
        As from `open_readonly`.
    """
    try:
        connection = sqlite3.connect(
            path.absolute().as_uri() + "?mode=ro",
            uri=True,
            timeout=_BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=not any_thread,
        )
    except sqlite3.Error as error:
        raise opening_error(error, path) from error
    try:
        _restrict(connection, path)
        add_functions(connection)
        connection.set_authorizer(guard)
        connection.set_progress_handler(deadline, _STEPS_BETWEEN_CHECKS)
    except BaseException:
        connection.close()
        raise
    return connection


def _restrict(connection: sqlite3.Connection, path: Path) -> None:
    """Switch off what a reader does not need, and read once, so that errors come now."""
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    # From Python 3.12 on; before, the authorizer and query_only have to be enough.
    setconfig = getattr(connection, "setconfig", None)
    if setconfig is not None:
        setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)  # type: ignore[attr-defined]
    try:
        # Not trusted_schema = OFF: SQLite 3.40 then refuses json_extract, of which the views
        # latest_<name> are made. What a view calls passes the authorizer as well.
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA temp_store = FILE")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise opening_error(error, path) from error


def require_readable(root: Path, path: Path) -> None:
    """Say plainly what SQLite would only call "unable to open database file".

    Raises
    ------
    MirrorUnusable
        If the catalog at `path`, in the folder `root`, is not there or not for us.
    Damaged
        If it is lost beside mirrored files.
    """
    try:
        there = path.is_file()
        anything = there or path.exists()
    except OSError as error:
        raise MirrorUnusable(
            f"the mirror at {root} cannot be read: {error.strerror}",
            hint="ask its owner for read permission on the folder and its files",
        ) from error
    if there and not os.access(path, os.R_OK):
        raise no_permission(path)
    if there and path.stat().st_size:
        return
    if any((root / "datasets").glob("*/*/*")):
        raise Damaged(
            f"{path} {'is empty' if there else 'is gone'}, and mirrored files are there",
            hint=REBUILD_HINT,
        )
    if there:
        return
    if anything:
        raise MirrorUnusable(f"{path} is not a file")
    if root.is_dir() and not os.access(root, os.X_OK):
        raise MirrorUnusable(
            f"no permission to look into {root}",
            hint="ask its owner for read permission (membership in the folder's group)",
        )
    what = "no catalog in it yet" if root.is_dir() else "no such folder"
    raise MirrorUnusable(
        f"no mirror at {root}: {what}",
        hint="make one with `lccmirror init` and fill it with `lccmirror sync`, "
        "or name another config with --config",
    )


def no_permission(path: Path) -> MirrorUnusable:
    """Return the error for a file of the mirror that this user may not read."""
    return MirrorUnusable(
        f"no permission to read {path}",
        hint="ask its owner for read permission (membership in the file's group)",
    )


def opening_error(error: sqlite3.Error, path: Path) -> LccMirrorError:
    """Translate an error about the file, not about the statement.

    Parameters
    ----------
    error
        What SQLite said.
    path
        The catalog.
    """
    code = primary_code(error)
    if code in _DAMAGED:
        return Damaged(
            f"{path} is damaged: {error}",
            hint=REBUILD_HINT,
        )
    if code in _BUSY:
        return MirrorLocked(
            f"{path} is held by another lccmirror: {error}", hint="try again in a moment"
        )
    if code in _NOT_OPENED:
        return _no_way_in(path)
    return LocalError(f"reading {path}: {error}")


def _no_way_in(path: Path) -> LccMirrorError:
    """Explain why a catalog that can be read cannot be opened."""
    if path.with_name(path.name + "-journal").exists():
        return MirrorUnusable(
            f"{path} was left in the middle of a change, and only its owner can undo that",
            hint="let the mirror's owner run `lccmirror sync` or `lccmirror status` once",
        )
    return MirrorUnusable(
        f"{path} cannot be opened without write permission: it is in WAL mode, its last "
        f"writer did not close it cleanly, and {path.name}-wal or {path.name}-shm beside it "
        "is missing or cannot be read",
        hint="let the mirror's owner run `lccmirror sync` (or start and stop the daemon) once; "
        "a clean end leaves a catalog that everybody can read",
    )


def primary_code(error: sqlite3.Error) -> int | None:
    """Return SQLite's primary result code of `error`, None for Python's own errors."""
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None
