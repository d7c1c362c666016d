"""Take from an older copy of the catalog what the mirrored files cannot tell.

The copy is attached as ``old``. Everything is taken by the names of its columns. What can be
worked out from files is not taken: rows, objects, light curves, texts.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..formats.columns import TableColumn
from ..names import quote_identifier
from .files import FileRow
from .lightcurves import Entry
from .objects import object_column

# What is copied as it is. Of `datasets`, what is worked out from their tables is not believed.
_TABLES = (
    "mirror",
    "collections",
    "columns",
    "datasets",
    "dataset_collections",
    "gaps",
    "sync_log",
    "searches",
    "search_runs",
    "search_run_sets",
    "search_changes",
    "search_members",
    "jobs",
    "troubles",
    "announced",
    "announcements",
    "lightcurve_attempts",
    "missing_lightcurves",
    "object_info",
    "object_periods",
    "work",
)
_FORGET = """
UPDATE datasets SET nrows = NULL, same_as = NULL, table_sha256 = NULL, lc_sha256 = NULL,
  values_from = NULL
"""
# The next poll reads the whole list: it may have moved on since the copy was made, and what
# was proven then is still proven.
_POLLS = """
INSERT INTO polls (name, dialect, proven_until)
SELECT name, dialect, proven_until FROM old.polls
"""
_NOT_BEGUN = """
UPDATE jobs SET last_started = last_finished
WHERE name = 'backup' AND last_started > coalesce(last_finished, '')
"""
_VIEWS = """
SELECT v.sql FROM old.sqlite_master AS v JOIN old.searches AS s ON v.name = 'latest_' || s.name
WHERE v.type = 'view'
"""


def attach(conn: sqlite3.Connection, source: Path) -> None:
    """Make the copy at `source` readable as ``old``, and never writable."""
    conn.execute("ATTACH ? AS old", (source.absolute().as_uri() + "?mode=ro",))


def take_history(conn: sqlite3.Connection) -> None:
    """Take what the files cannot tell into a new catalog, in the caller's transaction."""
    for table in _TABLES:
        names = ", ".join(
            quote_identifier(name)
            for (name,) in conn.execute("SELECT name FROM pragma_table_info(?)", (table,))
        )
        conn.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM old.{table}")
    conn.execute("DELETE FROM mirror WHERE key = 'catalog_checked'")
    conn.execute(_FORGET)
    conn.execute(_POLLS)
    # In the order in which they came, so that each gets the name that it had.
    for name, kind in conn.execute(
        "SELECT name, kind FROM old.object_columns ORDER BY rowid"
    ).fetchall():
        object_column(conn, name, kind)


def end_backing_up(conn: sqlite3.Connection) -> None:
    """Note that the copy was whole: what it says of itself is from before it was.

    In the copy, the job that made it has begun and not ended. As if it had not begun it is
    neither told as cut off, nor forgotten: it is due.
    """
    conn.execute(_NOT_BEGUN)


def take_views(conn: sqlite3.Connection) -> None:
    """Make the views of searches as they were, in the caller's transaction."""
    for (sql,) in conn.execute(_VIEWS).fetchall():
        conn.execute(sql)


@dataclass(frozen=True)
class OldTable:
    """A dataset's table as the copy has it.

    Attributes
    ----------
    same_as
        The dataset that held its rows.
    """

    columns: tuple[TableColumn, ...]
    values_from: str | None
    same_as: str | None
    holder: str

    def rows(self, conn: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
        """Yield its rows, values in the order of the columns."""
        names = [column.name for column in self.columns]
        for (data,) in conn.execute(
            "SELECT data FROM old.dataset_rows WHERE setid = ? ORDER BY row", (self.holder,)
        ):
            values = json.loads(data)
            yield tuple(values.get(name) for name in names)


def old_table(conn: sqlite3.Connection, setid: str) -> OldTable | None:
    """Return a dataset's table as the copy has it, if it has it."""
    found = conn.execute(
        "SELECT nrows, values_from, same_as FROM old.datasets WHERE setid = ?", (setid,)
    ).fetchone()
    if found is None or found[0] is None:
        return None
    columns = conn.execute(
        "SELECT name, title, description, dtype, format, kind FROM old.dataset_columns "
        "WHERE setid = ? ORDER BY position",
        (setid,),
    )
    table = tuple(TableColumn(*row) for row in columns)
    return OldTable(table, found[1], found[2], found[2] or setid)


def old_file(conn: sqlite3.Connection, path: str) -> FileRow | None:
    """Return what the copy says of a file."""
    row = conn.execute(f"{_FILE} WHERE path = ?", (path,)).fetchone()
    return None if row is None else FileRow(*row)


def old_files(conn: sqlite3.Connection) -> Iterator[FileRow]:
    """Yield what the copy says of all files."""
    for row in conn.execute(f"{_FILE} ORDER BY path"):
        yield FileRow(*row)


_FILE = (
    "SELECT path, setid, kind, size, sha256, etag, last_modified, fetched_at, verified_at, "
    "state, note, collection FROM old.files"
)


def old_entries(conn: sqlite3.Connection, path: str) -> list[Entry]:
    """Return the light curves that the copy knows in a file."""
    found = conn.execute(
        "SELECT collection, objectid, member, size, crc32 FROM old.lightcurves WHERE path = ?",
        (path,),
    )
    return [Entry(*row) for row in found]
