"""Stop a daemon in the middle of a large download, and see it go on: by hand.

    python -m benchmarks.stop_large [MB] [FOLDER]

Serves a ZIP of that many MB (1,000 unless told), starts ``lccmirror run``, stops it by
SIGTERM when half has arrived, starts it again, and prints how long it took to leave, what
was on hand, what the next start asked for, and whether the file is the one served.
"""

from __future__ import annotations

import filecmp
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lccmirror.demo import DemoServer

from .make_zip import make_zip, objectids
from .measure import BenchmarkFailed

_MEMBERS = 100
_PATIENCE_S = 900.0
_COLUMNS = {"db_oid": "U20", "db_ra": "f8", "db_decl": "f8", "collection": "U20"}


def main(megabytes: int, folder: Path) -> None:
    """Do it in `folder`, and print what there is to see as JSON."""
    path = folder / "served.zip"
    with DemoServer(objects=1, points=(1, 2)) as server:
        survey = server.surveys[0]
        make_zip(path, survey.collection_id, _MEMBERS, megabytes * 1_000_000 // _MEMBERS)
        stars = [(name, 10.0, 20.0, survey.collection) for name in objectids(_MEMBERS)]
        server.make_table(_COLUMNS, stars, collections=[survey.collection], lczip=path)
        config = folder / "lccmirror.toml"
        # So slowly that half of it is still to come when the signal does.
        slow = f'bandwidth = "{max(1, megabytes // 20)}MB/s"\n'
        half = path.stat().st_size // 2
        _configure(config, server.url, slow)
        with _daemon(config) as first:
            _until(lambda: _on_hand(folder) >= half, first)
            left_in_s = _stop(first)
        on_hand = _on_hand(folder)
        _configure(config, server.url)
        before = len(server.requests)
        started = time.monotonic()
        with _daemon(config) as second:
            _until(lambda: bool(_kept(folder)) and not _on_hand(folder), second)
            went_on_for_s = time.monotonic() - started
            _stop(second)
        asked = [
            one.headers.get("range")
            for one in server.requests[before:]
            if one.path.startswith("/p/") and one.method == "GET"
        ]
    result = {
        "bytes served": path.stat().st_size,
        "left in s": round(left_in_s, 2),
        "exit code": first.returncode,
        "bytes on hand": on_hand,
        "the next start asks for": asked,
        "it takes s": round(went_on_for_s, 2),
        "same bytes": filecmp.cmp(_kept(folder)[0], path, shallow=False),
    }
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def _configure(config: Path, url: str, mirror: str = "") -> None:
    config.write_text(
        f'[server]\nurl = "{url}"\nrequests_per_minute = 6000\n'
        f'[mirror]\nroot = "mirror"\nmin_free = 0\n{mirror}'
        f'[poll]\ndatasets = "1d"\n[keys]\ndir = "{config.parent / "keys"}"\n'
    )


def _daemon(config: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "lccmirror.cli.main", "-c", str(config), "run"]
    return subprocess.Popen(command)


def _stop(daemon: subprocess.Popen[bytes]) -> float:
    asked = time.monotonic()
    daemon.send_signal(signal.SIGTERM)
    daemon.wait(60)
    return time.monotonic() - asked


def _until(condition: Callable[[], bool], daemon: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > until or daemon.poll() is not None:
            daemon.kill()
            raise BenchmarkFailed("the daemon ended, or took too long")
        time.sleep(0.05)


def _on_hand(folder: Path) -> int:
    parts = (folder / "mirror" / "incoming").glob("*lightcurves*.part")
    return sum(part.stat().st_size for part in parts)


def _kept(folder: Path) -> list[Path]:
    return list((folder / "mirror").glob("datasets/*/*/lightcurves-*.zip"))


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as made:
        main(size, Path(made))
