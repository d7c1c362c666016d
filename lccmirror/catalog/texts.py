"""The text of objects, for full-text search: copied after they were written, some at a time.

Datasets, collections and columns are copied by triggers as they change (the schema's section
on full-text search). Objects come by the hundred thousand, and indexing them takes a quarter of
the time of taking them in; so what has changed is only noted with them, in the same
transaction, and copied later. A crash in between leaves the notes.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence

from ..names import quote_identifier
from .connection import transaction

INDEXES = ("datasets", "collections", "columns", "objects")
"""What can be searched: ``<name>_fts`` is the index over ``<name>_text``."""

_BATCH = 5_000

_NOTE_DATASET = """
INSERT INTO text_due_datasets (setid) VALUES (?)
ON CONFLICT (setid) DO UPDATE SET after_row = 0
"""
_NOTE_AFFECTED = """
INSERT OR IGNORE INTO text_due_objects SELECT collection, objectid FROM affected
"""
_NOTE_ALL = "INSERT OR IGNORE INTO text_due_objects SELECT collection, objectid FROM objects"
_NOTE_GONE = """
INSERT OR IGNORE INTO text_due_objects SELECT collection, objectid FROM objects_text
"""

_DUE_DATASET = """
SELECT due.setid, coalesce(d.same_as, d.setid), due.after_row
FROM text_due_datasets AS due JOIN datasets AS d ON d.setid = due.setid
ORDER BY due.setid LIMIT 1
"""
_BATCH_OF_DATASET = """
INSERT OR IGNORE INTO text_batch SELECT collection, objectid FROM dataset_rows
WHERE setid = ? AND row > ? AND row <= ? AND collection IS NOT NULL AND objectid IS NOT NULL
"""
_MORE_OF_DATASET = "SELECT 1 FROM dataset_rows WHERE setid = ? AND row > ? LIMIT 1"
_BATCH_OF_OBJECTS = """
INSERT INTO text_batch SELECT collection, objectid FROM text_due_objects LIMIT ?
"""
_BATCH_DONE = """
DELETE FROM text_due_objects WHERE (collection, objectid) IN (SELECT * FROM text_batch)
"""
# CROSS JOIN keeps the planner, which knows nothing of the batch, from reading all objects.
_REMOVE_GONE = """
DELETE FROM objects_text WHERE id IN (
  SELECT t.id FROM text_batch AS b CROSS JOIN objects_text AS t USING (collection, objectid)
  WHERE NOT EXISTS (SELECT 1 FROM objects AS o
                    WHERE o.collection = b.collection AND o.objectid = b.objectid))
"""


def note_dataset(conn: sqlite3.Connection, setid: str) -> None:
    """Note that the objects of a dataset's rows have changed, in the caller's transaction."""
    conn.execute(_NOTE_DATASET, (setid,))


def note_affected(conn: sqlite3.Connection) -> None:
    """Note the objects of the temporary table ``affected``, in the caller's transaction."""
    conn.execute(_NOTE_AFFECTED)


def note_all(conn: sqlite3.Connection) -> None:
    """Note every object, in the caller's transaction: all are to be copied again."""
    conn.execute(_NOTE_ALL)
    conn.execute(_NOTE_GONE)


def is_due(conn: sqlite3.Connection) -> bool:
    """Whether there are objects whose text has not been copied."""
    found: int = conn.execute(
        "SELECT EXISTS (SELECT 1 FROM text_due_datasets) "
        "OR EXISTS (SELECT 1 FROM text_due_objects)"
    ).fetchone()[0]
    return bool(found)


def index_objects(conn: sqlite3.Connection, stop: threading.Event | None = None) -> None:
    """Copy the text of all objects that are noted, in transactions of some thousands.

    Parameters
    ----------
    stop
        Looked at between two of them; what is left stays noted.
    """
    while is_due(conn):
        if stop is not None and stop.is_set():
            return
        with transaction(conn):
            conn.execute(
                "CREATE TEMP TABLE IF NOT EXISTS text_batch "
                "(collection TEXT, objectid TEXT, PRIMARY KEY (collection, objectid)) "
                "WITHOUT ROWID"
            )
            _take_batch(conn)
            conn.execute(_REMOVE_GONE)
            conn.execute(_copy_statement(conn))
            conn.execute("DELETE FROM text_batch")


def _take_batch(conn: sqlite3.Connection) -> None:
    due = conn.execute(_DUE_DATASET).fetchone()
    if due is None:
        conn.execute(_BATCH_OF_OBJECTS, (_BATCH,))
        conn.execute(_BATCH_DONE)
        return
    setid, holder, after = due
    conn.execute(_BATCH_OF_DATASET, (holder, after, after + _BATCH))
    if conn.execute(_MORE_OF_DATASET, (holder, after + _BATCH)).fetchone() is None:
        conn.execute("DELETE FROM text_due_datasets WHERE setid = ?", (setid,))
    else:
        conn.execute(
            "UPDATE text_due_datasets SET after_row = ? WHERE setid = ?",
            (after + _BATCH, setid),
        )


def _copy_statement(conn: sqlite3.Connection) -> str:
    """Return the statement that copies the objects of the batch whose text has changed."""
    return (
        "INSERT INTO objects_text (collection, objectid, words) "
        f"SELECT collection, objectid, {words_of_objects(conn)} "
        "FROM text_batch CROSS JOIN objects USING (collection, objectid) WHERE true "
        "ON CONFLICT (collection, objectid) DO UPDATE SET words = excluded.words "
        "WHERE words IS NOT excluded.words"
    )


def words_of_objects(conn: sqlite3.Connection) -> str:
    """Return the SQL of an object's text: its text columns, one a line; NULL for none."""
    # The objectid is in the index as such; many catalogs have it in a column of theirs, too.
    columns = [
        f"coalesce(nullif(nullif(objects.{quote_identifier(name)}, ''), objects.objectid)"
        " || char(10), '')"
        for (name,) in conn.execute(
            "SELECT sql_name FROM object_columns WHERE kind = 'text' ORDER BY rowid"
        )
    ]
    return f"nullif(rtrim({_joined(columns)}, char(10)), '')" if columns else "NULL"


def _joined(terms: Sequence[str]) -> str:
    """Concatenate in pairs of pairs: SQLite allows an expression only so much depth."""
    if len(terms) == 1:
        return terms[0]
    half = len(terms) // 2
    return f"({_joined(terms[:half])} || {_joined(terms[half:])})"


def broken_indexes(conn: sqlite3.Connection) -> list[str]:
    """Return the names of the indexes that do not fit what they are over.

    Reads all of them; `conn` must be able to write, though nothing is changed.
    """
    broken = []
    for name in INDEXES:
        try:
            conn.execute(
                f"INSERT INTO {name}_fts ({name}_fts, rank) VALUES ('integrity-check', 1)"
            )
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
                raise
            broken.append(f"{name}_fts")
    if not is_due(conn) and conn.execute(_stale_statement(conn)).fetchone() is not None:
        broken.append("objects_text")
    return broken


def _stale_statement(conn: sqlite3.Connection) -> str:
    """Return the statement that finds an object whose copy is not right."""
    return (
        "SELECT 1 FROM objects LEFT JOIN objects_text AS t USING (collection, objectid) "
        f"WHERE t.id IS NULL OR t.words IS NOT {words_of_objects(conn)} "
        "UNION ALL "
        "SELECT 1 FROM objects_text AS t LEFT JOIN objects AS o USING (collection, objectid) "
        "WHERE o.rowid IS NULL LIMIT 1"
    )


def rebuild_index(conn: sqlite3.Connection, name: str) -> None:
    """Make what `broken_indexes` named again, in the caller's transaction.

    The copy of the objects' texts is only noted to be made: `index_objects` does it.
    """
    if name == "objects_text":
        note_all(conn)
    else:
        index = quote_identifier(name)
        conn.execute(f"INSERT INTO {index} ({index}) VALUES ('rebuild')")
