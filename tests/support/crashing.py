"""The other end of `crash_child`: start it, and send it jobs."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.crash_child import Job, Outcome

_TOP = Path(__file__).parents[2]


class CrashChild:
    """A process that runs syncs and dies on order."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.crash_child"],
            cwd=_TOP,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def sync(self, config: Path, at: float, die_at: int | None = None) -> Outcome:
        """Run a sync of the mirror of `config`, killed at step `die_at` if it gets there."""
        return self._do(Job(str(config), at, die_at))

    def search(self, config: Path, at: float, name: str, die_at: int | None = None) -> Outcome:
        """Run a saved search and wait for it, killed at step `die_at`."""
        return self._do(Job(str(config), at, die_at, name))

    def prune(self, config: Path, at: float, die_at: int | None = None) -> Outcome:
        """Apply the retention rules, killed at step `die_at`."""
        return self._do(Job(str(config), at, die_at, prune=True))

    def _do(self, job: Job) -> Outcome:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(job)) + "\n")
        self._process.stdin.flush()
        return Outcome(**json.loads(self._process.stdout.readline()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()
