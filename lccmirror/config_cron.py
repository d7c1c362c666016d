"""Crontab expressions, meaning what they mean to cron.

APScheduler's own reading counts the days of the week from Monday, and joins a day of the
month and a day of the week by "and" where cron says "or". People write what they know from
cron; so the days of the week are given to it by name, and the other case is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from .errors import UsageError
from .names import printable

if TYPE_CHECKING:
    # No stubs and no types of its own.
    from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]

_TICK = timedelta(microseconds=1)
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


def cron_trigger(text: str, timezone: tzinfo | str | None = None) -> CronTrigger:
    """Return APScheduler's trigger for a crontab expression.

    Parameters
    ----------
    text
        ``minute hour day month weekday``; weekdays 0 to 7 with Sunday both 0 and 7, or
        names.
    timezone
        The zone of the hours; None is this machine's.

    Raises
    ------
    UsageError
        If it is not such an expression.
    """
    # Costs as much as all the rest of a start; most configurations have no cron.
    from apscheduler.triggers.cron import CronTrigger

    fields = text.split()
    if len(fields) != 5:
        raise UsageError(
            f'expected 5 fields "minute hour day month weekday", not {len(fields)}; '
            'every day at four is "0 4 * * *"'
        )
    minute, hour, day, month, weekday = fields
    if day != "*" and weekday != "*":
        raise UsageError(
            "a day of the month together with a day of the week means either to cron; "
            "write two searches"
        )
    try:
        return CronTrigger(
            minute=minute,
            hour=hour,
            day=day,
            month=month,
            day_of_week=_by_name(weekday),
            timezone=timezone,
        )
    except ValueError as error:
        raise UsageError(f"not a crontab expression: {printable(str(error), 300)}") from None


def cron_points(
    text: str, timezone: tzinfo | str | None = None
) -> Callable[[datetime], datetime | None]:
    """Return the function from a time to the first one after it that is chosen (UTC).

    When the clocks change it does what cron does: an hour that is left out comes when the
    clocks have changed, and one that is repeated comes once; but every hour (``*``) is every
    hour that passes.

    Raises
    ------
    UsageError
        If it is not a crontab expression.
    """
    # Few configurations have a crontab.
    from zoneinfo import ZoneInfo

    trigger = cron_trigger(text, timezone)
    if text.split()[1].startswith("*"):

        def passing(moment: datetime) -> datetime | None:
            return _in_utc(trigger.get_next_fire_time(None, moment + _TICK))

        return passing
    zone: tzinfo = ZoneInfo(timezone) if isinstance(timezone, str) else trigger.timezone
    on_the_wall = cron_trigger(text, UTC)

    def shown(moment: datetime) -> datetime | None:
        wall = moment.astimezone(zone).replace(tzinfo=UTC, fold=0)
        while (wall := on_the_wall.get_next_fire_time(None, wall + _TICK)) is not None:
            # Without a fold it is the first of two, and what is left out comes later.
            found: datetime = wall.replace(tzinfo=zone).astimezone(UTC)
            if found > moment:
                return found
        return None

    return shown


def least_gap(text: str) -> timedelta:
    """Return the least time between two runs of a crontab expression.

    Days are taken as if every one were chosen, so it can be less than what the days of
    the month would really allow.

    Raises
    ------
    UsageError
        If it is not such an expression, or its day never comes.
    """
    midnight = datetime(2024, 1, 1, tzinfo=UTC)
    if cron_trigger(text, UTC).get_next_fire_time(None, midnight) is None:
        raise UsageError("this day never comes")
    minute, hour = text.split()[:2]
    daily = cron_trigger(f"{minute} {hour} * * *", UTC)
    least = timedelta(days=1)
    last = daily.get_next_fire_time(None, midnight)
    while last < midnight + timedelta(days=1):
        following = daily.get_next_fire_time(last, last)
        least = min(least, following - last)
        last = following
    return least


def _in_utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def _by_name(weekday: str) -> str:
    """Return a field of weekdays as a list of names, or ``*``."""
    chosen: set[str] = set()
    for part in weekday.lower().split(","):
        days, _, step = part.partition("/")
        if days == "*":
            first, last = 0, 6
        else:
            start, dash, end = days.partition("-")
            first = _weekday(start)
            last = _weekday(end) if dash else (6 if step else first)
            if last < first:
                # "fri-sun": cron's Sunday is 0 and 7
                last += 7
        if step and not (step.isdecimal() and int(step)):
            raise UsageError(f"not a crontab expression: {part!r}")
        chosen.update(_WEEKDAYS[day % 7] for day in range(first, last + 1, int(step or 1)))
    return "*" if len(chosen) == 7 else ",".join(sorted(chosen))


def _weekday(text: str) -> int:
    if text in _WEEKDAYS:
        return _WEEKDAYS.index(text)
    if text.isdecimal() and len(text) == 1 and int(text) <= 7:
        return int(text)
    raise UsageError(f"not a crontab expression: {text!r} is no day of the week")
