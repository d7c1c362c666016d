"""Mirrored files: one row per product, written only after the file is safe on the disk."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class FileRow:
    """A file of the mirror.

    Attributes
    ----------
    path
        Below the mirror's root, with ``/``.
    kind
        ``csv``, ``lczip``, ``json``, ``pickle``, ``lc``, ``lcformat``, ``objectinfo``, ``png``.
    size
        In bytes.
    state
        ``ok``, ``damaged``, ``missing``, or ``superseded`` by a newer version.
    """

    path: str
    setid: str | None
    kind: str
    size: int
    sha256: str
    etag: str | None
    last_modified: str | None
    fetched_at: str
    verified_at: str | None = None
    state: str = "ok"
    note: str | None = None
    collection: str | None = None


DISPUTED = "its ETag is that of other bytes; they came once"
"""The note on a CSV or pickle that is asked for again, until the same bytes come twice."""

_COLUMNS = (
    "path, setid, kind, size, sha256, etag, last_modified, fetched_at, verified_at, state, "
    "note, collection"
)

_PUT = f"""
INSERT INTO files ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (path) DO UPDATE SET
  setid = excluded.setid, kind = excluded.kind, size = excluded.size,
  sha256 = excluded.sha256, etag = excluded.etag, last_modified = excluded.last_modified,
  fetched_at = excluded.fetched_at, verified_at = excluded.verified_at,
  state = excluded.state, note = excluded.note, collection = excluded.collection
"""


def put_file(conn: sqlite3.Connection, row: FileRow) -> None:
    """Write down a file, replacing what was known under its path."""
    conn.execute(
        _PUT,
        (
            row.path,
            row.setid,
            row.kind,
            row.size,
            row.sha256,
            row.etag,
            row.last_modified,
            row.fetched_at,
            row.verified_at,
            row.state,
            row.note,
            row.collection,
        ),
    )


def get_file(conn: sqlite3.Connection, path: str) -> FileRow | None:
    """Return the row of the file at `path`, or None.

    The path may be one that somebody else made: a name that is not UTF-8 has no row.
    """
    try:
        path.encode()
    except UnicodeEncodeError:
        return None
    row = conn.execute(f"SELECT {_COLUMNS} FROM files WHERE path = ?", (path,)).fetchone()
    return None if row is None else FileRow(*row)


def files_of(conn: sqlite3.Connection, setid: str) -> dict[str, FileRow]:
    """Return a dataset's current files by kind, superseded versions left out.

    A damaged one that is kept under another name counts where nothing has its own.
    """
    return {
        row[2]: FileRow(*row)
        for row in conn.execute(
            f"SELECT {_COLUMNS} FROM files WHERE setid = ? AND state <> 'superseded' "
            "ORDER BY path DESC",
            (setid,),
        )
    }


def disputed_files(conn: sqlite3.Connection, setid: str) -> list[str]:
    """Return the kinds of a dataset's files that have the note `DISPUTED`."""
    found = conn.execute(
        "SELECT kind FROM files WHERE setid = ? AND state = 'ok' AND note = ? ORDER BY path",
        (setid, DISPUTED),
    )
    return [kind for (kind,) in found]


_TWIN = f"""
SELECT {", ".join("f." + name.strip() for name in _COLUMNS.split(","))}
FROM datasets AS d JOIN files AS f USING (setid)
WHERE d.lc_sha256 = ? AND d.setid <> ? AND f.kind = 'lczip' AND f.state = 'ok'
ORDER BY f.fetched_at
"""


def zips_of_same_objects(conn: sqlite3.Connection, lc_sha256: str, setid: str) -> list[FileRow]:
    """Return the light-curve ZIPs of other datasets that have the very same objects."""
    return [FileRow(*row) for row in conn.execute(_TWIN, (lc_sha256, setid))]


# The second condition lets SQLite use the index of such files. What is kept under a name that
# says that it is damaged cannot be had again.
_UNSOUND = """
SELECT count(*) FROM files
WHERE state IN ('damaged', 'missing') AND state <> 'ok' AND path NOT LIKE '%.damaged'
"""


def count_unsound(conn: sqlite3.Connection) -> int:
    """Return how many files are known to be damaged or missing, and may be had again."""
    count: int = conn.execute(_UNSOUND).fetchone()[0]
    return count
