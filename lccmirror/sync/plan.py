"""Which datasets are wanted: the ``[select]`` rules, applied to what the list says."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from ..catalog.connection import transaction
from ..catalog.datasets import Seen, set_state
from ..catalog.log import get_setting, set_setting
from ..catalog.work import add_work
from ..catalog.work import done as no_work
from ..clock import to_text

if TYPE_CHECKING:
    from ..config import LimitsConfig, SelectConfig


@dataclass(frozen=True)
class Candidate:
    """What the dataset list says of a dataset, as far as the rules ask."""

    setid: str
    state: str
    query_type: str | None
    visibility: str | None
    nobjects: int | None
    created_on: str | None
    collections: tuple[str, ...]
    origin: str = "listed"


_CANDIDATE = """
SELECT d.setid, d.state, d.query_type, d.visibility, d.nobjects, d.created_on, d.origin,
       (SELECT group_concat(collection) FROM dataset_collections AS c WHERE c.setid = d.setid)
FROM datasets AS d
"""


# (With + they are read in the order of setids, and not sorted for each batch.)
_UNSETTLED = f"""{_CANDIDATE}
WHERE +d.state IN ('listed', 'skipped', 'waiting', 'failed', 'pruned') AND d.setid > ?
ORDER BY d.setid LIMIT ?
"""
_AT_A_TIME = 500


def _candidate(row: tuple[str, str, str, str, int, str, str, str | None]) -> Candidate:
    return Candidate(*row[:6], tuple((row[7] or "").split(",")), origin=row[6])


def refusal(select: SelectConfig, one: Candidate) -> str | None:
    """Return why the rules do not want a dataset, or None if they do.

    ``deny`` is stronger than ``allow``, and ``allow`` than every other rule but
    ``visibility``. What a saved search of ours has made is wanted.
    """
    if one.setid in select.deny:
        return "select.deny names it"
    if one.origin == "search":
        return None
    if one.visibility is not None and one.visibility not in select.visibility:
        return f"its visibility is {one.visibility} (select.visibility)"
    if one.setid in select.allow:
        return None
    if select.collections and not any(
        fnmatch.fnmatchcase(name, pattern)
        or fnmatch.fnmatchcase(name.replace("_", "-"), pattern)
        for name in one.collections
        for pattern in select.collections
    ):
        return f"its collections are {', '.join(one.collections)} (select.collections)"
    if select.query_types and not any(
        fnmatch.fnmatchcase(one.query_type or "", pattern) for pattern in select.query_types
    ):
        return f"its query type is {one.query_type} (select.query_types)"
    if (
        select.max_objects is not None
        and one.nobjects is not None
        and one.nobjects > select.max_objects
    ):
        return f"it has {one.nobjects:,} objects (select.max_objects)"
    if (
        select.not_before is not None
        and one.created_on is not None
        and one.created_on < to_text(select.not_before)
    ):
        return f"it was created on {one.created_on} (select.not_before)"
    return None


def plan_seen(
    conn: sqlite3.Connection, select: SelectConfig, setid: str, seen: Seen, now: str
) -> None:
    """Put a dataset that the list shows as new or changed to work, or skip it."""
    one = _candidate(conn.execute(_CANDIDATE + " WHERE d.setid = ?", (setid,)).fetchone())
    _plan(conn, select, one, seen.value, now)


# What the rules of before left out of datasets that are here otherwise: a file that was too
# large, a table beyond the limits, a kind of product that was not wanted.
_PLAN_LACKING = """
INSERT OR IGNORE INTO work (setid, reason, since, not_before)
SELECT d.setid, 'selected', :now, :now FROM datasets AS d
WHERE d.state = 'partial'
     AND (d.reason LIKE '%(select.max_size)' OR d.last_error LIKE '%(limits.%')
   OR d.state IN ('mirrored', 'partial') AND EXISTS (
     SELECT 1 FROM json_each(:products) AS p
     WHERE NOT (p.value = 'lczip' AND d.has_lczip IS 0)
       AND NOT EXISTS (SELECT 1 FROM files AS f WHERE f.setid = d.setid AND f.kind = p.value))
"""


def plan_again(
    conn: sqlite3.Connection,
    select: SelectConfig,
    now: str,
    *,
    products: tuple[str, ...] = (),
    limits: LimitsConfig | None = None,
) -> bool:
    """Apply the rules to all datasets, if they are not those of the last time.

    A dataset that is mirrored stays mirrored whatever the rules say now; a product that it
    lacks and that is wanted now is fetched.

    Returns
    -------
    bool
        Whether the rules had changed.
    """
    asked = (select, sorted(products), limits)
    rules = hashlib.sha256(msgspec.json.encode(asked, order="deterministic")).hexdigest()
    if get_setting(conn, "rules") == rules:
        return False
    with transaction(conn):
        after = ""
        # Some at a time, so that memory does not grow with the mirror.
        while rows := conn.execute(_UNSETTLED, (after, _AT_A_TIME)).fetchall():
            for one in map(_candidate, rows):
                unwanted = refusal(select, one) is not None
                if one.state == "pruned" or (one.state == "skipped") != unwanted:
                    _plan(conn, select, one, "selected", now)
            after = rows[-1][0]
        conn.execute(_PLAN_LACKING, {"now": now, "products": json.dumps(products)})
        set_setting(conn, "rules", rules)
    return True


def _plan(
    conn: sqlite3.Connection, select: SelectConfig, one: Candidate, reason: str, now: str
) -> None:
    if one.state == "pruned" and one.setid not in select.allow:
        # What was removed on purpose does not come back because the server touches it.
        return
    why_not = refusal(select, one)
    if why_not is None:
        if one.state in ("skipped", "pruned"):
            set_state(conn, one.setid, "listed")
        add_work(conn, one.setid, reason, now)
    else:
        no_work(conn, one.setid)
        if one.state not in ("mirrored", "partial"):
            set_state(conn, one.setid, "skipped", reason=why_not)
