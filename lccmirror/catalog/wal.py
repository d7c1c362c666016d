"""The catalog's log (SQLite's WAL), kept short also while people never stop reading.

SQLite moves what is in the log to the catalog after every thousand pages, but begins the log
anew only in a moment in which nobody reads from it. With several readers who always overlap
there is no such moment, and the log grows for as long as they stay. So it has to be asked for:
then a writer waits for those who read an older state, and whoever comes meanwhile reads the
catalog itself and is not in the way. No reader waits for that.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

LONGEST_LOG: Final = 32 * 1024 * 1024
"""Bytes; a table of half a million rows is more, and then the log is, for a while."""

_PATIENCE_MS: Final = 1000


def empty_log(conn: sqlite3.Connection) -> bool:
    """Move all that is in the log to the catalog, and give back its room.

    Parameters
    ----------
    conn
        The writer's, not in a transaction.

    Returns
    -------
    bool
        False if somebody reads an older state, and has not ended within a second.
    """
    (busy_ms,) = conn.execute("PRAGMA busy_timeout").fetchone()
    # A reader may stay for hours: this is not worth the minute that a write is.
    conn.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
    try:
        blocked, *_ = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        conn.execute(f"PRAGMA busy_timeout = {busy_ms}")
    return not blocked


class LogKeeper:
    """Keeps the log of one catalog from growing for ever.

    Parameters
    ----------
    conn
        The writer's connection.
    catalog
        The catalog's file.
    longest
        Bytes from which on the log is emptied.
    """

    def __init__(
        self, conn: sqlite3.Connection, catalog: Path, longest: int = LONGEST_LOG
    ) -> None:
        self._conn = conn
        self._log = catalog.with_name(f"{catalog.name}-wal")
        self._longest = self._next = longest

    def look(self) -> None:
        """Empty the log if it has become too long; to be called after a transaction."""
        if self._size() < self._next:
            return
        emptied = False
        # What is in the log is safe there; a full disk is told by the next commit.
        with contextlib.suppress(sqlite3.OperationalError):
            emptied = empty_log(self._conn)
        # Whoever holds it may do so for long: that must not slow every dataset down.
        self._next = self._longest + (0 if emptied else self._size())

    def _size(self) -> int:
        try:
            return self._log.stat().st_size
        except FileNotFoundError:
            return 0
