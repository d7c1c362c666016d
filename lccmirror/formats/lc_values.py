"""A light curve's lines as NumPy arrays.

NumPy's own reader of text does it at once where every value is one of its column's type,
as in nearly all light curves. Where one is not, the columns are read one by one.
"""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from .columns import kind_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

Column = tuple["NDArray[Any]", "NDArray[Any] | None"]
"""The values, and where there was none of the column's type (None: everywhere was one)."""

# what NumPy's genfromtxt, and with it the reference reader, puts for a missing integer
MISSING_INTEGER = -1
# declared text as wide as this is honoured; each character takes four bytes a row
_WIDEST_TEXT = 256
_UNKNOWN_WIDTH = 32
# an integer of 64 bits has at most 20 characters
_INTEGER_WIDTH = 24
_TEXT_DTYPE = re.compile(r"[<>=|]?([US])([0-9]{1,18})\Z")


def row_bytes(dtypes: Sequence[str]) -> int:
    """Return about how much memory a row of these types takes while it is read.

    As one row of NumPy's, or value by value as Python's, whichever is more.
    """
    fields = [_field(dtype) for dtype in dtypes]
    return 100 + sum(max(60, 4 * int(one[1:])) if one[0] == "U" else 60 for one in fields)


def read_columns(lines: Sequence[str], dtypes: Sequence[str], separator: str) -> list[Column]:
    """Return the columns of `lines`, each of which has one value for each of `dtypes`.

    Parameters
    ----------
    lines
        Without line ends.
    dtypes
        NumPy's names of the types.
    separator
        Of any length.
    """
    if any(lines) and not any("\0" in line or "\r" in line for line in lines):
        at_once = _at_once(lines, len(lines), dtypes, separator)
        if at_once is not None:
            return at_once
    cells = [line.split(separator) for line in lines]
    # NumPy's texts have no NULs at their end, so that values read at once have none either.
    return [
        column_of([row[place].rstrip("\0").strip() for row in cells], dtype)
        for place, dtype in enumerate(dtypes)
    ]


def column_of(texts: list[str], dtype: str) -> Column:
    """Return `texts` as an array of `dtype`, and where they are no value of it."""
    import numpy as np

    target = number_dtype(dtype)
    if target is None:
        return text_array(np.array(texts, dtype="U") if texts else None, dtype), None
    if target.kind == "f":
        try:
            with np.errstate(over="ignore"):
                return np.array(texts, dtype=np.float64).astype(target), None
        except ValueError:
            values: list[Any] = [_real(text) for text in texts]
        fill: Any = float("nan")
    elif target.kind == "b":
        values = [{"true": True, "false": False}.get(text.lower()) for text in texts]
        fill = False
    else:
        limits = np.iinfo(target)
        low, high = int(limits.min), int(limits.max)
        values = [_integer(text, low, high) for text in texts]
        fill = MISSING_INTEGER if low < 0 else high
    mask = np.array([value is None for value in values], dtype=bool)
    values = [fill if value is None else value for value in values]
    with np.errstate(over="ignore"):  # beyond a short real is infinite, as for genfromtxt
        return np.array(values, dtype=target), mask if mask.any() else None


def read_at_once(
    data: bytes, start: int, dtypes: Sequence[str], separator: str
) -> list[Column] | None:
    """Read all columns with one call.

    Parameters
    ----------
    data
        A light curve, expanded.
    start
        Where its rows begin.
    dtypes, separator
        As for `read_columns`, but lines may have any number of values.

    Returns
    -------
    list or None
        None if there is no row, the last one has no line end, a line has another number of
        values, or a value is not of its column's type, or might not be.
    """
    import numpy as np

    # Where NumPy cuts a text at a NUL, it cannot be seen that it was cut; and CR is not the
    # end of a line.
    if start >= len(data) or not data.endswith(b"\n") or b"\0" in data or b"\r" in data:
        return None
    nlines = np.count_nonzero(np.frombuffer(data, np.uint8, offset=start) == ord("\n"))
    if nlines == len(data) - start:  # nothing but empty lines: it would print a warning
        return None
    # Line by line, so that no second copy of them all is in memory: taking that from the
    # system, and giving it back, takes as long as a tenth of the rest.
    lines = io.BytesIO(data)
    lines.seek(start)
    return _at_once(lines, int(nlines), dtypes, separator)


def _at_once(
    lines: Iterable[bytes] | Sequence[str], nlines: int, dtypes: Sequence[str], separator: str
) -> list[Column] | None:
    """Read so many lines, without NUL and CR, as `read_at_once` does; some are not empty."""
    import numpy as np

    if len(separator) != 1 or separator in "\r\n":
        return None
    groups = [(field, len(list(same))) for field, same in groupby(map(_field, dtypes))]
    fields = [(f"g{place}", field, (count,)) for place, (field, count) in enumerate(groups)]
    columns: list[Column] = []
    try:
        table = np.loadtxt(
            lines,
            dtype=fields,
            delimiter=separator,
            comments=None,
            quotechar=None,
            ndmin=1,
            encoding="utf-8",
        )
        # empty lines are left out silently
        if len(table) != nlines:
            return None
        for name, field, _ in fields:
            for values in np.ascontiguousarray(table[name].T):
                column = _typed(values, field, dtypes[len(columns)])
                if column is None:
                    return None
                columns.append(column)
    except (ValueError, OverflowError):
        return None
    return columns


@functools.lru_cache(maxsize=256)
def _field(dtype: str) -> str:
    """Return as what `loadtxt` shall read a column.

    It has silent ways to make an integer of a real and to cut a text, so it reads these as
    text one wider than what may come: integers as bytes, which take a quarter of the memory.
    What is no byte is no integer to it, and the columns are read one by one.
    """
    target = number_dtype(dtype)
    if target is not None and target.kind == "f" and target.itemsize in (4, 8):
        return "f4" if target.itemsize == 4 else "f8"
    if target is not None:
        return f"{'S' if target.kind in 'iu' else 'U'}{_INTEGER_WIDTH}"
    declared = _TEXT_DTYPE.match(dtype)
    return f"U{min(int(declared.group(2)), _WIDEST_TEXT) + 1 if declared else _UNKNOWN_WIDTH}"


def _typed(values: NDArray[Any], field: str, dtype: str) -> Column | None:
    import numpy as np

    target = number_dtype(dtype)
    if field[0] == "f":
        return values if values.dtype == target else values.astype(target), None
    if int(np.char.str_len(values).max()) >= int(field[1:]):
        return None
    if target is None:
        return text_array(np.char.strip(values), dtype), None
    if target.kind in "iu":
        # as Python's int() reads them: "5.0" raises, and so does what is too large
        wide = values.astype(np.uint64 if target.kind == "u" else np.int64)
        limits = np.iinfo(target)
        if wide.min() < limits.min or wide.max() > limits.max:
            return None
        return wide.astype(target), None
    return column_of([str(value).strip() for value in values], dtype)


def text_array(values: NDArray[Any] | None, dtype: str) -> NDArray[Any]:
    """Return text as wide as declared, or as it needs: a declared width must not cut."""
    import numpy as np

    declared = _TEXT_DTYPE.match(dtype)
    width = min(int(declared.group(2)), _WIDEST_TEXT) if declared else 1
    as_bytes = dtype.lstrip("<>=|").startswith("S")
    if values is None:
        return np.array([], dtype=f"{'S' if as_bytes else 'U'}{max(width, 1)}")
    if as_bytes:
        values = np.char.encode(values, "utf-8")
    needed = int(np.char.str_len(values).max()) if values.size else 0
    return values.astype(f"{values.dtype.kind}{max(width, needed, 1)}")


@functools.lru_cache(maxsize=256)
def number_dtype(dtype: str) -> Any:
    """Return NumPy's type for `dtype` if that is one of numbers, else None.

    It is of this machine's byte order, at most 8 bytes wide, and goes by its usual name: no
    text needs another, and Arrow and Astropy know no other.
    """
    import numpy as np

    if kind_of(dtype) == "text":
        return None
    try:
        target = np.dtype(dtype)
    except TypeError:
        return None
    if target.kind not in "fiub":
        return None
    return np.dtype(f"{target.kind}{min(target.itemsize, 8)}")


def _real(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _integer(text: str, low: int, high: int) -> int | None:
    try:
        number = int(text)
    except ValueError:
        return None
    return number if low <= number <= high else None
