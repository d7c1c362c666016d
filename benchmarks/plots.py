"""One plot per row: every run of every side, and its median."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def plot(row: Mapping[str, Any], folder: Path) -> Path:
    """Draw a row's runs as ``<folder>/<name>.svg``."""
    # Here, and not above: the runner that starts the measured commands stays small.
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # Text stays text, and the same figures give the same bytes.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "lccmirror"})
    series: Mapping[str, list[float]] = row["series"]
    figure = Figure(figsize=(7, 0.9 + 0.55 * len(series)), layout="constrained")
    axes = figure.subplots()
    for place, values in enumerate(series.values()):
        axes.barh(place, statistics.median(values), color="#4477aa" if not place else "#bbbbbb")
        axes.plot(values, [place] * len(values), "|", color="black")
    axes.set_yticks(range(len(series)), list(series))
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel(f"{row['unit']} (bar: median; ticks: each run)")
    axes.set_title(row["name"])
    target = folder / f"{row['name']}.svg"
    figure.savefig(target, metadata={"Date": None})
    return target
