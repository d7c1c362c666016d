"""The other end of `child`: start it, and send it jobs."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.faults.child import Job, Outcome

_TOP = Path(__file__).parents[2]


class CrashChild:
    """A process that does jobs and dies on order."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.child"],
            cwd=_TOP,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def sync(self, config: Path, at: float, die_at: int | None = None) -> Outcome:
        """Run a sync of the mirror of `config`, killed at step `die_at` if it gets there."""
        return self.do(Job(str(config), at, die_at=die_at))

    def search(self, config: Path, at: float, name: str, die_at: int | None = None) -> Outcome:
        """Run a saved search and wait for it, killed at step `die_at`."""
        return self.do(Job(str(config), at, "search", name, die_at))

    def prune(self, config: Path, at: float, die_at: int | None = None) -> Outcome:
        """Apply the retention rules, killed at step `die_at`."""
        return self.do(Job(str(config), at, "prune", die_at=die_at))

    def do(self, job: Job) -> Outcome:
        """Do a job to its end, or to its death."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(job)) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the process that does the jobs has ended"
        return Outcome(**json.loads(answer))

    def close(self) -> None:
        """Let it end."""
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
