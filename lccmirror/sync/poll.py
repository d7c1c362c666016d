"""Ask the server what it has: collections, and the list of datasets.

The list is newest first by ``last_updated``, but the server takes its newest `nsets`
*before* it drops those we may not see. A short, empty or unchanged answer therefore proves
nothing unless it held a dataset that we knew, unchanged: everything newer than that one
is in front of it. Otherwise twice as many are asked for.

"Knew" means: before this poll, and any before it that was cut off. Such a poll has written
down the newest datasets and not what is behind them, so only what is no newer than the
last time something was proven (``proven_until``) counts.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ..catalog.collections import record_collections
from ..catalog.connection import transaction
from ..catalog.datasets import Seen, newest_last_updated, record_listed, record_vanished
from ..catalog.log import PollState, poll_state, record_gap, set_poll_state
from ..clock import from_text, server_time, to_text
from .firstof import FirstOf

if TYPE_CHECKING:
    from ..server import DatasetsAnswer, LccClient

SMALLEST_WINDOW = 25
WHOLE_LIST = 1_000_000
# The documented server gives at most this many, and has no way to ask for the rest.
DOCUMENTED_CAP = 1_000
# Two of the server's workers may commit in another order than they took their times.
OVERLAP = timedelta(seconds=10)


@dataclass
class CollectionsPoll:
    """What a poll of the collections found; `changed` is False for a 304."""

    changed: bool
    new: int = 0


@dataclass
class DatasetsPoll:
    """What a poll of the dataset list found.

    Attributes
    ----------
    new, changed
        Setids not seen before, and those with another ``last_updated``; the first of each.
    vanished
        How many a reading of the whole list did not have any more.
    gap
        What may have been missed, in words, or None.
    problems
        Items of the list that could not be understood.
    """

    new: FirstOf = field(default_factory=FirstOf)
    changed: FirstOf = field(default_factory=FirstOf)
    vanished: int = 0
    gap: str | None = None
    problems: FirstOf = field(default_factory=FirstOf)


def poll_collections(
    client: LccClient, conn: sqlite3.Connection, now: datetime
) -> CollectionsPoll:
    """Ask for the collections and write down what has changed."""
    state = poll_state(conn, "collections")
    answer = client.collections(etag=state.etag)
    at = to_text(now)
    if answer.not_modified:
        with transaction(conn):
            set_poll_state(conn, "collections", dataclasses.replace(state, last_ok=at))
        return CollectionsPoll(changed=False)
    with transaction(conn):
        new = record_collections(conn, answer.collections, at)
        set_poll_state(
            conn, "collections", PollState(etag=answer.etag, dialect=answer.dialect, last_ok=at)
        )
    return CollectionsPoll(changed=True, new=new)


def poll_datasets(
    client: LccClient,
    conn: sqlite3.Connection,
    now: datetime,
    *,
    full_every: timedelta,
    on_item: Callable[[str, Seen], None] | None = None,
    poll: DatasetsPoll | None = None,
) -> DatasetsPoll:
    """Ask for the dataset list until nothing new can be hidden, and write down what it has.

    Parameters
    ----------
    full_every
        How often the whole list is read, to see what has vanished from it.
    on_item
        Called inside the transaction that records an item which is new or changed.
    poll
        Filled in as the poll goes, so that one that is cut off has told what it wrote down.
    """
    poll = DatasetsPoll() if poll is None else poll
    state = poll_state(conn, "datasets")
    if not has_been_within(state.last_full, full_every, now):
        _read_whole_list(client, conn, now, poll, on_item)
        state = poll_state(conn, "datasets")
    known_until = state.proven_until
    nsets = state.nsets or SMALLEST_WINDOW
    uncounted: int | None = None
    while True:
        etag = state.etag if nsets == state.nsets else None
        with client.datasets(nsets=nsets, etag=etag) as answer:
            if answer.not_modified:
                proven, complete = state.proves, False
                next_state = dataclasses.replace(state, last_ok=to_text(now))
            else:
                window = _record(conn, answer, now, known_until, poll, on_item)
                complete = _was_all(answer.nfound, window.nitems, nsets, _dialect(conn))
                proven = window.proof or complete
                next_state = dataclasses.replace(
                    state, etag=answer.etag, nsets=nsets, proves=proven, last_ok=to_text(now)
                )
        if proven:
            with transaction(conn):
                _set_proven(conn, next_state)
            return poll
        if answer.not_modified:
            nsets *= 2
            continue
        if _capped(answer.nfound, window.nitems, nsets):
            with transaction(conn):
                _report_gap(conn, poll, window.oldest, known_until, now)
                _set_proven(conn, dataclasses.replace(next_state, proves=True))
            return poll
        # As many as before, and nobody counts: these may be all, and only a request for
        # everything can tell.
        all_seen = answer.nfound is None and window.nitems == uncounted
        uncounted = window.nitems
        nsets = WHOLE_LIST if all_seen else 2 * nsets


def has_been_within(moment: str | None, span: timedelta, now: datetime) -> bool:
    """Whether something was done within `span` before now.

    What is written down as done in the future was done by a clock that was wrong.
    """
    if moment is None:
        return False
    return timedelta(0) <= now - from_text(moment) < span


def _set_proven(conn: sqlite3.Connection, state: PollState) -> None:
    """Remember that everything that we may see is written down, or a gap for it."""
    newest = newest_last_updated(conn)
    set_poll_state(conn, "datasets", dataclasses.replace(state, proven_until=newest))


@dataclass
class _Window:
    """What one answer showed: how many items, the oldest of them, and whether it proves."""

    nitems: int = 0
    oldest: str | None = None
    proof: bool = False


def _record(
    conn: sqlite3.Connection,
    answer: DatasetsAnswer,
    now: datetime,
    known_until: str | None,
    poll: DatasetsPoll,
    on_item: Callable[[str, Seen], None] | None,
) -> _Window:
    window = _Window()
    found = {Seen.NEW: FirstOf(), Seen.CHANGED: FirstOf()}
    proof_before = _proof_before(known_until)
    with transaction(conn):
        for item in answer.items():
            window.nitems += 1
            seen = record_listed(conn, item, to_text(now))
            updated = server_time(item.last_updated)
            window.oldest = updated
            if seen is Seen.UNCHANGED:
                window.proof |= bool(updated and proof_before and updated <= proof_before)
                continue
            found[seen].append(item.setid)
            if on_item is not None:
                on_item(item.setid, seen)
    poll.new.take(found[Seen.NEW])
    poll.changed.take(found[Seen.CHANGED])
    named = set(poll.problems)
    poll.problems.extend(one for one in answer.problems if one not in named)
    return window


def _proof_before(known_until: str | None) -> str | None:
    """Return the latest ``last_updated`` that proves: the newest known, less the overlap."""
    if known_until is None:
        return None
    try:
        return to_text(from_text(known_until) - OVERLAP)
    except ValueError:
        return known_until


def _read_whole_list(
    client: LccClient,
    conn: sqlite3.Connection,
    now: datetime,
    poll: DatasetsPoll,
    on_item: Callable[[str, Seen], None] | None,
) -> None:
    known_until = poll_state(conn, "datasets").proven_until
    with client.datasets(nsets=WHOLE_LIST) as answer:
        window = _record(conn, answer, now, known_until, poll, on_item)
        complete = _was_all(answer.nfound, window.nitems, WHOLE_LIST, _dialect(conn))
    with transaction(conn):
        if not complete and not window.proof:
            _report_gap(conn, poll, window.oldest, known_until, now)
        if complete and not poll.problems:
            poll.vanished = record_vanished(conn, to_text(now), to_text(now))
        # The next poll begins with a small window again, whatever this one needed.
        _set_proven(conn, PollState(last_ok=to_text(now), last_full=to_text(now)))


def _dialect(conn: sqlite3.Connection) -> str | None:
    return poll_state(conn, "collections").dialect


def _was_all(nfound: int | None, nitems: int, nsets: int, dialect: str | None) -> bool:
    """Whether the server had no more than it gave, by its own count before the drop."""
    if nfound is None:
        # No count: only a request for everything can have been answered with all.
        nfound = nitems if nsets >= WHOLE_LIST else nsets
    return nfound < nsets and (nfound != DOCUMENTED_CAP or dialect == "running")


def _capped(nfound: int | None, nitems: int, nsets: int) -> bool:
    """Whether asking for more is in vain."""
    if nsets >= WHOLE_LIST:
        return True
    return nsets > DOCUMENTED_CAP and DOCUMENTED_CAP in (nfound, nitems)


def _report_gap(
    conn: sqlite3.Connection,
    poll: DatasetsPoll,
    oldest: str | None,
    known_until: str | None,
    now: datetime,
) -> None:
    poll.gap = (
        f"the server's list ends at datasets updated {oldest or '(none)'}; older ones"
        + (f", back to {known_until}," if known_until else "")
        + " may have been missed"
    )
    record_gap(conn, to_text(now), older_than=oldest, newer_than=known_until, message=poll.gap)
