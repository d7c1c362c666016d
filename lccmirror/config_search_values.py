"""How the values of saved searches are read (see `config_values`).

What the server would misunderstand in silence is a mistake here. Filters and positions have
modules of their own, imported where there is one to read: most configurations have none, and
the commands start sooner.
"""

from __future__ import annotations

import re

from . import config_values as values
from .errors import UsageError

_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"


def timezone(value: object) -> str:
    """Return the name of a time zone that this machine knows."""
    # Few configurations have one.
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    name = values.text(value)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f"{values.quoted(name)} is no time zone; "
            'expected one like "America/Santiago" or "UTC"'
        ) from None
    return name


def search_name(value: object) -> str:
    """Return a search's name, fit for the name of its view ``latest_<name>``."""
    name = values.text(value)
    if not re.fullmatch(_IDENTIFIER, name) or len(name) > 56:
        raise UsageError(
            f"{values.quoted(name)} cannot be a search's name: at most 56 letters, digits "
            "and _, no digit first (it names the view latest_<name>)"
        )
    return name


def position(value: object) -> tuple[float, float]:
    """Return a position in decimal degrees from a text or ``[ra, decl]``."""
    from . import positions

    if isinstance(value, str):
        return positions.parse_position(value)
    if isinstance(value, list) and len(value) == 2:
        return positions.checked_position(values.number(value[0]), values.number(value[1]))
    raise UsageError('expected a position: "19:25:27.9 +42:47:03.7" or [291.366, 42.784]')


def radius_arcmin(value: object) -> float:
    """Return the radius of a cone."""
    from .positions import checked_radius_arcmin

    return checked_radius_arcmin(values.number(value))


def radius_arcsec(value: object) -> float:
    """Return the radius of a cross-match."""
    from .positions import checked_radius_arcsec

    return checked_radius_arcsec(values.number(value))


def search_text(value: object) -> str:
    """Return a full-text query of 3 to 1,024 characters."""
    query = values.text(value)
    if any(not c.isprintable() for c in query):
        raise UsageError("no line breaks or control characters in a full-text query")
    # The server counts after its HTML escaping.
    length = len(query) + sum(
        {"&": 4, "<": 3, ">": 3, '"': 5, "'": 4}.get(character, 0) for character in query
    )
    if len(query) < 3 or length > 1024:
        raise UsageError(
            f"the server takes 3 to 1024 characters, not {length}; a short word is found "
            'as column:"word"'
        )
    return query


def filter_text(value: object) -> str:
    """Return a filter as it was written, once it is known to be good."""
    from .filters import parse_filter

    written = values.text(value)
    parse_filter(written)
    return written


def server_filters(written: str) -> str:
    """Return a filter in the server's form."""
    from . import filters

    return filters.to_server(filters.parse_filter(written))


def column_names(value: object) -> tuple[str, ...]:
    """Return names of catalog columns."""
    names = values.texts(value)
    for name in names:
        if not re.fullmatch(_IDENTIFIER, name):
            raise UsageError(f"{values.quoted(name)} cannot be a column's name")
    return names


def collection_names(value: object) -> tuple[str, ...]:
    """Return database IDs of collections, as the search services take them.

    The form with hyphens, which stands in paths and on the server's pages, is put right:
    with it a search ends without an answer.
    """
    names = tuple(name.replace("-", "_") for name in values.texts(value))
    for name in names:
        if not re.fullmatch(_IDENTIFIER, name):
            raise UsageError(f"{values.quoted(name)} cannot be a collection's ID")
    return values.without_repeats(names)


def sort(value: object) -> tuple[tuple[str, str], ...]:
    """Return columns to sort by, each with ``asc`` or ``desc``."""
    expected = 'expected ["column", "asc"] or [["column", "asc"], ["other", "desc"]]'
    if not isinstance(value, list):
        raise UsageError(expected)
    pairs = [value] if value and all(isinstance(part, str) for part in value) else value
    result: list[tuple[str, str]] = []
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:
            raise UsageError(expected)
        column, order = pair
        if not isinstance(column, str) or not re.fullmatch(_IDENTIFIER, column):
            raise UsageError(f"{values.quoted(str(column))} cannot be a column's name")
        # In any other spelling the server ignores the order without a word.
        if not isinstance(order, str) or order.lower() not in ("asc", "desc"):
            raise UsageError(f"the order is asc or desc, not {values.quoted(str(order))}")
        result.append((column, order.lower()))
    if len({column for column, _ in result}) < len(result):
        raise UsageError("the same column twice")
    return tuple(result)
