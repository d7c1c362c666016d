"""The output flags of `sqlite-utils query`, and which form of output they mean.

JSON by default when piped, a table on a terminal. What goes to a pipe or a file is
exact: JSON escapes by itself, CSV holds the text as it is. What goes to a terminal is
for eyes: there control characters are escaped in tables, CSV and raw output alike, so
that no text of a server's can move the cursor or retitle the window.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TextIO, TypeVar

import click

from ..errors import UsageError
from ..names import printable
from ..query import Result, Value
from .delimited import write_delimited
from .json_rows import write_json
from .settings import Settings, is_terminal

ROWS_ON_A_TERMINAL: Final = 200

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class OutputOptions:
    """The output flags as given.

    Parameters
    ----------
    csv, tsv, nl, arrays, table, raw, raw_lines
        One form each; `nl` and `arrays` go together.
    fmt
        A table form of tabulate's.
    no_headers
        No column names in CSV, TSV and tables.
    json_cols
        Texts that hold JSON are put into JSON output as JSON.
    ascii_only
        JSON in ASCII.
    max_rows
        Rows of a table on a terminal; 0 for all.
    """

    csv: bool = False
    tsv: bool = False
    nl: bool = False
    arrays: bool = False
    table: bool = False
    fmt: str | None = None
    no_headers: bool = False
    json_cols: bool = False
    ascii_only: bool = False
    raw: bool = False
    raw_lines: bool = False
    max_rows: int = ROWS_ON_A_TERMINAL

    def form(self, *, terminal: bool) -> str:
        """Return which form is meant: one of those of `asked`, a table or JSON if none is.

        Raises
        ------
        UsageError
            If two are.
        """
        return self.asked() or ("table" if terminal else "json")

    def asked(self) -> str | None:
        """Return which form the flags name: ``raw``, ``raw-lines``, ``csv``, ``tsv``,
        ``table``, ``fmt`` or ``json``; None if they leave it open.

        Raises
        ------
        UsageError
            If two are.
        """
        asked = {
            "raw": self.raw,
            "raw-lines": self.raw_lines,
            "csv": self.csv,
            "tsv": self.tsv,
            "table": self.table and not self.fmt,
            "fmt": bool(self.fmt),
            "json": self.nl or self.arrays,
        }
        forms = [form for form, wanted in asked.items() if wanted]
        if len(forms) > 1:
            raise UsageError(
                "one form of output at a time, not " + " and ".join(forms),
                hint="--nl and --arrays are both JSON and go together; the others do not",
            )
        if forms:
            return forms[0]
        if self.json_cols or self.ascii_only:
            return "json"
        return None


def output_options(command: F) -> F:
    """Give `command` the output flags; it gets them as one argument, ``output``.

    Goes below the command's own options, next to the function.
    """
    import functools

    names = tuple(OutputOptions.__dataclass_fields__)

    @functools.wraps(command)
    def collected(*args: Any, **kwargs: Any) -> Any:
        given = {name: kwargs.pop(name) for name in names}
        return command(*args, output=OutputOptions(**given), **kwargs)

    for option in reversed(_OPTIONS):
        collected = option(collected)
    return collected  # type: ignore[return-value]  # click's decorators keep the function


_OPTIONS: Final = (
    click.option("--nl", is_flag=True, help="JSON, one object a line."),
    click.option("--arrays", is_flag=True, help="JSON, rows as arrays."),
    click.option("--csv", is_flag=True, help="CSV."),
    click.option("--tsv", is_flag=True, help="TSV."),
    click.option("-t", "--table", is_flag=True, help="A table."),
    click.option("--fmt", metavar="FORMAT", help="A table in one of tabulate's formats."),
    click.option("--no-headers", is_flag=True, help="CSV, TSV, tables: no column names."),
    click.option("--json-cols", is_flag=True, help="JSON: texts that hold JSON, as JSON."),
    click.option("--ascii", "ascii_only", is_flag=True, help="JSON: only ASCII characters."),
    click.option("-r", "--raw", is_flag=True, help="Only the first column of the first row."),
    click.option("--raw-lines", is_flag=True, help="Only the first column, one row a line."),
    click.option(
        "--rows",
        "max_rows",
        type=click.IntRange(min=0),
        default=ROWS_ON_A_TERMINAL,
        show_default=True,
        help="On a terminal, rows of a table; 0: all.",
    ),
)


def write_result(
    result: Result,
    output: OutputOptions,
    settings: Settings,
    *,
    out: TextIO | None = None,
    decimals: Mapping[str, int] | None = None,
    say_empty: Callable[[], None] | None = None,
) -> None:
    """Write the rows of `result` as they come.

    Parameters
    ----------
    result
        Column names and a stream of rows.
    output
        The flags.
    settings
        Colour and loudness.
    out
        Where to; standard output if None.
    decimals
        How many the reals of these columns have in a table; all other forms are exact.
    say_empty
        Says in words, beside the output, that there is no row. A table on a terminal is
        then not drawn.

    Raises
    ------
    UsageError
        If the flags contradict each other, or a binary value would go to a terminal.
    """
    stream = sys.stdout if out is None else out
    terminal = is_terminal(stream)
    form = output.form(terminal=terminal)
    headers = None if output.no_headers else result.columns
    first = None
    if say_empty is not None:
        first = next(result.rows, None)
        result = Result(result.columns, itertools.chain(filter(None, [first]), result.rows))
    if form == "json":
        write_json(
            result,
            stream,
            lines=output.nl,
            arrays=output.arrays,
            json_cols=output.json_cols,
            ascii_only=output.ascii_only or not _is_utf8(stream),
        )
    elif form in {"csv", "tsv"}:
        write_delimited(result.rows, headers, stream, tabs=form == "tsv", for_eyes=terminal)
    elif form in {"raw", "raw-lines"}:
        _write_raw(result.rows, stream, one=form == "raw", terminal=terminal)
    elif form == "fmt":
        places = [(decimals or {}).get(name) for name in result.columns]
        _write_fmt(result.rows, headers, stream, output.fmt or "simple", places)
    elif first is not None or say_empty is None or not terminal:
        _write_table(result, stream, output, settings, decimals or {}, terminal=terminal)
    if say_empty is not None and first is None:
        say_empty()


def _write_table(
    result: Result,
    stream: TextIO,
    output: OutputOptions,
    settings: Settings,
    decimals: Mapping[str, int],
    *,
    terminal: bool,
) -> None:
    import shutil

    from .tables import Look, write_table

    limit = output.max_rows if terminal else 0
    rows = _Limited(result.rows, limit)
    look = Look(
        width=shutil.get_terminal_size().columns if terminal else None,
        color=settings.color(stream),
        headers=not output.no_headers,
        decimals=decimals,
    )
    hidden = write_table(result.columns, rows, stream, look)
    stream.flush()
    if hidden:
        settings.note(
            f"… {hidden} more columns do not fit: name the ones you want, or use --nl or --csv"
        )
    if rows.more:
        settings.note(
            f"… more rows than these {limit}: --rows 0 for all, or LIMIT in the query"
        )


class _Limited:
    """Rows up to a limit, that knows afterwards whether there would have been more."""

    def __init__(self, rows: Iterable[tuple[Value, ...]], limit: int) -> None:
        self._rows = rows
        self._limit = limit
        self.more = False

    def __iter__(self) -> Iterator[tuple[Value, ...]]:
        for count, row in enumerate(self._rows):
            if self._limit and count == self._limit:
                self.more = True
                return
            yield row


def _write_fmt(
    rows: Iterable[tuple[Value, ...]],
    headers: tuple[str, ...] | None,
    stream: TextIO,
    fmt: str,
    places: Sequence[int | None],
) -> None:
    """Let tabulate make the table; it needs all rows at once."""
    from tabulate import tabulate, tabulate_formats  # type: ignore[import-untyped]

    from .tables import cell_text

    if fmt not in tabulate_formats:
        raise UsageError(
            f"no such table format: {fmt}", hint="one of " + ", ".join(tabulate_formats)
        )
    cells = [
        [None if v is None else cell_text(v, n) for v, n in zip(row, places, strict=True)]
        for row in rows
    ]
    names = [printable(name) for name in headers] if headers else ()
    stream.write(tabulate(cells, headers=names, tablefmt=fmt, disable_numparse=True) + "\n")


def _write_raw(
    rows: Iterable[tuple[Value, ...]], stream: TextIO, *, one: bool, terminal: bool
) -> None:
    """Write first columns as they are; NULL, and no row, as nothing."""
    for row in rows:
        value = row[0]
        if isinstance(value, bytes):
            if terminal:
                raise UsageError(
                    "a binary value is not for a terminal", hint="redirect it to a file"
                )
            stream.flush()
            stream.buffer.write(value)
        elif value is not None:
            text = str(value)
            stream.write("\n".join(map(_for_eyes, text.split("\n"))) if terminal else text)
        if one:
            if terminal:
                stream.write("\n")
            return
        stream.write("\n")


def _for_eyes(line: str) -> str:
    return "\t".join(printable(piece) for piece in line.split("\t"))


def _is_utf8(stream: TextIO) -> bool:
    return (getattr(stream, "encoding", None) or "utf-8").lower().replace("_", "-") in {
        "utf-8",
        "utf8",
    }
