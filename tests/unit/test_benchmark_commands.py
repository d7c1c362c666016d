"""How the benchmarks run commands."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import measure

# Whoever has the lock next knows that this has ended, and whether it came to its end.
_SLOW = """
import fcntl, signal, sys
lock = open(sys.argv[1], "w")
fcntl.flock(lock, fcntl.LOCK_EX)
signal.signal(signal.SIGALRM, lambda *_: lock.write("ran on"))
signal.alarm(3)
signal.pause()
"""


def test_a_command_that_takes_too_long_does_not_run_on_beside_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "TIMEOUT_S", 0.5)
    path = tmp_path / "lock"
    with pytest.raises(subprocess.TimeoutExpired):
        measure.run([sys.executable, "-S", "-c", _SLOW, str(path)])
    with path.open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert path.read_text() == ""
