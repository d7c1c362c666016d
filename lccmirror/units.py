"""Sizes, rates, durations and moments, as people write them.

Every function here takes what a TOML file or a command line holds and returns the plain
number (or aware UTC `datetime`) that the rest of the package works with.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime

from .errors import UsageError

_SIZE_UNITS = {
    "b": 1,
    **{f"{prefix}b": 1000**power for power, prefix in enumerate("kmgtpe", start=1)},
    **{f"{prefix}ib": 1024**power for power, prefix in enumerate("kmgtpe", start=1)},
}
_BIT_UNITS = {f"{prefix}bit": 1000**power for power, prefix in enumerate(("", "k", "m", "g"))}
_DURATION_UNITS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "week", "weeks"), 604_800),
}
# As texts: `re` compiles them when one is first asked for, and keeps them.
_QUANTITY = r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]+)"
_DURATION = rf"(?:{_QUANTITY}\s*)+"

# What an SQLite INTEGER and a file length can hold.
_LARGEST = 2**63 - 1


def parse_size(value: object) -> int:
    """Return a size in bytes.

    Parameters
    ----------
    value
        A whole number of bytes, or a text such as ``"500 GB"`` (powers of 1000) or
        ``"1.5 GiB"`` (powers of 1024).

    Raises
    ------
    UsageError
        If it is neither, or negative, or more than 8 EiB.

    Examples
    --------
    >>> parse_size("500 GB"), parse_size("1 KiB"), parse_size(42)
    (500000000000, 1024, 42)
    """
    return _amount(value, _SIZE_UNITS, "a size", '"500 GB"')


def parse_rate(value: object) -> int:
    """Return a rate in bytes a second.

    Parameters
    ----------
    value
        A whole number of bytes a second, or a text such as ``"4 MB/s"`` or ``"8 Mbit/s"``.

    Raises
    ------
    UsageError
        If it is neither, or not at least one byte a second.

    Examples
    --------
    >>> parse_rate("4 MB/s"), parse_rate("8 Mbit/s")
    (4000000, 1000000)
    """
    whole = value
    if isinstance(value, str):
        whole = value.strip().removesuffix("/s").rstrip()
        number, unit = _split(whole)
        if number is not None and unit.lower() in _BIT_UNITS:
            whole = _whole(number * _BIT_UNITS[unit.lower()] / 8, value)
    rate = _amount(whole, _SIZE_UNITS, "a rate", '"4 MB/s"')
    if rate < 1:
        raise UsageError(f"{value!r} is no rate: at least one byte a second")
    return rate


def parse_duration(value: object) -> float:
    """Return a duration in seconds.

    Parameters
    ----------
    value
        A number of seconds, or a text such as ``"15m"``, ``"6 hours"`` or ``"1h30m"``.

    Raises
    ------
    UsageError
        If it is neither, negative or not finite.

    Examples
    --------
    >>> parse_duration("15m"), parse_duration("1d"), parse_duration("1h30m"), parse_duration(90)
    (900.0, 86400.0, 5400.0, 90.0)
    """
    expected = 'expected a duration like "15m", "6h", "1d", or a number of seconds'
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UsageError(f"{expected}, not {_shown(value)}")
    if isinstance(value, str):
        if not re.fullmatch(_DURATION, value.strip(), re.ASCII):
            raise UsageError(f"{expected}, not {_shown(value)}")
        seconds = 0.0
        for number, unit in re.findall(_QUANTITY, value, re.ASCII):
            if unit.lower() not in _DURATION_UNITS:
                raise UsageError(f"{_shown(value)}: unknown unit {unit!r}; one of s m h d w")
            seconds += float(number) * _DURATION_UNITS[unit.lower()]
    else:
        seconds = _as_float(value)
    if not math.isfinite(seconds) or seconds < 0:
        raise UsageError(f"{_shown(value)} is no duration: it must be finite and not negative")
    return seconds


def parse_moment(value: object) -> datetime:
    """Return a moment as an aware `datetime` in UTC.

    Parameters
    ----------
    value
        A TOML date or date and time, or an ISO-8601 text. Without an offset it is UTC; a
        date alone is its midnight.

    Raises
    ------
    UsageError
        If it is none of these.

    Examples
    --------
    >>> parse_moment("2026-11-22").isoformat()
    '2026-11-22T00:00:00+00:00'
    """
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            raise UsageError(
                'expected a date like "2026-11-22" or "2026-11-22T18:30:00Z", '
                f"not {_shown(value)}"
            ) from None
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            raise UsageError(f"{_shown(value)} is out of range in UTC") from None
    if isinstance(moment, date):
        return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    raise UsageError(f"expected a date or a date and time, not {_shown(value)}")


def size_text(size: int) -> str:
    """Return `size` (bytes) exactly, in the largest decimal unit that divides it.

    Examples
    --------
    >>> size_text(5_000_000_000), size_text(1536)
    ('5 GB', '1536 B')
    """
    for power, prefix in reversed(list(enumerate(("", "k", "M", "G", "T", "P", "E")))):
        if size and size % 1000**power == 0:
            return f"{size // 1000**power} {prefix}B"
    return f"{size} B"


def rounded_size(size: int) -> str:
    """Return `size` (bytes) as people want to read it: rounded, in a decimal unit.

    Examples
    --------
    >>> rounded_size(999), rounded_size(1536), rounded_size(5_000_000_000)
    ('999 bytes', '1.5 kB', '5.0 GB')
    """
    if size < 1000:
        return f"{size:,} byte{'' if size == 1 else 's'}"
    amount, units = size / 1000, iter(("kB", "MB", "GB", "TB", "PB"))
    unit = next(units)
    while amount >= 1000 and (larger := next(units, None)):
        amount, unit = amount / 1000, larger
    return f"{amount:,.1f} {unit}"


def duration_text(seconds: float) -> str:
    """Return `seconds` (to the nanosecond) in the largest unit that divides it.

    Examples
    --------
    >>> duration_text(900), duration_text(86_400), duration_text(1.5)
    ('15m', '1d', '1.5s')
    """
    for unit in ("d", "h", "m"):
        if seconds and seconds % _DURATION_UNITS[unit] == 0:
            return f"{int(seconds // _DURATION_UNITS[unit])}{unit}"
    # Never an exponent, which `parse_duration` does not know.
    return f"{seconds:.9f}".rstrip("0").rstrip(".") + "s"


def _amount(value: object, units: dict[str, int], what: str, example: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return _whole(value, value)
    expected = f"expected {what} like {example}, or a whole number of bytes"
    if not isinstance(value, str):
        raise UsageError(f"{expected}, not {_shown(value)}")
    number, unit = _split(value)
    if number is None:
        raise UsageError(f"{expected}, not {_shown(value)}")
    if re.fullmatch(r"[KMGTPE]b", unit):
        # Some mean bits by it, some bytes, and eight times the disk is no small mistake.
        raise UsageError(f"{_shown(value)}: write {unit[0]}B for bytes")
    if unit.lower() not in units:
        raise UsageError(
            f"{_shown(value)}: unknown unit {unit!r}; one of B kB MB GB TB KiB MiB …"
        )
    return _whole(number * units[unit.lower()], value)


def _split(text: str) -> tuple[float | None, str]:
    match = re.fullmatch(_QUANTITY, text.strip(), re.ASCII)
    return (float(match[1]), match[2]) if match else (None, "")


def _whole(number: float, written: object) -> int:
    if not 0 <= number <= _LARGEST:
        raise UsageError(f"{_shown(written)} is out of range")
    return round(number)


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
