"""A process that syncs, searches or prunes, and dies by SIGKILL at the durable step it is told.

Every function of `lccmirror.durable`, the middle of every write, and every commit of the
catalog is a step. Started once; each sync runs in a fork of it, so that the imports are
paid for once. ::

    python -m tests.support.crash_child

reads jobs (see `Job`) as lines of JSON, and answers each with a line (see `Outcome`).
A change to a file of the mirror that is no step ends the sync with an error: so a write
that passes `lccmirror.durable` by cannot be forgotten here.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import json
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from lccmirror import durable


@dataclass(frozen=True)
class Job:
    """A sync, a search or a pruning to run.

    Parameters
    ----------
    config
        The configuration file.
    at
        The time, in seconds since 1970.
    die_at
        The step, from 0, at which it is killed; None: never.
    search
        A saved search to run in place of the sync.
    prune
        Apply the retention rules in place of the sync.
    """

    config: str
    at: float
    die_at: int | None = None
    search: str | None = None
    prune: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of it.

    Parameters
    ----------
    killed_at
        The name of the step at which it was killed, or None.
    steps
        How many steps there were.
    exit_code
        Of the sync, None if it was killed.
    error
        What else ended it, or changed a file by another way.
    """

    killed_at: str | None = None
    steps: int = 0
    exit_code: int | None = None
    error: str | None = None


class Steps:
    """Counts the steps, and dies at the chosen one."""

    def __init__(self) -> None:
        self.count = 0
        self.die_at: int | None = None
        self.strays: list[str] = []
        self._out = -1
        self._lock = threading.Lock()
        self._inside = threading.local()

    def begin(self, out: int, die_at: int | None) -> None:
        """Begin to count; what is to be said before dying is written to `out`."""
        self._out, self.die_at = out, die_at

    def step(self, name: str) -> None:
        """Note a step; does not return from the chosen one."""
        with self._lock:
            here, self.count = self.count, self.count + 1
            if here == self.die_at:
                say(self._out, Outcome(killed_at=name, steps=self.count))
                os.kill(os.getpid(), signal.SIGKILL)

    @contextlib.contextmanager
    def around(self, name: str) -> Iterator[None]:
        """Note the steps before and after what happens inside, which is a known change."""
        self.step(f"before {name}")
        with self.known():
            yield
        self.step(f"after {name}")

    @contextlib.contextmanager
    def known(self) -> Iterator[None]:
        """Let what is changed inside pass as known."""
        depth = getattr(self._inside, "depth", 0)
        self._inside.depth = depth + 1
        try:
            yield
        finally:
            self._inside.depth = depth

    def is_known(self) -> bool:
        """Whether this thread is inside a known change."""
        return bool(getattr(self._inside, "depth", 0))


class WatchedFile:
    """A file open for writing; the middle of each write is a step."""

    def __init__(self, file: BinaryIO, steps: Steps) -> None:
        self._file = file
        self._steps = steps

    def write(self, content: bytes) -> int:
        """Write the first half, a step, the other half."""
        whole = memoryview(content)
        half = len(whole) // 2
        self._file.write(whole[:half])
        self._file.flush()
        self._steps.step(f"within a write of {len(whole)} bytes")
        self._file.write(whole[half:])
        return len(whole)

    def flush(self) -> None:
        """Flush the file."""
        self._file.flush()

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._file.fileno()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def watch_durable(steps: Steps) -> None:
    """Make every public function of `lccmirror.durable` a step before and after."""

    def watched(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            about = " ".join(one.name for one in arguments if isinstance(one, Path))
            with steps.around(f"{name} {about}"):
                result = function(*arguments, **named)
                return WatchedFile(result, steps) if name.startswith("open_") else result

        return call

    for name, function in inspect.getmembers(durable, inspect.isfunction):
        if not name.startswith("_") and function.__module__ == durable.__name__:
            setattr(durable, name, watched(name, function))


_CHANGES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER")
_DURABLE = ("COMMIT", "PRAGMA journal_mode", "PRAGMA wal_checkpoint")


def watch_catalog(steps: Steps) -> None:
    """Make every commit, and every change outside a transaction, two steps."""

    class Watched(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
            lone = sql.lstrip().upper().startswith(_CHANGES) and not self.in_transaction
            if not lone and not sql.startswith(_DURABLE):
                return super().execute(sql, parameters)
            with steps.around(" ".join(sql.split())[:60]):
                return super().execute(sql, parameters)

    connect = functools.partial(sqlite3.connect, factory=Watched)
    sqlite3.connect = connect  # type: ignore[assignment]  # the same but for the factory


_EVENTS = frozenset(
    ("os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.truncate")
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# The lock holds nothing but a number for people; SQLite looks after the catalog itself.
_OTHERWISE = ("lock", "catalog.sqlite")


def watch_strays(steps: Steps, root: str) -> None:
    """Note every change to a file below `root` that is no step."""

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            if not arguments[2] & _WRITING:
                return
        elif event not in _EVENTS:
            return
        path = arguments[0]
        if isinstance(path, int) or steps.is_known():
            return
        path = os.fsdecode(path)
        if path.startswith(root + "/") and path.removeprefix(root + "/") not in _OTHERWISE:
            steps.strays.append(f"{event} {path.removeprefix(root + '/')}")

    sys.addaudithook(look)


def say(out: int, outcome: Outcome) -> None:
    """Write an outcome as one line."""
    os.write(out, json.dumps(asdict(outcome)).encode() + b"\n")


def run(job: Job, steps: Steps, out: int) -> None:
    """Run one sync and say how it ended, if it lives to say it."""
    # Imported here, and so after the functions of `durable` are watched.
    from lccmirror.config import load_config
    from lccmirror.sync.jobs import Surroundings, open_session, prune_mirror, sync
    from lccmirror.sync.progress import Silent
    from lccmirror.sync.searches import run_search
    from tests.support.timing import FakeTime

    config = load_config(Path(job.config))
    watch_strays(steps, str(config.mirror.root))
    time = FakeTime(job.at)
    around = Surroundings(
        Silent(),
        threading.Event(),
        lambda: datetime.fromtimestamp(job.at if job.search is None else time.wall(), UTC),
        timing=time.timing(),
    )
    steps.begin(out, job.die_at)
    try:
        if job.prune:
            prune_mirror(config, around)
            code = 0
        elif job.search is None:
            code = sync(config, around).exit_code
        else:
            with open_session(config, around) as session:
                told = run_search(session, job.search, wait=True, pause=time.wait)
            code = told.exit_code
        error = "; ".join(steps.strays) or None
        outcome = Outcome(steps=steps.count, exit_code=code, error=error)
    except Exception as failure:  # noqa: BLE001 -- whatever it was, the test shall see it
        outcome = Outcome(steps=steps.count, error=repr(failure))
    say(out, outcome)


def serve() -> None:
    """Run the jobs that come on standard input, each in a fork."""
    steps = Steps()
    watch_durable(steps)
    watch_catalog(steps)
    # Before the forks, what `run` needs and what a sync imports only when it needs it.
    for name in ("lccmirror.sync.jobs", "tests.support.timing", "sqlite_utils"):
        importlib.import_module(name)
    for line in sys.stdin:
        job = Job(**json.loads(line))
        theirs, ours = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                run(job, steps, ours)
            finally:
                os._exit(0)
        os.close(ours)
        # Passed on only when it is dead, and so holds no lock any more.
        os.waitpid(child, 0)
        with open(theirs, encoding="utf-8") as said:  # noqa: PTH123 -- a descriptor
            sys.stdout.write(said.read())
            sys.stdout.flush()


if __name__ == "__main__":
    serve()
