"""Single values of the server's JSON, taken if they are what they should be.

Every field is optional unless the thing makes no sense without it: the two descriptions of
the server differ, and a third may come.
"""

from __future__ import annotations

import re
from typing import Any

_WHOLE = re.compile(r"\s*-?\d+\s*")
# A text with more commas is no list of names: each takes some fifty bytes of memory.
_MOST_NAMES = 100_000


def text(value: object) -> str | None:
    """Return a text, or None."""
    return value if isinstance(value, str) else None


def words(value: object) -> str:
    """Return a text, ``""`` if there is none."""
    return value if isinstance(value, str) else ""


def integer(value: object) -> int | None:
    """Return a whole number of at most 64 bits, or None.

    It may also be written as a float or as a text.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = int(value) if len(value) < 21 and _WHOLE.fullmatch(value) else None
    elif isinstance(value, float):
        value = int(value) if value.is_integer() else None
    return value if isinstance(value, int) and -(2**63) <= value < 2**63 else None


def real(value: object) -> float | None:
    """Return a finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if abs(number) != float("inf") and number == number else None


def names(value: object) -> tuple[str, ...]:
    """Return names from a list of texts, or from one text with commas between them."""
    if isinstance(value, str) and value.count(",") < _MOST_NAMES:
        return tuple(one.strip() for one in value.split(",") if one.strip())
    if isinstance(value, list):
        return tuple(one for one in value if isinstance(one, str))
    return ()


def mapping(value: object) -> dict[str, Any]:
    """Return an object, ``{}`` if there is none."""
    return value if isinstance(value, dict) else {}
