"""Rows about reading light curves."""

from __future__ import annotations

import functools
import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.real.environment import RealEnvironment, ensure_environment

from .make_lightcurves import COLUMNS, make_lightcurves
from .measure import Run, by_turns, median_peak, median_seconds, run, same, seconds
from .rows import Growth, Outcome

LIGHTCURVES = 2_000
POINTS = 1_000
_RUNS = 3
_COMPARED = 100
_OURS = "benchmarks.lightcurve_tasks"


def lc_read(folder: Path) -> Outcome:
    """Read light curves to arrays, with NumPy and nothing else."""
    return _read(folder, "plain", 1)


def lc_read_fast(folder: Path) -> Outcome:
    """Read light curves to arrays, with the extra ``fast``."""
    return _read(folder, "fast", 1)


def lc_read_two(folder: Path) -> Outcome:
    """Read light curves to arrays, with the extra ``fast``, in two processes."""
    return _read(folder, "fast", 2)


def lc_headers(folder: Path) -> Outcome:
    """Read headers alone, beside expanding each light curve."""
    path = folder / "lightcurves.zip"
    make_lightcurves(path, LIGHTCURVES, POINTS)
    return _outcome(
        path,
        {
            "lccmirror": functools.partial(_ours, "headers", path, "ours"),
            "gunzip and parse": functools.partial(_ours, "headers", path, "gunzip"),
        },
        lambda path: _ours("headers", path, "ours"),
    )


def _read(folder: Path, kind: str, processes: int) -> Outcome:
    path = folder / "lightcurves.zip"
    make_lightcurves(path, LIGHTCURVES, POINTS)
    env = ensure_environment()
    _compare(env, kind, folder)
    return _outcome(
        path,
        {
            "lccmirror": functools.partial(_ours, "read", path, kind, str(processes)),
            "the reference reader": functools.partial(_theirs, env, "read", path, folder),
        },
        lambda path: _ours("read", path, kind, str(processes)),
    )


def _compare(env: RealEnvironment, kind: str, folder: Path) -> None:
    """Insist that both readers come to the same values, all of them; that is not timed."""
    path = folder / "compared.zip"
    make_lightcurves(path, _COMPARED, POINTS)
    ours, theirs = _ours("digest", path, kind), _theirs(env, "digest", path, folder)
    same("the values of all columns", json.loads(ours.output), json.loads(theirs.output))


def _outcome(
    path: Path, sides: dict[str, functools.partial[Run]], once: Callable[[Path], Run]
) -> Outcome:
    found = by_turns(sides, _RUNS)
    ours, theirs = found.values()
    same("what was read", *(json.loads(one.output) for one in (*ours, *theirs)))
    points = LIGHTCURVES * POINTS
    return Outcome(
        ratio=median_seconds(theirs) / median_seconds(ours),
        ours=median_seconds(ours),
        theirs=median_seconds(theirs),
        unit="s",
        runs=_RUNS,
        peak_mb=median_peak(ours),
        their_peak_mb=median_peak(theirs),
        details={
            "light curves": LIGHTCURVES,
            "columns": len(COLUMNS),
            "MB of ZIP": path.stat().st_size / 1e6,
            "points per second": points / median_seconds(ours),
            "their points per second": points / median_seconds(theirs),
        },
        series=seconds(found),
        growth=_growth(path.parent, once, median_seconds(ours)),
    )


def _growth(folder: Path, once: Callable[[Path], Run], known: float) -> Growth:
    """Time a tenth of the light curves, and once ten times of them."""
    path = folder / "growing.zip"
    make_lightcurves(path, LIGHTCURVES // 10, POINTS)
    few = statistics.median(once(path).seconds for _ in range(_RUNS))
    make_lightcurves(path, LIGHTCURVES * 10, POINTS)
    times = {LIGHTCURVES // 10: few, LIGHTCURVES: known, LIGHTCURVES * 10: once(path).seconds}
    return Growth(of="light curves", seconds=times)


def _ours(*arguments: object) -> Run:
    return _timed(run([sys.executable, "-m", _OURS, *map(str, arguments)]))


def _theirs(env: RealEnvironment, what: str, path: Path, folder: Path) -> Run:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    command = [str(env.python), "-m", "benchmarks.reference_lightcurves", what, str(path)]
    return _timed(run([*command, str(folder / "members")], env=env.variables(home)))


def _timed(done: Run) -> Run:
    """Take the time that the work alone took, where the process itself says it."""
    printed = json.loads(done.output.splitlines()[-1])
    took = printed.pop("seconds", done.seconds)
    return replace(done, seconds=took, output=json.dumps(printed))
