"""Periods of light curves, by Lomb and Scargle's method. Needs the extra ``astro``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError
from ..formats.lc_convert import library
from .lc_series import times_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..formats import LightCurve

SHORTEST_D: Final = 0.05
_SAMPLES_PER_PEAK = 10
_MOST_FREQUENCIES = 5_000_000
_FEWEST_POINTS = 10
# Stars cross the meridian this often a day, and so do the gaps between nights.
_SIDEREAL_PER_D = 1.0027379


@dataclass(frozen=True)
class Period:
    """A period that a light curve may have.

    Parameters
    ----------
    period_d
        In days.
    power
        Between 0 and 1: the share of the variance that a sine of this period explains.
    false_alarm
        How probable a peak as high as this is in pure noise.
    amplitude
        Half of the sine's whole range, in magnitudes.
    note
        What it may be besides a period of its own: an alias, a harmonic.
    """

    period_d: float
    power: float
    false_alarm: float
    amplitude: float
    note: str


def find_periods(
    time: NDArray[Any],
    magnitude: NDArray[Any],
    error: NDArray[Any] | None = None,
    *,
    shortest_d: float = SHORTEST_D,
    longest_d: float | None = None,
    count: int = 5,
) -> tuple[Period, ...]:
    """Find the best periods of a light curve, the best one first.

    Parameters
    ----------
    time
        In days.
    magnitude, error
        One value per time, in magnitudes; NaN where there is none. Errors of 0 and less
        are left out, with their points.
    shortest_d, longest_d
        Which periods are looked at, in days; half of the time from the first point to the
        last if `longest_d` is None. The frequencies in between are a regular grid, ten of
        them within the width of a peak.
    count
        How many at most; at least 1.

    Raises
    ------
    UsageError
        If there are too few points, or the periods asked for make no sense.
    LccMirrorError
        If Astropy is not installed.
    """
    periodograms = library("astropy.timeseries", "astro", "finding periods")
    import numpy as np

    if count < 1:
        raise UsageError(f"at least one period is to be found, not {count}")

    good = np.isfinite(time) & np.isfinite(magnitude)
    if error is not None:
        good &= np.isfinite(error) & (error > 0)
        if good.sum() < _FEWEST_POINTS:
            # errors that nobody filled in are no reason to have no period
            error, good = None, np.isfinite(time) & np.isfinite(magnitude)
    if good.sum() < _FEWEST_POINTS:
        raise UsageError(f"{int(good.sum())} points are too few to find a period in")
    time = np.asarray(time, float)[good]
    time = time - time.min()
    magnitude = np.asarray(magnitude, float)[good]
    if float(np.ptp(magnitude)) == 0:
        raise UsageError(f"all {len(magnitude)} magnitudes are the same: there is no period")
    baseline = float(time.max())
    longest_d = baseline / 2 if longest_d is None else longest_d
    if not 0 < shortest_d < longest_d:
        raise UsageError(
            f"no periods between {shortest_d:g} and {longest_d:g} days to look at",
            hint=f"the light curve spans {baseline:.4g} days",
        )
    step = 1 / (baseline * _SAMPLES_PER_PEAK)
    steps = (1 / shortest_d - 1 / longest_d) / step
    if steps >= _MOST_FREQUENCIES:
        raise UsageError(
            f"{steps:,.0f} frequencies are too many", hint="look at longer periods only"
        )
    model = periodograms.LombScargle(
        time, magnitude, None if error is None else np.asarray(error, float)[good]
    )
    frequencies = 1 / longest_d + step * np.arange(int(steps) + 1)
    power = model.power(frequencies, method="fast", assume_regular_frequency=True)
    found: list[Period] = []
    for place in _peaks(power, count, apart=2 * _SAMPLES_PER_PEAK):
        frequency, height = _refined(model, float(frequencies[place]), step)
        amplitude = _amplitude(model, frequency)
        if amplitude is None:
            continue
        first = 1 / found[0].period_d if found else None
        found.append(
            Period(
                period_d=1 / frequency,
                power=height,
                false_alarm=float(
                    model.false_alarm_probability(
                        height,
                        minimum_frequency=1 / longest_d,
                        maximum_frequency=1 / shortest_d,
                    )
                ),
                amplitude=amplitude,
                note=_note(frequency, first, 2 / baseline),
            )
        )
    if not found:
        raise UsageError(
            "no period can be told: the points are too regular",
            hint="look at periods longer than twice the time between two of them",
        )
    return tuple(found)


def periods_of(
    curve: LightCurve,
    magnitude: str,
    *,
    shortest_d: float = SHORTEST_D,
    longest_d: float | None = None,
    count: int = 5,
) -> tuple[Period, ...]:
    """Find the best periods in one of a light curve's magnitudes, the best one first.

    Parameters
    ----------
    curve
        The light curve.
    magnitude
        One of its columns. Each filter's median is subtracted: a star's colour is not its
        variability.
    shortest_d, longest_d, count
        As for `find_periods`.

    Raises
    ------
    UsageError, LccMirrorError
        As from `find_periods`; if there is no such column, or none of times.
    """
    import numpy as np

    times, _, _ = times_of(curve)
    if curve[magnitude].dtype.kind not in "fiu":
        raise UsageError(f"{magnitude} is text, not magnitudes")
    values = np.array(curve[magnitude], dtype=float)
    if curve.filters is not None:
        bands = curve.arrays[curve.filters]
        for band in np.unique(bands):
            here = bands == band
            if np.isfinite(values[here]).any():
                values[here] -= np.nanmedian(values[here])
    error = curve.error_of(magnitude)
    return find_periods(
        times,
        values,
        None if error is None else curve[error],
        shortest_d=shortest_d,
        longest_d=longest_d,
        count=count,
    )


def _peaks(power: NDArray[Any], count: int, apart: int) -> list[int]:
    """Return the places of the highest local maxima, `apart` from each other."""
    import numpy as np

    padded = np.concatenate(([-np.inf], power, [-np.inf]))
    tops = np.flatnonzero((power >= padded[:-2]) & (power > padded[2:]))
    chosen: list[int] = []
    for place in tops[np.argsort(power[tops])[::-1]].tolist():
        if all(abs(place - other) > apart for other in chosen):
            chosen.append(place)
            if len(chosen) == count:
                break
    return chosen


def _refined(model: Any, frequency: float, step: float) -> tuple[float, float]:
    """Return the top of a peak between the points of the grid, and its height."""
    import numpy as np

    for _ in range(3):
        near = frequency + step * np.linspace(-1, 1, 21)
        near = near[near > 0]
        power = model.power(near, method="cython")
        best = int(np.argmax(power))
        frequency, step = float(near[best]), step / 10
    return frequency, float(power[best])


def _amplitude(model: Any, frequency: float) -> float | None:
    """Return a sine's amplitude; None where the points do not tell it.

    Of points at regular times, each at the same phase or half a turn later, any sine that is
    zero there fits as well.
    """
    import numpy as np

    try:
        return float(np.hypot(*model.model_parameters(frequency)[1:3]))
    except np.linalg.LinAlgError:
        return None


def _note(frequency: float, best: float | None, width: float) -> str:
    if best is None:
        return ""
    for factor, words in (
        (2, "half of the best"),
        (0.5, "twice the best"),
        (3, "a third of it"),
    ):
        if math.isclose(frequency, best * factor, abs_tol=width):
            return words
    for nights in (1, 2, 3):
        for base in (best, 2 * best):
            shift = nights * _SIDEREAL_PER_D
            if any(
                math.isclose(frequency, abs(base + sign * shift), abs_tol=2 * width)
                for sign in (-1, 1)
            ):
                return "1-day alias of the best"
    return ""
