"""Times as the catalog writes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Now = Callable[[], datetime]
"""Returns the current time, aware, in UTC. Passed in wherever time matters."""


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """Write an aware time as ISO-8601 UTC with ``Z``, six decimals always.

    A fixed width, so that such texts sort as the times they stand for.

    >>> to_text(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    '2026-01-02T03:04:05.000000Z'
    """
    # strftime would write the year 999 with three digits.
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="microseconds") + "Z"


def from_text(text: str) -> datetime:
    """Read a time as `to_text` and the server write it; without a zone it is UTC.

    Raises
    ------
    ValueError
        If it is no ISO-8601 time, or none that UTC has within the years 1 to 9999.
    """
    return _in_utc(datetime.fromisoformat(text))


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"not within the years 1 to 9999: {moment}") from error


def server_time(text: str | None) -> str | None:
    """Return a dataset's time as the catalog keeps it, or the text itself if it is none.

    The server writes UTC without ``Z``, and no fraction when the microsecond is 0.

    >>> server_time("2026-11-22T18:38:30")
    '2026-11-22T18:38:30.000000Z'
    """
    if text is None:
        return None
    try:
        return to_text(from_text(text))
    except ValueError:
        return text


def from_http_date(text: str | None) -> datetime | None:
    """Read an HTTP date such as ``Last-Modified``; None for what is none.

    >>> from_http_date("Sun, 22 Nov 2026 18:38:30 GMT")
    datetime.datetime(2026, 11, 22, 18, 38, 30, tzinfo=datetime.timezone.utc)
    """
    if text is None:
        return None
    # It brings sockets along, and those who only read the catalog have no such dates.
    from email.utils import parsedate_to_datetime

    try:
        return _in_utc(parsedate_to_datetime(text))
    except (ValueError, OverflowError):
        return None
