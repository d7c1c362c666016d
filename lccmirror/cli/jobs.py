"""What the commands that change the mirror have in common: progress, Ctrl-C, their report."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import click

from ..errors import LccMirrorError, Stopped
from ..names import printable
from .failures import say_error
from .progress import progress_display
from .settings import Settings
from .stopping import Stopping, stoppable

if TYPE_CHECKING:
    from ..config import Config
    from ..daemon.protocol import Request
    from ..sync.jobs import Surroundings
    from ..sync.report import CycleTold

T = TypeVar("T")

_NAMED = 20


@dataclass(frozen=True)
class Watched:
    """A job that is shown on the terminal and can be stopped by Ctrl-C."""

    around: Surroundings
    stopping: Stopping


@contextlib.contextmanager
def watched(chosen: Settings) -> Iterator[Watched]:
    """Show progress and listen to Ctrl-C while the block runs."""
    from ..sync.jobs import Surroundings

    with stoppable() as stopping, progress_display(chosen) as progress:
        around = Surroundings(
            progress,
            stopping.event,
            on_key_event=lambda event: progress.note(event.message),
        )
        yield Watched(around, stopping)


def handed_over(config: Config, request: Request, job: Watched, kind: type[T]) -> T | None:
    """Have the daemon do it, if one holds this mirror; else return None.

    Parameters
    ----------
    request
        What it is asked for.
    job
        Is shown the daemon's progress. Ctrl-C ends the following, not the work.
    kind
        What the result is.

    Raises
    ------
    LccMirrorError
        As the work itself would have raised it.
    """
    from ..daemon.asking import ask, connect

    connection = connect(config.mirror.root)
    if connection is None:
        return None
    around = job.around
    with connection:
        try:
            return ask(connection, request, kind, progress=around.progress, stop=around.stop)
        except Stopped as error:
            if job.stopping.signum is None:
                raise
            around.progress.note(error.message)
            job.stopping.leave(1)


def tell(told: CycleTold, chosen: Settings) -> None:
    """Print a cycle's one line on stdout, and on stderr what is left over and what was odd.

    With ``--quiet`` there is no line if nothing happened: cron sends mail for each.
    """
    _tell_some("note", told.notes, told.more_notes, chosen.note)
    failed = [f"{setid}: {why}" for setid, why in told.failed.items()]
    _tell_some("failed", failed, told.more_failed, _complain)
    if told.gap is not None:
        _complain(f"warning: {printable(told.gap)}")
    if told.error is not None:
        say_error(LccMirrorError(told.error, hint=told.hint), chosen)
    elif told.hint:
        _complain(f"hint: {printable(told.hint)}")
    if not (chosen.quiet and told.idle and told.exit_code == 0):
        click.echo(printable(told.summary))


def _tell_some(
    what: str, lines: Sequence[str], others: int, say: Callable[[str], None]
) -> None:
    for line in lines[:_NAMED]:
        say(f"{what}: {printable(line)}")
    more = len(lines[_NAMED:]) + others
    if more:
        say(f"{what}: and {more:,} more: see `lccmirror status`")


def _complain(line: str) -> None:
    sys.stderr.write(line + "\n")
