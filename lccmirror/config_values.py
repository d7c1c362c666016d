"""How single values of the configuration are read.

Each function takes the value as it stands in the file and returns what the field holds,
or raises `UsageError` saying what was expected. They stand in the annotations of
`config_model`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from . import filters, positions, units
from .errors import FormatError, UsageError
from .names import checked_setid, printable

QUERY_TYPES = {
    "conesearch": "sqlite_kdtree_conesearch",
    "ftsquery": "sqlite_fulltext_search",
    "columnsearch": "sqlite_column_search",
    "xmatch": "sqlite_xmatch_search",
}
"""The names of the four searches in a dataset's ``query_type``."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_GLOB = re.compile(r"[A-Za-z0-9_.*?\[\]!-]+")
_HOST = re.compile(r"[A-Za-z0-9_.:-]+|[^\x00-\x7f]+(?:[A-Za-z0-9_.-]|[^\x00-\x7f])*")


def server_url(value: object) -> str:
    """Return an LCC-Server's URL without a trailing slash: scheme, host and port only."""
    url = text(value).strip()
    if not url.isprintable() or " " in url:
        raise UsageError("a URL has no blanks or control characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"not a URL: {error}") from None
    if parts.scheme not in ("http", "https"):
        raise UsageError("expected a URL that begins with https:// or http://")
    if parts.username is not None or parts.password is not None:
        # Never shown: what stands there may be a password.
        raise UsageError("no user name or password in the URL; keys go in api_key_file")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise UsageError("no ? or # in the server's URL")
    if not parts.hostname or not _HOST.fullmatch(parts.hostname):
        raise UsageError("the URL has no host name")
    if port == 0:
        raise UsageError("port 0 is no port")
    if parts.path.strip("/"):
        raise UsageError(
            f"only the server itself, without {printable(parts.path, 40)!r}: {_origin(parts)}"
        )
    return _origin(parts)


def path(value: object) -> Path:
    """Return a path, ``~`` expanded; a relative one is still relative."""
    written = text(value)
    if "\0" in written:
        raise UsageError("a path has no NUL")
    try:
        return Path(written).expanduser()
    except RuntimeError as error:
        raise UsageError(f"{error}") from None


def text(value: object) -> str:
    """Return a text that is not empty."""
    if not isinstance(value, str):
        raise UsageError(f"expected a text in quotes, not {_kind(value)}")
    if not value.strip():
        raise UsageError("must not be empty")
    return value


def header_text(value: object) -> str:
    """Return a text fit for an HTTP header: printable ASCII."""
    written = text(value).strip()
    if not (written.isascii() and written.isprintable()):
        raise UsageError("only printable ASCII characters, it goes into a header")
    return written


def moment(value: object) -> datetime:
    """Return a date or a time in UTC."""
    return units.parse_moment(value)


def size(least: int = 0) -> Callable[[object], int]:
    """Return a reader of sizes in bytes, at least `least`."""

    def read(value: object) -> int:
        number = units.parse_size(value)
        if number < least:
            raise UsageError(
                f"must be at least {units.size_text(least)}, not {units.size_text(number)}"
                + ("; is the unit missing?" if isinstance(value, int) else "")
            )
        return number

    return read


def rate(least: int) -> Callable[[object], int]:
    """Return a reader of rates in bytes a second, at least `least`."""

    def read(value: object) -> int:
        number = units.parse_rate(value)
        if number < least:
            raise UsageError(
                f"must be at least {units.size_text(least)}/s, not {units.size_text(number)}/s"
                + ("; is the unit missing?" if isinstance(value, int) else "")
            )
        return number

    return read


def duration(least: float, most: float) -> Callable[[object], float]:
    """Return a reader of durations in seconds, from `least` to `most`."""

    def read(value: object) -> float:
        seconds = units.parse_duration(value)
        if not least <= seconds <= most:
            raise UsageError(
                f"must be between {units.duration_text(least)} and "
                f"{units.duration_text(most)}, not {units.duration_text(seconds)}"
            )
        return seconds

    return read


def words(*choices: str, at_least_one: bool = False) -> Callable[[object], tuple[str, ...]]:
    """Return a reader of lists of some of `choices`, each at most once."""

    def read(value: object) -> tuple[str, ...]:
        listed = ", ".join(choices)
        chosen = _texts(value)
        for word in chosen:
            if word not in choices:
                raise UsageError(f"{_quoted(word)} is not one of {listed}")
        if at_least_one and not chosen:
            raise UsageError(f"name at least one of {listed}")
        return chosen

    return read


def query_types(value: object) -> tuple[str, ...]:
    """Return the server's names of query types; the four kinds of search are known, too."""
    choices = (*QUERY_TYPES, *QUERY_TYPES.values())
    chosen = words(*choices)(value)
    return tuple(dict.fromkeys(QUERY_TYPES.get(word, word) for word in chosen))


def globs(value: object) -> tuple[str, ...]:
    """Return patterns for collection IDs (``*``, ``?``, ``[…]``)."""
    patterns = _texts(value)
    for pattern in patterns:
        if not _GLOB.fullmatch(pattern):
            raise UsageError(f"{_quoted(pattern)} can match no collection ID")
    return patterns


def setids(value: object) -> tuple[str, ...]:
    """Return setids."""
    chosen = _texts(value)
    for setid in chosen:
        try:
            checked_setid(setid)
        except FormatError as error:
            raise UsageError(error.message) from None
    return chosen


def search_name(value: object) -> str:
    """Return a search's name, fit for the name of its view ``latest_<name>``."""
    name = text(value)
    if not _IDENTIFIER.fullmatch(name) or len(name) > 56:
        raise UsageError(
            f"{_quoted(name)} cannot be a search's name: at most 56 letters, digits and _, "
            "no digit first (it names the view latest_<name>)"
        )
    return name


def position(value: object) -> tuple[float, float]:
    """Return a position in decimal degrees from a text or ``[ra, decl]``."""
    if isinstance(value, str):
        return positions.parse_position(value)
    if isinstance(value, list) and len(value) == 2:
        return positions.checked_position(number(value[0]), number(value[1]))
    raise UsageError('expected a position: "19:25:27.9 +42:47:03.7" or [291.366, 42.784]')


def radius_arcmin(value: object) -> float:
    """Return the radius of a cone."""
    return positions.checked_radius_arcmin(number(value))


def radius_arcsec(value: object) -> float:
    """Return the radius of a cross-match."""
    return positions.checked_radius_arcsec(number(value))


def search_text(value: object) -> str:
    """Return a full-text query of 3 to 1,024 characters."""
    query = text(value)
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
    written = text(value)
    filters.parse_filter(written)
    return written


def server_filters(written: str) -> str:
    """Return a filter in the server's form."""
    return filters.to_server(filters.parse_filter(written))


def column_names(value: object) -> tuple[str, ...]:
    """Return names of catalog columns."""
    names = _texts(value)
    for name in names:
        if not _IDENTIFIER.fullmatch(name):
            raise UsageError(f"{_quoted(name)} cannot be a column's name")
    return names


def collection_names(value: object) -> tuple[str, ...]:
    """Return database IDs of collections, as the search services take them."""
    names = _texts(value)
    for name in names:
        if "-" in name and _IDENTIFIER.fullmatch(name.replace("-", "_")):
            raise UsageError(
                f"searches take the database ID of a collection: "
                f"{_quoted(name.replace('-', '_'))}, not {_quoted(name)}"
            )
        if not _IDENTIFIER.fullmatch(name):
            raise UsageError(f"{_quoted(name)} cannot be a collection's database ID")
    return names


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
        if not isinstance(column, str) or not _IDENTIFIER.fullmatch(column):
            raise UsageError(f"{_quoted(str(column))} cannot be a column's name")
        # In any other spelling the server ignores the order without a word.
        if not isinstance(order, str) or order.lower() not in ("asc", "desc"):
            raise UsageError(f"the order is asc or desc, not {_quoted(str(order))}")
        result.append((column, order.lower()))
    if len({column for column, _ in result}) < len(result):
        raise UsageError("the same column twice")
    return tuple(result)


def number(value: object) -> float:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"expected a number, not {_kind(value)}")
    if not math.isfinite(value) or abs(value) > 1e15:
        raise UsageError("expected a finite number")
    return float(value)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise UsageError(f'expected a list of texts like ["a", "b"], not {_kind(value)}')
    for part in value:
        if not isinstance(part, str):
            raise UsageError(f"expected a list of texts; there is {_kind(part)} in it")
    return _without_repeats(value)


def _without_repeats(names: Iterable[str]) -> tuple[str, ...]:
    seen: dict[str, None] = {}
    for name in names:
        if name in seen:
            raise UsageError(f"{_quoted(name)} is there twice")
        seen[name] = None
    return tuple(seen)


def _origin(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def _quoted(written: str) -> str:
    return f'"{printable(written, 60)}"'


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text"}
    names |= {list: "a list", dict: "a table"}
    return names.get(type(value), "a date or time")
