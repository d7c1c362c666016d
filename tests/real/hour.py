"""An hour of the daemon against the genuine server: does anything grow?

Run by hand (``make hour``; ``HOUR_S=600`` for less). The daemon polls every ten seconds and
repeats four searches a minute, far more often than a configuration allows, so it is
started from Python. Its memory and open files are read from ``/proc`` every half minute;
at the end the mirror is verified.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from lccmirror.config import Config, load_config
from lccmirror.daemon.asking import request_quietly
from lccmirror.daemon.protocol import Status
from tests.real import basedir
from tests.real.environment import ensure_environment
from tests.real.searches import sixty
from tests.real.seed import Seeder
from tests.real.server import RealServer

POLL_S = 10.0
SAMPLE_S = 30.0

_CONFIG = """
[server]
url = "{url}"
requests_per_minute = 550
[mirror]
root = "mirror"
min_free = 0
[keys]
dir = "{folder}/keys"
[[search]]
name = "cone"
kind = "conesearch"
center = [290.0, 45.0]
radius_arcmin = 60
columns = ["sdssr", "remarks"]
every = "1m"
allow_frequent = true
[[search]]
name = "bright"
kind = "columnsearch"
filters = "sdssr < 12.0"
columns = ["sdssr"]
sort = ["sdssr", "asc"]
every = "1m"
allow_frequent = true
[[search]]
name = "words"
kind = "ftsquery"
text = "Proxima"
every = "1m"
allow_frequent = true
[[search]]
name = "targets"
kind = "xmatch"
file = "targets.txt"
radius_arcsec = 10
every = "1m"
allow_frequent = true
"""


def configured(path: Path) -> Config:
    """Return a configuration that polls more often than a file may ask for."""
    config = load_config(path)
    return msgspec.structs.replace(
        config, poll=msgspec.structs.replace(config.poll, datasets_s=POLL_S)
    )


def run_child(path: Path) -> int:
    """Be the daemon."""
    from lccmirror.daemon.logs import logging_to
    from lccmirror.daemon.process import run_daemon

    with logging_to(sys.stderr, "terminal", debug=False):
        return run_daemon(configured(path), lambda: configured(path))


@dataclass(frozen=True)
class Sample:
    """The daemon's resident memory and open files at a moment."""

    seconds: float
    rss_mb: float
    files: int


def sample(pid: int, began: float) -> Sample:
    """Read them from ``/proc``."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    rss = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Sample(time.monotonic() - began, int(rss.split()[1]) / 1024, files)


def main(seconds: float) -> int:
    """Run it; print what was measured; return 0 if the mirror is sound at the end."""
    env = ensure_environment()
    with tempfile.TemporaryDirectory(prefix="lccmirror-hour-") as name:
        folder = Path(name)
        site = basedir.build(env, folder / "server")
        with RealServer(env, site) as server:
            seeder = Seeder(server.url)
            seeder.make_all([search for search in sixty() if "large" not in repr(search)][:12])
            config = folder / "lccmirror.toml"
            config.write_text(_CONFIG.format(url=server.url, folder=folder), "utf-8")
            (folder / "targets.txt").write_text("a 290.1 45.2\nb 0.5 -30.1\n", "utf-8")
            return _watch(config, folder / "daemon.log", seconds)


def _watch(config: Path, log: Path, seconds: float) -> int:
    began = time.monotonic()
    samples: list[Sample] = []
    with log.open("wb") as lines:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "tests.real.hour", "--daemon", str(config)], stderr=lines
        )
        try:
            while time.monotonic() - began < seconds and daemon.poll() is None:
                time.sleep(min(SAMPLE_S, max(0.1, seconds - (time.monotonic() - began))))
                if daemon.poll() is None:
                    samples.append(sample(daemon.pid, began))
                    if len(samples) % 10 == 1:
                        print(samples[-1], flush=True)
            said = request_quietly(config.parent / "mirror", Status(), dict[str, Any]) or {}
            asked = said.get("requests", 0)
            print(f"requests: {asked} ({asked / samples[-1].seconds * 3600:.0f} an hour)")
        finally:
            daemon.send_signal(signal.SIGTERM)
            code = daemon.wait(30)
    return _report(config, log, samples, code)


def _report(config: Path, log: Path, samples: list[Sample], code: int) -> int:
    for word, one in zip(
        ("start", "middle", "end"),
        (samples[0], samples[len(samples) // 2], samples[-1]),
        strict=True,
    ):
        print(f"{word:>6}: {one.seconds:6.0f} s  {one.rss_mb:6.1f} MB  {one.files} files open")
    with closing(sqlite3.connect(config.parent / "mirror" / "catalog.sqlite")) as conn:
        (cycles,) = conn.execute("SELECT count(*) FROM sync_log").fetchone()
        runs = conn.execute(
            "SELECT state, count(*) FROM search_runs GROUP BY state ORDER BY state"
        ).fetchall()
        sets = conn.execute("SELECT state, count(*) FROM datasets GROUP BY state").fetchall()
    lines = log.read_text("utf-8", "replace").splitlines()
    print(f"jobs: {cycles}")
    print(f"search runs: {dict(runs)}; datasets: {dict(sets)}; log lines: {len(lines)}")
    print("\n".join(lines[-3:]))
    verified = subprocess.run(
        [sys.executable, "-m", "lccmirror.cli.main", "-c", str(config), "verify"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    print(
        f"daemon left with {code}; verify says {verified.returncode}: {verified.stdout.strip()}"
    )
    return code or verified.returncode


if __name__ == "__main__":
    if sys.argv[1:2] == ["--daemon"]:
        sys.exit(run_child(Path(sys.argv[2])))
    sys.exit(main(float(os.environ.get("HOUR_S", "3600"))))
