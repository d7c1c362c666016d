"""When a saved search is due.

Every due time is a point of the search's timetable and is run once. Several that were
missed, because the machine was off or the last run took that long, become one run: that of
the latest of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from ...catalog import searches as catalog
from ...catalog.connection import transaction
from ...clock import from_text, to_text
from ...config_checks import LEAST_INTERVAL_S
from ...config_cron import cron_points
from ...units import duration_text
from .requests import question

if TYPE_CHECKING:
    from ...config import Config, SearchConfig

SPACING = timedelta(seconds=LEAST_INTERVAL_S)
"""Between the beginnings of two runs: each leaves a dataset on somebody's server."""

_LONGEST_BACKOFF = timedelta(days=1)
_MOST_COUNTED = 1_000
_SPANS = tuple(timedelta(days=days) for days in (0.1, 1, 8, 32, 367, 8 * 367))


@dataclass(frozen=True)
class DueSearch:
    """A saved search that is due.

    Attributes
    ----------
    due
        The time it was due at; None if a person asks for it now.
    covers
        How many due times it stands for, with those missed before it.
    """

    name: str
    due: datetime | None
    covers: int = 1


def due_searches(conn: sqlite3.Connection, config: Config, now: datetime) -> list[DueSearch]:
    """Return the searches that are due, and bring the table ``searches`` up to date.

    A search with a run under way is not due; nor is one whose last run began less than 15
    minutes ago, unless its configuration insists.
    """
    register(conn, config, now)
    found = (_due(conn, search, now) for search in config.searches if search.enabled)
    return [one for one in found if one is not None]


def next_due(conn: sqlite3.Connection, search: SearchConfig, now: datetime) -> datetime | None:
    """Return when a search is due next, `now` or before if it is due already.

    Returns
    -------
    datetime or None
        None if nothing is foreseen: it is disabled, it is under way, or it waits for new
        data.
    """
    if not search.enabled or catalog.unfinished_run(conn, search.name) is not None:
        return None
    last = catalog.last_run(conn, search.name, to_text(now))
    if last is None:
        return _since(conn, search, now)
    coming = _pending(conn, search, last, now)
    if coming is not None:
        return max(coming.due or now, _earliest(search, last))
    timetable = point_after(search)
    if timetable is None:
        return None
    anchor = _anchor(conn, search, last, now)
    latest = latest_point(search, anchor, now)
    following = timetable(anchor if latest is None else latest[0])
    return None if following is None else max(following, _earliest(search, last))


def register(conn: sqlite3.Connection, config: Config, now: datetime) -> None:
    """Write down in the catalog which searches there are, and when they are next due."""
    with transaction(conn):
        for search in config.searches:
            catalog.put_search(
                conn,
                search.name,
                kind=search.kind,
                params=question(search),
                schedule=in_words(search),
                enabled=search.enabled,
                now=to_text(now),
            )
            following = next_due(conn, search, now)
            catalog.set_next_run(
                conn, search.name, None if following is None else to_text(following)
            )
        catalog.disable_others(conn, [search.name for search in config.searches])


def in_words(search: SearchConfig) -> str:
    """Say when a search is run."""
    if search.every_s is not None:
        return f"every {duration_text(search.every_s)}"
    if search.cron is not None:
        return f"cron {search.cron}" + (f" ({search.timezone})" if search.timezone else "")
    return "on new data"


def data_state(conn: sqlite3.Connection, search: SearchConfig) -> str:
    """Return as JSON how new the collections of a search are, as last polled."""
    rows = conn.execute(
        "SELECT collection, last_updated, nobjects FROM collections "
        "WHERE last_seen = (SELECT max(last_seen) FROM collections) ORDER BY collection"
    ).fetchall()
    wanted = set(search.collections)
    return msgspec.json.encode(
        {row[0]: row[1:] for row in rows if not wanted or row[0] in wanted}
    ).decode()


def point_after(search: SearchConfig) -> Callable[[datetime], datetime | None] | None:
    """Return the function from a time to the first due time after it.

    With ``every`` that time has to be a due time itself.

    Returns
    -------
    callable or None
        None for a search that has no timetable.
    """
    if search.every_s is not None:
        every = timedelta(seconds=search.every_s)
        return lambda moment: moment + every
    return None if search.cron is None else cron_points(search.cron, search.timezone)


def latest_point(
    search: SearchConfig, after: datetime, now: datetime
) -> tuple[datetime, int] | None:
    """Return the latest due time after the due time `after`, and not later than `now`.

    Returns
    -------
    (datetime, int) or None
        With how many there are in that span (of a crontab no more than 1,000 are counted).
    """
    if search.every_s is not None:
        count = (now - after) // timedelta(seconds=search.every_s)
        if count < 1:
            return None
        return after + count * timedelta(seconds=search.every_s), count
    timetable = point_after(search)
    latest, count = None, 0
    while timetable is not None and count < _MOST_COUNTED:
        following = timetable(latest or after)
        if following is None or following > now:
            break
        latest, count = following, count + 1
    if latest is None or timetable is None:
        return None
    if count == _MOST_COUNTED:
        latest = _latest_of_many(timetable, latest, now)
    return latest, count


def _latest_of_many(
    timetable: Callable[[datetime], datetime | None], known: datetime, now: datetime
) -> datetime:
    """Find the latest due time without going through all of them."""
    for span in _SPANS:
        found = timetable(max(known, now - span))
        if found is not None and found <= now:
            while (following := timetable(found)) is not None and following <= now:
                found = following
            return found
    return known


def _due(conn: sqlite3.Connection, search: SearchConfig, now: datetime) -> DueSearch | None:
    if catalog.unfinished_run(conn, search.name) is not None:
        return None
    last = catalog.last_run(conn, search.name, to_text(now))
    if last is None:
        return DueSearch(search.name, _since(conn, search, now))
    coming = _pending(conn, search, last, now)
    if coming is None or max(coming.due or now, _earliest(search, last)) > now:
        return None
    return coming


def _pending(
    conn: sqlite3.Connection, search: SearchConfig, last: catalog.RunRow, now: datetime
) -> DueSearch | None:
    """Return the due time that has come and was not run, or a coming one that is certain."""
    if search.on_new_data:
        return _new_data(conn, search, last, now)
    point = latest_point(search, _anchor(conn, search, last, now), now)
    if point is None:
        return None
    due, covers = point
    if not search.catch_up and now - due > SPACING:
        return None
    return DueSearch(search.name, due, covers)


def _new_data(
    conn: sqlite3.Connection, search: SearchConfig, last: catalog.RunRow, now: datetime
) -> DueSearch | None:
    good = catalog.last_good_run(conn, search.name)
    state = data_state(conn, search)
    if good is not None and good.id == last.id:
        return DueSearch(search.name, now) if good.data != state else None
    if last.data != state:
        return DueSearch(search.name, now)
    # The data is new since the last good run, and was asked for in vain: ever more seldom.
    failures = catalog.failures_in_a_row(conn, search.name)
    wait = min(SPACING * 2 ** min(failures - 1, 10), _LONGEST_BACKOFF)
    return DueSearch(search.name, from_text(last.started) + wait)


def _since(conn: sqlite3.Connection, search: SearchConfig, now: datetime) -> datetime:
    """Return when a search without a run was first seen.

    A clock that was wrong may have left runs in the future; they must not stop the others.
    """
    row = catalog.get_search(conn, search.name)
    if row is None or catalog.last_run(conn, search.name) is not None:
        return now
    return min(from_text(row.first_seen), now)


def _anchor(
    conn: sqlite3.Connection, search: SearchConfig, last: catalog.RunRow, now: datetime
) -> datetime:
    """Return the time from which due times are counted: the last that had its run."""
    before = catalog.last_due_run(conn, search.name, to_text(now))
    if before is None or before.due is None:
        return from_text(last.started)
    return from_text(before.due)


def _earliest(search: SearchConfig, last: catalog.RunRow) -> datetime:
    started = from_text(last.started)
    return started if search.allow_frequent else started + SPACING
