"""Open and close the catalog for the one process that writes it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from ..durable import FILE_MODE, flush_folder
from ..errors import CatalogTooNew, Damaged, InTheWay
from . import CATALOG_NAME, REBUILD_HINT
from .migrate import SCHEMA_VERSION, migrate

__all__ = [
    "BUSY_TIMEOUT_S",
    "CATALOG_NAME",
    "REBUILD_HINT",
    "BeforeMigration",
    "check_version",
    "close_writer",
    "open_writer",
    "prepare",
    "transaction",
]

BUSY_TIMEOUT_S = 60.0
BeforeMigration = Callable[[sqlite3.Connection], None]
"""Called with the catalog before its schema is changed."""


def open_writer(
    path: Path, *, before_migration: BeforeMigration | None = None
) -> sqlite3.Connection:
    """Open the catalog for writing, created and migrated as needed.

    Every commit is flushed to the disk (``synchronous=FULL``) before it returns. The
    caller holds the mirror's lock.

    Raises
    ------
    CatalogTooNew
        If a newer lccmirror wrote it.
    Damaged
        If it is no SQLite database, or a broken one.
    InTheWay
        If it is a database of another program.
    """
    # Created here, so that its mode (and that of its WAL) does not depend on the umask.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
    fresh = os.fstat(descriptor).st_size == 0
    os.close(descriptor)
    if fresh:
        # Files without a catalog are a catalog that was lost: its name must be there first.
        flush_folder(path.parent)
    conn = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        prepare(conn, path, before_migration=before_migration)
    except BaseException:
        conn.close()
        raise
    return conn


def prepare(
    conn: sqlite3.Connection,
    path: Path | str,
    *,
    before_migration: BeforeMigration | None = None,
) -> None:
    """Set up a connection that writes, and bring its schema up to date."""
    try:
        version = check_version(conn, path)
        _require_ours(conn, path)
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA synchronous = FULL")
        conn.execute("PRAGMA cache_size = -16000")
        conn.execute("PRAGMA temp_store = FILE")
        if version < SCHEMA_VERSION:
            if version > 0 and before_migration is not None:
                before_migration(conn)
            migrate(conn)
        conn.execute("PRAGMA foreign_keys = ON")
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error):
            raise
        raise Damaged(
            f"{path} is damaged: {error}",
            hint=REBUILD_HINT,
        ) from error


# sqlite-utils makes its own before the first migration.
_OURS = """
SELECT count(*) = 0 OR sum(name = 'mirror') FROM sqlite_master
WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name <> '_sqlite_migrations'
"""


def _require_ours(conn: sqlite3.Connection, path: Path | str) -> None:
    """Make sure that we do not make our tables in the database of another program."""
    if not conn.execute(_OURS).fetchone()[0]:
        raise InTheWay(
            f"{path} is a database, but not a mirror's catalog",
            hint="move it away, or name another folder as [mirror] root; if mirrored files are "
            "here, put a copy of their catalog in its place, or make it anew: "
            "`lccmirror verify --repair --rebuild-catalog`",
        )


def check_version(conn: sqlite3.Connection, path: Path | str) -> int:
    """Return the version of a catalog's schema.

    Raises
    ------
    CatalogTooNew
        If a newer lccmirror wrote it.
    """
    version: int = conn.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise CatalogTooNew(
            f"{path} has schema {version}; this lccmirror knows up to {SCHEMA_VERSION}",
            hint="a newer lccmirror wrote it: upgrade lccmirror on this machine",
        )
    return version


def close_writer(conn: sqlite3.Connection) -> None:
    """Close, leaving a catalog that people without write permission can open.

    A WAL catalog needs its ``-shm`` file, which only a writer can make: so a clean exit
    goes back to a rollback journal. A reader that is still there prevents that; the next
    clean exit tries again.
    """
    let_go(sys.exc_info()[1])
    try:
        if conn.in_transaction:
            conn.rollback()
        # A reader may stay for hours: neither of these is worth the minute that a write is.
        conn.execute("PRAGMA busy_timeout = 1000")
        _checkpoint(conn)
        with contextlib.suppress(sqlite3.OperationalError):
            conn.execute("PRAGMA journal_mode = DELETE")
    finally:
        conn.close()


def let_go(error: BaseException | None) -> None:
    """Forget what the functions that an error has ended were reading.

    Its traceback has their variables, and a statement among them that is not read to its end
    keeps the catalog from going back to a rollback journal.
    """
    from traceback import clear_frames  # importing it takes time, and mostly there is no error

    while error is not None:
        clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _checkpoint(conn: sqlite3.Connection) -> None:
    try:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError as error:
        # What was being read when an error came up is still open in its traceback, and that
        # error is the one to be told. The next one that closes the catalog checkpoints it.
        if error.sqlite_errorcode != sqlite3.SQLITE_LOCKED:
            raise


@contextlib.contextmanager
def transaction(conn: sqlite3.Connection) -> Iterator[None]:
    """All that happens inside is committed together, or not at all.

    Inside another transaction it is a savepoint, and the outer one decides.
    """
    if conn.in_transaction:
        begin, done, undo = "SAVEPOINT inner", "RELEASE inner", "ROLLBACK TO inner"
    else:
        begin, done, undo = "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"
    conn.execute(begin)
    try:
        yield
        conn.execute(done)
    except BaseException:
        # A full disk makes SQLite roll back by itself; then there is nothing to undo.
        if conn.in_transaction:
            conn.execute(undo)
            if undo != "ROLLBACK":
                conn.execute(done)
        raise
