"""Indexes that are built anew behind a dataset larger than all that was there before.

An index that is sorted once is built in a third of the time that it takes to put as many rows
into it one by one, and what is written does not grow faster than the rows: a large index that
grows in random places is read and written again and again. As the rows before are no more
than the new ones, the whole costs in the end a fixed amount for each row ever written.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Final

from ..names import quote_identifier

# Fewer rows than this are not worth it.
_FEWEST: Final = 5_000
# Sorting takes as much memory as the cache may, and the cache has its own already.
_SORTING_KIB: Final = 4_000

_DEFINITION = "SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?"
_COUNT = "SELECT n FROM counts WHERE name = ?"


class IndexBehind:
    """One index of a table that a dataset is being written to, in the caller's transaction.

    Parameters
    ----------
    name
        Of the index. Nothing that happens until `build` may need it.
    table
        Whose: its rows are counted in ``counts``.
    """

    def __init__(self, conn: sqlite3.Connection, name: str, table: str) -> None:
        self._conn = conn
        self._name = name
        self._before: int = conn.execute(_COUNT, (table,)).fetchone()[0]
        self._definition: str | None = None
        self._kept = False

    def look(self, written: int) -> None:
        """Leave the index for later, once `written` rows are more than were there before."""
        if self._kept or self._definition or written < max(self._before, _FEWEST):
            return
        (definition,) = self._conn.execute(_DEFINITION, (self._name,)).fetchone()
        try:
            self._conn.execute(f"DROP INDEX {quote_identifier(self._name)}")
        except sqlite3.OperationalError as error:
            # Somebody reads on this very connection: rows that come from an older catalog.
            if error.sqlite_errorcode != sqlite3.SQLITE_LOCKED:
                raise
            self._kept = True
        else:
            self._definition = definition

    def build(self) -> None:
        """Have the index whole again."""
        if self._definition is not None:
            with _small_cache(self._conn):
                self._conn.execute(self._definition)
            self._definition = None


@contextlib.contextmanager
def _small_cache(conn: sqlite3.Connection) -> Iterator[None]:
    (size,) = conn.execute("PRAGMA cache_size").fetchone()
    conn.execute(f"PRAGMA cache_size = {-_SORTING_KIB}")
    try:
        yield
    finally:
        conn.execute(f"PRAGMA cache_size = {size}")
