"""Reading more than one thing as it was at one moment."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from .readonly import ReadOnlyCatalog, opening_error


@contextlib.contextmanager
def one_moment(catalog: ReadOnlyCatalog) -> Iterator[None]:
    """Let all that is read in the block be of one moment, whatever is written meanwhile.

    While the catalog is in WAL mode no writer waits for that; otherwise they all do.

    Raises
    ------
    LccMirrorError
        If the catalog cannot be read.
    """
    connection = catalog.connection
    try:
        # The guard lets nobody begin a transaction; so it is away while this does.
        connection.set_authorizer(None)
        try:
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.Error as error:
            raise opening_error(error, catalog.path) from error
        connection.set_authorizer(catalog.guard)
        yield
    finally:
        connection.set_authorizer(None)
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.set_authorizer(catalog.guard)
