"""When something is due again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Protocol

from ..units import duration_text


class Timetable(Protocol):
    """Points in time at which something is due."""

    def after(self, moment: datetime, anchor: datetime) -> datetime:
        """Return the first point later than `moment`, where `anchor` is one of them."""

    def first(self, now: datetime) -> datetime:
        """Return when something that was never done is due."""

    @property
    def longest_s(self) -> float:
        """The longest time between two points, in seconds."""

    def __str__(self) -> str:
        """In words."""


@dataclass(frozen=True)
class Every:
    """Points at a fixed distance.

    However late each run begins and however long it takes, the points stay where they
    are: delays do not add up.
    """

    seconds: float

    def after(self, moment: datetime, anchor: datetime) -> datetime:
        """Return the first point later than `moment`, where `anchor` is one of them."""
        step = timedelta(seconds=self.seconds)
        return anchor + ((moment - anchor) // step + 1) * step

    def first(self, now: datetime) -> datetime:
        """Return `now`: what was never done is due at once."""
        return now

    @property
    def longest_s(self) -> float:
        """The distance."""
        return self.seconds

    def __str__(self) -> str:
        return f"every {duration_text(self.seconds)}"


@dataclass(frozen=True)
class Nightly:
    """Once a day at a time of this machine's clock, across changes of summer time."""

    at: time

    def after(self, moment: datetime, anchor: datetime) -> datetime:
        """Return the first such time later than `moment`."""
        local = moment.astimezone()
        for days in (0, 1, 2):
            date = local.date() + timedelta(days=days)
            # Without a zone: astimezone() then takes the one that holds on that date.
            point = datetime.combine(date, self.at).astimezone(moment.tzinfo)
            if point > moment:
                return point
        raise AssertionError("a day has at most 25 hours")

    def first(self, now: datetime) -> datetime:
        """Return the coming night: nothing of this is urgent on a new mirror."""
        return self.after(now, now)

    @property
    def longest_s(self) -> float:
        """A day of 25 hours."""
        return 25 * 3600.0

    def __str__(self) -> str:
        return f"nightly at {self.at:%H:%M}"


@dataclass(frozen=True)
class AsPlanned:
    """Whenever what is to be done says so itself."""

    def after(self, moment: datetime, anchor: datetime) -> datetime:
        """Return a time far away: whoever plans it will say a nearer one."""
        return moment + timedelta(seconds=self.longest_s)

    def first(self, now: datetime) -> datetime:
        """Return `now`."""
        return now

    @property
    def longest_s(self) -> float:
        """A day: so often it is looked at in any case."""
        return 86_400.0

    def __str__(self) -> str:
        return "as each says"
