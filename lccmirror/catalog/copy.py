"""A copy of a catalog, page by page, beside whoever reads it."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path

from .. import durable
from ..errors import Damaged, Stopped
from .connection import REBUILD_HINT

# 4 MiB between two looks at whether we should stop.
_PAGES = 1024
_STEPS_BETWEEN_LOOKS = 100_000


def size_of(conn: sqlite3.Connection) -> int:
    """Return how large a copy of the catalog is, in bytes."""
    (pages,) = conn.execute("PRAGMA page_count").fetchone()
    (page_size,) = conn.execute("PRAGMA page_size").fetchone()
    return int(pages) * int(page_size)


def copy_catalog(
    conn: sqlite3.Connection, target: Path, stop: threading.Event | None = None
) -> None:
    """Copy the catalog to the file `target`, check the copy and flush it to the disk.

    Parameters
    ----------
    conn
        The writer's own connection, outside a transaction: nobody else writes, so the copy is
        of one moment.
    target
        Emptied first. What is left there when this fails is no catalog.
    stop
        Ends it early.

    Raises
    ------
    Stopped
        When `stop` is set.
    Damaged
        If the copy is no sound catalog, and so the catalog is none either.
    """

    def look(status: int, remaining: int, total: int) -> None:
        if stop is not None and stop.is_set():
            raise Stopped("stopped while the catalog was copied; nothing is left of it")

    durable.open_for_write(target).close()
    with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as copy:
        # Whatever goes wrong, the copy is thrown away: it needs no journal.
        copy.execute("PRAGMA locking_mode = EXCLUSIVE")
        copy.execute("PRAGMA synchronous = OFF")
        conn.backup(copy, pages=_PAGES, progress=look)
        # The copy of a catalog in WAL mode says that it is in WAL mode, too.
        copy.execute("PRAGMA journal_mode = DELETE")
        if stop is not None:
            copy.set_progress_handler(stop.is_set, _STEPS_BETWEEN_LOOKS)
        (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise Damaged(f"the catalog is damaged: {found}", hint=REBUILD_HINT)
    durable.flush_path(target)
