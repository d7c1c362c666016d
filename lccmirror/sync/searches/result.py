"""The end of a replay: its datasets mirrored, and compared with what was there before."""

from __future__ import annotations

from datetime import datetime

from ...catalog import searches as catalog
from ...catalog.connection import transaction
from ...catalog.search_changes import Changes, comparable, record_changes
from ...catalog.search_views import show_run
from ...catalog.searches import PartRow, RunRow
from ...catalog.texts import index_objects
from ...clock import from_text, to_text
from ..recover import take_back
from ..report import CycleReport
from ..session import Session
from ..workers import Work
from .losses import losses
from .steps import deadline, finish, gave_up, remembered_losses, told

_TABLE = """
SELECT d.nrows IS NOT NULL, w.not_before, coalesce(w.last_error, d.last_error, d.reason)
FROM datasets AS d LEFT JOIN work AS w USING (setid) WHERE d.setid = ?
"""


def conclude(session: Session, row: RunRow, parts: list[PartRow]) -> datetime | None:
    """Mirror what is not mirrored yet, a dataset at a time; then compare and finish.

    A run is done when its tables are in the catalog. Light curves that do not come, or for
    which there is no room, are left to later cycles like those of any dataset.

    Returns
    -------
    datetime or None
        When to go on; None when the run is finished.
    """
    for part in parts:
        if part.state == "complete" and not _table(session, part)[0]:
            return _mirror(session, row, part)
    _finish(session, row, parts)
    told(session, row, None)
    return None


def _mirror(session: Session, row: RunRow, part: PartRow) -> datetime | None:
    conn = session.mirror.conn
    assert part.setid is not None
    if row.state != "mirroring":
        with transaction(conn):
            catalog.update_run(conn, row.id, state="mirroring", message=None)
    told(session, row, f"mirroring dataset {part.setid}")
    take_back(session.mirror)
    Work(session, CycleReport()).run_one(part.setid)
    index_objects(conn, session.stop)
    there, not_before, why = _table(session, part)
    now = session.now()
    if there:
        return now
    if not_before is None:
        finish(session, row, "failed", f"dataset {part.setid} cannot be read: {why}")
        return None
    end = deadline(row, part.completed_at)
    if now >= end:
        gave_up(session, row, f"dataset {part.setid} could not be fetched: {why}")
        return None
    with transaction(conn):
        catalog.update_run(conn, row.id, message=why)
    return min(max(from_text(not_before), now), end)


def _table(session: Session, part: PartRow) -> tuple[bool, str | None, str | None]:
    """Return whether a part's rows are here; if not, when they are tried next, and why."""
    found = session.mirror.conn.execute(_TABLE, (part.setid,)).fetchone()
    return (False, None, "it is not in the catalog") if found is None else found


def _finish(session: Session, row: RunRow, parts: list[PartRow]) -> None:
    conn, now = session.mirror.conn, to_text(session.now())
    before = catalog.last_good_run(conn, row.search)
    matches = [part.total_nmatches for part in parts if part.total_nmatches is not None]
    with transaction(conn):
        common: dict[str, str | int | None] = {
            "finished": now,
            "next_look": None,
            "total_nmatches": sum(matches) if matches else None,
            "compared_with": None if before is None else before.id,
        }
        if before is not None and _doubtful(session, row, parts, before):
            catalog.update_run(
                conn,
                row.id,
                state="suspect",
                nobjects=0,
                added=0,
                removed=0,
                changed=0,
                message=_doubt(parts, before) + remembered_losses(parts),
                **common,
            )
            return
        gone = losses(conn, row, before)
        changes = record_changes(
            conn,
            row.search,
            row.id,
            None if before is None else before.id,
            removals=gone.any,
            kept=gone.kept,
        )
        show_run(conn, row.search, row.id)
        catalog.update_run(
            conn,
            row.id,
            state="ok",
            nobjects=changes.nobjects,
            added=changes.added,
            removed=changes.removed,
            changed=changes.changed,
            message="; ".join((_told(session, row, before, changes), *gone.remarks))
            + remembered_losses(parts),
            **common,
        )


def _doubtful(session: Session, row: RunRow, parts: list[PartRow], before: RunRow) -> bool:
    """Whether nothing came where there was something, and no run before has said so, too.

    The server has the same words for a search without a match as for an unknown column and
    a syntax error.
    """
    conn = session.mirror.conn
    doubted = suspicious_parts(row, parts, before, catalog.parts_of(conn, before.id))
    if not doubted:
        return False
    last = catalog.last_result(conn, row.search)
    if last is None or last.state != "suspect" or last.params != row.params:
        return True
    return not doubted <= _empty(catalog.parts_of(conn, last.id))


def suspicious_parts(
    row: RunRow, parts: list[PartRow], before: RunRow, parts_before: list[PartRow]
) -> frozenset[int]:
    """Return the parts in which nothing was found although there was something before."""
    empty = _empty(parts)
    if not before.nobjects:
        return frozenset()
    if len(empty) == len(parts):
        return empty
    if row.params != before.params or len(parts) != len(parts_before):
        return frozenset()
    return empty - _empty(parts_before)


def _empty(parts: list[PartRow]) -> frozenset[int]:
    return frozenset(part.part for part in parts if part.state == "empty")


def _doubt(parts: list[PartRow], before: RunRow) -> str:
    empty = len(_empty(parts))
    where = "" if empty == len(parts) else f" in {empty} of its {len(parts)} parts"
    return (
        f"nothing matched{where}, after {_objects(before.nobjects)} in run {before.id}; the "
        "server says the same when it does not understand a search. Nothing is taken for "
        "lost until another run says so, too"
    )


def _told(session: Session, row: RunRow, before: RunRow | None, changes: Changes) -> str:
    if before is None:
        return _objects(changes.nobjects) if changes.nobjects else "nothing matches"
    parts = [
        f"{_objects(changes.nobjects)}: {changes.added:,} new, {changes.removed:,} gone, "
        f"{changes.changed:,} changed"
    ]
    if row.params != before.params:
        parts.append(f"the question is not that of run {before.id}")
    if not comparable(session.mirror.conn, row.id, before.id):
        parts.append("values were not compared: only one of the two has exact ones")
    return "; ".join(parts)


def _objects(count: int | None) -> str:
    return "1 object" if count == 1 else f"{count or 0:,} objects"
