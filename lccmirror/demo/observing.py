"""When a survey looks at a star, and what it measures there.

The cadence is that of a small telescope on one mountain: a season a year, nights only,
clouds that take whole nights or the rest of one, a noise that differs from night to
night. The reduction leaves several magnitudes a point: the raw aperture magnitudes
(``aim``), those with the external parameters fitted out (``aep``) and with trends
filtered (``atf``). Some points have no value; they are NaN, as in real survey files.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from .stars import Star, magnitude_at

NIGHT_D = 0.38  # from the end of twilight to its begin
SEASON_D = 150


@dataclass(frozen=True)
class Cadence:
    """How often a survey looks.

    Parameters
    ----------
    first_rjd
        The first night (reduced Julian date of its noon).
    seasons
        Years observed, one season each.
    per_night
        The most exposures of one field in a night.
    clear
        The part of nights that are usable.
    """

    first_rjd: float
    seasons: int
    per_night: int
    clear: float


@dataclass(frozen=True)
class Point:
    """One measurement: time, station, filter, and the magnitudes in file order."""

    rjd: float
    station: int
    filter: str
    magnitudes: tuple[float, ...]


def observing_times(
    cadence: Cadence, points: int, random: Random
) -> list[tuple[float, int, float]]:
    """Return `points` moments (at most) as (rjd, station, noise factor of that night).

    The nights come season by season until enough points are there, so a small number
    of points covers only the first seasons' best nights, not every year thinly.
    """
    nights = cadence.seasons * SEASON_D * cadence.clear
    wanted = max(1.0, points / max(1.0, nights))
    times: list[tuple[float, int, float]] = []
    for season in range(cadence.seasons):
        start = cadence.first_rjd + math.floor(365.25 * season)
        for night in range(SEASON_D):
            if random.random() > cadence.clear:
                continue
            noise = math.exp(random.gauss(0.0, 0.35))
            length = NIGHT_D * (random.uniform(0.2, 0.7) if random.random() < 0.2 else 1.0)
            station = 5 + int(random.random() * 3)
            n = min(cadence.per_night, int(wanted) + (random.random() < wanted % 1.0))
            times += [
                (start + night + 0.3 + random.random() * length, station, noise)
                for _ in range(n)
            ]
    return sorted(times)[:points]


def observe(
    star: Star, cadence: Cadence, points: int, layout: tuple[str, ...], random: Random
) -> list[Point]:
    """Observe `star`: a list of points in time order.

    Parameters
    ----------
    layout
        The names of the magnitude columns (``aim_000``, ``aie_000``, ``aep_000``,
        ``atf_000`` …), which decide what is measured: ``aie`` is the error in
        magnitudes, the others are magnitudes.
    """
    # photon noise grows to the faint end, scintillation is a floor under it
    sigma = 0.0025 + 0.004 * 10.0 ** (0.3 * (star.magnitude - 11.0))
    out: list[Point] = []
    for rjd, station, noise in observing_times(cadence, points, random):
        truth = magnitude_at(star, rjd)
        error = sigma * noise
        measured = truth + random.gauss(0.0, error)
        trend = 0.012 * math.sin(2.0 * math.pi * rjd / 29.53)
        lost = random.random() < 0.012
        values = []
        for name in layout:
            kind = name[:3]
            if kind == "aie":
                values.append(error * (1.0 + 0.1 * random.random()))
            elif kind == "aim":
                aperture = 0.02 * int(name[-1]) + random.gauss(0.0, 0.2 * error)
                values.append(measured + trend + aperture)
            elif lost:
                values.append(math.nan)
            elif kind == "aep":
                values.append(measured + 0.3 * trend)
            else:
                values.append(measured)
        out.append(Point(rjd, station, "r" if station != 7 else "i", tuple(values)))
    return out
