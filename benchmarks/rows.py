"""What a row of the table is, and what measuring it gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Limit:
    """Something else that has to hold in a row, besides its ratio.

    Parameters
    ----------
    what
        With its unit: ``peak memory, MB``.
    value, most
        What it is, and what it may be at most.
    """

    what: str
    value: float
    most: float

    @property
    def held(self) -> bool:
        """Whether it is within its limit."""
        return self.value <= self.most


@dataclass(frozen=True, slots=True)
class Growth:
    """How our side's time grows with the size of its work.

    Parameters
    ----------
    of
        What the size counts: ``rows``.
    seconds
        Median wall time by size, at two sizes or more.
    """

    of: str
    seconds: Mapping[int, float]

    @property
    def exponent(self) -> float:
        """The power of the size that the time follows from the smallest to the largest.

        1 is linear; a fixed cost makes it less.
        """
        small, large = min(self.seconds), max(self.seconds)
        return math.log(self.seconds[large] / self.seconds[small]) / math.log(large / small)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row, measured.

    Parameters
    ----------
    ratio
        To be compared with the row's reach. For times it is theirs through ours, so that
        2 means twice as fast; otherwise ours through theirs.
    ours, theirs
        Medians, in `unit`.
    runs
        How often each side ran, by turns.
    peak_mb, their_peak_mb
        The largest resident set of the one process that does the work (medians).
    limits
        What else has to hold.
    details
        Anything a reader should see, by name.
    series
        What the plot shows: for each side or size, the values of all runs.
    growth
        For work that has a size.
    """

    ratio: float
    ours: float
    theirs: float
    unit: str
    runs: int
    peak_mb: float | None = None
    their_peak_mb: float | None = None
    limits: tuple[Limit, ...] = ()
    details: Mapping[str, str | float] = field(default_factory=dict)
    series: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    growth: Growth | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table, to be measured.

    Parameters
    ----------
    name
        Stays the same for ever: scripts ask for it.
    work, beside
        What is done, and what is done instead.
    reach
        What the ratio has to reach.
    at_least
        True if the ratio has to be at least `reach`, False if at most.
    measure
        Does it, in an empty folder that is removed afterwards.
    """

    name: str
    work: str
    beside: str
    reach: float
    at_least: bool
    measure: Callable[[Path], Outcome]

    def reached(self, outcome: Outcome) -> bool:
        """Whether an outcome reaches this row's goal and holds its limits."""
        good = outcome.ratio >= self.reach if self.at_least else outcome.ratio <= self.reach
        return good and all(limit.held for limit in outcome.limits)
