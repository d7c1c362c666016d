"""Rows against the genuine server: mirroring its datasets, and repeating a search."""

from __future__ import annotations

import functools
import shutil
import sqlite3
import statistics
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from lccmirror.sync import layout
from tests.real import synthetic

from .counting import CountingProxy, Traffic, counting
from .line import far_away
from .measure import (
    BenchmarkFailed,
    Run,
    by_turns,
    median_peak,
    median_seconds,
    same,
    seconds,
)
from .real_site import (
    POINTS,
    RealSite,
    ServerCpu,
    configured,
    downloaded,
    large_zip,
    lccmirror,
    mirrored,
    real_site,
    searches,
    sha256,
)
from .rows import Growth, Limit, Outcome

DATASETS: Final = 200
ROUND_TRIP_S: Final = 0.03
_TENTH: Final = DATASETS // 10
_WORKERS: Final = 4
_FAR_WORKERS: Final = 8
_LARGE_BYTES: Final = 1_000_000_000
_RUNS: Final = 3
_FAR_RUNS: Final = 2
_ONLY: Final = """
[select]
collections = ["none"]
allow = [{}]
"""
_SEARCH: Final = """
[[search]]
name = "faint"
kind = "columnsearch"
filters = "sdssr > 12"
columns = ["sdssr", "remarks"]
collections = ["{collection}"]
sort = ["sdssr", "asc"]
visibility = "public"
every = "1d"
allow_frequent = true
"""
_TABLE = ("GET /set/", "GET /d/")
_REPLAYS = """
SELECT r.setid, r.state, d.same_as IS NOT NULL, r.added, r.removed, r.changed
FROM search_runs AS r JOIN datasets AS d USING (setid) ORDER BY r.id
"""


@dataclass
class _Sides:
    """Both sides' runs, each in a folder of its own, and what they leave there.

    Attributes
    ----------
    site, url
        The server, and where both find it.
    workers
        Of ours: so many files at a time.
    hashes
        Of the files of each side, the same in all its runs.
    cpu
        What each run of a side, the first one too, has cost the server.
    """

    site: RealSite
    url: str
    workers: int
    hashes: dict[str, dict[str, str]] = field(default_factory=dict)
    cpu: dict[str, list[ServerCpu]] = field(default_factory=dict)
    _number: int = 0

    def ours(self, count: int, only: Sequence[str] = ()) -> Run:
        """Mirror all datasets there are, or only some; `count` of them have to come."""
        target = self._fresh()
        more = _ONLY.format(", ".join(f'"{setid}"' for setid in only)) if only else ""
        config = configured(target, self.url, f"workers = {self.workers}\n{more}")
        before = self.site.server_cpu()
        done = lccmirror(config, "sync")
        self.cpu.setdefault("ours", []).append(self.site.server_cpu().since(before))
        _check_mirrored(target / "mirror" / "catalog.sqlite", count)
        self._keep("lccmirror sync", mirrored(target / "mirror"), target)
        return done

    def theirs(self, only: Sequence[str] = ()) -> Run:
        """Download the same with the reference client."""
        target = self._fresh()
        before = self.site.server_cpu()
        done = self.site.reference(self.url, target, "mirror", *only)
        self.cpu.setdefault("theirs", []).append(self.site.server_cpu().since(before))
        self._keep("the reference client", downloaded(target), target)
        return done

    def compare(self, what: str) -> None:
        """Both sides must have come to the same files; then there are others."""
        same(what, *self.hashes.values())
        self.hashes.clear()

    def _fresh(self) -> Path:
        self._number += 1
        return self.site.folder / "sides" / str(self._number)

    def _keep(self, side: str, hashes: dict[str, str], folder: Path) -> None:
        same(f"the files of {side}", self.hashes.setdefault(side, hashes), hashes)
        shutil.rmtree(folder)


def mirror_200(folder: Path) -> Outcome:
    """A first ``lccmirror sync``, beside a loop over the reference client."""
    with real_site(folder) as site:
        sides = _Sides(site, site.server.url, _WORKERS)
        setids = site.make(searches(DATASETS))
        outcome = _by_turns(sides, setids, _RUNS)
        few = [sides.ours(_TENTH, setids[:_TENTH]) for _ in range(2)]
        sides.hashes.clear()
        large = large_zip(site, _LARGE_BYTES)
        ours, theirs = sides.ours(1, [large]), sides.theirs([large])
        sides.compare("the largest file")
    size = f"{_LARGE_BYTES / 1e9:g} GB"
    return replace(
        outcome,
        limits=(
            Limit(
                f"peak memory on a ZIP of {size}, through theirs",
                ours.peak_mb / theirs.peak_mb,
                0.1,
            ),
        ),
        details={
            **outcome.details,
            f"peak memory on a ZIP of {size}, MB": ours.peak_mb,
            f"their peak memory on a ZIP of {size}, MB": theirs.peak_mb,
            f"seconds for a ZIP of {size}": ours.seconds,
            f"their seconds for a ZIP of {size}": theirs.seconds,
        },
        growth=Growth("datasets", {_TENTH: median_seconds(few), DATASETS: outcome.ours}),
    )


def mirror_200_far(folder: Path) -> Outcome:
    """Do the same over a line, as everybody does who does not sit beside the server."""
    with real_site(folder) as site, far_away(site.server.url, ROUND_TRIP_S) as url:
        setids = site.make(searches(DATASETS))
        return _by_turns(_Sides(site, url, _FAR_WORKERS), setids, _FAR_RUNS)


def _by_turns(sides: _Sides, setids: Sequence[str], runs: int) -> Outcome:
    found = by_turns(
        {
            "lccmirror sync": functools.partial(sides.ours, DATASETS),
            "astrobase.services.lccs": sides.theirs,
        },
        runs,
    )
    sides.compare("the files")
    ours, theirs = found.values()
    published = _published(sides.site, setids)
    return Outcome(
        ratio=median_seconds(theirs) / median_seconds(ours),
        ours=median_seconds(ours),
        theirs=median_seconds(theirs),
        unit="s",
        runs=runs,
        peak_mb=median_peak(ours),
        their_peak_mb=median_peak(theirs),
        details={
            "datasets": DATASETS,
            "workers": sides.workers,
            "MB of CSVs and ZIPs": sum(path.stat().st_size for path in published) / 1e6,
            "CPU seconds of ours": statistics.median(one.cpu_s for one in ours),
            "CPU seconds of theirs": statistics.median(one.cpu_s for one in theirs),
            **_server_cpu(sides),
        },
        series=seconds(found),
    )


def _server_cpu(sides: _Sides) -> dict[str, float]:
    told: dict[str, float] = {}
    for side, runs in sides.cpu.items():
        counted = runs[1:]
        told |= {
            f"CPU seconds of the server, {side}": statistics.median(
                one.all_s for one in counted
            ),
            f"of them in its one loop, {side}": statistics.median(
                one.loop_s for one in counted
            ),
        }
    return told


def _published(site: RealSite, setids: Sequence[str]) -> list[Path]:
    base = site.server.basedir
    return [
        path
        for setid in setids
        for path in (
            base / "datasets" / f"dataset-{setid}.csv",
            base / "products" / f"lightcurves-{setid}.zip",
        )
    ]


def _check_mirrored(catalog: Path, wanted: int) -> None:
    with closing(sqlite3.connect(catalog)) as conn:
        (found,) = conn.execute(
            "SELECT count(*) FROM datasets WHERE state = 'mirrored' AND values_from = 'both'"
        ).fetchone()
    if found != wanted:
        raise BenchmarkFailed(f"{found} datasets mirrored, {wanted} wanted")


def search_replay(folder: Path) -> Outcome:
    """Repeat a saved search that finds what it found before; count bytes on both sides."""
    with real_site(folder) as site, counting(site.server.url) as proxy:
        return _replayed(site, proxy)


def _replayed(site: RealSite, proxy: CountingProxy) -> Outcome:
    collection = synthetic.beta().db_id
    search = _SEARCH.format(collection=collection)
    config = configured(site.folder / "ours", proxy.url, search)
    lccmirror(config, "sync")
    proxy.traffic()
    ours: list[Traffic] = []
    theirs: list[Traffic] = []
    runs: list[Run] = []
    their_runs: list[Run] = []
    for turn in range(_RUNS + 1):
        runs.append(lccmirror(config, "search", "run", "faint"))
        ours.append(proxy.traffic())
        target = site.folder / "theirs" / str(turn)
        their_runs.append(
            site.reference(
                proxy.url, target, "search", "(sdssr gt 12)", collection, "sdssr", "remarks"
            )
        )
        theirs.append(proxy.traffic())
        if turn:
            _check_replay(site.folder / "ours" / "mirror", target)
    return replace(
        _replay_outcome(ours, theirs, runs[-1].seconds),
        peak_mb=median_peak(runs[1:]),
        their_peak_mb=median_peak(their_runs[1:]),
    )


def _check_replay(root: Path, target: Path) -> None:
    """Nothing has changed since the last run, and both sides have the same rows and ZIP."""
    with closing(sqlite3.connect(root / "catalog.sqlite")) as conn:
        setid, *told = conn.execute(_REPLAYS).fetchall()[-1]
    same("what the replay found", tuple(told), ("ok", 1, 0, 0, 0))
    (csv,), (lczip,) = (tuple(target.glob(f"*.{ending}")) for ending in ("csv", "zip"))
    same("the rows", _rows_of(root / layout.product(setid, "csv")), _rows_of(csv))
    same("the ZIP", sha256(root / layout.product(setid, "lczip")), sha256(lczip))


def _rows_of(csv: Path) -> bytes:
    # What stands above them names the dataset.
    return csv.read_bytes().partition(b"\n# }\n")[2]


def _replay_outcome(ours: list[Traffic], theirs: list[Traffic], took: float) -> Outcome:
    # The first turn fetched everything, on both sides.
    most = max(ours[1:], key=lambda one: one.received_bytes)
    least = min(theirs[1:], key=lambda one: one.received_bytes)
    return Outcome(
        ratio=most.received_bytes / least.received_bytes,
        ours=most.received_bytes,
        theirs=least.received_bytes,
        unit="bytes",
        runs=_RUNS,
        limits=(
            Limit("bytes of ZIPs", max(one.body_bytes_of("GET /p/") for one in ours[1:]), 0),
        ),
        details={
            "points of each light curve": POINTS,
            "requests": ", ".join(most.requests),
            "bytes of the table (JSON, and CSV)": most.body_bytes_of(*_TABLE),
            "other bytes of bodies": most.body_bytes - most.body_bytes_of(*_TABLE),
            "their requests": ", ".join(least.requests),
            "their bytes of the table (CSV)": least.body_bytes_of(*_TABLE),
            "their bytes of the ZIP": least.body_bytes_of("GET /p/"),
            "bytes received the first time": ours[0].received_bytes,
            "seconds": took,
        },
        series={
            "lccmirror search run": tuple(float(one.received_bytes) for one in ours[1:]),
            "lccs.column_search": tuple(float(one.received_bytes) for one in theirs[1:]),
        },
    )
