"""Rows of damaged files that are kept under another name than their own."""

from __future__ import annotations

import sqlite3

from .prune import forget_file

_GONE = "damaged here, and the server no longer has it"
# All versions of a path that are kept are within this range.
_KEPT = """
SELECT path FROM files WHERE path > :path || '.' AND path < :path || '/'
  AND path LIKE '%.damaged'
"""


def move_row(conn: sqlite3.Connection, path: str, kept: str) -> None:
    """Let a file's row, and its light curves, go by another path; its old name is removed.

    In the caller's transaction, and after it by `unlink.finish_pruning`.
    """
    conn.execute("PRAGMA defer_foreign_keys = ON")
    conn.execute("UPDATE files SET path = ?, note = ? WHERE path = ?", (kept, _GONE, path))
    conn.execute("UPDATE lightcurves SET path = ? WHERE path = ?", (kept, path))
    conn.execute("INSERT OR IGNORE INTO pruned_files VALUES (?)", (path,))


def forget_kept(conn: sqlite3.Connection, path: str) -> None:
    """Let go what is left of a damaged file: a sound one has its name again."""
    for (kept,) in conn.execute(_KEPT, {"path": path}).fetchall():
        forget_file(conn, kept)
