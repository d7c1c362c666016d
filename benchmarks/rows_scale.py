"""Rows about size: a catalog of a million datasets beside one of a tenth."""

from __future__ import annotations

import functools
import json
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from .make_large import CURVES, DATASETS, make_large
from .measure import Run, by_turns, median_peak, median_seconds, milliseconds, run, same
from .rows import Growth, Outcome

_RUNS = 5


@dataclass(frozen=True)
class _Catalogs:
    """The two catalogs, which live until the process ends, and what they took to make."""

    folder: tempfile.TemporaryDirectory[str]
    seconds: dict[int, float]

    def path(self, datasets: int) -> Path:
        return Path(self.folder.name) / str(datasets) / "catalog.sqlite"


@functools.cache
def _catalogs() -> _Catalogs:
    """Make both once for all rows: it takes longer than measuring them."""
    made = _Catalogs(tempfile.TemporaryDirectory(prefix="lccmirror-scale-"), {})
    for datasets in (DATASETS // 10, DATASETS):
        made.path(datasets).parent.mkdir()
        made.seconds[datasets] = make_large(made.path(datasets), datasets)
    return made


def scale_plan(folder: Path) -> Outcome:
    """Take in a list of 1,000 items, and read what is due."""
    return _grown("plan")


def scale_object(folder: Path) -> Outcome:
    """Find all copies of an object's light curve."""
    return _grown("object")


def scale_newest(folder: Path) -> Outcome:
    """Ask for the newest 25 datasets."""
    return _grown("newest")


def scale_status(folder: Path) -> Outcome:
    """Open the catalog and read what `status` shows."""
    return _grown("status")


def scale_add(folder: Path) -> Outcome:
    """Take in a dataset of 20 rows and 20 light curves."""
    return _grown("add")


def _grown(kind: str) -> Outcome:
    made = _catalogs()
    sizes = {f"{datasets:,} datasets": datasets for datasets in made.seconds}
    found = by_turns(
        {
            name: functools.partial(_run, kind, made.path(datasets))
            for name, datasets in sizes.items()
        },
        _RUNS,
    )
    small, large = found.values()
    same("what was found", *(json.loads(one.output)["found"] for one in (*small, *large)))
    times = {name: median_seconds(runs) for name, runs in found.items()}
    theirs, ours = times.values()
    return Outcome(
        ratio=ours / theirs,
        ours=ours * 1000,
        theirs=theirs * 1000,
        unit="ms",
        runs=_RUNS,
        peak_mb=median_peak(large),
        their_peak_mb=median_peak(small),
        details={
            "light curves": f"{DATASETS * CURVES:,} and {DATASETS * CURVES // 10:,}",
            "GB of catalog": made.path(DATASETS).stat().st_size / 1e9,
            "s to make it": made.seconds[DATASETS],
        },
        series=milliseconds(found),
        growth=Growth(of="datasets", seconds={sizes[name]: one for name, one in times.items()}),
    )


def _run(kind: str, catalog: Path) -> Run:
    done = run([sys.executable, "-m", "benchmarks.scale_sides", kind, str(catalog)])
    return replace(done, seconds=json.loads(done.output)["seconds"])
