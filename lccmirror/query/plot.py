"""Pictures of light curves: PNG and SVG (the extra ``plot``), or text (``terminal``)."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError
from ..formats.lc_convert import library
from .lc_series import Drawing, Series
from .new_file import NewFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Okabe and Ito's colours, which colour-blind people can tell apart, and as many markers.
COLORS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X")
_TERMINAL_COLORS: Final = (33, 208, 36, 170, 214, 81, 250)
SUFFIXES: Final = (".png", ".svg", ".pdf")
# With more points than this, an SVG or PDF has them as an image: drawn one by one, tens of
# thousands of them make a file of many megabytes that no viewer opens quickly.
_MOST_DRAWN_ONE_BY_ONE: Final = 5_000
# Longer ones would be cut at the edges of the picture.
_LONGEST_TITLE, _LONGEST_LABEL, _LONGEST_IN_LEGEND = 56, 32, 24
# The share of points that may lie beyond the axis so that the others can be seen.
_BEYOND = 0.005


def figure_of(drawn: Drawing) -> Any:
    """Return a `matplotlib.figure.Figure` of a light curve, bright up.

    Raises
    ------
    LccMirrorError
        If Matplotlib is not installed.
    """
    figures = library("matplotlib.figure", "plot", "a plot")
    picture = figures.Figure(figsize=(9, 5), layout="constrained")
    axes = picture.add_subplot()
    # each point is a rough dot when there are few, a fine one when there are thousands
    points = sum(len(series.x) for series in drawn.series)
    size = 4.5 if points < 500 else 3.0 if points < 5000 else 1.8
    for number, series in enumerate(drawn.series):
        color = COLORS[number % len(COLORS)]
        axes.errorbar(
            series.x,
            series.magnitude,
            yerr=series.error,
            fmt=MARKERS[number % len(MARKERS)],
            markersize=size,
            markeredgewidth=0,
            color=color,
            ecolor=(color, 0.3),
            elinewidth=0.7,
            label=_shortened(series.label, _LONGEST_IN_LEGEND),
            rasterized=points > _MOST_DRAWN_ONE_BY_ONE,
        )
    low, high, beyond = limits_of(drawn)
    axes.set_ylim(high, low)
    if drawn.folded:
        axes.set_xlim(0, 2)
    # names are the server's, and a dollar in one begins no formula
    axes.set_xlabel(drawn.x_label, parse_math=False)
    axes.set_ylabel(_shortened(drawn.y_label, _LONGEST_LABEL), parse_math=False)
    # over all of the picture: the legend beside the axes would leave it little room
    title = picture.suptitle(_shortened(drawn.title, _LONGEST_TITLE), size="large")
    title.set_parse_math(False)
    axes.grid(alpha=0.25)
    axes.ticklabel_format(useOffset=False)
    if len(drawn.series) > 1:
        # beside the axes: within them it would hide points
        legend = picture.legend(loc="outside right center", markerscale=1.5, frameon=False)
        for text in legend.get_texts():
            text.set_parse_math(False)
    if beyond:
        words = f"{beyond} point{'s' if beyond > 1 else ''} beyond this axis"
        axes.annotate(words, (0.01, 0.02), xycoords="axes fraction", fontsize="small")
    return picture


def _shortened(text: str, longest: int) -> str:
    """Return a text with its middle left out, if it is too long: both ends tell most."""
    if len(text) <= longest:
        return text
    begin = longest * 2 // 3
    return f"{text[:begin]}…{text[begin + 1 - longest :]}"


def save_plot(drawn: Drawing, target: Path) -> None:
    """Draw a light curve into a file, whole or not at all.

    Parameters
    ----------
    drawn
        From `lccmirror.query.lc_series.drawing`.
    target
        Ends in one of `SUFFIXES`.

    Raises
    ------
    UsageError
        If it ends in something else.
    LccMirrorError
        If Matplotlib is not installed.
    OSError
        If it cannot be written.
    """
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(
            f"cannot draw into {target.name}", hint="end its name with " + ", ".join(SUFFIXES)
        )
    picture = figure_of(drawn)
    # Writing to a file, Matplotlib tells of a full disk in other words, if at all.
    drawn_bytes = io.BytesIO()
    picture.savefig(drawn_bytes, dpi=120, format=suffix[1:])
    new = NewFile(target, replace=True)
    with new.temporary() as temporary:
        temporary.write_bytes(drawn_bytes.getvalue())
        new.put_in_place(temporary)


def text_plot(drawn: Drawing, *, width: int, height: int, color: bool) -> str:
    """Return a light curve drawn with characters.

    Parameters
    ----------
    drawn
        From `lccmirror.query.lc_series.drawing`.
    width, height
        Of the whole, in characters.
    color
        Whether to colour the series.

    Raises
    ------
    LccMirrorError
        If plotille is not installed.
    """
    plotille = library("plotille", "terminal", "a plot in the terminal")
    low, high, beyond = limits_of(drawn)
    figure = plotille.Figure()
    # beside it are the numbers of the axis, around it the labels and, perhaps, the legend
    several = len(drawn.series) > 1
    around = 6 + (3 + len(drawn.series) if several else 0) + (beyond > 0)
    figure.width, figure.height = max(width - 16, 20), max(height - around, 5)
    figure.color_mode = "byte"
    figure.with_colors = color
    figure.origin = False
    # It has no axis that points down: the magnitudes are turned, and the numbers back.
    figure.set_y_limits(min_=-high, max_=-low)
    figure.y_ticks_fkt = lambda value, _: f"{0.0 - value:9.3f}"
    west, east, figure.width = _round_axis(drawn, figure.width)
    figure.set_x_limits(min_=west, max_=east)
    figure.x_ticks_fkt = lambda value, _: f"{round(value, 9) + 0.0:.9g}"
    figure.x_label, figure.y_label = "", drawn.y_label
    for number, series in enumerate(drawn.series):
        figure.scatter(
            series.x.tolist(),
            (-series.magnitude).tolist(),
            lc=_TERMINAL_COLORS[number % len(_TERMINAL_COLORS)] if color else None,
            label=series.label,
            marker=None if color or not several else "ox^dv+*"[number % 7],
        )
    lines = figure.show(legend=several).split("\n")
    # its own place for the label is at the end of the axis, beyond the edge of the terminal
    axis = next(place for place, line in enumerate(lines) if line.endswith("-> ()"))
    lines[axis] = lines[axis].removesuffix(" ()")
    lines.insert(axis + 2, " " * 13 + drawn.x_label)
    text = "\n".join((drawn.title, *lines))
    return f"{text}\n{beyond} beyond this axis" if beyond else text


def _round_axis(drawn: Drawing, width: int) -> tuple[float, float, int]:
    """Return the ends and the width of a text plot that has a round number at every tick.

    Plotille puts a tick at every tenth character, whatever number that is.
    """
    import numpy as np

    if drawn.folded:
        ticks = max(count for count in (2, 4, 5, 8, 10, 20) if count == 2 or 10 * count < width)
        return 0.0, 2.0, 10 * ticks
    x = np.concatenate([series.x for series in drawn.series])
    first, last = float(x.min()), float(x.max())
    if first == last:
        first, last = first - 0.5, last + 0.5
    ticks = max(width // 10, 2)
    step = (last - first) / ticks
    while True:
        step = _next_round(step)
        west = math.floor(first / step) * step
        needed = math.floor((last - west) / step) + 1
        if needed <= ticks:
            return west, west + needed * step, 10 * needed
        step *= 1.0001


def _next_round(number: float) -> float:
    """Return the next of 1, 2, 2.5 or 5 times a power of ten that is not below `number`."""
    power = 10.0 ** math.floor(math.log10(number))
    return next((n * power for n in (1, 2, 2.5, 5) if n * power >= number), 10 * power)


def limits_of(drawn: Drawing) -> tuple[float, float, int]:
    """Return the magnitudes at the axis's ends, and how many points lie beyond them.

    All points are on the axis, unless a few are so far off that they would flatten the rest.
    """
    import numpy as np

    magnitudes = np.concatenate([series.magnitude for series in drawn.series])
    low, high = float(magnitudes.min()), float(magnitudes.max())
    inner_low, inner_high = np.quantile(magnitudes, (_BEYOND, 1 - _BEYOND)).tolist()
    spread = inner_high - inner_low
    if len(magnitudes) > 100 and high - low > 3 * spread > 0:
        low, high = max(low, inner_low - spread / 2), min(high, inner_high + spread / 2)
    margin = 0.06 * (high - low) or 0.05
    low, high = low - margin, high + margin
    beyond = int(((magnitudes < low) | (magnitudes > high)).sum())
    return low, high, beyond // 2 if drawn.folded else beyond


def plot_folded(
    target: Path,
    time: NDArray[Any],
    magnitude: NDArray[Any],
    error: NDArray[Any] | None,
    *,
    period: float,
    epoch: float = 0.0,
    title: str,
    label: str,
) -> None:
    """Draw one series of magnitudes folded on a period, two cycles of it, bright up.

    Parameters
    ----------
    target
        A file ending in ``.png`` or ``.svg``.
    time
        In days.
    magnitude, error
        One value per time, in magnitudes; NaN where there is none.
    period, epoch
        In days; phase 0 is at `epoch`.
    label
        What the magnitudes are, for the axis.

    Raises
    ------
    LccMirrorError
        If Matplotlib is not installed.
    """
    np = library("numpy", "plot", "a plot")
    time, magnitude = np.asarray(time, float), np.asarray(magnitude, float)
    good = np.isfinite(time) & np.isfinite(magnitude)
    phase = np.mod((time[good] - epoch) / period, 1.0)
    bars = None if error is None else np.nan_to_num(np.tile(np.asarray(error, float)[good], 2))
    series = Series(
        label, np.concatenate((phase, phase + 1)), np.tile(magnitude[good], 2), bars
    )
    drawn = Drawing(title, f"phase (period {period:.7g} d)", f"{label} [mag]", (series,), True)
    save_plot(drawn, target)
