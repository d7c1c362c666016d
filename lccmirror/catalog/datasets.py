"""Datasets: what the server's list says of them, and how far the mirror is with each."""

from __future__ import annotations

import enum
import json
import sqlite3
from typing import TYPE_CHECKING

from ..clock import server_time
from .dataset_order import created_on, put_in_order

if TYPE_CHECKING:
    from ..server import DatasetHeader, DatasetSummary


NO_LONGER_THERE = (
    "the server no longer lists it, nor gives what is missing here; what is here is kept"
)
"""The reason of a dataset on which work was ended because it has vanished."""


class Seen(enum.Enum):
    """What one item of the dataset list was to us."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


_LISTED_FIELDS = (
    "name",
    "description",
    "citation",
    "created_on",
    "last_updated",
    "nobjects",
    "query_type",
    "query_params",
    "visibility",
)

_INSERT = f"""
INSERT INTO datasets (setid, {", ".join(_LISTED_FIELDS)}, origin, state, first_seen, last_seen)
VALUES (:setid, {", ".join(":" + field for field in _LISTED_FIELDS)}, 'listed', 'listed',
        :now, :now)
"""

_UPDATE = f"""
UPDATE datasets SET {", ".join(f"{field} = :{field}" for field in _LISTED_FIELDS)},
  last_seen = :now, vanished_at = NULL
WHERE setid = :setid
"""


def record_listed(conn: sqlite3.Connection, item: DatasetSummary, now: str) -> Seen:
    """Write down one item of the dataset list.

    A dataset that the mirror has seen keeps its state; whether a change calls for work is
    the planner's business. One that is back after it had vanished, and that we do not have
    whole, is a change: its work may have been ended.
    """
    row = conn.execute(
        "SELECT last_updated, origin, vanished_at IS NOT NULL "
        "AND (state <> 'mirrored' OR reason = ?) FROM datasets WHERE setid = ?",
        (NO_LONGER_THERE, item.setid),
    ).fetchone()
    last_updated = server_time(item.last_updated)
    if row is not None and row[0] == last_updated:
        conn.execute(
            "UPDATE datasets SET last_seen = ?, vanished_at = NULL WHERE setid = ?",
            (now, item.setid),
        )
        return Seen.CHANGED if row[2] else Seen.UNCHANGED
    values = {field: getattr(item, field) for field in _LISTED_FIELDS}
    values |= {
        "setid": item.setid,
        "created_on": server_time(item.created_on),
        "last_updated": last_updated,
        "now": now,
    }
    before = created_on(conn, item.setid)
    conn.execute(_INSERT if row is None else _UPDATE, values)
    put_in_order(conn, item.setid, before)
    conn.executemany(
        "INSERT OR IGNORE INTO dataset_collections VALUES (?, ?)",
        ((item.setid, collection) for collection in item.queried_collections),
    )
    # The list also tells, for a complete dataset, whether it has a ZIP.
    conn.execute(
        "UPDATE datasets SET has_lczip = ? WHERE setid = ?",
        (int(item.lczip_path is not None), item.setid),
    )
    if row is not None and row[:2] == (None, "search"):
        # Our own, complete when we fetched it: the list now tells its time.
        return Seen.UNCHANGED
    return Seen.NEW if row is None else Seen.CHANGED


_RESULT = """
INSERT INTO datasets (setid, name, description, citation, created_on, nobjects, query_type,
                      query_params, visibility, has_lczip, origin, state, first_seen, last_seen)
VALUES (:setid, :name, :description, :citation, :created_on, :nobjects, :query_type,
        :query_params, :visibility, :has_lczip, 'search', 'listed', :now, :now)
ON CONFLICT (setid) DO UPDATE SET origin = 'search', vanished_at = NULL,
  last_seen = excluded.last_seen,
  created_on = coalesce(created_on, excluded.created_on),
  state = CASE WHEN state IN ('mirrored', 'partial') THEN state ELSE 'listed' END
"""


def record_result(conn: sqlite3.Connection, header: DatasetHeader, now: str) -> None:
    """Write down a dataset that one of our own searches has made, now complete.

    The list may show it, too, before or after, or never.
    """
    before = created_on(conn, header.setid)
    conn.execute(
        _RESULT,
        {
            "setid": header.setid,
            "name": header.name,
            "description": header.description,
            "citation": header.citation,
            "created_on": server_time(header.created) or now,
            "nobjects": header.actual_nrows,
            "query_type": header.searchtype,
            "query_params": json.dumps(header.searchargs, ensure_ascii=False),
            "visibility": header.visibility,
            "has_lczip": None if header.has_lczip is None else int(header.has_lczip),
            "now": now,
        },
    )
    put_in_order(conn, header.setid, before)
    conn.executemany(
        "INSERT OR IGNORE INTO dataset_collections VALUES (?, ?)",
        ((header.setid, collection) for collection in header.collections),
    )


def record_vanished(conn: sqlite3.Connection, seen_since: str, now: str) -> int:
    """Mark the listed datasets that a reading of the whole list did not have.

    They are kept: that the server says nothing of them is no reason to lose them.

    Parameters
    ----------
    seen_since
        When that reading began.

    Returns
    -------
    int
        How many were newly found gone.
    """
    return conn.execute(
        "UPDATE datasets SET vanished_at = ? "
        "WHERE origin = 'listed' AND vanished_at IS NULL AND last_seen < ?",
        (now, seen_since),
    ).rowcount


def set_state(
    conn: sqlite3.Connection,
    setid: str,
    state: str,
    *,
    reason: str | None = None,
    error: str | None = None,
    mirrored_at: str | None = None,
) -> None:
    """Say how far the mirror is with a dataset, and why."""
    conn.execute(
        "UPDATE datasets SET state = ?, reason = ?, last_error = ?, "
        "mirrored_at = coalesce(?, mirrored_at) WHERE setid = ?",
        (state, reason, error, mirrored_at, setid),
    )


def set_failed(
    conn: sqlite3.Connection, setid: str, state: str, error: str, has_files: bool
) -> None:
    """Write down a failed attempt.

    What has been mirrored stays so when only a newer version could not be had; what is
    here in part is ``partial``.
    """
    conn.execute(
        "UPDATE datasets SET last_error = :error, reason = NULL, state = CASE "
        "WHEN state = 'mirrored' AND :files THEN state "
        "WHEN :files THEN 'partial' ELSE :state END WHERE setid = :setid",
        {"error": error, "files": has_files, "state": state, "setid": setid},
    )


def unreadable(conn: sqlite3.Connection, setid: str) -> str | None:
    """Return why a dataset whose files are here has no rows, or None if it has."""
    row = conn.execute(
        "SELECT nrows, last_error FROM datasets WHERE setid = ?", (setid,)
    ).fetchone()
    return None if row[0] is not None else row[1] or "its table could not be read"


def from_one_file(conn: sqlite3.Connection, setid: str) -> bool:
    """Whether a dataset's values are from its CSV or its JSON alone, for whatever reason."""
    row = conn.execute("SELECT values_from FROM datasets WHERE setid = ?", (setid,)).fetchone()
    return row[0] in ("csv", "json")


def said_to_have_zip(conn: sqlite3.Connection, setid: str) -> bool:
    """Whether the server says that a dataset has a ZIP of light curves."""
    row = conn.execute("SELECT has_lczip FROM datasets WHERE setid = ?", (setid,)).fetchone()
    return bool(row[0])


def newest_last_updated(conn: sqlite3.Connection) -> str | None:
    """Return the latest ``last_updated`` of all listed datasets."""
    row = conn.execute(
        "SELECT max(last_updated) FROM datasets WHERE origin = 'listed'"
    ).fetchone()
    return None if row is None else row[0]
