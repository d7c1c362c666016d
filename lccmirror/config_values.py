"""How single values of the configuration are read.

Each function takes the value as it stands in the file and returns what the field holds,
or raises `UsageError` saying what was expected. They stand in the annotations of
`config_model`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, time
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from . import credentials, units
from .errors import FormatError, UsageError
from .names import checked_setid, printable

QUERY_TYPES = {
    "conesearch": "sqlite_kdtree_conesearch",
    "ftsquery": "sqlite_fulltext_search",
    "columnsearch": "sqlite_column_search",
    "xmatch": "sqlite_xmatch_search",
}
"""The names of the four searches in a dataset's ``query_type``."""

_LARGEST_NUMBER = 1e15
# As texts: `re` compiles them when one is first asked for, and keeps them.
_GLOB = r"[A-Za-z0-9_.*?\[\]!-]+"
# What people write who leave out the scheme.
_BARE_HOST = r"(localhost|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+)(:[0-9]{1,5})?/?"
_BARE_LOCAL = r"localhost|127\."
_HOST = r"[A-Za-z0-9_.:-]+|[^\x00-\x7f]+(?:[A-Za-z0-9_.-]|[^\x00-\x7f])*"


def server_url(value: object) -> str:
    """Return an LCC-Server's URL without a trailing slash: scheme, host and port only."""
    url = text(value).strip()
    if not url.isprintable() or " " in url:
        raise UsageError("a URL has no blanks or control characters")
    if "@" in url:
        # Never shown: what stands before it may be a password.
        raise UsageError("no user name or password in the URL; keys go in api_key_file")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"not a URL: {error}") from None
    if parts.scheme not in ("http", "https"):
        expected = "expected a URL that begins with https:// or http://"
        scheme = "http" if re.match(_BARE_LOCAL, url) else "https"
        meant = f"; did you mean {scheme}://{url}?" if re.fullmatch(_BARE_HOST, url) else ""
        raise UsageError(expected + meant)
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise UsageError("no ? or # in the server's URL")
    if not parts.hostname or not re.fullmatch(_HOST, parts.hostname):
        raise UsageError("the URL has no host name")
    if port == 0:
        raise UsageError("port 0 is no port")
    if parts.path.strip("/"):
        raise UsageError(
            f"only the server itself, without {printable(parts.path, 40)!r}: {_origin(parts)}"
        )
    return _origin(parts)


def proxy_url(value: object) -> str:
    """Return a proxy's URL, as `server_url` does."""
    if "@" in text(value):
        raise UsageError("no user name or password in the URL: such proxies are not supported")
    return server_url(value)


def server_urls(value: object) -> tuple[str, ...]:
    """Return the URLs of servers, as `server_url` does."""
    return tuple(server_url(one) for one in texts(value))


def path(value: object) -> Path:
    """Return a path, ``~`` expanded; a relative one is still relative."""
    written = text(value)
    if "\0" in written:
        raise UsageError("a path has no NUL")
    try:
        return Path(written).expanduser()
    except RuntimeError as error:
        raise UsageError(f"{error}") from None


def secret_path(value: object) -> Path:
    """Return a path, as `path` does; ``$CREDENTIALS_DIRECTORY`` is systemd's."""
    return path(credentials.expanded(text(value)))


class SecretText(str):
    """A text that does not show, neither itself nor where the object that holds it is shown.

    It is a `str` to what needs its characters (`urlsplit`), and no more than a placeholder
    where a text is made of it.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "(secret)"

    def __str__(self) -> str:
        return "(secret)"

    def __format__(self, spec: str) -> str:
        return format("(secret)", spec)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not to be pickled")

    def __deepcopy__(self, memo: object) -> SecretText:
        return self

    def __copy__(self) -> SecretText:
        return self


def webhook(value: object) -> SecretText:
    """Return the URL of a webhook, which is as good as a password: no message shows it."""
    url = text(value).strip()
    if not url.isascii() or not url.isprintable() or " " in url:
        raise UsageError("a URL has only ASCII characters, and no blanks")
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise UsageError("expected a URL that begins with https:// or http:// and has a host")
    return SecretText(url)


def arguments(value: object) -> tuple[str, ...]:
    """Return a command as the list of its words, the first of them an absolute path."""
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise UsageError('expected a list of words like ["/usr/bin/mail", "-s", "news"]')
    if not value or not Path(value[0]).is_absolute():
        raise UsageError("the command must begin with an absolute path")
    if any("\0" in word for word in value):
        raise UsageError("a word of a command has no NUL")
    return tuple(value)


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


def time_of_day(value: object) -> time:
    """Return a time of the day, "02:30" or TOML's own 02:30:00."""
    if isinstance(value, time):
        return value.replace(tzinfo=None)
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text(value).strip())
    if not match:
        raise UsageError('expected a time of the day, such as "02:30"')
    return time(int(match[1]), int(match[2]))


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
        chosen = texts(value)
        for word in chosen:
            if word not in choices:
                raise UsageError(f"{quoted(word)} is not one of {listed}")
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
    patterns = texts(value)
    for pattern in patterns:
        if not re.fullmatch(_GLOB, pattern):
            raise UsageError(f"{quoted(pattern)} can match no collection ID")
    return patterns


def setids(value: object) -> tuple[str, ...]:
    """Return setids."""
    chosen = texts(value)
    for setid in chosen:
        try:
            checked_setid(setid)
        except FormatError as error:
            raise UsageError(error.message) from None
    return chosen


def number(value: object) -> float:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"expected a number, not {_kind(value)}")
    if not abs(value) <= _LARGEST_NUMBER:
        raise UsageError("expected a finite number")
    return float(value)


def texts(value: object) -> tuple[str, ...]:
    """Return a list of texts, none of them twice."""
    if not isinstance(value, list):
        raise UsageError(f'expected a list of texts like ["a", "b"], not {_kind(value)}')
    for part in value:
        if not isinstance(part, str):
            raise UsageError(f"expected a list of texts; there is {_kind(part)} in it")
    return without_repeats(value)


def without_repeats(names: Iterable[str]) -> tuple[str, ...]:
    """Return `names` if none of them is there twice."""
    seen: dict[str, None] = {}
    for name in names:
        if name in seen:
            raise UsageError(f"{quoted(name)} is there twice")
        seen[name] = None
    return tuple(seen)


def _origin(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def quoted(written: str) -> str:
    """Return a text of the file as it can stand in a message."""
    return f'"{printable(written, 60)}"'


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text"}
    names |= {list: "a list", dict: "a table"}
    return names.get(type(value), "a date or time")
