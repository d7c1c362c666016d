"""A row about people who ask while the daemon ingests.

Eight readers ask what people ask, at fixed times, each in a process of its own and each in
one of the ways there are (`tests.support.readers`); a daemon meanwhile mirrors one new
dataset after the other. The same readers ask the same questions with no daemon running.

They do not ask as fast as they can: that would use up every core also without a daemon, and
the comparison would say nothing. An answer's time counts from when its question was due.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lccmirror.catalog.connection import CATALOG_NAME
from tests.support.readers import Reader, Told, Way

from .make_objects import make_objects
from .measure import BIN, BenchmarkFailed, run, same
from .publish import Publisher, publisher
from .rows import Limit, Outcome

_WAYS: tuple[Way, ...] = ("anew", "anew", "anew", "kept", "kept", "kept", "plain", "plain")
_SECONDS = 60.0
"""How long they read on each side; ``READERS_S`` in the environment says otherwise."""

_TURNS = 4
_EVERY_S = 0.1
_OBJECTS = 200_000
_PATIENCE_S = 300.0
_CONFIG = """
[server]
url = "{url}"
requests_per_minute = 6000
[mirror]
root = "mirror"
min_free = 0
[poll]
datasets = "1s"
[keys]
dir = "keys"
"""
_COUNTS = "SELECT name, n FROM counts"
_WAL_MODE = 2


@dataclass
class _Side:
    """What came of all turns of one side."""

    turns: list[list[Told]] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)

    def times(self, question: str | None = None) -> list[float]:
        """Return the seconds of every answer, or of every answer to one question."""
        return [second for turn in self.turns for second in _times(turn, question)]

    @property
    def told(self) -> list[Told]:
        return [one for turn in self.turns for one in turn]


@dataclass
class _Writing:
    """What the daemon did while they read.

    Attributes
    ----------
    rows, lightcurves
        That came into the catalog.
    cpu_s, server_cpu_s
        CPU seconds of the daemon, and of the server that it mirrors.
    seconds
        How long they read.
    wal_bytes
        The largest that the catalog's log was.
    """

    rows: int = 0
    lightcurves: int = 0
    cpu_s: float = 0.0
    server_cpu_s: float = 0.0
    seconds: float = 0.0
    wal_bytes: int = 0


def readers(folder: Path) -> Outcome:
    """Readers beside a daemon that ingests, and the same readers alone."""
    seconds = float(os.environ.get("READERS_S", _SECONDS))
    count = max(1, round(seconds / _TURNS / _EVERY_S))
    root = folder / "mirror"
    root.mkdir()
    make_objects(root / CATALOG_NAME, _OBJECTS)
    alone, beside, writing = _Side(), _Side(), _Writing()
    with publisher() as published:
        config = folder / "lccmirror.toml"
        config.write_text(_CONFIG.format(url=published.url))
        published.order("all")
        run([str(BIN / "lccmirror"), "-c", str(config), "sync"])
        for turn in range(_TURNS):
            for side in (alone, beside)[:: -1 if turn % 2 else 1]:
                if side is alone:
                    _read(side, root, count)
                else:
                    with _ingesting(config, root, published) as daemon:
                        _read_beside(side, root, count, daemon, published, writing)
    same("answers that stay", *alone.digests, *beside.digests)
    return _outcome(alone, beside, writing)


def _read(side: _Side, root: Path, count: int) -> None:
    """Let all readers ask, and note what they were told."""
    with _all_ready(side, root) as asking:
        _ask(side, asking, count)


@contextlib.contextmanager
def _all_ready(side: _Side, root: Path) -> Iterator[Sequence[Reader]]:
    with contextlib.ExitStack() as stack:
        asking = [
            stack.enter_context(Reader(root, way, number)) for number, way in enumerate(_WAYS)
        ]
        for reader in asking:
            reader.ready()
            side.digests.append(reader.digest)
        yield asking


def _ask(side: _Side, asking: Sequence[Reader], count: int) -> None:
    for reader in asking:
        reader.ask(count, _EVERY_S)
    side.turns.append([reader.told() for reader in asking])


def _read_beside(
    side: _Side,
    root: Path,
    count: int,
    daemon: subprocess.Popen[bytes],
    published: Publisher,
    writing: _Writing,
) -> None:
    """Do the same, and note what the daemon does meanwhile."""
    with _all_ready(side, root) as asking, _watched_log(root, writing):
        before, began = _counts(root), time.monotonic()
        cpu, server_cpu = _cpu_s(daemon.pid), _cpu_s(published.process.pid)
        _ask(side, asking, count)
        after = _counts(root)
        writing.seconds += time.monotonic() - began
        writing.cpu_s += _cpu_s(daemon.pid) - cpu
        writing.server_cpu_s += _cpu_s(published.process.pid) - server_cpu
        writing.rows += after["dataset_rows"] - before["dataset_rows"]
        writing.lightcurves += after["lightcurves"] - before["lightcurves"]
    if after["dataset_rows"] == before["dataset_rows"]:
        raise BenchmarkFailed("the daemon ingested nothing while they read")


@contextlib.contextmanager
def _ingesting(
    config: Path, root: Path, published: Publisher
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a daemon that ingests; afterwards the catalog is as a clean end leaves it."""
    before = _counts(root)["dataset_rows"]
    published.order("flow")
    log = config.with_name("daemon.log")
    with log.open("wb") as out:
        daemon = subprocess.Popen([BIN / "lccmirror", "-c", config, "run"], stderr=out)
    try:
        until = time.monotonic() + _PATIENCE_S
        while _counts(root)["dataset_rows"] == before:
            if daemon.poll() is not None or time.monotonic() > until:
                raise BenchmarkFailed(f"no new dataset came:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield daemon
        published.order("hold")
        daemon.send_signal(signal.SIGTERM)
        if daemon.wait(_PATIENCE_S) != 0:
            raise BenchmarkFailed(f"the daemon failed:\n{log.read_text()[-2000:]}")
    finally:
        daemon.kill()
        daemon.wait()
    with (root / CATALOG_NAME).open("rb") as file:
        if file.read(20)[19] == _WAL_MODE:
            raise BenchmarkFailed("a clean end left the catalog in WAL mode")


@contextlib.contextmanager
def _watched_log(root: Path, writing: _Writing) -> Iterator[None]:
    """Look at the size of the catalog's log ten times a second."""
    wal = root / f"{CATALOG_NAME}-wal"
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            with contextlib.suppress(FileNotFoundError):
                writing.wal_bytes = max(writing.wal_bytes, wal.stat().st_size)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _counts(root: Path) -> dict[str, int]:
    conn = sqlite3.connect(f"file:{root / CATALOG_NAME}?mode=ro", uri=True)
    with contextlib.closing(conn):
        return dict(conn.execute(_COUNTS))


def _cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process so far."""
    # The name, in brackets, may hold blanks; user and system time are the 14th and 15th.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _outcome(alone: _Side, beside: _Side, writing: _Writing) -> Outcome:
    told = [*alone.told, *beside.told]
    words = [word for one in told for word in one.words]
    ours, theirs = (_p99(side.times()) for side in (beside, alone))
    details: dict[str, str | float] = {
        "readers": len(_WAYS),
        "questions of each side": len(beside.times()),
        "seconds of each side": round(writing.seconds, 1),
        "median, ms": statistics.median(beside.times()) * 1000,
        "median of readers alone, ms": statistics.median(alone.times()) * 1000,
        "the longest, ms": max(beside.times()) * 1000,
        "the longest of readers alone, ms": max(alone.times()) * 1000,
        "rows ingested a second": writing.rows / writing.seconds,
        "light curves ingested a second": writing.lightcurves / writing.seconds,
        "cores that the daemon takes": writing.cpu_s / writing.seconds,
        "cores that its server takes": writing.server_cpu_s / writing.seconds,
    }
    for question in beside.told[0].seconds:
        with_daemon, without = (_p99(side.times(question)) for side in (beside, alone))
        details[f"99th percentile, {question}"] = (
            f"{with_daemon * 1000:.3g} ms; alone {without * 1000:.3g} ms"
        )
    if words:
        details["what went wrong"] = "; ".join(words[:5])
    return Outcome(
        ratio=ours / theirs,
        ours=ours * 1000,
        theirs=theirs * 1000,
        unit="ms",
        runs=_TURNS,
        limits=(
            Limit("questions refused", sum(one.errors for one in told), 0),
            Limit("questions answered wrongly", sum(one.wrong for one in told), 0),
            Limit("the catalog's log at its largest, MB", writing.wal_bytes / 1e6, 64),
        ),
        details=details,
        series={
            "while the daemon ingests": _each_turn(beside),
            "readers alone": _each_turn(alone),
        },
    )


def _times(turn: Sequence[Told], question: str | None = None) -> Iterator[float]:
    for told in turn:
        for name, seconds in told.seconds.items():
            if question in (None, name):
                yield from seconds


def _each_turn(side: _Side) -> tuple[float, ...]:
    return tuple(_p99(list(_times(turn))) * 1000 for turn in side.turns)


def _p99(times: Sequence[float]) -> float:
    return sorted(times)[len(times) * 99 // 100]
