"""Rows about the memory of a whole `lccmirror sync`: it does not grow with what comes."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, closing
from importlib.util import find_spec
from pathlib import Path

from lccmirror.demo import DemoServer

from .make_zip import make_zip
from .measure import BIN, BenchmarkFailed, median_peak, median_seconds, run
from .rows import Outcome
from .serve import served

LIMIT_MB = 120
ZIP_MEMBERS = 2_000
ZIP_BYTES = 1_000_000_000
TABLE_ROWS = 100_000
_RUNS = 3
_CONFIG = """
[server]
url = "{url}"
[mirror]
root = "mirror"
min_free = 0
[keys]
dir = "keys"
"""


def memory_zip(folder: Path) -> Outcome:
    """Mirror a dataset with a light-curve ZIP of a gigabyte."""
    path = folder / "lightcurves.zip"
    with DemoServer(objects=1, points=(1, 2)) as any_server:
        collection_id = any_server.surveys[0].collection_id
    make_zip(path, collection_id, ZIP_MEMBERS, ZIP_BYTES // ZIP_MEMBERS)
    return _peak(
        folder,
        served("zip", path, ZIP_MEMBERS),
        "SELECT count(*) FROM lightcurves",
        ZIP_MEMBERS,
    )


def memory_table(folder: Path) -> Outcome:
    """Mirror a dataset of a hundred thousand rows."""
    return _peak(
        folder, served("rows", TABLE_ROWS), "SELECT count(*) FROM dataset_rows", TABLE_ROWS
    )


def _peak(
    folder: Path, server: AbstractContextManager[str], counted: str, wanted: int
) -> Outcome:
    runs = []
    with server as url:
        for number in range(_RUNS):
            mirror = folder / str(number)
            mirror.mkdir()
            config = mirror / "lccmirror.toml"
            config.write_text(_CONFIG.format(url=url))
            runs.append(run([str(BIN / "lccmirror"), "-c", str(config), "sync"]))
            _check(mirror / "mirror" / "catalog.sqlite", counted, wanted)
    peak = median_peak(runs)
    return Outcome(
        ratio=peak / LIMIT_MB,
        ours=peak,
        theirs=LIMIT_MB,
        unit="MB",
        runs=_RUNS,
        peak_mb=peak,
        details={
            "seconds": median_seconds(runs),
            # sqlite-utils, which makes a new catalog, imports pandas wherever it finds it
            "pandas in this environment": "yes" if find_spec("pandas") else "no",
        },
        series={"lccmirror sync": tuple(one.peak_mb for one in runs)},
    )


def _check(catalog: Path, counted: str, wanted: int) -> None:
    with closing(sqlite3.connect(catalog)) as conn:
        states = conn.execute("SELECT state, values_from FROM datasets").fetchall()
        found = conn.execute(counted).fetchone()[0]
    if states != [("mirrored", "both")] or found != wanted:
        raise BenchmarkFailed(f"the sync ended with {states}, {found} of {wanted}")
