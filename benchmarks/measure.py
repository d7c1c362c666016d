"""Running commands by turns, and what their times and memory come to."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
BIN = Path(sys.executable).parent
TIMEOUT_S = 1800.0


class BenchmarkFailed(Exception):
    """A row could not be measured, or the two sides did not come to the same result."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command.

    Parameters
    ----------
    seconds, cpu_s
        Wall and CPU time of the whole process.
    peak_mb
        Its largest resident set, in 10⁶ bytes.
    output
        What it printed.
    """

    seconds: float
    cpu_s: float
    peak_mb: float
    output: str


def run(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Run:
    """Run a command in a process of its own (see `benchmarks.launcher`).

    Raises
    ------
    BenchmarkFailed
        If it ends with anything but 0.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        launcher = [sys.executable, "-S", "-E", str(HERE / "launcher.py"), str(result)]
        with subprocess.Popen(
            [*launcher, *command],
            env={**os.environ, **(env or {})},
            cwd=cwd or PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        ) as process:
            try:
                stdout, stderr = process.communicate(timeout=TIMEOUT_S)
            except BaseException:
                # With all that it started: nothing may run on beside the rows that follow.
                os.killpg(process.pid, signal.SIGKILL)
                raise
        if process.returncode:
            last = "\n".join((stdout + stderr).splitlines()[-15:])
            raise BenchmarkFailed(f"{' '.join(command)} failed:\n{last}")
        used = json.loads(result.read_text())
    return Run(used["seconds"], used["cpu_s"], used["peak_kib"] * 1024 / 1e6, stdout)


def run_task(name: str, *arguments: object) -> Run:
    """Do one of `benchmarks.tasks` that times itself; `Run.seconds` are of the work alone."""
    done = run(task(name, *arguments))
    printed = json.loads(done.output)
    return replace(done, seconds=printed.pop("seconds"), output=json.dumps(printed))


def task(name: str, *arguments: object) -> list[str]:
    """Return the command that does one of `benchmarks.tasks` in a process of its own."""
    return [sys.executable, "-m", "benchmarks.tasks", name, *map(str, arguments)]


def by_turns(sides: Mapping[str, Callable[[], Run]], runs: int) -> dict[str, tuple[Run, ...]]:
    """Run every side `runs` times, one after the other, over and over.

    A machine that is busy for a while, or has become warm, then meets all sides alike. The
    order is turned round from turn to turn, and a first turn for the caches is not counted.
    """
    found: dict[str, list[Run]] = {name: [] for name in sides}
    for turn in range(runs + 1):
        order = list(sides)[:: -1 if turn % 2 else 1]
        for name in order:
            done = sides[name]()
            if turn:
                found[name].append(done)
    return {name: tuple(done) for name, done in found.items()}


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of another process so far, all its threads together.

    By the clock whose number clock_getcpuclockid(3) gives: to the nanosecond, where
    ``/proc/PID/stat`` counts hundredths of a second.
    """
    return time.clock_gettime((~pid << 3) | 2)


def median_seconds(runs: Iterable[Run]) -> float:
    """Return the median of their wall times."""
    return statistics.median(one.seconds for one in runs)


def median_peak(runs: Iterable[Run]) -> float:
    """Return the median of their peaks, in MB."""
    return statistics.median(one.peak_mb for one in runs)


def seconds(found: Mapping[str, Iterable[Run]]) -> dict[str, tuple[float, ...]]:
    """Return the wall times of each side, for a plot."""
    return {name: tuple(one.seconds for one in runs) for name, runs in found.items()}


def milliseconds(found: Mapping[str, Iterable[Run]]) -> dict[str, tuple[float, ...]]:
    """Return the wall times of each side, for a plot of a row whose unit is that."""
    return {name: tuple(one.seconds * 1000 for one in runs) for name, runs in found.items()}


def same(what: str, *values: object) -> None:
    """Insist that the sides came to the same result.

    Raises
    ------
    BenchmarkFailed
        If not.
    """
    if any(value != values[0] for value in values):
        raise BenchmarkFailed(f"{what}: not the same on both sides: {values!r:.500}")
