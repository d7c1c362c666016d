"""Crontab expressions mean what they mean to cron."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lccmirror.config_cron import cron_trigger, least_gap
from lccmirror.errors import UsageError

# A Monday.
START = datetime(2024, 1, 1, 0, 0, 30, tzinfo=UTC)


def runs(text: str, count: int) -> list[datetime]:
    trigger = cron_trigger(text, UTC)
    found: list[datetime] = []
    now = START
    for _ in range(count):
        now = trigger.get_next_fire_time(found[-1] if found else None, now)
        found.append(now)
        now += timedelta(seconds=1)
    return found


@pytest.mark.parametrize(
    ("weekday", "names"),
    [
        ("0", {"Sun"}),
        ("7", {"Sun"}),
        ("1", {"Mon"}),
        ("1-5", {"Mon", "Tue", "Wed", "Thu", "Fri"}),
        ("5-7", {"Fri", "Sat", "Sun"}),
        ("fri-sun", {"Fri", "Sat", "Sun"}),
        ("SAT,0", {"Sat", "Sun"}),
        ("*/2", {"Sun", "Tue", "Thu", "Sat"}),
        ("1-5/2", {"Mon", "Wed", "Fri"}),
        ("*", {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}),
    ],
)
def test_days_of_the_week_are_counted_from_sunday(weekday: str, names: set[str]) -> None:
    assert {f"{run:%a}" for run in runs(f"0 4 * * {weekday}", 14)} == names


def test_hours_are_those_of_the_time_zone() -> None:
    (first,) = [
        cron_trigger("0 4 * * *", zone).get_next_fire_time(None, START)
        for zone in ("America/Santiago",)
    ]
    assert first.astimezone(UTC) == datetime(2024, 1, 1, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("0 4 * * *", 24 * 60),
        ("0 4 1 1 *", 24 * 60),
        ("*/15 * * * *", 15),
        ("*/7 * * * *", 4),
        ("* * * * *", 1),
        ("55 23 * * *", 24 * 60),
        ("0,55 0,23 * * *", 5),
    ],
)
def test_the_least_time_between_two_runs(text: str, minutes: int) -> None:
    assert least_gap(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0 4 * *",
        "0 4 * * * *",
        "60 4 * * *",
        "0 24 * * *",
        "0 4 32 * *",
        "0 4 * 13 *",
        "0 4 * * 8",
        "0 4 * * noday",
        "0 4 * * 1-",
        "0 4 * * */0",
        "0 4 1 * 1",
        "0 4 30 2 *",
        "x 4 * * *",
        "@daily",
    ],
)
def test_what_is_no_crontab_expression_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        least_gap(text)
