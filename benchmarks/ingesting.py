"""A daemon that ingests one new dataset after the other, and what it does meanwhile."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lccmirror.catalog.connection import CATALOG_NAME

from .measure import BIN, BenchmarkFailed
from .publish import Publisher

_PATIENCE_S = 300.0
_COUNTS = "SELECT name, n FROM counts"
_WAL_MODE = 2


@dataclass
class Written:
    """What came of a daemon's work, all turns together.

    Attributes
    ----------
    seconds
        How long it was looked at.
    rows, lightcurves
        That came into the catalog.
    cpu_s, server_cpu_s
        CPU seconds of the daemon, and of the server that it mirrors.
    wal_bytes
        The largest that the catalog's log was.
    peak_mb
        The largest resident set of a daemon, in 10⁶ bytes.
    """

    seconds: float = 0.0
    rows: int = 0
    lightcurves: int = 0
    cpu_s: float = 0.0
    server_cpu_s: float = 0.0
    wal_bytes: int = 0
    peak_mb: float = 0.0


@dataclass(frozen=True)
class Ingesting:
    """A daemon that runs, and the server that gives it something to do."""

    root: Path
    daemon: subprocess.Popen[bytes]
    published: Publisher

    @contextlib.contextmanager
    def noted(self, written: Written) -> Iterator[None]:
        """Add what happens in the block.

        Raises
        ------
        BenchmarkFailed
            If nothing does.
        """
        before, began = _counts(self.root), time.monotonic()
        cpu_s, server_cpu_s = self._cpu_s()
        with _watched_log(self.root, written):
            yield
        after = _counts(self.root)
        written.seconds += time.monotonic() - began
        written.rows += after["dataset_rows"] - before["dataset_rows"]
        written.lightcurves += after["lightcurves"] - before["lightcurves"]
        now_cpu_s, now_server_cpu_s = self._cpu_s()
        written.cpu_s += now_cpu_s - cpu_s
        written.server_cpu_s += now_server_cpu_s - server_cpu_s
        written.peak_mb = max(written.peak_mb, _peak_mb(self.daemon.pid))
        if after["dataset_rows"] == before["dataset_rows"]:
            raise BenchmarkFailed("the daemon ingested nothing while they read")

    def _cpu_s(self) -> tuple[float, float]:
        return _cpu_s(self.daemon.pid), _cpu_s(self.published.process.pid)


@contextlib.contextmanager
def ingesting(config: Path, root: Path, published: Publisher) -> Iterator[Ingesting]:
    """Run a daemon that has begun to ingest; its catalog is left as by a clean end."""
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
        yield Ingesting(root, daemon, published)
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
def _watched_log(root: Path, written: Written) -> Iterator[None]:
    """Look at the size of the catalog's log ten times a second."""
    wal = root / f"{CATALOG_NAME}-wal"
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            with contextlib.suppress(FileNotFoundError):
                written.wal_bytes = max(written.wal_bytes, wal.stat().st_size)

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


def _peak_mb(pid: int) -> float:
    """Return the largest resident set that a process has had."""
    told = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    return int(told["VmHWM"].split()[0]) * 1024 / 1e6
