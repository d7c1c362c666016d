"""The beginning of a light curve: the format's name, the object's metadata, the columns."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import foreign_json
from ..errors import FormatError
from ..names import printable
from .lc_meaning import unit_of

MAX_HEADER_BYTES = 4 << 20
_MAGIC = re.compile(r"LCC-CSVLC-V(\d+)")
# Longer than any collection's; what is kept of one takes some times as much memory.
_LONGEST_KEPT = 1 << 17
_TITLES = ("OBJECT METADATA", "COLUMN DEFINITIONS")


@dataclass(frozen=True, slots=True)
class LightCurveColumn:
    """A column of a light curve.

    Parameters
    ----------
    name, description
        As the file gives them.
    dtype
        NumPy's name of the type, as the file gives it.
    unit
        As `astropy.units` writes it (``mag``, ``d``, ``deg``), None where the description
        names none.
    """

    name: str
    dtype: str
    description: str
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class LightCurveHeader:
    """What a light curve says of its object and its columns.

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
    separator
        Between the values of a line.
    nlines
        How many lines it takes.
    size
        How many bytes.
    """

    objectid: str | None
    metadata: Mapping[str, Any]
    descriptions: Mapping[str, str]
    columns: tuple[LightCurveColumn, ...]
    separator: str
    nlines: int
    size: int


def parse_header(data: bytes, name: str) -> LightCurveHeader:
    """Read the header that `data` begins with.

    Parameters
    ----------
    data
        The expanded light curve, or the beginning of it.
    name
        What it is, for the messages.

    Raises
    ------
    FormatError
        If it is no LCC-CSVLC light curve, or the header is not whole, with the line.
    """
    first = data[:64].split(b"\n", 1)[0]
    magic = _MAGIC.fullmatch(first.decode("utf-8", "backslashreplace"))
    if magic is None or magic.group(1) != "1":
        shown = printable(first.decode("utf-8", "backslashreplace"), 40)
        raise FormatError(f"{name}: not an LCC-CSVLC-V1 light curve: {shown!r}")
    # lines 2 and 3 are short, or no light curve's
    lines = [_text(line) for line in data[: len(first) + 64].split(b"\n")[1:3]]
    comment, separator = (*lines, "", "")[:2]
    if not comment or not separator or len(comment) > 8 or len(separator) > 8:
        raise FormatError(f"{name}, line 3: no comment character or no separator")
    size = _end(data, comment.encode(), name)
    text = _text(data[:size]).removesuffix("\n").split("\n")
    for number, line in enumerate(text[3:], 4):
        if not line.startswith(comment):
            raise FormatError(f"{name}, line {number}: the header ends without LIGHTCURVE")
    titled, described = _sections(text, comment)
    try:
        metadata = _json(titled, comment, _TITLES[0])
        kept = len(described) <= _LONGEST_KEPT
        columns = (_kept_columns if kept else _parsed_columns)(described, comment)
    except FormatError as error:
        raise FormatError(f"{name}: {error.message}") from error
    objectid = _member(metadata, "objectid", "val")
    return LightCurveHeader(
        objectid=objectid if isinstance(objectid, str) else None,
        metadata={key: _member(metadata, key, "val") for key in metadata},
        descriptions={key: str(_member(metadata, key, "desc") or "") for key in metadata},
        columns=columns,
        separator=separator,
        nlines=len(text),
        size=size,
    )


def end_of_header(comment: bytes = b"#") -> bytes:
    """Return the bytes after which the rows begin."""
    return b"\n" + comment + b" LIGHTCURVE\n"


def _end(data: bytes, comment: bytes, name: str) -> int:
    """Return where the rows begin."""
    end = 0
    for marker in (end_of_header(comment), b"\n" + comment + b"LIGHTCURVE\n"):
        at = data.find(marker, 0, end or MAX_HEADER_BYTES)
        if at >= 0:
            end = at + len(marker)
    if end:
        return end
    if data.endswith((b"\n" + comment + b" LIGHTCURVE", b"\n" + comment + b"LIGHTCURVE")):
        return len(data)
    if len(data) >= MAX_HEADER_BYTES:
        raise FormatError(f"{name}: its header is longer than {MAX_HEADER_BYTES} bytes")
    raise FormatError(f"{name}: ends within its header")


def _sections(lines: list[str], comment: str) -> tuple[str, str]:
    """Return the text of the metadata and of the columns, still commented."""
    starts = []
    for title in _TITLES:
        forms = (f"{comment} {title}", f"{comment}{title}")
        starts.append(next((lines.index(form) for form in forms if form in lines), len(lines)))
    # the last line is the one that says LIGHTCURVE
    ends = [min((s for s in starts if s > start), default=-1) for start in starts]
    ends = [-1 if end == len(lines) else end for end in ends]
    first, second = (
        "\n".join(lines[start + 1 : end]) for start, end in zip(starts, ends, strict=True)
    )
    return first, second


def _json(text: str, comment: str, title: str) -> dict[str, Any]:
    # no JSON text holds a line end, so what begins a line is the comment
    plain = ("\n" + text).replace("\n" + comment, "\n")
    try:
        value = foreign_json.load(plain)
    except ValueError as error:
        raise FormatError(f"{title} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise FormatError(f"{title} is not a JSON object")
    return value


def _parsed_columns(text: str, comment: str) -> tuple[LightCurveColumn, ...]:
    """Return the columns by their place in a line: each has one, and there is no gap."""
    described = _json(text, comment, _TITLES[1])
    places: dict[int, str] = {}
    for column in described:
        place = _member(described, column, "colnum")
        if type(place) is not int or not 0 <= place < len(described) or place in places:
            raise FormatError(f"column {printable(column, 60)} has no colnum of its own")
        places[place] = column
    if not places:
        raise FormatError("no columns")
    return tuple(_column(places[place], described) for place in sorted(places))


# All light curves of a collection have the same text here: it is read once.
_kept_columns = functools.lru_cache(maxsize=64)(_parsed_columns)


def _column(name: str, described: dict[str, Any]) -> LightCurveColumn:
    dtype = str(_member(described, name, "dtype") or "")
    description = str(_member(described, name, "desc") or "")
    return LightCurveColumn(name, dtype, description, unit_of(description, dtype))


def _member(mapping: Mapping[str, Any], key: str, part: str) -> Any:
    value = mapping.get(key)
    return value.get(part) if isinstance(value, Mapping) else None


def _text(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace")
