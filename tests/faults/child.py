"""A process that syncs, searches or prunes, and dies by SIGKILL at the step it is told.

Started once; each job runs in a fork of it, so that the imports are paid for once. ::

    python -m tests.faults.child

reads jobs (see `Job`) as lines of JSON, and answers each with a line (see `Outcome`).
Every operation on a file of the mirror or of the keys, and every commit, is a step
(`steps`), and can be written down instead (`journal`). A change that `lccmirror.durable`
did not make ends the job with an error (`strays`): so none can be forgotten here.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tests.faults.commits import watch_catalogs
from tests.faults.failing import Failing, Failure, watch_reads
from tests.faults.journal import Recorder
from tests.faults.operations import Operation, Watch, watch_files
from tests.faults.steps import Steps
from tests.faults.strays import Known, Strays, watch_durable

if TYPE_CHECKING:
    from lccmirror.config import Config

Work = Literal["sync", "search", "prune", "verify", "repair", "rebuild"]


@dataclass(frozen=True)
class Job:
    """What to do.

    Parameters
    ----------
    config
        The configuration file.
    at
        The time, in seconds since 1970.
    work
        A sync, a search, a pruning, a verification, one with a repair, or a catalog made anew.
    search
        The name of the search.
    die_at
        The step, from 0, at which it is killed; None: never.
    journal
        Where to write down all that it did.
    failure
        A `failing.Failure`, as a dictionary: what goes wrong with the disk.
    die_at_commit
        The commit, from 0, just before which it is killed.
    """

    config: str
    at: float
    work: Work = "sync"
    search: str = ""
    die_at: int | None = None
    journal: str | None = None
    failure: dict[str, Any] | None = None
    die_at_commit: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of it.

    Parameters
    ----------
    killed_at
        The name of the step at which it was killed, or None.
    steps
        How many steps there were.
    commits
        How many commits.
    exit_code
        Of the job, None if it was killed.
    error
        What else ended it, or changed a file by another way.
    failed_at
        The first operation that failed.
    could_fail
        How many could have failed as it was told.
    """

    killed_at: str | None = None
    steps: int = 0
    exit_code: int | None = None
    error: str | None = None
    failed_at: str | None = None
    could_fail: int = 0
    commits: int = 0


class _Told:
    """Passes on to the steps, the strays, what fails, and a recorder if there is one."""

    def __init__(
        self, steps: Steps, strays: Strays, failing: Failing, recorder: Recorder | None
    ) -> None:
        self._steps, self._strays, self._recorder = steps, strays, recorder
        self._failing = failing

    def before(self, operation: Operation) -> None:
        self._strays.told(operation)
        self._steps.before(operation)
        self._failing.before(operation)
        if self._recorder is not None:
            self._recorder.before(operation)

    def within(self, operation: Operation) -> None:
        self._steps.within(operation)
        self._failing.within(operation)

    def after(self, operation: Operation) -> None:
        self._steps.after(operation)
        self._failing.after(operation)
        if self._recorder is not None:
            self._recorder.after(operation)


def say(out: int, outcome: Outcome) -> None:
    """Write an outcome as one line."""
    with open(out, "w", encoding="utf-8", closefd=False) as file:
        file.write(json.dumps(asdict(outcome)) + "\n")


def run(job: Job, watch: Watch, strays: Strays, out: int) -> None:
    """Do one job and say how it ended, if it lives to say it."""
    # Imported here, and so after the functions of `durable` are watched.
    from lccmirror.config import load_config

    config = load_config(Path(job.config))
    roots = [config.mirror.root]
    if config.keys.dir is not None:
        roots.append(config.keys.dir)

    def last_words(name: str, count: int) -> None:
        say(out, Outcome(killed_at=name, steps=count))

    steps = Steps(job.die_at, last_words, job.die_at_commit)
    recorder = None if job.journal is None else Recorder(roots)
    failure = None if job.failure is None else Failure(**job.failure)
    failing = Failing(watch, failure, config.path.parent / "tmp")
    watch_reads(failing.read)
    watch.begin(_Told(steps, strays, failing, recorder), *roots)
    try:
        code = do(job, config)
        error = "; ".join(strays.found + failing.wrong) or None
        outcome = Outcome(
            None, steps.count, code, error, failing.first, failing.steps, steps.commits
        )
    except Exception as ended:  # noqa: BLE001 -- whatever it was, the test shall see it
        error = "; ".join([repr(ended), *strays.found, *failing.wrong])
        outcome = Outcome(None, steps.count, None, error, failing.first, failing.steps)
    if recorder is not None and job.journal is not None:
        recorder.journal().save(Path(job.journal))
    say(out, outcome)


def do(job: Job, config: Config) -> int:
    """Do what a job is about; return its exit code."""
    from lccmirror.sync.jobs import (
        Surroundings,
        open_session,
        prune_mirror,
        repair_mirror,
        sync,
        verify_mirror,
    )
    from lccmirror.sync.progress import Silent
    from lccmirror.sync.rebuild import rebuild_catalog
    from lccmirror.sync.searches import run_search
    from tests.support.timing import FakeTime

    time = FakeTime(job.at)
    still = job.work != "search"
    around = Surroundings(
        Silent(),
        threading.Event(),
        lambda: datetime.fromtimestamp(job.at if still else time.wall(), UTC),
        timing=time.timing(),
    )
    match job.work:
        case "sync":
            return sync(config, around).exit_code
        case "search":
            with open_session(config, around) as session:
                return run_search(session, job.search, wait=True, pause=time.wait).exit_code
        case "prune":
            prune_mirror(config, around)
            return 0
        case "verify":
            return verify_mirror(config, around).exit_code
        case "repair":
            return repair_mirror(config, around).exit_code
        case "rebuild":
            return rebuild_catalog(config, around).exit_code


def serve() -> None:
    """Do the jobs that come on standard input, each in a fork."""
    known, watch = Known(), Watch()
    strays = Strays(watch, known)
    watch_durable(known)
    watch_files(watch)
    watch_catalogs(watch, strays.add)
    strays.listen()
    # Before the forks, what `run` needs and what a sync imports only when it needs it.
    for name in ("lccmirror.sync.jobs", "tests.support.timing", "sqlite_utils"):
        importlib.import_module(name)
    for line in sys.stdin:
        job = Job(**json.loads(line))
        theirs, ours = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                run(job, watch, strays, ours)
            finally:
                os._exit(0)
        os.close(ours)
        # Passed on only when it is dead, and so holds no lock any more.
        with open(theirs, encoding="utf-8") as said:  # noqa: PTH123 -- a descriptor
            answer = said.read()
        os.waitpid(child, 0)
        sys.stdout.write(answer or json.dumps(asdict(Outcome(error="it died"))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
