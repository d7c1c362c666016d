"""Rows about how long it takes until anything is said."""

from __future__ import annotations

import compileall
import functools
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from .make_catalog import fill_catalog
from .measure import (
    BIN,
    PROJECT,
    BenchmarkFailed,
    Run,
    by_turns,
    median_peak,
    median_seconds,
    run,
)
from .rows import Outcome

DATASETS = 100_000
_RUNS = 21


def beside_python(folder: Path) -> Outcome:
    """``--version`` and ``status`` beside an interpreter that does nothing."""
    return _compared(folder, "python -c pass", [sys.executable, "-c", "pass"])


def beside_sqlite_utils(folder: Path) -> Outcome:
    """``--version`` and ``status`` beside another command line of the same kind."""
    return _compared(folder, "sqlite-utils --version", [str(BIN / "sqlite-utils"), "--version"])


def _compared(folder: Path, name: str, other: list[str]) -> Outcome:
    (folder / "lccmirror.toml").write_text(
        '[server]\nurl = "http://127.0.0.1:9"\n[mirror]\nroot = "."\n'
    )
    fill_catalog(folder / "catalog.sqlite", DATASETS)
    # As pip does when it installs; an environment may forbid Python to do it by the way.
    compileall.compile_dir(PROJECT / "lccmirror", quiet=2)
    ours = [str(BIN / "lccmirror")]
    status = [*ours, "-c", str(folder / "lccmirror.toml"), "status"]
    _check(run([*status, "--json"]))
    found = by_turns(
        {
            "--version": functools.partial(run, [*ours, "--version"]),
            "status": functools.partial(run, status),
            name: functools.partial(run, other),
        },
        _RUNS,
    )
    medians = {side: median_seconds(runs) * 1000 for side, runs in found.items()}
    slower = max("--version", "status", key=lambda side: medians[side])
    return Outcome(
        ratio=medians[slower] / medians[name],
        ours=medians[slower],
        theirs=medians[name],
        unit="ms",
        runs=_RUNS,
        peak_mb=median_peak(found[slower]),
        their_peak_mb=median_peak(found[name]),
        details={
            "the slower one": slower,
            "--version, ms": medians["--version"],
            "status, ms": medians["status"],
            "datasets": DATASETS,
        },
        series={
            side: tuple(one.seconds * 1000 for one in runs) for side, runs in found.items()
        },
    )


def _check(shown: Run) -> None:
    status: Mapping[str, Mapping[str, int]] = json.loads(shown.output)
    if sum(status["datasets"].values()) != DATASETS:
        raise BenchmarkFailed("status does not count the datasets that are there")
