"""A mirror of the genuine server, as the tests drive it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from lccmirror.config import load_config
from lccmirror.server import KeyEvent, Timing
from lccmirror.sync import layout
from lccmirror.sync.jobs import Surroundings, Verified, sync, verify_mirror
from lccmirror.sync.progress import Progress, Silent
from lccmirror.sync.report import CycleReport
from tests.real.environment import PROJECT


class RealMirror:
    """A mirror and its configuration, below a folder of the test's own.

    Parameters
    ----------
    folder
        The configuration, the keys and the mirror lie here.
    url
        Of the server.
    requests_per_minute
        The default is as fast as the configuration allows.
    tables
        More lines for the configuration's tables, by the table's name.

    Attributes
    ----------
    root
        The mirror's folder.
    keys
        What was told of the keys, in order.
    """

    def __init__(
        self, folder: Path, url: str, *, requests_per_minute: int = 6000, **tables: str
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        lines = {
            "server": f'url = "{url}"\nrequests_per_minute = {requests_per_minute}\n',
            "mirror": 'root = "mirror"\nmin_free = 0\n',
            "keys": f'dir = "{folder / "keys"}"\n',
        }
        for table, text in tables.items():
            lines[table] = lines.get(table, "") + text + "\n"
        self._path = folder / "lccmirror.toml"
        self._path.write_text(
            "\n".join(f"[{table}]\n{text}" for table, text in lines.items()), "utf-8"
        )
        self.config = load_config(self._path)
        self.root = self.config.mirror.root
        self.keys: list[KeyEvent] = []

    def sync(
        self, progress: Progress | None = None, timing: Timing | None = None
    ) -> CycleReport:
        """Run one cycle in this process."""
        around = Surroundings(
            progress or Silent(),
            threading.Event(),
            timing=timing,
            on_key_event=self.keys.append,
        )
        return sync(self.config, around)

    def start_sync(self) -> subprocess.Popen[bytes]:
        """Start ``lccmirror sync`` as a process of its own, to be killed."""
        command = [sys.executable, "-m", "lccmirror.cli.main", "-c", str(self._path), "sync"]
        return subprocess.Popen(
            command,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def verify(self) -> Verified:
        """Compare every byte with the catalog."""
        return verify_mirror(self.config, Surroundings(Silent(), threading.Event()))

    def check_sound(self) -> None:
        """Fail unless the mirror is whole and nothing is left over."""
        verified = self.verify()
        assert verified.found.damage == []
        assert verified.found.unknown == []
        assert list((self.root / layout.INCOMING).iterdir()) == []
        assert self.sql("SELECT * FROM work") == []

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the catalog."""
        uri = f"file:{self.root / 'catalog.sqlite'}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as conn:
            return conn.execute(statement, values).fetchall()

    def states(self) -> dict[str, str]:
        """Return the state of each dataset in the catalog."""
        return dict(self.sql("SELECT setid, state FROM datasets"))

    def file(self, setid: str, kind: str) -> Path:
        """Return where a dataset's product lies."""
        return self.root / layout.product(setid, kind)

    def part(self, setid: str, kind: str) -> Path:
        """Return where a dataset's product is while it comes."""
        return self.root / layout.arriving(layout.product(setid, kind))

    def rows(self, setid: str) -> list[dict[str, Any]]:
        """Return a dataset's rows in their order."""
        found = self.sql(
            "SELECT r.data FROM datasets AS d JOIN dataset_rows AS r"
            " ON r.setid = coalesce(d.same_as, d.setid) WHERE d.setid = ? ORDER BY r.row",
            setid,
        )
        return [json.loads(data) for (data,) in found]


class Once(Silent):
    """A watcher that does something once, when so many datasets have ended."""

    def __init__(self, after: int, act: Callable[[], None]) -> None:
        self._left = after
        self._act = act

    def item_done(self, label: str, *, ok: bool) -> None:
        """Count a dataset."""
        self._left -= 1
        if self._left == 0:
            self._act()


class Hurry:
    """Time in which no wait is longer than a few seconds; the rest of it is skipped.

    The server asks for 120 seconds where a few are enough for it. Skipped seconds have
    passed for the client all the same.
    """

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        self._lock = threading.Lock()
        self.waited: list[float] = []
        self._skipped_s = 0.0

    def timing(self) -> Timing:
        """Return this time for a client."""
        return Timing(
            monotonic=lambda: time.monotonic() + self._skipped_s,
            wall=lambda: time.time() + self._skipped_s,
            wait=self._wait,
        )

    def _wait(self, stop: threading.Event, seconds: float) -> bool:
        with self._lock:
            self.waited.append(seconds)
        stopped = stop.wait(min(seconds, self._longest_s))
        with self._lock:
            self._skipped_s += max(0.0, seconds - self._longest_s)
        return stopped
