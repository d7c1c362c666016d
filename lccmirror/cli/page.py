"""A page of text for people: headings, lines and tables, as wide as the terminal."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..names import printable
from ..query import Value
from .tables import cell_text


class Page:
    """Headings, indented lines and tables; all text is made fit for a terminal.

    Parameters
    ----------
    width
        Columns.
    color
        Headings bold, names dim.
    """

    def __init__(self, width: int, *, color: bool) -> None:
        self._out = io.StringIO()
        self._console = Console(
            file=self._out,
            width=width,
            force_terminal=color,
            color_system="standard" if color else None,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def text(self) -> str:
        """Return all of it, without the blanks that fill up lines."""
        lines = self._out.getvalue().removesuffix("\n").split("\n")
        return "".join(f"{line.rstrip()}\n" for line in lines)

    def title(self, text: str) -> None:
        """Print what the page is about."""
        self._console.print(Text(printable(text), style="bold"))

    def head(self, text: str) -> None:
        """Print the heading of a section."""
        self._console.print()
        self._console.print(Text(printable(text), style="bold"))

    def line(self, text: str) -> None:
        """Print an indented line, broken where it is too long."""
        self._console.print(Padding(Text(printable(text)), (0, 0, 0, 2)))

    def whole(self, text: str) -> None:
        """Print a line that is not broken, to be copied: a path."""
        self._console.print(Text("  " + printable(text)), soft_wrap=True)

    def table(
        self,
        names: Sequence[str],
        rows: Iterable[Sequence[Value]],
        *,
        right: str = "",
        firm: str = "",
    ) -> None:
        """Print a table; columns named in `right` or `firm` are never broken into lines."""
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for name in names:
            number = name in right.split(",")
            table.add_column(
                Text(name),
                justify="right" if number else "left",
                no_wrap=number or name in firm.split(","),
                overflow="fold",
            )
        for row in rows:
            table.add_row(*(Text("" if v is None else cell_text(v)) for v in row))
        self._console.print(Padding(table, (0, 0, 0, 2)))

    def facts(self, pairs: Sequence[tuple[str, Value]]) -> None:
        """Print names and values, if there are any."""
        if not pairs:
            return
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in pairs:
            table.add_row(Text(name, style="dim"), Text(cell_text(value)))
        self._console.print(Padding(table, (0, 0, 0, 2)))

    def more(self, shown: int, all_of_them: int) -> None:
        """Say that there is more, if so."""
        if all_of_them > shown:
            self.line(f"… and {all_of_them - shown:,} more (--most 0 shows all)")
