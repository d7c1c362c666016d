"""Which Parquet type a column of SQLite's gets, so that nothing is lost.

SQLite has types of values, not of columns. A column mostly holds what it is declared to hold;
where it does not, what it holds decides, and where that is both numbers and texts, all become
texts and a column beside it, ``<name>_type``, says what each was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from ..clock import from_text
from ..formats.lc_convert import library
from ..names import quote_identifier

if TYPE_CHECKING:
    from .run import Value

Kind = Literal["integer", "real", "text", "time", "blob", "mixed"]

# What has been seen in a column, each a bit.
INTEGER: Final = 1
REAL: Final = 2
TEXT: Final = 4
BLOB: Final = 8
BIG_INTEGER: Final = 16
"""An integer that a REAL does not hold exactly."""
NOT_A_TIME: Final = 32
"""A text that is no time as the catalog writes them."""
HUGE_INTEGER: Final = 64
"""An integer of more than 64 bits: JSON can hold it, SQLite and Parquet cannot."""

_EXACT: Final = 1 << 53
# SQLite allows 2,000 expressions in a SELECT.
_AT_ONCE: Final = 400
_TIME_LENGTH: Final = len("2026-01-01T00:00:00.000000Z")

_SEEN: Final = """
coalesce(sum(DISTINCT CASE typeof({0})
  WHEN 'integer' THEN CASE WHEN {0} BETWEEN -{1} AND {1} THEN 1 ELSE 16 END
  WHEN 'real' THEN 2
  WHEN 'text' THEN {2}
  WHEN 'blob' THEN 8 END), 0)
"""


@dataclass(frozen=True)
class Field:
    """A column, as it is to be written.

    Parameters
    ----------
    name
        Its name.
    kind
        What it holds.
    """

    name: str
    kind: Kind


def kind_for(declared: str | None, seen: int) -> Kind:
    """Return what a column is to be written as.

    Parameters
    ----------
    declared
        ``integer``, ``real``, ``text``, ``time``, or None where nothing is declared.
    seen
        What is in it, as the bits above.

    >>> kind_for("real", INTEGER | REAL), kind_for("integer", TEXT | INTEGER)
    ('real', 'mixed')
    """
    numbers = seen & ~(INTEGER | REAL) == 0
    if declared == "time" and seen & ~TEXT == 0:
        return "time"
    if declared in {"text", "time"} and seen & ~(TEXT | NOT_A_TIME) == 0:
        return "text"
    if declared == "real" and numbers:
        return "real"
    if declared == "integer" and seen & ~(INTEGER | BIG_INTEGER) == 0:
        return "integer"
    if not seen:
        return "text"
    if seen & ~(INTEGER | BIG_INTEGER) == 0:
        return "integer"
    if numbers:
        return "real"
    if seen & ~(TEXT | NOT_A_TIME) == 0:
        return "text"
    return "blob" if seen == BLOB else "mixed"


def is_time(text: object) -> bool:
    """Tell whether `text` is a time as the catalog writes them."""
    if not isinstance(text, str) or len(text) != _TIME_LENGTH or text[-1] != "Z":
        return False
    try:
        from_text(text)
    except ValueError:
        return False
    return text[10] == "T"


def seen_by_sql(
    connection: sqlite3.Connection,
    sources: str,
    columns: Sequence[str],
    times: Iterable[str] = (),
) -> dict[str, int]:
    """Return what is in each column of a table or view.

    Parameters
    ----------
    connection
        To the catalog.
    sources
        What follows FROM.
    columns
        Their names.
    times
        Those that should hold times.
    """
    connection.create_function("is_catalog_time", 1, is_time, deterministic=True)
    wanted = frozenset(times)
    seen: dict[str, int] = {}
    for first in range(0, len(columns), _AT_ONCE):
        some = columns[first : first + _AT_ONCE]
        sums = ", ".join(_seen_sql(name, name in wanted) for name in some)
        row = connection.execute(f"SELECT {sums} FROM {sources}").fetchone()
        seen.update(zip(some, row, strict=True))
    return seen


def seen_in(
    rows: Iterable[Sequence[Value]], n_columns: int, *, times: bool = False
) -> list[int]:
    """Return what is in each column of rows that are not in a table.

    Parameters
    ----------
    rows
        All of them.
    n_columns
        How many values each has.
    times
        Look at each text whether it is a time.
    """
    seen = [0] * n_columns
    for row in rows:
        for at, value in enumerate(row):
            if value is not None:
                seen[at] |= _bit(value)
                if times and not seen[at] & NOT_A_TIME and isinstance(value, str):
                    seen[at] |= 0 if is_time(value) else NOT_A_TIME
    return seen


def _bit(value: Value) -> int:
    if isinstance(value, str):
        return TEXT
    if isinstance(value, float):
        return REAL
    if isinstance(value, int):
        if -_EXACT <= value <= _EXACT:
            return INTEGER
        return BIG_INTEGER if -(1 << 63) <= value < 1 << 63 else HUGE_INTEGER
    return BLOB


def _seen_sql(name: str, time: bool) -> str:
    quoted = quote_identifier(name)
    text = f"CASE WHEN is_catalog_time({quoted}) THEN 4 ELSE 32 END" if time else "4"
    return _SEEN.format(quoted, _EXACT, text)


def arrow_type(kind: Kind) -> Any:
    """Return the type of Arrow's that a column of this kind has."""
    pyarrow = library("pyarrow", "parquet", "Parquet")
    types: dict[Kind, Any] = {
        "integer": pyarrow.int64(),
        "real": pyarrow.float64(),
        "text": pyarrow.string(),
        "time": pyarrow.timestamp("us", tz="UTC"),
        "blob": pyarrow.binary(),
        "mixed": pyarrow.string(),
    }
    return types[kind]


def converter(kind: Kind) -> Callable[[Sequence[Value]], Any]:
    """Return what makes an Arrow array of a column's values."""
    pyarrow = library("pyarrow", "parquet", "Parquet")
    wanted = arrow_type(kind)
    if kind == "time":
        return lambda values: pyarrow.array(values, pyarrow.string()).cast(wanted)
    if kind == "mixed":
        return lambda values: pyarrow.array([exact_text(value) for value in values], wanted)
    return lambda values: pyarrow.array(values, wanted)


def exact_text(value: Value) -> str | None:
    """Return a text from which the value can be had again, if its type is known.

    >>> exact_text(0.1), exact_text(7), exact_text(b"\\x00x")
    ('0.1', '7', '0078')
    """
    if value is None or isinstance(value, str):
        return value
    return value.hex() if isinstance(value, bytes) else repr(value)


def type_name(value: Value) -> str | None:
    """Return what SQLite's ``typeof`` says, None for NULL."""
    if value is None:
        return None
    names: dict[type, str] = {str: "text", float: "real", int: "integer", bytes: "blob"}
    return names[type(value)]
