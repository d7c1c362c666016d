"""A consistent copy of the catalog: one file, for a laptop or for ``datasette -i``.

SQLite's backup API copies page by page, so the copy is the catalog itself, with its rowids,
its full-text indexes and its statistics. docs/decisions/0802-snapshot.md says why.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..catalog.connection import REBUILD_HINT
from ..clock import Now, to_text
from ..errors import Damaged, LccMirrorError, LocalError, NoRoom, Stopped
from .moment import one_moment
from .new_file import NewFile, why_not_written
from .readonly import ReadOnlyCatalog, open_readonly, opening_error, primary_code

# 4 MiB between two looks at whether we should stop.
_PAGES: Final = 1024
_STEPS_BETWEEN_LOOKS: Final = 100_000
# A writer that begins while the catalog is not in WAL mode makes SQLite start over. It turns
# WAL on, and then the copy is of one moment; a foreign one that does not is made to wait.
_STARTS: Final = 3
# Rows looked at for each index: enough for the planner, and quick on millions.
_ANALYSIS_LIMIT: Final = 1000
_SPARE_BYTES: Final = 1 << 20

_LAST_SYNC = "SELECT max(finished) FROM sync_log WHERE outcome = 'ok'"
_COUNTS = "SELECT (SELECT count(*) FROM datasets), (SELECT count(*) FROM objects)"


@dataclass(frozen=True)
class Snapshot:
    """A copy that was made.

    Parameters
    ----------
    path
        The file.
    bytes
        Its size.
    taken
        The time whose catalog it is.
    last_sync
        When the last good sync before that ended; None if there was none.
    datasets, objects
        How many rows of each it has.
    """

    path: str
    bytes: int
    taken: str
    last_sync: str | None
    datasets: int
    objects: int


class _StartedOver(Exception):
    """SQLite began to copy anew, because the catalog was changed."""


def take_snapshot(
    root: Path,
    new: NewFile,
    *,
    now: Now,
    progress: Callable[[int, int], None] | None = None,
    checking: Callable[[], None] | None = None,
    stop: threading.Event | None = None,
) -> Snapshot:
    """Copy the catalog of the mirror at `root`, whole or not at all.

    Works beside a daemon that writes and needs no permission to write in the mirror.

    Parameters
    ----------
    root
        The mirror's folder.
    new
        The file to make, checked.
    now
        The clock.
    progress
        Is told bytes done and bytes in all.
    checking
        Is called when all is copied and the check begins, which takes longer.
    stop
        Set to give it up.

    Raises
    ------
    NoRoom
        If the disk has no room for it.
    Damaged
        If the catalog is.
    Stopped
        If `stop` was set.
    LocalError
        If the file cannot be written.
    """
    asked = stop or threading.Event()
    with open_readonly(root) as catalog:
        size = _size(catalog.connection)
        new.require_room(size + _SPARE_BYTES)
        with new.temporary() as temporary:
            taken = _copied(catalog, temporary, now, progress or _nobody, asked)
            if checking is not None:
                checking()
            last_sync, datasets, objects = _finished(temporary, catalog.path, asked)
            new.put_in_place(temporary, mode=catalog.path.stat().st_mode)
    size = new.path.stat().st_size
    return Snapshot(str(new.path), size, taken, last_sync, datasets, objects)


def _copied(
    catalog: ReadOnlyCatalog,
    temporary: Path,
    now: Now,
    progress: Callable[[int, int], None],
    stop: threading.Event,
) -> str:
    """Copy all pages, and return the time of the catalog that was copied."""
    page_size = _page_size(catalog.connection)
    for start in range(_STARTS):
        watched = _Watched(page_size, progress, stop)
        held = _has_wal(catalog.connection) or start == _STARTS - 1
        os.truncate(temporary, 0)
        with (
            contextlib.closing(_for_writing(temporary)) as target,
            one_moment(catalog) if held else contextlib.nullcontext(),
        ):
            taken = now()
            try:
                catalog.connection.backup(target, pages=_PAGES, progress=watched)
            except _StartedOver:
                continue
            except sqlite3.Error as error:
                raise _told(error, temporary, catalog.path) from error
            return to_text(taken)
    raise AssertionError("the last start is never interrupted by a writer")


class _Watched:
    """What SQLite calls after each step of the backup."""

    def __init__(
        self, page_size: int, progress: Callable[[int, int], None], stop: threading.Event
    ) -> None:
        self._page_size = page_size
        self._progress = progress
        self._stop = stop
        self._remaining: int | None = None

    def __call__(self, status: int, remaining: int, total: int) -> None:
        _require_going_on(self._stop)
        # Any other status is an error, or a wait for a writer: nothing was copied.
        copied = status == sqlite3.SQLITE_OK
        if copied and self._remaining is not None and remaining >= self._remaining > 0:
            raise _StartedOver
        self._remaining = remaining
        self._progress((total - remaining) * self._page_size, total * self._page_size)


def _finished(
    temporary: Path, source: Path, stop: threading.Event
) -> tuple[str | None, int, int]:
    """Make one plain file of the copy, check it, and count what is in it."""
    with contextlib.closing(_for_writing(temporary)) as copy:
        copy.set_progress_handler(lambda: int(stop.is_set()), _STEPS_BETWEEN_LOOKS)
        try:
            # The copy of a catalog in WAL mode says that it is in WAL mode, too.
            copy.execute("PRAGMA journal_mode = DELETE")
            _require_good(copy, source)
            if not copy.execute(
                "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'"
            ).fetchone():
                copy.execute(f"PRAGMA analysis_limit = {_ANALYSIS_LIMIT}")
                copy.execute("ANALYZE")
            (last_sync,) = copy.execute(_LAST_SYNC).fetchone()
            datasets, objects = copy.execute(_COUNTS).fetchone()
        except sqlite3.Error as error:
            _require_going_on(stop)
            raise _told(error, temporary, source) from error
    return last_sync, datasets, objects


def _require_good(copy: sqlite3.Connection, source: Path) -> None:
    (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise Damaged(
            f"{source} is damaged: {found}",
            hint=REBUILD_HINT,
        )


def _require_going_on(stop: threading.Event) -> None:
    if stop.is_set():
        raise Stopped("the snapshot was given up; nothing is left of it")


def _for_writing(temporary: Path) -> sqlite3.Connection:
    """Open a file that is thrown away if anything goes wrong: it needs no journal."""
    conn = sqlite3.connect(temporary, isolation_level=None)
    # Exclusive: a copy that says it is in WAL mode gets no -shm beside it either.
    conn.execute("PRAGMA locking_mode = EXCLUSIVE")
    conn.execute("PRAGMA journal_mode = OFF")
    conn.execute("PRAGMA synchronous = OFF")
    return conn


def _told(error: sqlite3.Error, temporary: Path, source: Path) -> LccMirrorError:
    """Say which of the two files the trouble is with."""
    code = primary_code(error)
    if code == sqlite3.SQLITE_FULL:
        return NoRoom(
            f"no room for {temporary.parent}: the disk is full",
            hint="free some space, or name a folder on another disk",
        )
    if code == sqlite3.SQLITE_IOERR:
        refused = why_not_written(temporary)
        if refused is not None:
            return refused
        return LocalError(f"copying {source} to {temporary.parent}: {error}")
    return opening_error(error, source)


def _has_wal(connection: sqlite3.Connection) -> bool:
    # Reading first: the mode of a connection is what it saw when it last read.
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return _pragma(connection, "journal_mode") == "wal"


def _size(connection: sqlite3.Connection) -> int:
    pages = connection.execute("SELECT * FROM pragma_page_count").fetchone()[0]
    return int(pages) * _page_size(connection)


def _page_size(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT * FROM pragma_page_size").fetchone()[0])


def _pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def _nobody(done: int, total: int) -> None:
    """Be told, and tell nobody."""
