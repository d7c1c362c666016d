"""`lccmirror prune`: apply the retention rules."""

from __future__ import annotations

import click

from .commands import Command
from .output import OutputOptions, output_options, write_result
from .settings import settings

_COLUMNS = ("what", "name", "size", "reason")


@click.command(
    cls=Command,
    name="prune",
    examples=("lccmirror prune --dry-run", "lccmirror prune"),
)
@click.option("--dry-run", is_flag=True, help="Only tell what would be removed, and why.")
@output_options
def command(dry_run: bool, output: OutputOptions) -> None:
    """Remove what the rules under [prune] in the config say, and nothing else.

    Without a rule nothing is removed. What is removed is listed; a dataset stays in the
    catalog with the state pruned and the rule that took it, and is not fetched again unless
    select.allow names it. The exit code is 73 if the headroom asked for cannot be made.
    """
    from ..daemon.protocol import Prune
    from ..errors import NoRoom
    from ..query import Result, Value
    from ..sync.jobs import prune_mirror
    from ..sync.prune import PruneReport
    from .jobs import handed_over, watched

    chosen = settings()
    config = chosen.load()
    with watched(chosen) as job:
        report = handed_over(config, Prune(dry_run=dry_run), job, PruneReport)
        if report is None:
            report = prune_mirror(config, job.around, dry_run=dry_run)
    rows: list[tuple[Value, ...]] = [
        (one.what, one.name, one.size, one.reason) for one in report.pruned
    ]
    # The summary says in words that there is nothing.
    write_result(Result(_COLUMNS, iter(rows)), output, chosen, say_empty=lambda: None)
    chosen.note(report.summary())
    job.stopping.leave(NoRoom.exit_code if report.missing_bytes else 0)
