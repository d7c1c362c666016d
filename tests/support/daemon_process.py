"""A real daemon in a process of its own, and what it says."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from click.testing import CliRunner, Result

from lccmirror.cli.app import cli
from tests.support.misbehaving import MisbehavingServer, hang

Run = Callable[..., Result]
PATIENCE_S = 30.0


class DaemonProcess:
    """``lccmirror run``, killed after the test at the latest.

    Parameters
    ----------
    config
        Its configuration file.
    environ
        More of its environment.
    """

    def __init__(self, config: Path, *arguments: str, **environ: str) -> None:
        self.lines: list[str] = []
        self._coming: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lccmirror.cli.main", "-c", str(config), "run", *arguments],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environ},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def _read(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            for line in stream:
                self._coming.put(line.rstrip("\n"))
        self._coming.put(None)

    def until(self, text: str) -> str:
        """Wait for a line of the log that has `text`, and return it."""
        while True:
            line = self._coming.get(timeout=PATIENCE_S)
            if line is None:
                raise AssertionError(f"it ended without {text!r}: {self.lines}")
            self.lines.append(line)
            if text in line:
                return line

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def stopped(self) -> int:
        """Ask it to end, and return the exit code."""
        self.send(signal.SIGTERM)
        return self.ended()

    def ended(self, within_s: float = PATIENCE_S) -> int:
        """Wait for its end and return the exit code."""
        code = self._process.wait(within_s)
        self._reader.join()
        while (line := self._coming.get()) is not None:
            self.lines.append(line)
        return code


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that another process does."""
    never = threading.Event()
    for _ in range(int(PATIENCE_S / 0.02)):
        if condition():
            return
        never.wait(0.02)
    raise AssertionError("it did not come to that")


def until_mirrored(config: Path, count: int = 1) -> None:
    """Wait until the catalog has so many datasets, and all are mirrored."""
    until(lambda: states(config) == ["mirrored"] * count)


@contextlib.contextmanager
def followed(
    config: Path, server: MisbehavingServer, released: threading.Event | None = None
) -> Iterator[tuple[DaemonProcess, subprocess.Popen[str]]]:
    """Run a daemon, and ``lccmirror sync`` that follows it, while the server keeps it waiting.

    Parameters
    ----------
    released
        When the server is to go on, or None for never.
    """
    with DaemonProcess(config) as daemon:
        until_mirrored(config)
        server.make_dataset(columns=("ndet",))
        rule = server.add("/api/datasets", hang(released))
        with subprocess.Popen(
            [sys.executable, "-m", "lccmirror.cli.main", "-c", str(config), "sync"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as follower:
            try:
                until(lambda: rule.fired == 1)
                yield daemon, follower
            finally:
                follower.kill()


def configured(folder: Path, url: str) -> Path:
    """Write a configuration for a daemon that nothing holds up, and return its path."""
    path = folder / "lccmirror.toml"
    path.write_text(
        f'[server]\nurl = "{url}"\nrequests_per_minute = 6000\n'
        '[mirror]\nroot = "mirror"\nmin_free = 0\n'
        '[poll]\ndatasets = "1d"\n'
        f'[keys]\ndir = "{folder / "keys"}"\n'
    )
    return path


def commands(config: Path) -> Run:
    """Return what runs a command in this process."""

    def invoke(*args: str) -> Result:
        return CliRunner().invoke(cli, ["-c", str(config), *args])

    return invoke


def states(config: Path) -> list[str]:
    """Return the states of the datasets in the catalog, if it can be read already."""
    try:
        conn = sqlite3.connect(f"file:{config.parent}/mirror/catalog.sqlite?mode=ro", uri=True)
    except sqlite3.Error:
        return []
    try:
        return [row[0] for row in conn.execute("SELECT state FROM datasets")]
    except sqlite3.Error:
        return []
    finally:
        conn.close()
