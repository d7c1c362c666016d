"""Rows about places in the sky: cones and a cross-match, on five million objects."""

from __future__ import annotations

import functools
import json
import statistics
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from .make_objects import OBJECTS, Made, index_again, make_objects
from .measure import Run, by_turns, median_peak, milliseconds, run, same
from .rows import Growth, Limit, Outcome
from .sky_sides import RADII_ARCMIN, SEARCHES, TARGETS, build_rtree

_RUNS = 3


@dataclass(frozen=True)
class _Sky:
    """A catalog that lives until the process ends, and what it took to make."""

    folder: tempfile.TemporaryDirectory[str]
    made: Made

    @property
    def catalog(self) -> Path:
        return Path(self.folder.name) / "catalog.sqlite"


@functools.cache
def _sky(objects: int = OBJECTS) -> _Sky:
    """Make a catalog once for all rows: it takes longer than measuring them."""
    folder = tempfile.TemporaryDirectory(prefix="lccmirror-sky-")
    return _Sky(folder, make_objects(Path(folder.name) / "catalog.sqlite", objects))


def cone_5arcsec(folder: Path) -> Outcome:
    """Look within 5″, beside a tree in memory."""
    return _beside("5arcsec", "tree")


def cone_5arcmin(folder: Path) -> Outcome:
    """Look within 5′, beside a tree in memory."""
    return _beside("5arcmin", "tree")


def cone_1deg(folder: Path) -> Outcome:
    """Look within 1°, beside a tree in memory."""
    return _beside("1deg", "tree")


def cone_1deg_rtree(folder: Path) -> Outcome:
    """Look within 1°, beside SQLite's R*Tree; and how long the two indices take to make."""
    sky = _sky()
    target = sky.catalog.with_name("rtree.sqlite")
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(_RUNS):
        target.unlink(missing_ok=True)
        theirs.append(build_rtree(sky.catalog, target))
        ours.append(index_again(sky.catalog))
    built, beside = statistics.median(ours), statistics.median(theirs)
    outcome = _beside("1deg", "rtree")
    limit = Limit("building the index through the R*Tree's", built / beside, 1 / 5)
    details = {
        "s to build the index": built,
        "s to build the R*Tree": beside,
        "MB of R*Tree": target.stat().st_size / 1e6,
    }
    return replace(outcome, limits=(limit,), details={**outcome.details, **details})


def xmatch_5000(folder: Path) -> Outcome:
    """Match positions at 3″, beside a tree in memory."""
    return _beside("xmatch", "tree")


def _beside(kind: str, side: str) -> Outcome:
    sky = _sky()
    found = by_turns(
        {name: functools.partial(_run, name, sky.catalog, kind) for name in ("mirror", side)},
        _RUNS,
    )
    ours, theirs = found["mirror"], found[side]
    printed = [json.loads(one.output) for one in (*ours, *theirs)]
    same("rows", *(one["rows"] for one in printed))
    same("objects", *(one["digest"] for one in printed))
    mine, yours = (_median(runs) for runs in (ours, theirs))
    # Ten times as many (50 million) would take half an hour to make, and a tree of them more
    # memory than most machines have.
    tenth = _sky(OBJECTS // 10)
    smaller = _median(tuple(_run("mirror", tenth.catalog, kind) for _ in range(_RUNS)))
    details: dict[str, str | float] = {
        "objects": sky.made.objects,
        "s to build the index": sky.made.index_s,
        "MB of index": sky.made.index_bytes / 1e6,
        "MB of table": sky.made.table_bytes / 1e6,
    }
    if kind in RADII_ARCMIN:
        details["searches"] = SEARCHES[kind]
        details["rows a search"] = printed[0]["rows"] / SEARCHES[kind]
        details["99th percentile, ms"] = _p99(ours)
        details["99th percentile of theirs, ms"] = _p99(theirs)
    else:
        details["targets"] = TARGETS
        details["matches"] = printed[0]["rows"]
    if side == "tree":
        details["s to build the tree"] = json.loads(theirs[0].output)["build_s"]
    return Outcome(
        ratio=yours / mine,
        ours=mine * 1000,
        theirs=yours * 1000,
        unit="ms",
        runs=_RUNS,
        peak_mb=median_peak(ours),
        their_peak_mb=median_peak(theirs),
        details=details,
        series=milliseconds({"lccmirror": ours, side: theirs}),
        growth=Growth(of="objects", seconds={tenth.made.objects: smaller, OBJECTS: mine}),
    )


def _run(side: str, catalog: Path, kind: str) -> Run:
    done = run([sys.executable, "-m", "benchmarks.sky_sides", side, str(catalog), kind])
    printed = json.loads(done.output)
    return replace(done, seconds=printed["seconds"])


def _median(runs: tuple[Run, ...]) -> float:
    times = sorted(one.seconds for one in runs)
    return times[len(times) // 2]


def _p99(runs: tuple[Run, ...]) -> float:
    values = sorted(float(json.loads(one.output)["p99"]) for one in runs)
    return values[len(values) // 2] * 1000
