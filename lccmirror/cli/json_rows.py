"""Rows as JSON, in the forms of `sqlite-utils query`."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from ..query import Result, Value

# Neither json's escapes nor ours, but terminals act on them: DEL, C1 controls,
# bidirectional marks and overrides, line and paragraph separators, byte-order mark.
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def write_json(
    result: Result,
    out: TextIO,
    *,
    lines: bool,
    arrays: bool,
    json_cols: bool,
    ascii_only: bool,
) -> None:
    """Write `result` as one JSON array, or one JSON value a line.

    Parameters
    ----------
    result
        Column names and a stream of rows. A name that comes twice gets a number.
    out
        Where to.
    lines
        One row a line, and nothing around them.
    arrays
        Rows as arrays instead of objects.
    json_cols
        Texts that are JSON objects or arrays become those.
    ascii_only
        Escape every other character.
    """

    encode = json.JSONEncoder(
        ensure_ascii=ascii_only, allow_nan=False, default=binary_value
    ).encode
    names = distinct(result.columns)
    before = "" if lines else "["
    for row in result.rows:
        values = [_parsed(value, encode) for value in row] if json_cols else row
        try:
            text = encode(values if arrays else dict(zip(names, values, strict=True)))
        except ValueError:
            text = _with_infinities(None if arrays else names, values, encode)
        out.write(before + safe_json(text))
        if lines:
            out.write("\n")
        else:
            before = ",\n "
    if not lines:
        out.write("[]\n" if before == "[" else "]\n")


def safe_json(text: str) -> str:
    """Return JSON with what terminals act on escaped, in the way of JSON."""
    return _UNSAFE.sub(_escaped, text)


def _parsed(value: Value, encode: Callable[[Any], str]) -> Any:
    """Return the JSON that a text holds; the text itself if that is not valid JSON."""
    if not isinstance(value, str) or value.lstrip()[:1] not in {"{", "["}:
        return value
    try:
        found = json.loads(value, parse_constant=_refuse)
        encode(found)  # 1e999 is read as an infinity
    except (ValueError, RecursionError):
        return value
    return found


def _with_infinities(
    names: Sequence[str] | None, values: Sequence[Any], encode: Callable[[Any], str]
) -> str:
    """Encode a row that has an infinite number, which JSON itself has not.

    A number too large for a double is valid, and is read as an infinity again.
    """
    texts = [
        ("9e999" if value > 0 else "-9e999")
        if isinstance(value, float) and math.isinf(value)
        else encode(value)
        for value in values
    ]
    if names is None:
        return f"[{', '.join(texts)}]"
    keyed = (f"{encode(name)}: {text}" for name, text in zip(names, texts, strict=True))
    return f"{{{', '.join(keyed)}}}"


def _refuse(constant: str) -> Any:
    """Leave NaN and Infinity in text: they are not JSON."""
    raise ValueError(constant)


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"


def binary_value(value: object) -> dict[str, object]:
    """Return bytes as `sqlite-utils` writes (and reads) them in JSON.

    >>> binary_value(b"ab")
    {'$base64': True, 'encoded': 'YWI='}
    """
    assert isinstance(value, bytes)
    return {"$base64": True, "encoded": base64.b64encode(value).decode("ascii")}


def distinct(names: Sequence[str]) -> list[str]:
    """Return `names` with a number behind those that came before.

    >>> distinct(["a", "b", "a", "a"])
    ['a', 'b', 'a_2', 'a_3']
    """
    taken: set[str] = set(names)
    seen: set[str] = set()
    found: list[str] = []
    for name in names:
        unique, number = name, 2
        while unique in seen or (unique != name and unique in taken):
            unique, number = f"{name}_{number}", number + 1
        seen.add(unique)
        found.append(unique)
    return found
