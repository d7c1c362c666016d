"""`lccmirror find`: full-text search in the mirror."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

import click

from ..errors import UsageError
from ..names import printable
from ..query import ReadOnlyCatalog, Result, Value, open_readonly, run_query
from ..query.find import KINDS, Found, find, is_complete
from .commands import Command
from .output import OutputOptions, output_options, write_result
from .positive import Positive
from .settings import Settings, is_terminal, settings

_OF_EACH = 10
_COLUMNS = ("kind", "name", "collection", "title", "text")
# Around a match, as it comes from SQLite; they are never shown.
_BEGIN, _END = "\x02", "\x03"
_ANYTHING = "SELECT EXISTS (SELECT 1 FROM datasets) OR EXISTS (SELECT 1 FROM collections)"


@click.command(
    cls=Command,
    name="find",
    examples=(
        "lccmirror find rr lyrae",
        "lccmirror find 'HAT-199-00*' --in objects --limit 50",
        "lccmirror find '\"V0123 Lyr\"' RRab --csv > found.csv",
    ),
)
@click.argument("words", nargs=-1, required=True, metavar="WORDS…")
@click.option(
    "--in",
    "kinds",
    type=click.Choice(KINDS),
    multiple=True,
    help="Search only there; can be given more than once.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=_OF_EACH,
    show_default=True,
    metavar="N",
    help="At most N of each kind, the best; 0: all.",
)
@click.option(
    "--time-limit",
    type=Positive(),
    metavar="SECONDS",
    help="Stop looking in each of them after so long.",
)
@output_options
def command(
    words: tuple[str, ...],
    kinds: tuple[str, ...],
    limit: int,
    time_limit: float | None,
    output: OutputOptions,
) -> None:
    """Find words in datasets, collections, columns and objects.

    What is found has all of the WORDS: of a dataset in its setid, name, description, citation
    or query; of a collection or a column in its name, title or description; of an object in
    its objectid or its text columns. Upper and lower case, accents and punctuation make no
    difference: HAT-199-0000123 is three words that stand together, and so are words between
    double quotes. A word with * at its end stands for all that begin so. The best matches of
    each kind come first.
    """
    chosen = settings()
    text = " ".join(words)
    if not text.strip():
        raise UsageError("no words to find", hint="lccmirror find rr lyrae")
    where = [kind for kind in KINDS if not kinds or kind in kinds]
    root = chosen.load(thorough=False).mirror.root
    with open_readonly(root, time_limit_s=time_limit) as catalog:
        form = output.form(terminal=is_terminal(sys.stdout))
        for_eyes = form == "table" and not output.table
        marks = (_BEGIN, _END) if for_eyes else ("", "")
        search = _Search(catalog, text, where, limit, marks)
        if for_eyes:
            _write_for_eyes(search, sys.stdout, color=chosen.color(sys.stdout))
        else:
            write_result(Result(_COLUMNS, map(_row, search)), output, chosen)
        sys.stdout.flush()
        _say_more(search, chosen)


class _Search:
    """What is found, and afterwards how much of it there was."""

    def __init__(
        self,
        catalog: ReadOnlyCatalog,
        text: str,
        kinds: Sequence[str],
        limit: int,
        marks: tuple[str, str],
    ) -> None:
        self.catalog = catalog
        self.text = text
        self.kinds = kinds
        self.limit = limit
        self.count = 0
        self.more: list[str] = []
        self._marks = marks

    def __iter__(self) -> Iterator[Found]:
        one_more = self.limit + 1 if self.limit else None
        found = find(self.catalog, self.text, self.kinds, limit=one_more, marks=self._marks)
        for kind, of_kind in itertools.groupby(found, key=lambda one: one.kind):
            for number, one in enumerate(of_kind, start=1):
                if number == one_more:
                    self.more.append(kind)
                else:
                    self.count += 1
                    yield one


def _row(found: Found) -> tuple[Value, ...]:
    return (found.kind, found.name, found.collection, found.title, found.text)


def _write_for_eyes(search: Iterable[Found], out: TextIO, *, color: bool) -> None:
    """Write each kind below a heading; a name a line, and its text below it."""
    bold, dim, plain = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if color else ("", "", "")
    for kind, of_kind in itertools.groupby(search, key=lambda one: one.kind):
        out.write(f"{bold}{kind}{plain}\n")
        for one in of_kind:
            text = one.text or ""
            bare = text.replace(_BEGIN, "").replace(_END, "")
            notes = [
                _marked(text, color=color) if note == bare else f"{dim}{printable(note)}{plain}"
                for note in (one.title, one.collection)
                if note and note != one.name
            ]
            out.write(
                f"  {bold}{printable(one.name)}{plain}  {' · '.join(notes)}".rstrip() + "\n"
            )
            if bare not in ("", one.name, one.title, one.collection):
                out.write(f"      {_marked(text, color=color)}\n")


def _marked(text: str, *, color: bool) -> str:
    """Return `text` safe for a terminal, its matches in colour, or in square brackets."""
    begin, end = ("\x1b[1;33m", "\x1b[0m") if color else ("[", "]")
    shown = ""
    for piece in text.split(_BEGIN):
        match, closed, rest = piece.partition(_END)
        # Marks that were in the text itself have no partner, or are escaped.
        marked = f"{begin}{printable(match)}{end}{printable(rest)}"
        shown += marked if closed else printable(piece)
    return shown


def _say_more(search: _Search, chosen: Settings) -> None:
    if search.more:
        kinds = " and ".join(search.more)
        chosen.note(f"… more {kinds} than these {search.limit}: --limit 0 for all")
    if not search.count:
        ((anything,),) = run_query(search.catalog, _ANYTHING).rows
        if not anything:
            chosen.note("the mirror is empty so far: run `lccmirror sync`")
            return
        where = ", ".join(search.kinds)
        chosen.note(f"nothing found in {where} with all of: {printable(search.text, 200)}")
        if search.text[-1:].isalnum():
            chosen.note(
                "only whole words were looked for; a star at the end stands for any ending: "
                f"{printable(search.text, 60)}*"
            )
    if "objects" in search.kinds and not is_complete(search.catalog):
        chosen.note("the text of the newest objects is not indexed yet: the next sync does it")
