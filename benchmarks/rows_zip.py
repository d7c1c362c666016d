"""Rows about light-curve ZIPs."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from .make_zip import make_zip
from .measure import by_turns, median_peak, median_seconds, run_task, same, seconds
from .rows import Outcome

MEMBERS = 2_000
MEMBER_BYTES = 100_000
_RUNS = 5


def zip_index(folder: Path) -> Outcome:
    """Index a ZIP and check all its CRCs, beside ``zipfile.ZipFile.testzip``."""
    path = folder / "lightcurves.zip"
    make_zip(path, "bench-north", MEMBERS, MEMBER_BYTES)
    found = by_turns(
        {
            "lccmirror": functools.partial(run_task, "check_zip", path),
            "testzip": functools.partial(run_task, "test_zip", path),
        },
        _RUNS,
    )
    ours, theirs = found["lccmirror"], found["testzip"]
    same("members and faults", *(json.loads(one.output) for one in (*ours, *theirs)))
    return Outcome(
        ratio=median_seconds(theirs) / median_seconds(ours),
        ours=median_seconds(ours),
        theirs=median_seconds(theirs),
        unit="s",
        runs=_RUNS,
        peak_mb=median_peak(ours),
        their_peak_mb=median_peak(theirs),
        details={"members": MEMBERS, "MB of ZIP": path.stat().st_size / 1e6},
        series=seconds(found),
    )
