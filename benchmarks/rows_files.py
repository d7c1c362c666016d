"""Rows about files: from nginx on loopback to a mirror, flushed, checked and in the catalog.

Ours is the whole command `lccmirror sync`, on a mirror that has the dataset's table already:
it starts, polls, fetches the files that are missing, checks them (each light curve's gzip,
each member's CRC in the ZIP), flushes them and writes their rows. Theirs downloads.
"""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import sqlite3
import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from tests.real.environment import ensure_environment

from .make_site import Site, site_of_lightcurves, site_of_zip
from .measure import (
    BIN,
    Run,
    by_turns,
    median_peak,
    median_seconds,
    run,
    same,
    seconds,
)
from .nginx import nginx
from .rows import Growth, Limit, Outcome

LARGE_PEAK_MB: Final = 60
FILES: Final = 2_000
LATENCY_S: Final = 0.030
WORKERS: Final = 8
WORKERS_NEAR: Final = 4
_SMALL: Final = (FILES, FILES // 10, FILES * 10)
# Members of a ZIP, of half a megabyte each: 1 GiB, a tenth, and ten times as much.
_LARGE: Final = (2_048, 205, 20_480)
_ROOM_FOR_TEN: Final = 30 << 30
"""Bytes that ten times as much needs: the server's copy and ours, and some to spare."""

_RUNS: Final = 3
_CONFIG: Final = """
[server]
url = "{url}"
# as good as no budget: the server is our own
requests_per_minute = 1000000
[mirror]
root = "mirror"
min_free = 0
workers = {workers}
products = {products}
[lightcurves]
singles = "{singles}"
limit = 1000000
[keys]
dir = "keys"
"""
# Of the files that the row is about: by name, what the catalog says they are.
_ROWS: Final = "SELECT path, sha256 FROM files WHERE kind IN ('lc', 'lczip') AND state = 'ok'"
Files = dict[str, str]


class _Mirror:
    """A mirror that lacks the files; each run is on a fresh copy of it."""

    def __init__(self, folder: Path, url: str, workers: int) -> None:
        self._folder, self._url, self._workers = folder, url, workers
        self._template = folder / "template"
        self._template.mkdir()
        self._configure(self._template, '["csv"]', "never")
        run(self._sync(self._template))

    def fetch(self) -> tuple[Run, Files]:
        """Fetch what is missing; return the run, and the files that are there now."""
        folder = self._folder / "ours"
        shutil.copytree(self._template, folder)
        self._configure(folder, '["csv", "lczip"]', "missing")
        os.sync()
        done = run(self._sync(folder))
        files = _in_catalog(folder / "mirror")
        shutil.rmtree(folder)
        return done, files

    def _configure(self, folder: Path, products: str, singles: str) -> None:
        text = _CONFIG.format(
            url=self._url, workers=self._workers, products=products, singles=singles
        )
        (folder / "lccmirror.toml").write_text(text)

    def _sync(self, folder: Path) -> list[str]:
        return [str(BIN / "lccmirror"), "-c", str(folder / "lccmirror.toml"), "sync"]


@dataclass(frozen=True)
class _Downloader:
    """A shell command that downloads into the folder ``theirs``, from the URLs in ``urls``."""

    folder: Path
    command: str
    env: Mapping[str, str] = field(default_factory=dict)

    def fetch(self) -> tuple[Run, Files]:
        """Download; return the run, and the files that are there now."""
        folder = self.folder / "theirs"
        folder.mkdir()
        os.sync()
        done = run(["sh", "-e", "-c", self.command], env=self.env, cwd=self.folder)
        files = {path.name: _sha256(path) for path in folder.iterdir()}
        shutil.rmtree(folder)
        return done, files


def file_1gib(folder: Path) -> Outcome:
    """One large file: a ZIP of light curves, each member's CRC checked."""
    beside = "curl; sha256sum"
    command = "curl -s -f -o theirs/$(basename $(cat urls)) $(cat urls); sha256sum theirs/*"
    theirs = _Downloader(folder, command)
    sizes = _LARGE if shutil.disk_usage(folder).free > _ROOM_FOR_TEN else _LARGE[:2]
    outcome = _measure(folder, site_of_zip, sizes, beside, theirs, of="members of 512 KiB")
    peak = Limit("peak memory, MB", outcome.peak_mb or math.inf, LARGE_PEAK_MB)
    return replace(outcome, limits=(peak,))


def files_latency(folder: Path) -> Outcome:
    """Small files from a server that takes its time."""
    command = f"aria2c -q -j{WORKERS} -d theirs -i urls; sync"
    theirs = _Downloader(folder, command)
    return _measure(folder, site_of_lightcurves, _SMALL, "aria2c -j8; sync", theirs, LATENCY_S)


def files_aria2(folder: Path) -> Outcome:
    """Small files from a server that answers at once, beside a fast downloader."""
    theirs = _Downloader(folder, f"aria2c -q -j{WORKERS_NEAR} -d theirs -i urls")
    return _measure(folder, site_of_lightcurves, _SMALL, "aria2c -j4", theirs)


def files_reference(folder: Path) -> Outcome:
    """Small files from a server that answers at once, beside the reference client's way."""
    env = ensure_environment()
    home = folder / "home"
    home.mkdir()
    command = f"{env.python} -m benchmarks.reference_files theirs urls"
    theirs = _Downloader(folder, command, env.variables(home))
    return _measure(folder, site_of_lightcurves, (FILES,), "the reference client", theirs)


def _measure(
    folder: Path,
    make: Callable[[Path, int], Site],
    sizes: Sequence[int],
    beside: str,
    theirs: _Downloader,
    latency_s: float = 0.0,
    of: str = "files",
) -> Outcome:
    """Measure both sides at the first of `sizes`, and ours at the others, too."""
    site = make(folder / "site", sizes[0])
    with nginx(site.root, latency_s=latency_s) as url:
        (folder / "urls").write_text("".join(f"{url}{path}\n" for path in site.paths))
        found = _both(_Mirror(folder, url, _workers(latency_s)), beside, theirs, site)
    shutil.rmtree(site.root)
    ours, others = found["lccmirror sync"], found[beside]
    growth = {sizes[0]: median_seconds(ours)}
    for size in sizes[1:]:
        growth[size] = _alone(folder / str(size), make, size, latency_s)
    return Outcome(
        ratio=median_seconds(others) / median_seconds(ours),
        ours=median_seconds(ours),
        theirs=median_seconds(others),
        unit="s",
        runs=_RUNS,
        peak_mb=median_peak(ours),
        their_peak_mb=median_peak(others),
        details={
            "files": len(site.paths),
            "workers": _workers(latency_s),
            "MB": site.nbytes / 1e6,
            "CPU seconds": statistics.median(one.cpu_s for one in ours),
            "their CPU seconds": statistics.median(one.cpu_s for one in others),
        },
        series=seconds(found),
        growth=Growth(of, growth) if len(sizes) > 1 else None,
    )


def _workers(latency_s: float) -> int:
    """Who waits for a server needs more of them than who waits for the processor."""
    return WORKERS if latency_s else WORKERS_NEAR


def _both(
    mirror: _Mirror, beside: str, theirs: _Downloader, site: Site
) -> dict[str, tuple[Run, ...]]:
    """Run both sides by turns, and see to it that both come to what the server has."""
    published = {
        path.rpartition("/")[2]: _sha256(site.root / path.lstrip("/")) for path in site.paths
    }

    def checked(fetch: Callable[[], tuple[Run, Files]]) -> Run:
        done, files = fetch()
        same("files", published, files)
        return done

    sides = {"lccmirror sync": mirror.fetch, beside: theirs.fetch}
    return by_turns({name: partial(checked, fetch) for name, fetch in sides.items()}, _RUNS)


def _alone(
    folder: Path, make: Callable[[Path, int], Site], size: int, latency_s: float
) -> float:
    """Return how long our side takes at another size."""
    folder.mkdir()
    site = make(folder / "site", size)
    with nginx(site.root, latency_s=latency_s) as url:
        mirror = _Mirror(folder, url, _workers(latency_s))
        done = [mirror.fetch() for _ in range(_RUNS if size < FILES else 1)]
    for _, files in done:
        same("files", len(site.paths), len(files))
    shutil.rmtree(folder)
    return median_seconds(one for one, _ in done)


def _in_catalog(root: Path) -> Files:
    """Return name and hash of each file of a mirror; the catalog has to say the same."""
    with closing(sqlite3.connect(root / "catalog.sqlite")) as conn:
        told = dict(conn.execute(_ROWS))
    found = {path: _sha256(root / path) for path in told}
    same("hashes in the catalog and on the disk", told, found)
    return {path.rpartition("/")[2]: sha256 for path, sha256 in found.items()}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
