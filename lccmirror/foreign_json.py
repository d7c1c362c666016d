"""JSON that somebody else wrote, read whole: every text in it can be stored."""

from __future__ import annotations

import json
import re
from typing import Any

_HALF = re.compile("[\ud800-\udfff]")


def load(content: str | bytes, **how: Any) -> Any:
    """Return what a JSON document holds.

    JSON can write half of a surrogate pair, which no file, database or terminal takes:
    U+FFFD stands in its place.

    Parameters
    ----------
    content
        The document; bytes are UTF-8 and nothing else.
    how
        As for `json.loads`.

    Raises
    ------
    ValueError
        If it is no JSON, or nested deeper than any of a server's.

    Examples
    --------
    >>> load('["half of it: \\\\ud83d"]')
    ['half of it: �']
    """
    text = content.decode("utf-8") if isinstance(content, bytes) else content
    try:
        value = json.loads(text, **how)
        # Only an escape can be half a pair in what was UTF-8.
        return _whole(value) if "\\u" in text else value
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return _HALF.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(one) for key, one in value.items()}
    return value
