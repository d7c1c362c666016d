"""`lccmirror query`: SQL on the catalog, read-only."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from ..errors import UsageError
from ..query import open_readonly, run_query
from .commands import Command
from .output import OutputOptions, output_options, write_result
from .positive import Positive
from .settings import settings

Decorator = Callable[[Callable[..., None]], Callable[..., None]]


def _refused_option(name: str, reason: str, hint: str | None, nargs: int = 1) -> Decorator:
    """Say why an option of `sqlite-utils query` is none here, not only that it is unknown."""

    def refuse(context: click.Context, option: click.Parameter, value: object) -> None:
        if value:
            raise UsageError(f"there is no {name} here: {reason}", hint=hint)

    return click.option(
        name, hidden=True, expose_value=False, callback=refuse, nargs=nargs, help="Refused."
    )


@click.command(
    cls=Command,
    name="query",
    examples=(
        "lccmirror query 'select setid, name, nobjects from datasets order by created_on'",
        "lccmirror query 'select * from objects where objectid = :id' -p id HAT-123-4567890",
        "lccmirror query 'select * from dataset_rows' --csv > rows.csv",
        "echo 'select count(*) from files' | lccmirror query - -r",
    ),
)
@click.argument("words", metavar="SQL", nargs=-1)
@click.option(
    "-p",
    "--param",
    "params",
    type=(str, str),
    multiple=True,
    metavar="NAME VALUE",
    help="A value for :NAME in the statement.",
)
@click.option(
    "--time-limit",
    type=Positive(),
    metavar="SECONDS",
    help="Stop the statement after so long.",
)
@_refused_option(
    "--attach",
    "a mirror is asked alone, so that nothing else can be opened or made",
    "attach the catalog to yours: sqlite3 mine.db \"attach 'file:PATH/catalog.sqlite?mode=ro' "
    'as mirror"; for lists of positions there is `lccmirror xmatch`',
    2,
)
@_refused_option(
    "--functions",
    "no code is run in a query",
    "take the rows as JSON or CSV, or ask from Python: import lccmirror",
)
@_refused_option("--load-extension", "no code is loaded into a query", None)
@output_options
def command(
    words: tuple[str, ...],
    params: tuple[tuple[str, str], ...],
    time_limit: float | None,
    output: OutputOptions,
) -> None:
    """Ask the catalog in SQL, read-only.

    SQL is one statement that reads, or - to read it from standard input. The output is a
    table on a terminal and JSON in a pipe, unless a flag says otherwise; on a terminal,
    control characters are escaped in every form. Values of -p are bound as text: where you
    compare one with an expression rather than a column, write cast(:name as real).
    """
    chosen = settings()
    if len(words) != 1:
        raise UsageError(
            "the statement is one argument" if words else "there is no SQL statement to run",
            hint="put it between quotes: lccmirror query 'SELECT * FROM datasets'",
        )
    statement = sys.stdin.read() if words == ("-",) else words[0]
    root = chosen.load(thorough=False).mirror.root
    with open_readonly(root, time_limit_s=time_limit) as catalog:
        result = run_query(catalog, statement, dict(params))
        write_result(result, output, chosen)
