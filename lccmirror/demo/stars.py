"""What a star's brightness does: the shapes of the demo's variable stars.

A `Star` is a few numbers; `magnitude_at` says how bright it is at one moment, without
noise. The shapes are the textbook ones in their simplest form: good enough that a
folded light curve looks right to someone who knows the real thing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

# Amplitudes (in units of the first) and phases of the cosine terms of a mean RRab light
# curve: a steep rise in a tenth of the period, a slow decline for the rest.
_RRAB = ((1.0, 0.0), (0.47, 3.92), (0.35, 1.89), (0.23, 6.10), (0.14, 4.25), (0.09, 2.32))
# The same for a classical Cepheid of a few days: a milder saw-tooth.
_CEPHEID = ((1.0, 0.0), (0.42, 4.15), (0.18, 2.10), (0.08, 0.40))


@dataclass(frozen=True)
class Star:
    """One star as the demo knows it.

    Parameters
    ----------
    kind
        ``RRab``, ``Cep``, ``EA``, ``EW``, ``transit`` or ``none``.
    period_d
        Days; of no meaning for a star that does not vary.
    epoch_rjd
        A time of minimum light (of maximum, for pulsators), reduced Julian date.
    amplitude
        Magnitudes from brightest to faintest, for an eclipse its depth.
    magnitude
        The mean (outside of eclipse) magnitude in the survey's filter.
    duration
        The part of a period an eclipse or transit takes.
    """

    kind: str
    period_d: float
    epoch_rjd: float
    amplitude: float
    magnitude: float
    duration: float = 0.1


def make_star(kind: str, magnitude: float, random: Random) -> Star:
    """Draw a star of `kind` with period, amplitude and epoch as such stars have them."""
    periods = {
        "RRab": (0.42, 0.78),
        "Cep": (2.5, 18.0),
        "EA": (1.1, 7.5),
        "EW": (0.25, 0.48),
        "transit": (1.4, 5.2),
        "none": (1.0, 2.0),
    }
    amplitudes = {
        "RRab": (0.5, 1.1),
        "Cep": (0.4, 0.9),
        "EA": (0.3, 0.9),
        "EW": (0.2, 0.6),
        "transit": (0.008, 0.022),
        "none": (0.0, 0.0),
    }
    return Star(
        kind=kind,
        period_d=round(random.uniform(*periods[kind]), 7),
        epoch_rjd=round(55000.0 + random.uniform(0.0, 5.0), 5),
        amplitude=round(random.uniform(*amplitudes[kind]), 4),
        magnitude=magnitude,
        duration=random.uniform(0.03, 0.05)
        if kind == "transit"
        else random.uniform(0.08, 0.16),
    )


def magnitude_at(star: Star, rjd: float) -> float:
    """Return the magnitude of `star` at the reduced Julian date `rjd`, without noise."""
    shape = _SHAPES.get(star.kind)
    if shape is None:
        return star.magnitude
    phase = ((rjd - star.epoch_rjd) / star.period_d) % 1.0
    return star.magnitude + star.amplitude * shape(phase, star.duration)


def _fourier(terms: tuple[tuple[float, float], ...]) -> Callable[[float, float], float]:
    raw = [_sum_of_cosines(terms, i / 400.0) for i in range(400)]
    low, high = min(raw), max(raw)
    brightest = raw.index(low) / 400.0

    def shape(phase: float, _duration: float) -> float:
        value = _sum_of_cosines(terms, (phase + brightest) % 1.0)
        return (value - low) / (high - low) - 0.5

    return shape


def _sum_of_cosines(terms: tuple[tuple[float, float], ...], phase: float) -> float:
    turn = 2.0 * math.pi * phase
    return sum(a * math.cos(k * turn + p) for k, (a, p) in enumerate(terms, start=1))


def _dip(phase: float, centre: float, width: float, flat: float) -> float:
    """A trapezium of depth one at `centre`, `flat` of its `width` at the bottom."""
    away = abs((phase - centre + 0.5) % 1.0 - 0.5) / (width / 2.0)
    if away >= 1.0:
        return 0.0
    return 1.0 if away <= flat else (1.0 - away) / (1.0 - flat)


def _algol(phase: float, duration: float) -> float:
    return _dip(phase, 0.0, duration, 0.15) + 0.35 * _dip(phase, 0.5, duration, 0.15)


def _contact(phase: float, _duration: float) -> float:
    # round maxima and two unlike minima, the deeper one at phase 0: W UMa stars
    depth = 1.0 if abs(phase - 0.5) > 0.25 else 0.85
    return depth * (1.0 - abs(math.sin(2.0 * math.pi * phase)))


def _transit(phase: float, duration: float) -> float:
    return _dip(phase, 0.0, duration, 0.7)


_SHAPES: dict[str, Callable[[float, float], float]] = {
    "RRab": _fourier(_RRAB),
    "Cep": _fourier(_CEPHEID),
    "EA": _algol,
    "EW": _contact,
    "transit": _transit,
}
