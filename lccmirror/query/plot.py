"""Pictures of light curves. Needs the extra ``plot``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import LccMirrorError

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
    """Draw a light curve folded on a period, two cycles of it, bright up.

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
    np, figure = _libraries()
    time, magnitude = np.asarray(time, float), np.asarray(magnitude, float)
    good = np.isfinite(time) & np.isfinite(magnitude)
    phase = np.mod((time[good] - epoch) / period, 1.0)
    twice = np.concatenate((phase, phase + 1.0))
    shown = np.tile(magnitude[good], 2)
    bars = None if error is None else np.tile(np.asarray(error, float)[good], 2)

    picture = figure.Figure(figsize=(8, 4.5), layout="constrained")
    axes = picture.add_subplot()
    axes.errorbar(
        twice, shown, yerr=bars, fmt=".", markersize=3, elinewidth=0.6, color="#1f4e79",
        ecolor="#9db8d2",
    )  # fmt: skip
    axes.set_xlim(0, 2)
    axes.invert_yaxis()
    axes.set_xlabel(f"phase (period {period:.7g} d)")
    axes.set_ylabel(f"{label} [mag]")
    axes.set_title(title)
    axes.grid(alpha=0.25)
    picture.savefig(target, dpi=120)


def _libraries() -> tuple[Any, Any]:
    try:
        import numpy
        from matplotlib import figure
    except ImportError as error:
        raise LccMirrorError(
            "plots need NumPy and Matplotlib", hint="pip install 'lccmirror[plot]'"
        ) from error
    return numpy, figure
