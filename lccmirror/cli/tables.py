"""Rows as a table of text that fits a terminal.

Column widths come from the first rows, the rest streams past them: a table of any
length takes the memory of its head.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TextIO

from ..names import printable
from ..query import Value

_GAP: Final = "  "
_HEAD_ROWS: Final = 1_000
# A text column is never made narrower than this; columns are left out instead.
_NARROWEST_TEXT: Final = 8
# Nor one of times: without its end a time says little.
_NARROWEST_TIME: Final = len("2026-11-23T05:11:02Z")
# What one types or pastes elsewhere: of no use when cut, so other columns are left out first.
_WHOLE: Final = frozenset({"objectid", "setid", "name", "search", "collection", "path"})
_TIME: Final = r"\d{4}-\d\d-\d\dT[\d:.]+Z"
_DIM, _BOLD, _PLAIN = "\x1b[2m", "\x1b[1m", "\x1b[0m"


@dataclass(frozen=True)
class Look:
    """How a table is to look.

    Parameters
    ----------
    width
        Columns of the terminal; None when it may be as wide as it needs.
    color
        NULL dim, names bold.
    headers
        Whether to write the column names.
    decimals
        How many the reals of a column have; those of others have as many as they need to be
        read back exactly.
    """

    width: int | None = None
    color: bool = False
    headers: bool = True
    decimals: Mapping[str, int] = field(default_factory=dict)


def write_table(
    columns: Sequence[str], rows: Iterable[Sequence[Value]], out: TextIO, look: Look
) -> int:
    """Write a table and return how many columns did not fit.

    Numbers are at the right and never shortened; texts that are too wide end in ``…``, names
    and paths only where they alone are wider than the terminal.
    NULL is written ``NULL``, and a text that reads so in quotes.

    Parameters
    ----------
    columns
        Their names.
    rows
        The values; read once.
    out
        Where to.
    look
        Width and colour.
    """
    source = iter(rows)
    places = [look.decimals.get(name) for name in columns]
    head = list(itertools.islice(source, _HEAD_ROWS))
    names = [printable(name) for name in columns]
    natural, numeric = _measure(names if look.headers else [""] * len(names), head, places)
    whole = [name.casefold() in _WHOLE for name in columns]
    fit = _fit(natural, _least(natural, numeric, head), whole, look.width)
    end = ("…" if _writes(out, "…") else "~") if look.width is not None else None
    bold, plain = (_BOLD, _PLAIN) if look.color else ("", "")
    if look.headers:
        shown = [_padded(names[at], width, numeric[at], end) for at, width in fit.items()]
        out.write(f"{bold}{_GAP.join(shown).rstrip()}{plain}\n")
        rule = "─" if _writes(out, "─") else "-"
        out.write(_GAP.join(rule * width for width in fit.values()) + "\n")
    for row in itertools.chain(head, source):
        cells = []
        for at, width in fit.items():
            value = row[at]
            text = _padded(cell_text(value, places[at]), width, numeric[at], end)
            cells.append(f"{_DIM}{text}{_PLAIN}" if value is None and look.color else text)
        out.write(_GAP.join(cells).rstrip() + "\n")
    if not head and look.width is not None:
        out.write("(no rows)\n")
    return len(columns) - len(fit)


def _writes(out: TextIO, sign: str) -> bool:
    """Tell whether a stream has this sign; as an escape it would be six places wide."""
    try:
        sign.encode(getattr(out, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def cell_text(value: Value, decimals: int | None = None) -> str:
    """Return `value` as one line that is safe on a terminal, a real with so many decimals."""
    if isinstance(value, float) and decimals is not None:
        return f"{value:.{decimals}f}"
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, str):
        return '"NULL"' if value == "NULL" else printable(value)
    return str(value)


def _measure(
    names: Sequence[str], rows: Sequence[Sequence[Value]], places: Sequence[int | None]
) -> tuple[list[int], list[bool]]:
    """Return how wide each column is, and whether all its values are numbers."""
    widths = [_cell_len(name) for name in names]
    numbers = [False] * len(names)
    texts = [False] * len(names)
    for row in rows:
        for at, value in enumerate(row):
            widths[at] = max(widths[at], _cell_len(cell_text(value, places[at])))
            if isinstance(value, (int, float)):
                numbers[at] = True
            elif value is not None:
                texts[at] = True
    numeric = [number and not text for number, text in zip(numbers, texts, strict=True)]
    return [max(width, 1) for width in widths], numeric


def _least(
    natural: Sequence[int], numeric: Sequence[bool], rows: Sequence[Sequence[Value]]
) -> list[int]:
    """Return how narrow each column may become."""
    least = []
    for at, (width, number) in enumerate(zip(natural, numeric, strict=True)):
        texts = [row[at] for row in rows if row[at] is not None]
        times = all(
            isinstance(one, str) and re.fullmatch(_TIME, one, re.ASCII) for one in texts
        )
        narrowest = _NARROWEST_TIME if texts and times else _NARROWEST_TEXT
        least.append(width if number else min(width, narrowest))
    return least


def _fit(
    natural: Sequence[int], least: Sequence[int], whole: Sequence[bool], total: int | None
) -> dict[int, int]:
    """Return which columns to show, and how wide each: the widest texts give way first, then
    columns at the end, and those that are to be whole last of all.
    """
    if total is None:
        return dict(enumerate(natural))
    narrowest = list(least)
    stay: set[int] = set()
    for at in range(len(natural)):
        # Of several that do not fit together, the first ones.
        if whole[at] and _total([natural[one] for one in (*stay, at)]) <= total:
            stay.add(at)
            narrowest[at] = natural[at]
    kept = list(range(len(natural)))
    while len(kept) > 1 and _total([narrowest[at] for at in kept]) > total:
        kept.remove(max((at for at in kept if at not in stay), default=kept[-1]))
    natural, narrowest = [natural[at] for at in kept], [narrowest[at] for at in kept]
    cap = min(max(natural, default=1), total)
    while cap > _NARROWEST_TEXT and _total(_capped(natural, narrowest, cap)) > total:
        cap -= 1
    widths = _capped(natural, narrowest, cap)
    if len(kept) == 1:
        widths = [min(widths[0], max(total, 1))]
    return dict(zip(kept, widths, strict=True))


def _capped(natural: Sequence[int], least: Sequence[int], cap: int) -> list[int]:
    return [
        max(narrowest, min(width, cap)) for width, narrowest in zip(natural, least, strict=True)
    ]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * max(len(widths) - 1, 0)


def _padded(text: str, width: int, right: bool, end: str | None) -> str:
    """Fill a text up with blanks, or cut it and put `end` behind it, unless that is None."""
    have = _cell_len(text)
    if have > width:
        return text if end is None else _cut(text, width - 1) + end
    room = " " * (width - have)
    return room + text if right else text + room


def _cell_len(text: str) -> int:
    """Return how many places of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _cut(text: str, width: int) -> str:
    """Return the beginning of a text, so wide."""
    if text.isascii():
        return text[:width]
    from rich.cells import set_cell_size

    return set_cell_size(text, width)
