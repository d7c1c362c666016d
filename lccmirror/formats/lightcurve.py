"""Light curves in the server's own text format, LCC-CSVLC.

A gzipped text: the format's name, the comment character and the separator, a line each;
then, commented, a JSON of the object's metadata and one of the columns; then the rows. The
metadata has bare ``NaN``. A value that its column's format cannot write (``nan`` among
integers) stands as Python's ``str``, and nothing is quoted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import FormatError, LccMirrorError
from ..names import printable
from .columns import kind_of
from .expanded import Read, open_expanded
from .problems import Problems

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_EXPANDED_BYTES = 1 << 30
MAX_HEADER_BYTES = 4 << 20
_BLOCK = 1 << 18
_MAGIC = re.compile(r"LCC-CSVLC-V(\d+)")
# what NumPy's genfromtxt, and with it the reference reader, puts for a missing integer
MISSING_INTEGER = -1


@dataclass(frozen=True, slots=True)
class LightCurveColumn:
    """A column: `dtype` is NumPy's name as the file gives it, `description` may have a unit."""

    name: str
    dtype: str
    description: str


@dataclass(frozen=True, slots=True)
class LightCurve:
    """A light curve.

    Parameters
    ----------
    objectid
        From the metadata, None if it is not there.
    metadata
        Values by name, as the file has them.
    descriptions
        What the metadata's values are.
    columns
        In the file's order.
    arrays
        One-dimensional NumPy arrays by column name, all of the same length.
    missing
        How many values of a column were not of its type, where some were not (``nan``
        among integers, an empty real). They are NaN among reals, -1 (the largest, if
        unsigned) among integers and False among booleans, as with the reference reader.
    problems
        Lines that could not be read (they are left out), with their numbers.
    """

    objectid: str | None
    metadata: Mapping[str, Any]
    descriptions: Mapping[str, str]
    columns: tuple[LightCurveColumn, ...]
    arrays: Mapping[str, NDArray[Any]] = field(repr=False)
    missing: Mapping[str, int]
    problems: tuple[str, ...]

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values()), ()))


def read_lightcurve(
    source: Path | bytes | BinaryIO, *, max_bytes: int = MAX_EXPANDED_BYTES
) -> LightCurve:
    """Read a light curve.

    Parameters
    ----------
    source
        A path, the bytes themselves, or a seekable binary file; gzipped or not.
    max_bytes
        How large it may be when expanded.

    Raises
    ------
    FormatError
        If it is no LCC-CSVLC light curve, with the line.
    LccMirrorError
        If NumPy is not installed.
    """
    numpy = _numpy()
    name = source.name if isinstance(source, Path) else "light curve"
    problems = Problems()
    with open_expanded(source, max_bytes=max_bytes, what=name) as read:
        lines = _Lines(read, name, problems)
        metadata, described, separator = _header(lines, name)
        columns, places = _columns(described, name)
        texts: list[list[str]] = [[] for _ in columns]
        width = max(places) + 1
        for line in lines:
            cells = line.split(separator)
            if len(cells) != width:
                problems.add(
                    f"line {lines.number}: {len(cells)} values in {width} columns: left out"
                )
                continue
            for into, place in zip(texts, places, strict=True):
                into.append(cells[place].strip())
    arrays: dict[str, NDArray[Any]] = {}
    missing: dict[str, int] = {}
    for definition, values in zip(columns, texts, strict=True):
        arrays[definition.name], filled = _array(numpy, values, definition.dtype)
        if filled:
            missing[definition.name] = filled
        values.clear()
    objectid = _member(metadata, "objectid", "val")
    return LightCurve(
        objectid=objectid if isinstance(objectid, str) else None,
        metadata={key: _member(metadata, key, "val") for key in metadata},
        descriptions={key: str(_member(metadata, key, "desc") or "") for key in metadata},
        columns=columns,
        arrays=arrays,
        missing=missing,
        problems=tuple(problems),
    )


def _numpy() -> Any:
    try:
        import numpy  # optional, and slow to import
    except ImportError as error:
        raise LccMirrorError(
            "reading a light curve needs NumPy", hint="pip install 'lccmirror[lc]'"
        ) from error
    return numpy


class _Lines(Iterator[str]):
    """Lines, ended by LF and nothing else; `number` is that of the last one given."""

    def __init__(self, read: Read, name: str, problems: Problems) -> None:
        self.number = 0
        self._name = name
        self._problems = problems
        self._lines = self._split(read)

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError as error:
            self._problems.add(f"line {self.number}: not UTF-8: {error.reason}")
            return line.decode("utf-8", "backslashreplace")

    def _split(self, read: Read) -> Iterator[bytes]:
        rest = b""
        while block := read(_BLOCK):
            *lines, rest = (rest + block).split(b"\n")
            yield from lines
            if len(rest) > MAX_HEADER_BYTES:
                raise FormatError(f"{self._name}, line {self.number + 1}: too long")
        if rest:
            self._problems.add("the last line has no line feed; the file may be cut short")
            yield rest


def _header(lines: _Lines, name: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    first = next(lines, "")
    magic = _MAGIC.fullmatch(first)
    if magic is None or magic.group(1) != "1":
        raise FormatError(f"{name}: not an LCC-CSVLC-V1 light curve: {printable(first, 40)!r}")
    comment, separator = next(lines, ""), next(lines, "")
    if not comment or not separator or len(comment) > 8 or len(separator) > 8:
        raise FormatError(f"{name}, line 3: no comment character or no separator")
    sections: dict[str, list[str]] = {}
    section: list[str] = []
    size = 0
    for line in lines:
        if not line.startswith(comment):
            raise FormatError(
                f"{name}, line {lines.number}: the header ends without LIGHTCURVE"
            )
        text = line.removeprefix(comment).removeprefix(" ")
        if text == "LIGHTCURVE":
            metadata = _json(sections, "OBJECT METADATA", name)
            return metadata, _json(sections, "COLUMN DEFINITIONS", name), separator
        if text in ("OBJECT METADATA", "COLUMN DEFINITIONS"):
            section = sections.setdefault(text, [])
        else:
            section.append(text)
        size += len(line)
        if size > MAX_HEADER_BYTES:
            raise FormatError(f"{name}: its header is longer than {MAX_HEADER_BYTES} bytes")
    raise FormatError(f"{name}: ends within its header")


def _json(sections: Mapping[str, list[str]], title: str, name: str) -> dict[str, Any]:
    try:
        value = json.loads("\n".join(sections.get(title, [])))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{name}: {title} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise FormatError(f"{name}: {title} is not a JSON object")
    return value


def _columns(
    described: dict[str, Any], name: str
) -> tuple[tuple[LightCurveColumn, ...], tuple[int, ...]]:
    """Return the columns by their place in a line, and the places."""
    places: dict[int, str] = {}
    for column in described:
        place = _member(described, column, "colnum")
        if type(place) is not int or not 0 <= place < len(described) or place in places:
            raise FormatError(
                f"{name}: column {printable(column, 60)} has no colnum of its own"
            )
        places[place] = column
    if not places:
        raise FormatError(f"{name}: no columns")
    columns = tuple(
        LightCurveColumn(
            places[place],
            str(_member(described, places[place], "dtype") or ""),
            str(_member(described, places[place], "desc") or ""),
        )
        for place in sorted(places)
    )
    return columns, tuple(sorted(places))


def _member(mapping: Mapping[str, Any], key: str, part: str) -> Any:
    value = mapping.get(key)
    return value.get(part) if isinstance(value, Mapping) else None


def _array(numpy: Any, texts: list[str], dtype: str) -> tuple[NDArray[Any], int]:
    """Return `texts` as an array of `dtype`, and how many were no value of it."""
    try:
        # text gets the width it needs: a declared one could cut, or cost gigabytes
        target = None if kind_of(dtype) == "text" else numpy.dtype(dtype)
    except TypeError:
        target = None
    if target is None:
        if dtype.lstrip("<>=|").startswith("S"):
            return numpy.array([text.encode() for text in texts], dtype="S"), 0
        return numpy.array(texts, dtype="U"), 0
    values: list[Any]
    if target.kind == "f":
        values = [_real(text) for text in texts]
        fill: Any = float("nan")
    elif target.kind == "b":
        values = [{"true": True, "false": False}.get(text.lower()) for text in texts]
        fill = False
    else:
        limits = numpy.iinfo(target)
        low, high = int(limits.min), int(limits.max)
        values = [_integer(text, low, high) for text in texts]
        fill = MISSING_INTEGER if low < 0 else high
    filled = values.count(None)
    if filled:
        values = [fill if value is None else value for value in values]
    with numpy.errstate(over="ignore"):  # beyond a short real is infinite, as for genfromtxt
        return numpy.array(values, dtype=target), filled


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
