"""Sizes, rates, durations and moments."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.errors import UsageError
from lccmirror.units import (
    duration_text,
    parse_duration,
    parse_moment,
    parse_rate,
    parse_size,
    size_text,
)


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("500 GB", 500 * 1000**3),
        ("1 GiB", 1024**3),
        ("1.5kB", 1500),
        ("10b", 10),
        (" 2 TB ", 2 * 1000**4),
        ("4 mb", 4_000_000),
        (0, 0),
        (123, 123),
    ],
)
def test_sizes_as_people_write_them(written: object, size: int) -> None:
    assert parse_size(written) == size


@pytest.mark.parametrize(
    "written",
    [
        "",
        "GB",
        "500",
        "5 XB",
        "-1 GB",
        "1e3 MB",
        "4 Mb",
        -1,
        True,
        1.5,
        None,
        [],
        "9999 EB",
        2**63,
    ],
)
def test_what_is_no_size_is_refused(written: object) -> None:
    with pytest.raises(UsageError):
        parse_size(written)


@pytest.mark.parametrize(
    ("written", "rate"),
    [("4 MB/s", 4_000_000), ("4 MB", 4_000_000), ("8 Mbit/s", 1_000_000), (1000, 1000)],
)
def test_rates_in_bytes_and_in_bits(written: object, rate: int) -> None:
    assert parse_rate(written) == rate


@pytest.mark.parametrize("written", ["8 Mb/s", "0 MB/s", "4 MB/h", "fast", 0, None])
def test_what_is_no_rate_is_refused(written: object) -> None:
    with pytest.raises(UsageError):
        parse_rate(written)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("15m", 900),
        ("6h", 21_600),
        ("1d", 86_400),
        ("2 weeks", 1_209_600),
        ("90s", 90),
        ("1h30m", 5400),
        ("1h 30 min", 5400),
        ("1.5 H", 5400),
        (15, 15),
        (0.5, 0.5),
    ],
)
def test_durations_as_people_write_them(written: object, seconds: float) -> None:
    assert parse_duration(written) == seconds


@pytest.mark.parametrize(
    "written",
    ["", "15", "m", "15 fortnights", "-5m", -1, True, float("nan"), float("inf"), [], 10**400],
)
def test_what_is_no_duration_is_refused(written: object) -> None:
    with pytest.raises(UsageError):
        parse_duration(written)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        (date(2026, 11, 22), datetime(2026, 11, 22, tzinfo=UTC)),
        (datetime(2026, 11, 22, 3), datetime(2026, 11, 22, 3, tzinfo=UTC)),
        ("2026-11-22T18:30:00Z", datetime(2026, 11, 22, 18, 30, tzinfo=UTC)),
        (
            datetime(2026, 11, 22, 3, tzinfo=timezone(timedelta(hours=1))),
            datetime(2026, 11, 22, 2, tzinfo=UTC),
        ),
    ],
)
def test_moments_are_utc(written: object, moment: datetime) -> None:
    parsed = parse_moment(written)
    assert parsed == moment
    assert parsed.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "written",
    [
        "yesterday",
        "2026-13-01",
        2026,
        None,
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_what_is_no_moment_is_refused(written: object) -> None:
    with pytest.raises(UsageError):
        parse_moment(written)


@given(st.integers(0, 2**63 - 1).filter(lambda size: size < 2**53 or size % 1000))
def test_a_size_written_for_people_is_read_back(size: int) -> None:
    # Beyond 2**53 a number with decimals is a float's; whole bytes stay exact below it.
    if size < 2**53:
        assert parse_size(size_text(size)) == size
    assert parse_size(size) == size


@given(st.integers(0, 10**9))
def test_a_duration_written_for_people_is_read_back(seconds: int) -> None:
    assert parse_duration(duration_text(float(seconds))) == seconds
