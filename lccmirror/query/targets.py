"""Lists of positions for our own cross-match, read line by line, twice.

The first reading finds every mistake before any work is done; the second hands the
targets out one at a time, so that a list may be longer than the memory.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Final

from ..errors import UsageError
from ..names import printable
from ..positions import Target
from .angles import parse_centre

_MOST_MISTAKES: Final = 50
_LONGEST_LINE: Final = 100_000
IDS: Final = ("objectid", "object", "target", "name", "id", "source_id", "db_oid")
RAS: Final = ("ra", "ra_deg", "radeg", "raj2000", "ra_j2000", "_ra", "db_ra")
DECLS: Final = ("decl", "dec", "de", "dec_deg", "decdeg", "dej2000", "dec_j2000", "db_decl")
_COMMENT = re.compile(r"(?:^|\s)#.*")

Split = Callable[[str], list[str]]


@dataclass(frozen=True)
class TargetList:
    """How the lines of a list are to be read.

    Parameters
    ----------
    split
        Cuts a line into its fields.
    objectid, ra, decl
        Which fields they are; `ra` None: the position is all that follows the name.
    header
        The number of the line that names the columns, 0 if there is none.
    """

    split: Split
    objectid: int = 0
    ra: int | None = None
    decl: int = 0
    header: int = 0


def read_list(file: IO[bytes], name: str) -> Iterator[Target]:
    """Check a list of targets, then read it.

    A line is ``objectid ra decl``, as in the lists for the server, or CSV with or without
    a line of column names (separated by commas, semicolons or tabs). ``#`` begins a
    comment. Unlike the server we take positions at exactly 0, the poles, and names that
    come twice.

    Parameters
    ----------
    file
        At its beginning, seekable.
    name
        What to call it in messages.

    Raises
    ------
    UsageError
        With every mistake in it, one a line, each with its line number; before the first
        target is handed out. Also if there is no target in it.
    """
    layout = _layout(file)
    mistakes: list[str] = []
    found = more = 0
    for number, text in _lines(file):
        try:
            found += _target(text, number, layout) is not None
        except UsageError as error:
            if len(mistakes) < _MOST_MISTAKES:
                mistakes.append(f"{name}:{number}: {error.message}")
            else:
                more += 1
    if more:
        mistakes.append(f"{name}: … and {more} more")
    if not found and not mistakes:
        mistakes.append(f"{name}: no target in it; lines are: objectid ra decl")
    if mistakes:
        raise UsageError("\n".join(mistakes))
    return _targets(file, layout)


def _targets(file: IO[bytes], layout: TargetList) -> Iterator[Target]:
    for number, text in _lines(file):
        target = _target(text, number, layout)
        if target is not None:
            yield target


def _lines(file: IO[bytes]) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line that is not empty, from the beginning.

    Raises
    ------
    UsageError
        If one is longer than any list's, or not text: the file is something else.
    """
    file.seek(0)
    number = 0
    while raw := file.readline(_LONGEST_LINE):
        number += 1
        if len(raw) == _LONGEST_LINE:
            raise UsageError(f"line {number} is no line of a list: it does not end")
        if b"\0" in raw:
            raise UsageError(f"line {number} is no line of a list: it is not text")
        # What is not UTF-8 becomes U+FFFD and is refused as part of a number, kept in a name.
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8", errors="replace")
        text = _COMMENT.sub("", text).strip("\r\n")
        if text.strip():
            yield number, text


def _layout(file: IO[bytes]) -> TargetList:
    """Find out from its first line how a list is to be read."""
    number, text = next(_lines(file), (0, ""))
    split: Split = str.split
    for separator in (",", ";", "\t"):
        fields = _splitter(separator)(text)
        # "id 10.5, -20" is a position with a comma, "id,10.5,-20" a row of CSV.
        if len(fields) > 2 or (separator in text and len(text.split()) < 3):
            split = _splitter(separator)
            break
    names = [field.strip().strip('"').casefold() for field in split(text)]
    ra, decl = _first(names, RAS), _first(names, DECLS)
    if ra is None or decl is None:
        return TargetList(split) if split is str.split else TargetList(split, 0, 1, 2)
    objectid = _first(names, IDS)
    if objectid is None:
        objectid = next((at for at in range(len(names)) if at not in {ra, decl}), ra)
    return TargetList(split, objectid, ra, decl, header=number)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _splitter(separator: str) -> Split:
    def split(text: str) -> list[str]:
        try:
            return next(csv.reader([text], delimiter=separator, skipinitialspace=True), [])
        except csv.Error as error:
            raise UsageError(f"not a row of CSV: {error}") from error

    return split


def _first(names: Iterable[str], known: Iterable[str]) -> int | None:
    there = list(names)
    return next((there.index(name) for name in known if name in there), None)


def _target(text: str, number: int, layout: TargetList) -> Target | None:
    if number == layout.header:
        return None
    if layout.ra is None:
        objectid, *rest = text.split(None, 1)
        if not rest or (_is_number(objectid) and _is_number(rest[0])):
            raise UsageError(f"expected: objectid ra decl, not {printable(text.strip(), 60)}")
        ra, decl = parse_centre(rest[0])
        return Target(objectid, ra, decl, number)
    fields = [field.strip() for field in layout.split(text)]
    wanted = max(layout.objectid, layout.ra, layout.decl) + 1
    if len(fields) < wanted:
        raise UsageError(f"expected {wanted} fields, not {len(fields)}: {printable(text, 60)}")
    ra, decl = parse_centre(f"{fields[layout.ra]} {fields[layout.decl]}")
    return Target(fields[layout.objectid], ra, decl, number)
