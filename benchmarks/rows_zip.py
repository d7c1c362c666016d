"""Rows about light-curve ZIPs."""

from __future__ import annotations

import functools
import json
import statistics
from pathlib import Path

from .make_zip import make_zip
from .measure import by_turns, median_peak, median_seconds, run_task, same, seconds
from .rows import Growth, Outcome

MEMBERS = 2_000
MEMBER_BYTES = 100_000
_RUNS = 5


def zip_index(folder: Path) -> Outcome:
    """Index a ZIP and check all its CRCs, beside ``zipfile.ZipFile.testzip``.

    As the daemon is installed by default: without the extra ``fast``.
    """
    return _zip_index(folder, "plain", "by default: CRCs by zlib, in two threads")


def zip_index_fast(folder: Path) -> Outcome:
    """Do the same with the extra ``fast``."""
    return _zip_index(folder, "fast", "with `fast`: CRCs by ISA-L, in one thread")


def _zip_index(folder: Path, kind: str, installed: str) -> Outcome:
    path = folder / "lightcurves.zip"
    make_zip(path, "bench-north", MEMBERS, MEMBER_BYTES)
    found = by_turns(
        {
            "lccmirror": functools.partial(run_task, "check_zip", path, kind),
            "testzip": functools.partial(run_task, "test_zip", path),
        },
        _RUNS,
    )
    same(
        "members and faults",
        *(json.loads(one.output) for runs in found.values() for one in runs),
    )
    ours, theirs = found.values()
    return Outcome(
        ratio=median_seconds(theirs) / median_seconds(ours),
        ours=median_seconds(ours),
        theirs=median_seconds(theirs),
        unit="s",
        runs=_RUNS,
        peak_mb=median_peak(ours),
        their_peak_mb=median_peak(theirs),
        details={
            "members": MEMBERS,
            "MB of ZIP": path.stat().st_size / 1e6,
            "installed": installed,
        },
        series=seconds(found),
        growth=_growth(folder, kind, median_seconds(ours)),
    )


def _growth(folder: Path, kind: str, known: float) -> Growth:
    """Time a tenth of the members, and ten times of them."""
    times = {MEMBERS: known}
    for members in (MEMBERS // 10, MEMBERS * 10):
        path = folder / f"{members}.zip"
        make_zip(path, "bench-north", members, MEMBER_BYTES)
        runs = [run_task("check_zip", path, kind).seconds for _ in range(4)]
        times[members] = statistics.median(runs[1:])  # the first is for the caches
        path.unlink()
    return Growth(of="light curves", seconds=times)
