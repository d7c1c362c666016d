"""Bring a catalog's schema up to date, one numbered SQL file after the other."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

SCHEMA_VERSION = 1
_TABLE = re.compile(r"^CREATE (?:VIRTUAL )?TABLE (\w+)", re.MULTILINE)


def statements(script: str) -> Iterator[str]:
    """Split a script into its statements (a trigger's inner ``;`` does not end one)."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip():
        yield pending


def scripts() -> list[tuple[str, str]]:
    """Return name and text of every migration, in the order of their numbers."""
    from importlib import resources  # most starts find nothing to migrate

    folder = resources.files(__package__) / "schema"
    return sorted(
        (entry.name, entry.read_text("utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".sql")
    )


def missing_tables(conn: sqlite3.Connection) -> list[str]:
    """Return the tables that a catalog of this version lacks."""
    there = {name for (name,) in conn.execute("SELECT name FROM sqlite_master")}
    return sorted(schema_tables() - there)


def schema_tables() -> set[str]:
    """Return the names of all tables of the schema."""
    return {name for _, script in scripts() for name in _TABLE.findall(script)}


def migrate(conn: sqlite3.Connection) -> None:
    """Apply every migration that `conn` has not had, each in its own transaction."""
    # Imported here because it takes longer than all else together, and most starts
    # find nothing to migrate.
    with _not_imported("pandas", "numpy"):
        from sqlite_utils import Database, Migrations

    migrations = Migrations("lccmirror")
    for name, script in scripts():
        migrations(name=name.removesuffix(".sql"))(_runner(script, int(name[:4])))
    migrations.apply(Database(conn, execute_plugins=False))


@contextlib.contextmanager
def _not_imported(*names: str) -> Iterator[None]:
    """Let modules that are not loaded seem not to be installed.

    sqlite-utils loads pandas and NumPy, wherever they are, to know two more types of columns.
    That is 75 MB for nothing: migrations are plain SQL.
    """
    absent = [name for name in names if name not in sys.modules]
    # What the import system's documentation says of None: importing it fails.
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def _runner(script: str, version: int) -> Callable[[Database], None]:
    def run(db: Database) -> None:
        for statement in statements(script):
            db.conn.execute(statement)
        db.conn.execute(f"PRAGMA user_version = {version}")

    return run
