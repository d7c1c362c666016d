"""A real daemon, stopped in the middle of a large download, and started again."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.make_zip import make_zip, objectids
from lccmirror.cli.app import cli
from lccmirror.demo import DemoServer
from tests.support.daemon_process import DaemonProcess, until

MEMBERS = 4
SIZE = 64_000_000
RATE = 8_000_000


class Large:
    """A server with one large ZIP, and a mirror that fetches it slowly."""

    def __init__(self, folder: Path, server: DemoServer) -> None:
        self.server = server
        self.path = folder / "served.zip"
        survey = server.surveys[0]
        make_zip(self.path, survey.collection_id, MEMBERS, SIZE // MEMBERS)
        columns = {"db_oid": "U20", "db_ra": "f8", "db_decl": "f8", "collection": "U20"}
        stars = [(name, 10.0, 20.0, survey.collection) for name in objectids(MEMBERS)]
        self.setid = server.make_table(
            columns, stars, collections=[survey.collection], lczip=self.path
        )
        self.root = folder / "mirror"
        self.config = folder / "lccmirror.toml"
        self._folder = folder
        self.configure(f'bandwidth = "{RATE // 1_000_000}MB/s"')

    def configure(self, mirror: str = "") -> None:
        self.config.write_text(
            f'[server]\nurl = "{self.server.url}"\nrequests_per_minute = 6000\n'
            f'[mirror]\nroot = "mirror"\nmin_free = 0\n{mirror}\n'
            f'[poll]\ndatasets = "1d"\n[keys]\ndir = "{self._folder / "keys"}"\n'
        )

    def on_hand(self) -> int:
        parts = (self.root / "incoming").glob("*lightcurves*.part")
        return sum(part.stat().st_size for part in parts)

    def state(self) -> str | None:
        conn = sqlite3.connect(f"file:{self.root}/catalog.sqlite?mode=ro", uri=True)
        try:
            row = conn.execute("SELECT state FROM datasets WHERE setid = ?", (self.setid,))
            return next((state for (state,) in row), None)
        finally:
            conn.close()

    def ranges(self) -> list[str | None]:
        """Return what part of the ZIP each request for it was for."""
        return [
            one.headers.get("range")
            for one in self.server.requests
            if one.path.startswith("/p/") and one.method == "GET"
        ]

    def finish(self) -> None:
        """Start again, without the brake, until the dataset is mirrored; check it."""
        self.configure()
        with DaemonProcess(self.config) as daemon:
            until(lambda: self.state() == "mirrored")
            daemon.send(signal.SIGTERM)
            assert daemon.ended(10) == 0
            assert not [line for line in daemon.lines if "damage" in line or "bug" in line]
        (kept,) = self.root.glob("datasets/*/*/lightcurves-*.zip")
        assert kept.read_bytes() == self.path.read_bytes()
        assert list((self.root / "incoming").iterdir()) == []
        verified = CliRunner().invoke(cli, ["-c", str(self.config), "verify"])
        assert verified.exit_code == 0, verified.output


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Large]:
    with DemoServer(objects=1, points=(1, 2)) as server:
        yield Large(tmp_path, server)


def test_sigterm_in_a_large_download_leaves_soon_and_the_next_start_continues_it(
    large: Large,
) -> None:
    with DaemonProcess(large.config) as daemon:
        until(lambda: large.on_hand() > RATE)
        asked = time.monotonic()
        daemon.send(signal.SIGTERM)
        assert daemon.ended(10) == 0
        assert time.monotonic() - asked < 10
    assert large.ranges() == [None]
    on_hand = large.on_hand()
    assert RATE < on_hand < SIZE
    large.finish()
    assert large.ranges() == [None, f"bytes={on_hand}-"]


def test_sigkill_in_a_large_download_costs_nothing_that_was_on_the_disk(large: Large) -> None:
    with DaemonProcess(large.config) as daemon:
        until(lambda: large.on_hand() > RATE)
        daemon.send(signal.SIGKILL)
        assert daemon.ended(10) == -signal.SIGKILL
    assert (large.root / "control").exists()
    assert large.state() != "mirrored"
    on_hand = large.on_hand()
    large.finish()
    assert large.ranges() == [None, f"bytes={on_hand}-"]
