"""A daemon that has nothing to do: what it takes of the machine, and whether it grows.

A real hour is ``IDLE_S=3600``. Less time, which is what a run of all rows has, holds the same
jobs: every period of the configuration is that much shorter, so that there are as many polls
as in an hour. What waiting costs between them is then reckoned for the whole hour, and said
to be.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lccmirror.catalog.connection import CATALOG_NAME
from lccmirror.clock import to_text, utc_now

from .measure import BIN, BenchmarkFailed, cpu_seconds, run
from .rows import Limit, Outcome
from .serve import served

HOUR_S: Final = 3600.0
_SECONDS: Final = 120.0
"""How long it is looked at; ``IDLE_S`` in the environment says otherwise."""

_SAMPLES: Final = 120
_TICKS_S: Final = 10.0
"""No two looks are nearer than this: the daemon stirs every five seconds."""

_PATIENCE_S: Final = 60.0
_GROWTH_MB: Final = 1.0
_PERIODS_S: Final = {"datasets": 900.0, "collections": 6 * HOUR_S, "full_list": 168 * HOUR_S}
_RENEW_BEFORE_S: Final = HOUR_S
_CONFIG = """
[server]
url = "{url}"
[mirror]
root = "mirror"
min_free = 0
[poll]
{polls}
[keys]
dir = "keys"
renew_before = {renew_before}
"""
_KNOWN = "SELECT count(*) FROM jobs"
_OWED = "SELECT count(*) FROM jobs WHERE last_finished IS NULL AND next_run <= ?"
_JOBS = "SELECT job, count(*) FROM sync_log WHERE id > ? GROUP BY job ORDER BY job"


@dataclass(frozen=True, slots=True)
class _Sample:
    """What the kernel says of a process at a moment."""

    seconds: float
    cpu_s: float
    rss_mb: float
    threads: int
    files: int


def idle_hour(folder: Path) -> Outcome:
    """Watch a daemon that finds nothing new; its memory at the end and at the beginning."""
    seconds = float(os.environ.get("IDLE_S", _SECONDS))
    with served("demo") as url:
        config = folder / "lccmirror.toml"
        config.write_text(_configured(url, seconds / HOUR_S))
        first = run([str(BIN / "lccmirror"), "-c", str(config), "sync"])
        with _daemon(config) as pid:
            _settled(folder / "mirror")
            newest = _newest_job(folder / "mirror")
            samples = list(_watched(pid, seconds))
            jobs = _jobs_since(folder / "mirror", newest)
    return _outcome(samples, jobs, first.peak_mb)


def _configured(url: str, scale: float) -> str:
    polls = "\n".join(f"{name} = {seconds * scale}" for name, seconds in _PERIODS_S.items())
    return _CONFIG.format(url=url, polls=polls, renew_before=_RENEW_BEFORE_S * scale)


@contextlib.contextmanager
def _daemon(config: Path) -> Iterator[int]:
    log = config.with_name("daemon.log")
    with log.open("wb") as out:
        daemon = subprocess.Popen([BIN / "lccmirror", "-c", config, "run"], stderr=out)
    try:
        yield daemon.pid
        daemon.send_signal(signal.SIGTERM)
        if daemon.wait(_PATIENCE_S) != 0:
            raise BenchmarkFailed(f"the daemon failed:\n{log.read_text()[-2000:]}")
    finally:
        daemon.kill()
        daemon.wait()


def _settled(root: Path) -> None:
    """Wait until everything was done that is due at the daemon's start."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        with contextlib.closing(_reading(root)) as conn:
            (known,) = conn.execute(_KNOWN).fetchone()
            (owed,) = conn.execute(_OWED, (to_text(utc_now()),)).fetchone()
        if known and not owed:
            return
        if time.monotonic() > until:
            raise BenchmarkFailed(f"{owed} of {known} jobs were not done at the start")
        time.sleep(0.1)


def _watched(pid: int, seconds: float) -> Iterator[_Sample]:
    began = time.monotonic()
    spans = max(1, min(_SAMPLES, round(seconds / _TICKS_S)))
    for number in range(spans + 1):
        time.sleep(max(0.0, began + seconds * number / spans - time.monotonic()))
        yield _sample(pid, time.monotonic() - began)


def _sample(pid: int, seconds: float) -> _Sample:
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    return _Sample(
        seconds=seconds,
        cpu_s=cpu_seconds(pid),
        rss_mb=int(status["VmRSS"].split()[0]) * 1024 / 1e6,
        threads=int(status["Threads"]),
        files=sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()),
    )


def _newest_job(root: Path) -> int:
    with contextlib.closing(_reading(root)) as conn:
        newest: int = conn.execute("SELECT coalesce(max(id), 0) FROM sync_log").fetchone()[0]
    return newest


def _jobs_since(root: Path, newest: int) -> dict[str, int]:
    with contextlib.closing(_reading(root)) as conn:
        return dict(conn.execute(_JOBS, (newest,)).fetchall())


def _reading(root: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{root / CATALOG_NAME}?mode=ro", uri=True)


def _outcome(samples: Sequence[_Sample], jobs: dict[str, int], first_sync_mb: float) -> Outcome:
    if not jobs.get("datasets"):
        raise BenchmarkFailed(f"the daemon did not poll: {jobs}")
    first, last = samples[0], samples[-1]
    span = last.seconds - first.seconds
    cpu_s = last.cpu_s - first.cpu_s
    # Most spans between two samples have no job in them: their median is what waiting costs.
    waiting = statistics.median(
        (after.cpu_s - before.cpu_s) / (after.seconds - before.seconds)
        for before, after in itertools.pairwise(samples)
    )
    an_hour = cpu_s + waiting * max(0.0, HOUR_S - span)
    reckoned = " (reckoned: the jobs, and an hour's waiting)" if span < 0.99 * HOUR_S else ""
    return Outcome(
        ratio=last.rss_mb / first.rss_mb,
        ours=last.rss_mb,
        theirs=first.rss_mb,
        unit="MB",
        runs=1,
        peak_mb=max(one.rss_mb for one in samples),
        limits=(
            Limit("growth of its memory, MB", last.rss_mb - first.rss_mb, _GROWTH_MB),
            Limit("growth of its open files", last.files - first.files, 0),
            Limit("growth of its threads", last.threads - first.threads, 0),
        ),
        details={
            "seconds that it was looked at": span,
            "jobs meanwhile": ", ".join(f"{count} × {name}" for name, count in jobs.items()),
            "CPU seconds meanwhile": cpu_s,
            f"CPU seconds of an hour{reckoned}": an_hour,
            "of them for waiting": waiting * HOUR_S,
            "peak memory of the sync before it, MB": first_sync_mb,
            "threads": last.threads,
            "open files": last.files,
        },
        series={"the daemon's memory": tuple(one.rss_mb for one in samples)},
    )
