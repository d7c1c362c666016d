"""A light curve's rows by Arrow's reader of CSV, half as fast again as NumPy's.

Importing it takes longer than reading fifty light curves: it is for reading many.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ..errors import LccMirrorError
from .lc_convert import library
from .lc_values import Column, number_dtype, text_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What Arrow reads otherwise than Python does: line ends, hexadecimal numbers, nan(…). Single
# characters, because they are looked for fifty times as fast as "0x".
_AMBIGUOUS: Final = (b"\r", b"x", b"X", b"(")
_INTEGERS: Final = {1: "int8", 2: "int16", 4: "int32", 8: "int64"}
_BLOCK: Final = 1 << 20


def is_installed() -> bool:
    """Tell whether Arrow is there: the extra ``fast``."""
    try:
        _arrow()
    except LccMirrorError:
        return False
    return True


def read_by_arrow(body: bytes, dtypes: Sequence[str], separator: str) -> list[Column] | None:
    """Read all columns with one call, as `lc_values.read_at_once` does.

    Parameters
    ----------
    body
        The rows, each with its line end.
    dtypes
        NumPy's names of the types.
    separator
        Between the values.

    Returns
    -------
    list or None
        None if a line has another number of values, a value is not of its column's type, or
        Arrow might read something otherwise.
    """
    import numpy as np

    pyarrow, csv = _arrow()
    if not body.endswith(b"\n") or any(text in body for text in _AMBIGUOUS):
        return None
    # It takes an empty line for a row of empty values, and no number is empty. Looking for
    # one takes a third of the time that reading takes.
    if (
        len(dtypes) > 1
        and not any(_is_number(dtype) for dtype in dtypes)
        and (body.startswith(b"\n") or b"\n\n" in body)
    ):
        return None
    if len(separator) != 1 or not separator.isascii() or separator in "\0\r\n":
        return None
    reading, parsing, converting = _options(tuple(dtypes), separator)
    if len(body) >= _BLOCK:
        reading = csv.ReadOptions(
            column_names=reading.column_names, block_size=len(body) + 1, use_threads=False
        )
    try:
        table = csv.read_csv(
            pyarrow.BufferReader(body),
            read_options=reading,
            parse_options=parsing,
            convert_options=converting,
        )
        batches = table.to_batches()
        if len(batches) != 1:
            batches = table.combine_chunks().to_batches()
        # short reals are rounded as NumPy rounds them: beyond them is infinite
        with np.errstate(over="ignore"):
            return [
                (_values(column, dtype), None)
                for column, dtype in zip(batches[0].columns, dtypes, strict=True)
            ]
    except (pyarrow.ArrowInvalid, UnicodeDecodeError, _NotPlain):
        return None
    except pyarrow.ArrowCancelled:
        # Arrow gives up at a signal, though its handler has been called and let us go on.
        return None


def _is_number(dtype: str) -> bool:
    """Whether Arrow reads the column as numbers, and not as texts."""
    target = number_dtype(dtype)
    return target is not None and target.kind in "fiu"


def _arrow() -> tuple[Any, Any]:
    csv = library("pyarrow.csv", "fast", "reading light curves with Arrow")
    return library("pyarrow", "fast", "reading light curves with Arrow"), csv


class _NotPlain(Exception):
    """A column needs a closer look."""


def _values(column: Any, dtype: str) -> NDArray[Any]:
    import numpy as np

    target = number_dtype(dtype)
    if _is_number(dtype):
        # a copy, because Arrow's memory cannot be written to
        return np.array(column.to_numpy(), dtype=target)
    if target is not None:
        raise _NotPlain
    known = [value.decode("utf-8").strip() for value in column.dictionary.to_pylist()]
    if any("\0" in value for value in known):
        raise _NotPlain
    values = np.array(known, dtype="U")[column.indices.to_numpy()]
    return text_array(values, dtype)


@functools.lru_cache(maxsize=64)
def _options(dtypes: tuple[str, ...], separator: str) -> tuple[Any, Any, Any]:
    pyarrow, csv = _arrow()
    names = [f"c{place}" for place in range(len(dtypes))]
    types = {name: _type(pyarrow, dtype) for name, dtype in zip(names, dtypes, strict=True)}
    return (
        # threads for some ten columns of some kilobytes cost more than they bring
        csv.ReadOptions(column_names=names, block_size=_BLOCK, use_threads=False),
        csv.ParseOptions(delimiter=separator, quote_char=False, ignore_empty_lines=False),
        csv.ConvertOptions(
            column_types=types,
            check_utf8=False,
            # no text means "missing": what is no number shall be an error here
            null_values=[],
            strings_can_be_null=False,
        ),
    )


def _type(pyarrow: Any, dtype: str) -> Any:
    target = number_dtype(dtype)
    if target is None or target.kind == "b":
        return pyarrow.dictionary(pyarrow.int32(), pyarrow.binary())
    if target.kind == "f":
        return pyarrow.float64()
    return getattr(pyarrow, ("u" if target.kind == "u" else "") + _INTEGERS[target.itemsize])()
