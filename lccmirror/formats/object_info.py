"""What the server tells of one object (``/api/object``), as a file and as facts.

The documentation names the parts; how they are built is told only by what the server passes
on, the JSON of a checkplot: nothing in it is certain to be there, or of the right type.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import FormatError
from ..names import printable
from .inflate import expand
from .object_pictures import find_pictures, replaced

_MOST_METHODS = 50
_MOST_PERIODS = 100
_LONGEST_PROBLEM = 300
KEPT = ("finderchart", "magseries")
"""The pictures that the mirror keeps as files of their own, as well."""


@dataclass(frozen=True)
class Period:
    """A period in days that a method of the server found; rank 1 is its best."""

    method: str
    rank: int
    period: float
    epoch: float | None


@dataclass(frozen=True)
class ObjectInfo:
    """What the server tells of an object.

    Parameters
    ----------
    file
        All of it as gzipped JSON, the same answer always the same bytes.
    info
        JSON without the pictures; in the place of each stand its size in bytes and pixels,
        or what is wrong with it.
    pictures
        PNG files, checked: ``finderchart`` and ``magseries``, as far as there are.
    objectisvar, vartags, objecttags, comments, period, epoch, xmatch, neighbors
        As the columns of ``object_info``; None where nothing is told.
    periods
        Of all methods.
    problems
        What is odd about it, in words.
    """

    file: bytes
    info: str
    pictures: dict[str, bytes]
    objectisvar: int | None
    vartags: str | None
    objecttags: str | None
    comments: str | None
    period: float | None
    epoch: float | None
    xmatch: str | None
    neighbors: int | None
    periods: tuple[Period, ...]
    problems: tuple[str, ...]


def understand(answer: dict[str, Any], objectid: str, max_pixels: int) -> ObjectInfo:
    """Return what an answer of the server tells.

    Parameters
    ----------
    answer
        As JSON has it.
    objectid
        Whom it should be about.
    max_pixels
        Larger pictures are left out.

    Raises
    ------
    FormatError
        If there is nothing in it, or it is nested deeper than any can be.
    """
    if not any(value not in (None, "", [], {}) for value in answer.values()):
        raise FormatError("object information: nothing is in it")
    problems: list[str] = []
    kept: dict[str, bytes] = {}
    notes: dict[str, dict[str, Any]] = {}
    names = iter(pictures := list(find_pictures(answer)))
    for picture in pictures:
        try:
            content, size = picture.decoded(max_pixels)
        except FormatError as error:
            notes[picture.name] = {"problem": error.message}
            problems.append(error.message[:_LONGEST_PROBLEM])
            continue
        notes[picture.name] = {
            "picture": picture.name,
            "bytes": len(content),
            "width": size.width,
            "height": size.height,
        }
        if picture.name in KEPT:
            kept[picture.name] = content
    # Both walk through the answer in the same order.
    bare = replaced(answer, lambda place, text: notes[next(names).name])
    whole = replaced(answer, lambda place, text: text)
    about, var = _mapping(bare.get("objectinfo")), _mapping(bare.get("varinfo"))
    named = bare.get("objectid")
    if named is not None and named != objectid:
        problems.append(f"the answer is about {printable(str(_text(named)), 100)}")
    neighbors = bare.get("neighbors")
    return ObjectInfo(
        file=gzip.compress(_json(whole).encode(), 6, mtime=0),
        info=_json(bare),
        pictures=kept,
        objectisvar=_flag(var.get("objectisvar")),
        vartags=_text(var.get("vartags")),
        objecttags=_text(about.get("objecttags")),
        comments=_text(bare.get("objectcomments")),
        period=_number(var.get("varperiod")),
        epoch=_number(var.get("varepoch")),
        xmatch=_json(bare["xmatch"]) if bare.get("xmatch") else None,
        neighbors=len(neighbors) if isinstance(neighbors, list | dict) else None,
        periods=tuple(_periods(bare)),
        problems=tuple(problems),
    )


def read_object_file(path: Path, max_bytes: int) -> dict[str, Any]:
    """Return the answer that a file with the bytes of `ObjectInfo.file` holds.

    Parameters
    ----------
    max_bytes
        The largest answer that the server may give; written in ASCII it can be larger.

    Raises
    ------
    FormatError
        If the file is damaged, or larger.
    """
    content = expand(path, max_bytes=4 * max_bytes, what=path.name)
    try:
        # Ours have none, but a file that a catalog is made anew of may be anybody's.
        answer = json.loads(content, parse_constant=lambda name: None)
    except (ValueError, RecursionError):
        raise FormatError(f"{path.name} is not JSON") from None
    if not isinstance(answer, dict):
        raise FormatError(f"{path.name} is no JSON object")
    return answer


def _periods(answer: dict[str, Any]) -> Iterator[Period]:
    methods = answer.get("pfmethods")
    named = methods if isinstance(methods, list) else []
    known = list(dict.fromkeys(one for one in named if isinstance(one, str)))
    for method in known[:_MOST_METHODS]:
        found = _mapping(answer.get(method))
        best = found.get("nbestperiods")
        periods = list(best) if isinstance(best, list) else []
        if not periods:
            periods = [found.get("bestperiod")]
        rank = 0
        for at, value in enumerate(periods[:_MOST_PERIODS]):
            phased = _mapping(found.get(f"phasedlc{at}"))
            period = _number(value) or _number(phased.get("period"))
            if period is not None and period > 0:
                rank += 1
                name = _text(method) or method
                yield Period(name, rank, period, _number(phased.get("epoch")))


def _json(value: Any) -> str:
    """Write JSON in the one form: sorted, ASCII, without blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    """Return a text that can be stored; a list's items with commas between."""
    if isinstance(value, list):
        value = ",".join(str(one) for one in value if isinstance(one, str | int | float))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        return None
    # Half a surrogate pair, which JSON can hold, is no text.
    return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if number == number and abs(number) != float("inf") else None


def _flag(value: Any) -> int | None:
    """Return a flag; some servers have it as a text."""
    if isinstance(value, str):
        value = int(value) if value.strip() in ("0", "1", "2", "3") else None
    return int(value) if isinstance(value, int) and abs(value) < 2**31 else None
