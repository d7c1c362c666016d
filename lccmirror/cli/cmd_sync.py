"""`lccmirror sync`: one full cycle, or what it would do."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from .commands import Command
from .output import OutputOptions, output_options, write_result
from .settings import Settings, settings

if TYPE_CHECKING:
    from ..config import Config

_COLUMNS = (
    "action",
    "setid",
    "reason",
    "nobjects",
    "size",
    "created_on",
    "query_type",
    "collections",
)


@click.command(
    cls=Command,
    name="sync",
    examples=(
        "lccmirror sync",
        "lccmirror sync --dry-run",
        "lccmirror sync --dry-run --csv > planned.csv",
    ),
)
@click.option(
    "--dry-run", is_flag=True, help="Only tell what would be fetched, and why or why not."
)
@output_options
def command(dry_run: bool, output: OutputOptions) -> None:
    """Fetch what is new, check it, and take it into the catalog.

    With a daemon running, it does the work, and this shows how it goes.

    What cannot be fetched now is named on stderr and tried again by later cycles. Ctrl-C
    stops soon and keeps what has come; the next sync goes on from there. The exit code is 0
    if nothing is left over, 1 if some datasets failed, 69 if the server cannot be reached,
    73 if there is no room, 75 if another lccmirror holds this mirror.

    The output flags are for --dry-run, which asks the server for its lists alone: sizes are
    unknown then, since asking for them makes the server read every file.
    """
    chosen = settings()
    config = chosen.load()
    if dry_run:
        _dry_run(config, output, chosen)
        return
    from ..daemon.protocol import Sync
    from ..sync.jobs import sync
    from ..sync.report import CycleTold
    from .jobs import handed_over, tell, watched

    with watched(chosen) as job:
        told = handed_over(config, Sync(), job, CycleTold)
        if told is None:
            told = sync(config, job.around).told()
    tell(told, chosen)
    job.stopping.leave(told.exit_code)


def _dry_run(config: Config, output: OutputOptions, chosen: Settings) -> None:
    from ..daemon.protocol import Sync
    from ..query import Result, Value
    from ..sync.jobs import Planned, dry_run
    from .jobs import handed_over, watched

    with watched(chosen) as job:
        planned = handed_over(config, Sync(dry_run=True), job, list[Planned])
        if planned is None:
            planned = dry_run(config, job.around)
    rows: list[tuple[Value, ...]] = [
        (
            one.action,
            one.setid,
            one.reason,
            one.nobjects,
            "unknown",
            one.created_on,
            one.query_type,
            one.collections,
        )
        for one in planned
    ]
    counts = Counter(one.action for one in planned)
    words = "nothing to fetch: all that is chosen is mirrored as the server lists it"
    if planned:
        words = ", ".join(f"{counts[one]:,} to {one}" for one in ("fetch", "wait", "skip"))
    # The line below says it in words when there is nothing.
    write_result(Result(_COLUMNS, iter(rows)), output, chosen, say_empty=lambda: None)
    chosen.note(f"dry run: {words}; nothing was changed")
    job.stopping.leave(0)
