"""What of a light curve is drawn: magnitudes per filter and aperture, over time or phase."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..formats.lc_meaning import jd_offset

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..formats import LightCurve


@dataclass(frozen=True, eq=False)
class Series:
    """The points of one filter and aperture.

    Parameters
    ----------
    label
        For the legend.
    x
        Days since `Drawing.zero`, or phases.
    magnitude, error
        In magnitudes; `error` is None where the light curve has none.
    """

    label: str
    x: NDArray[Any]
    magnitude: NDArray[Any]
    error: NDArray[Any] | None


@dataclass(frozen=True, eq=False)
class Drawing:
    """A light curve, ready to be drawn.

    Parameters
    ----------
    title, x_label, y_label
        For the picture.
    series
        At least one, none of them empty.
    folded
        Whether x is the phase, from 0 to 2: each point is there twice.
    """

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    folded: bool


def default_magnitude(curve: LightCurve, preferred: Sequence[str] = ()) -> str:
    """Return the column of magnitudes that is meant if nobody names one.

    Parameters
    ----------
    curve
        The light curve.
    preferred
        The collection's own choice (``collections.lcmagcols``), best first.

    Raises
    ------
    UsageError
        If the light curve has no magnitudes.
    """
    import numpy as np

    known = {column.name for column in curve.columns}
    candidates = [name for name in (*preferred, *curve.magnitudes) if name in known]
    for name in candidates:
        if curve.arrays[name].dtype.kind == "f" and np.isfinite(curve.arrays[name]).any():
            return name
    raise UsageError(
        f"the light curve of {curve.objectid} has no column of magnitudes",
        hint="name one with --magcol: " + ", ".join(column.name for column in curve.columns),
    )


def times_of(curve: LightCurve) -> tuple[NDArray[Any], float | None, str]:
    """Return the times in days, what makes Julian dates of them, and the column's name.

    Raises
    ------
    UsageError
        If no column of times can be told.
    """
    import numpy as np

    name = curve.time
    if name is None:
        raise UsageError(f"the light curve of {curve.objectid} has no column of times")
    times = np.asarray(curve.arrays[name], float)
    finite = times[np.isfinite(times)]
    first = float(finite[0]) if len(finite) else 0.0
    return times, jd_offset(curve.column(name), first), name


def drawing(
    curve: LightCurve,
    magnitudes: Sequence[str],
    *,
    title: str,
    period_d: float | None = None,
    epoch: float | None = None,
) -> Drawing:
    """Prepare a light curve for drawing.

    Parameters
    ----------
    curve
        The light curve.
    magnitudes
        Columns, each of which is drawn; each filter in it for itself.
    title
        Of the picture.
    period_d
        Fold on this period, in days.
    epoch
        Where phase 0 is: a Julian date, or a time as the light curve has them; its first
        time if None.

    Raises
    ------
    UsageError
        If there is nothing to draw, or the period is none.
    """
    import numpy as np

    if period_d is not None and not 0 < period_d < math.inf:
        raise UsageError(f"a period is a number of days above 0, not {period_d:g}")
    times, offset, time_name = times_of(curve)
    finite = times[np.isfinite(times)]
    if not len(finite):
        raise UsageError(f"the light curve of {curve.objectid} has no points")
    jd0 = offset or 0.0
    start = epoch if epoch is not None else float(finite.min())
    if epoch is not None and offset and epoch > 2_000_000:
        start = epoch - offset
    if period_d is None:
        zero = _zero(jd0 + float(finite.min()), jd0 + float(finite.max()))
        x, x_label = times + jd0 - zero, _time_label(time_name, zero, known=offset is not None)
    else:
        x = np.mod((times - start) / period_d, 1.0)
        x_label = f"phase (period {period_d:.8g} d, epoch {jd0 + start:.5f})"
    series = [
        one
        for magnitude in magnitudes
        for one in _series(curve, magnitude, x, several=len(magnitudes) > 1)
    ]
    if not series:
        raise UsageError(
            f"the light curve of {curve.objectid} has no points in {', '.join(magnitudes)}"
        )
    if period_d is not None:
        series = [_twice(one) for one in series]
    y_label = f"{magnitudes[0]} [mag]" if len(magnitudes) == 1 else "magnitude"
    return Drawing(title, x_label, y_label, tuple(series), period_d is not None)


def _series(curve: LightCurve, name: str, x: NDArray[Any], *, several: bool) -> list[Series]:
    import numpy as np

    if curve[name].dtype.kind not in "fiu":
        raise UsageError(f"{name} is text, not magnitudes")
    magnitude = np.asarray(curve[name], float)
    error_name = curve.error_of(name)
    error = None if error_name is None else np.asarray(curve[error_name], float)
    good = np.isfinite(x) & np.isfinite(magnitude)
    filters = None if curve.filters is None else curve.arrays[curve.filters]
    values: list[Any] = [None] if filters is None else list(np.unique(filters[good]))
    found = []
    for value in values:
        here = good if filters is None else good & (filters == value)
        if not here.any():
            continue
        label = "" if value is None else str(value)
        if several or not label:
            label = f"{name} {label}".strip()
        bars = None
        if error is not None:
            bars = np.where(np.isfinite(error[here]) & (error[here] >= 0), error[here], 0.0)
        found.append(Series(label, x[here], magnitude[here], bars))
    return found


def _twice(one: Series) -> Series:
    import numpy as np

    return Series(
        one.label,
        np.concatenate((one.x, one.x + 1)),
        np.tile(one.magnitude, 2),
        None if one.error is None else np.tile(one.error, 2),
    )


def _zero(first: float, last: float) -> float:
    """Return a round number of days to subtract, so that an axis has short numbers."""
    if last < 20_000:
        return 0.0
    unit = 1000.0 if last - first > 10 else 1.0
    return math.floor(first / unit) * unit


def _time_label(name: str, zero: float, *, known: bool) -> str:
    if not known:
        return f"{name} − {zero:.0f} [d]" if zero else f"{name} [d]"
    kind = next((kind for kind in ("BJD", "HJD") if kind.lower() in name.lower()), "JD")
    return f"{kind} − {zero:.0f} [d]" if zero else f"{kind} [d]"
