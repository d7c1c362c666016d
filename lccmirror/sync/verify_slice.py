"""Verify a part of the mirror at a time, so that every byte is read often enough."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from ..catalog.connection import transaction
from ..catalog.log import get_setting, set_setting
from ..clock import Now, from_text, to_text
from .mirror import Mirror
from .verify import Reading, VerifyReport, check_catalog, incomplete_tables
from .verify_scope import FILE_COLUMNS

CHUNK_BYTES = 2 * 1000**3
_CHECKED = "catalog_checked"
# A file verified within this time was verified "tonight", whatever came between.
_TONIGHT = timedelta(hours=20)


@dataclass(frozen=True)
class Slice:
    """A part of a night's reading.

    Attributes
    ----------
    report
        What it found.
    more
        Tonight's share is not done yet.
    """

    report: VerifyReport
    more: bool


# What is known to be damaged or missing is not read again; it waits for its repair.
_OLDEST_FIRST = f"""
SELECT {FILE_COLUMNS}, coalesce(verified_at, fetched_at) AS read_at
FROM files INDEXED BY files_read
WHERE +state IN ('ok', 'superseded') AND coalesce(verified_at, fetched_at) < :tonight
ORDER BY coalesce(verified_at, fetched_at), path LIMIT 1000
"""
_SHARE = """
SELECT n, (SELECT coalesce(sum(size), 0) FROM files WHERE verified_at >= :tonight)
FROM counts WHERE name = 'file_bytes'
"""


def verify_slice(
    mirror: Mirror,
    now: Now,
    *,
    every: timedelta,
    chunk_bytes: int = CHUNK_BYTES,
    stop: threading.Event | None = None,
    pace: Callable[[int], None] | None = None,
) -> Slice:
    """Read what was not read for the longest time.

    A night's share is as much of the mirror as makes all of it in `every`, and in any case
    what would else be older than that before the next night. The catalog itself is checked
    as often, and whether the tables have all their rows each night.

    Parameters
    ----------
    every
        How often every byte is to be read.
    chunk_bytes
        At most about so many bytes now, so that other work can come between.
    stop, pace
        As in `verify`.
    """
    moment = now()
    tonight = to_text(moment - _TONIGHT)
    overdue = to_text(moment - every + timedelta(days=1, hours=12))
    nights = max(1, every.days - 1)
    size, done = mirror.conn.execute(_SHARE, {"tonight": tonight}).fetchone()
    share = -(-size // nights) - done
    chosen, taken, more = [], 0, False
    rows = mirror.conn.execute(_OLDEST_FIRST, {"tonight": tonight}).fetchall()
    for row in rows:
        if taken >= share and row[-1] >= overdue:
            break
        if taken >= chunk_bytes:
            more = True
            break
        chosen.append(row[:-1])
        taken += row[3]
    else:
        more = len(rows) == 1000
    report = VerifyReport()
    Reading(mirror, now, None, stop, pace).read(chosen, report)
    if not more:
        _check_catalog_in_time(mirror, now, overdue)
        for found in incomplete_tables(mirror.conn):
            report.add(found)
    return Slice(report, more)


def _check_catalog_in_time(mirror: Mirror, now: Now, overdue: str) -> None:
    checked = get_setting(mirror.conn, _CHECKED)
    if checked is not None and from_text(checked) >= from_text(overdue):
        return
    check_catalog(mirror.conn)
    with transaction(mirror.conn):
        set_setting(mirror.conn, _CHECKED, to_text(now()))
