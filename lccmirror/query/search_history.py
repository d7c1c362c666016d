"""What the catalog knows of saved searches: their runs, and what these found that is new."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Final

from ..clock import to_text
from ..errors import UsageError
from ..units import parse_duration, parse_moment
from .readonly import ReadOnlyCatalog
from .run import Result, run_query

_AGO: Final = re.compile(r"[0-9.]+\s*[A-Za-z].*", re.ASCII)
_CHANGES: Final = """
SELECT r.finished AS time, c.run_id AS run, c.change, c.collection, c.objectid, o.ra, o.decl
FROM search_changes AS c JOIN search_runs AS r ON r.id = c.run_id
LEFT JOIN objects AS o USING (collection, objectid)
WHERE c.search = :name AND r.finished >= :since
ORDER BY c.run_id, c.change, c.collection, c.objectid
"""


def changes_of(catalog: ReadOnlyCatalog, name: str, since: datetime | None) -> Result:
    """Return the objects that came, went or changed in the runs of a saved search.

    Parameters
    ----------
    catalog
        From `lccmirror.query.open_readonly`.
    name
        Of the search.
    since
        Only runs that finished then or later; None for all.
    """
    moment = "" if since is None else to_text(since)
    return run_query(catalog, _CHANGES, {"name": name, "since": moment})


def moment_of(when: str | date | timedelta, now: datetime) -> datetime:
    """Return a moment that is written as a time, or as how long ago it was.

    Parameters
    ----------
    when
        ``"2026-11-01"``, ``"7d"``; without a zone it is UTC.
    now
        The time.

    Raises
    ------
    UsageError
        If it is neither.

    Examples
    --------
    >>> from datetime import UTC
    >>> moment_of("12h", datetime(2026, 11, 23, 12, tzinfo=UTC)).isoformat()
    '2026-11-23T00:00:00+00:00'
    """
    try:
        if isinstance(when, timedelta):
            return now - when
        if isinstance(when, str) and _AGO.fullmatch(when.strip()):
            return now - timedelta(seconds=parse_duration(when))
    except OverflowError as error:
        raise UsageError(f"{when} ago is before the year 1") from error
    try:
        return parse_moment(when)
    except UsageError as error:
        hint = "or how long ago that was: 7d, 12h"
        raise UsageError(error.message, hint=error.hint or hint) from error
