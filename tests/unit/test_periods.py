"""Periods of light curves."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

from lccmirror.errors import UsageError
from lccmirror.formats import read_lightcurve
from lccmirror.query.periods import find_periods, periods_of
from tests.support.published import lightcurve


def nights(period: float, count: int = 300, seed: int = 1) -> tuple[Any, Any, Any]:
    """Make a sine observed at night only."""
    rng = random.Random(seed)
    times = sorted(rng.randrange(200) + 0.3 * rng.random() for _ in range(count))
    magnitudes = [
        12 + 0.2 * math.sin(2 * math.pi * time / period) + rng.gauss(0, 0.01) for time in times
    ]
    return np.array(times) + 55000, np.array(magnitudes), np.full(count, 0.01)


@pytest.mark.parametrize("period", [0.0612, 0.5312345, 3.77, 41.5])
def test_the_best_period_is_the_right_one(period: float) -> None:
    best, *others = find_periods(*nights(period))
    assert best.period_d == pytest.approx(period, rel=1e-3)
    assert best.amplitude == pytest.approx(0.2, abs=0.01)
    assert best.power > 0.9
    assert best.false_alarm < 1e-20
    assert [other.power for other in others] == sorted(
        (other.power for other in others), reverse=True
    )


def test_aliases_are_called_so() -> None:
    _, second, *_ = find_periods(*nights(0.5312345))
    assert second.note == "1-day alias of the best"


def test_an_eclipsing_binary_is_found_at_half_its_period_and_the_rest_are_harmonics() -> None:
    times, noise, _ = nights(1.0)
    phase = times / 4.123 % 1
    eclipsed = (abs(phase - 0.5) < 0.04) | (phase < 0.04) | (phase > 0.96)
    best, second, third, *_ = find_periods(times, 0.5 * eclipsed + (noise - noise.mean()) / 50)
    assert best.period_d == pytest.approx(4.123 / 2, rel=1e-3)
    assert {second.note, third.note} <= {
        "half of the best", "a third of it", "1-day alias of the best",
    }  # fmt: skip


def test_missing_points_and_errors_do_not_matter() -> None:
    times, magnitudes, errors = nights(0.5312345)
    magnitudes[5], times[9], errors[3] = math.nan, math.nan, 0.0
    best = find_periods(times, magnitudes, errors)[0]
    assert best.period_d == pytest.approx(0.5312345, rel=1e-4)
    none = find_periods(times, magnitudes, errors * 0)[0]
    assert none.period_d == pytest.approx(0.5312345, rel=1e-4)


def test_a_star_s_colour_is_not_its_variability() -> None:
    """Each night has a filter of its own, which differ by far more than the star varies."""
    times, magnitudes, errors = nights(0.5312345)
    bands = np.where(np.floor(times) % 2 == 0, "r", "i")
    columns = [("rjd", "f8", "%.7f"), ("flt", "U1", "%s"), ("mag", "f8", "%.5f"),
               ("mag_err", "f8", "%.5f")]  # fmt: skip
    rows = [
        [time, band, magnitude + (3.0 if band == "i" else 0.0), error]
        for time, band, magnitude, error in zip(times, bands, magnitudes, errors, strict=True)
    ]
    best = periods_of(read_lightcurve(lightcurve(columns, rows)), "mag")[0]
    assert best.period_d == pytest.approx(0.5312345, rel=1e-3)
    assert best.power > 0.9


def test_what_cannot_be_searched_is_said() -> None:
    times, magnitudes, errors = nights(0.5, count=9)
    with pytest.raises(UsageError, match="9 points are too few"):
        find_periods(times, magnitudes, errors)
    times, magnitudes, errors = nights(0.5)
    with pytest.raises(UsageError, match="all 300 magnitudes are the same"):
        find_periods(times, magnitudes * 0 + 12.5, errors)
    with pytest.raises(UsageError, match="no periods between"):
        find_periods(times, magnitudes, shortest_d=5, longest_d=2)
    with pytest.raises(UsageError, match="frequencies are too many"):
        find_periods(times, magnitudes, shortest_d=1e-5)
    with pytest.raises(UsageError, match="inf frequencies are too many"):
        find_periods(times, magnitudes, shortest_d=5e-324)
    with pytest.raises(UsageError, match="at least one period"):
        find_periods(times, magnitudes, count=0)


def test_points_at_regular_times_have_no_period_that_they_do_not_tell() -> None:
    times = np.arange(20) + 55000.5
    with pytest.raises(UsageError, match="too regular"):
        find_periods(times, 12 + np.arange(20) / 10)
    magnitudes = 12 + np.sin(2 * np.pi * times / 5)
    assert find_periods(times, magnitudes, shortest_d=2.1)[0].period_d == pytest.approx(5)
