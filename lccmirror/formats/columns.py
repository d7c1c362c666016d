"""What a dataset says about its columns, and how the server writes a value as CSV text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import is_
from typing import Any, Literal

from ..errors import FormatError
from ..names import printable

Kind = Literal["integer", "real", "text"]
Value = str | int | float | None

# NumPy's one-letter codes and names; `byteorder, letter, width` is the common form.
_DTYPE = re.compile(r"[<>=|]?([A-Za-z?])(\d*)\Z")
_LETTERS: dict[str, Kind] = {
    **dict.fromkeys("iubhlqBHILQ?", "integer"),
    **dict.fromkeys("fdeg", "real"),
}
_NAMES = re.compile(r"(u?int|float|double|bool)(_|\d+)?\Z")

# A width or precision of four digits would let a server make us format gigabytes.
_FORMAT = re.compile(r"%[-+ #0]*\d{0,3}(?:\.\d{0,3})?[sdiufFeEgG]\Z")

# Nothing can hold a table of more. Each takes a kilobyte before its rows are looked at.
MOST_COLUMNS = 100_000


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a dataset's table.

    Parameters
    ----------
    name, title, description
        As published.
    dtype
        NumPy's name of the type: ``<f8``, ``U80`` …; empty when the server says none.
    format
        The ``%`` format with which the server writes the column as CSV.
    kind
        What `dtype` means for a database.
    """

    name: str
    title: str
    description: str
    dtype: str
    format: str
    kind: Kind


def kind_of(dtype: str) -> Kind:
    """Return the kind of a NumPy `dtype`; what is not known to be a number is text.

    Booleans are integers, as SQLite keeps them.

    >>> [kind_of(x) for x in ("<f8", "f4", "|S10", "<U17", "i8", "u4", "bool", "object")]
    ['real', 'real', 'text', 'text', 'integer', 'integer', 'integer', 'text']
    """
    dtype = dtype.strip()
    if match := _DTYPE.match(dtype):
        letter, width = match.groups()
        # `b1` is a boolean and `b` an int8; `B2`, `d8` and the like mean nothing
        if width and letter not in "iufb":
            return "text"
        return _LETTERS.get(letter, "text")
    if match := _NAMES.match(dtype):
        return "real" if match.group(1) in ("float", "double") else "integer"
    return "text"


def table_columns(names: object, coldesc: object) -> tuple[TableColumn, ...]:
    """Make the columns from a header's ``columns`` and ``coldesc``.

    A column that ``coldesc`` does not describe, or whose description is damaged, is text
    with the format ``%s``.

    Raises
    ------
    FormatError
        If ``columns`` is not a list of at least one name, or is one of more than 100,000.
    """
    if (
        not isinstance(names, list)
        or not names
        or not all(isinstance(name, str) and name for name in names)
    ):
        raise FormatError("the dataset's header has no list of column names under 'columns'")
    if len(names) > MOST_COLUMNS:
        raise FormatError(f"{len(names):,} columns; no table has more than {MOST_COLUMNS:,}")
    described = coldesc if isinstance(coldesc, Mapping) else {}
    return tuple(_column(name, described.get(name)) for name in names)


def _column(name: str, described: Any) -> TableColumn:
    parts = described if isinstance(described, Mapping) else {}

    def text(key: str, default: str = "") -> str:
        value = parts.get(key)
        return value if isinstance(value, str) else default

    dtype = text("dtype")
    return TableColumn(
        name=name,
        title=text("title"),
        description=text("desc"),
        dtype=dtype,
        format=text("format", "%s"),
        kind=kind_of(dtype),
    )


def null_text(fmt: str) -> str:
    """Return what the server writes for a NULL in a column with the format `fmt`.

    It asks whether there is an ``f`` or else an ``i`` anywhere in the format, and otherwise
    formats Python's ``None``.
    """
    if "f" in fmt:
        return "nan"
    if "i" in fmt:
        return "-9999"
    return checked_format(fmt) % None if fmt.endswith("s") else "None"


def checked_format(fmt: str) -> str:
    """Return `fmt` if it is one plain ``%`` conversion of a bounded width.

    Raises
    ------
    FormatError
        If it is anything else.
    """
    if _FORMAT.match(fmt):
        return fmt
    raise FormatError(f"not the format of a column: {printable(fmt, 40)!r}")


def typed(text: str, kind: Kind) -> Value:
    """Read a value as the CSV alone tells it.

    In a column of numbers ``nan`` and ``None`` are NULL, because no number is written so, and
    an infinity is, because JSON has no word for it;
    ``-9999``, and ``None`` in a text column, may be real values and are kept. Text that
    should be a number but is not stays text.

    >>> typed("nan", "real"), typed("-9999", "integer"), typed("None", "text")
    (None, -9999, 'None')
    """
    if kind == "text":
        return text
    stripped = text.strip()
    if stripped in ("nan", "None"):
        return None
    # Python's own rules would also read 1_000 and the digits of other scripts
    if "_" in stripped or not stripped.isascii():
        return text
    try:
        number = float(stripped)
        if kind == "real":
            return number if math.isfinite(number) else None
        whole = int(stripped) if stripped.lstrip("+-").isdigit() else int(number)
    except (ValueError, OverflowError):
        return text
    # what is no integer, or none that a database holds, is kept as it is
    return whole if whole == number and -(2**63) <= whole < 2**63 else text


def csv_writers(columns: Sequence[TableColumn]) -> tuple[Callable[[Value], str], ...]:
    """Return for each column the function that writes a value as the server does.

    Raises
    ------
    FormatError
        If a column's format is not one plain ``%`` conversion.
    """
    return tuple(_writer(column.format) for column in columns)


def _writer(fmt: str) -> Callable[[Value], str]:
    checked_format(fmt)
    null = null_text(fmt)

    def write(value: Value) -> str:
        if value is None:
            return null
        written = fmt % value
        # `|` is the separator, and the server has no quoting
        return written.replace("|", "; ") if "|" in written else written

    return write


class LineWriter:
    """Writes whole rows as the server writes the lines of its CSV, to be compared.

    One format for the line is several times as fast as one for each value. It depends on
    which values are NULL; tables have few such patterns, and those in use are kept.
    """

    def __init__(self, columns: Sequence[TableColumn], keep: int = 1000) -> None:
        self._formats = [checked_format(column.format) for column in columns]
        self._separators = len(columns) - 1
        # text that is written as it is may have its separators replaced before, or after
        self._texts = all(fmt == "%s" or not fmt.endswith("s") for fmt in self._formats)
        self._keep = keep
        self._lines: dict[bytes, str] = {}

    def gives(self, values: tuple[Value, ...], line: str) -> bool:
        """Say whether `line` is the whole line that the server writes for `values`.

        False may also mean that they must be compared value by value: one with ``|`` or a
        line feed in it, or of a type that its format cannot write.
        """
        # a `|` inside a value would pass for a separator
        if line.count("|") != self._separators:
            return False
        nulls = bytes(map(is_, values, repeat(None)))
        fmt = self._lines.get(nulls) or self._line_format(nulls)
        try:
            return fmt % values == line
        except (TypeError, ValueError, OverflowError):
            return False

    def gives_damaged(self, values: tuple[Value, ...], line: str) -> bool:
        """Say the same of values that may have ``|`` in them, for which there is ``; ``."""
        if not self._texts:
            return False
        damaged = tuple(
            [value.replace("|", "; ") if type(value) is str else value for value in values]
        )
        return self.gives(damaged, line)

    def _line_format(self, nulls: bytes) -> str:
        # "%.0s" takes the None and writes nothing
        parts = [
            null_text(fmt) + "%.0s" if null else fmt
            for fmt, null in zip(self._formats, nulls, strict=True)
        ]
        if len(self._lines) >= self._keep:
            self._lines.clear()
        fmt = self._lines[nulls] = "|".join(parts)
        return fmt
