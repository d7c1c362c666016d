"""The one place where a name that came from a server becomes a path or an identifier.

Setids, collection IDs and object IDs are the server's words. Before one of them is part
of a path, a URL or a statement, it passes one of these functions.
"""

from __future__ import annotations

import re
import reprlib

from .errors import FormatError

# The server makes setids with secrets.token_urlsafe(8); the pattern leaves room for others.
_SETID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,126}\Z")


def checked_setid(text: object) -> str:
    """Return `text` if it can be a setid, fit for a path and a URL.

    Raises
    ------
    FormatError
        If it is not 1 to 64 letters, digits, ``_`` or ``-``.
    """
    if isinstance(text, str) and _SETID.match(text):
        return text
    raise FormatError(f"not a setid: {_shown(text)}")


def checked_component(text: object, what: str = "name") -> str:
    """Return `text` if it is safe as one component of a path and of a URL.

    Parameters
    ----------
    text
        A collection ID, a light-curve file name …
    what
        What it is, for the message.

    Raises
    ------
    FormatError
        If it is empty, longer than 127 characters, begins with ``.`` or ``-``, or has a
        character outside ``A-Z a-z 0-9 _ . + -``.
    """
    if isinstance(text, str) and _PLAIN.match(text):
        return text
    raise FormatError(f"not usable as a {what}: {_shown(text)}")


def _shown(name: object) -> str:
    # it may be a list of a million texts
    return printable(name if isinstance(name, str) else reprlib.repr(name), 80)


def quote_identifier(name: str) -> str:
    """Quote `name` for SQL as an identifier.

    Raises
    ------
    FormatError
        For an empty name or one with a NUL, which SQLite cannot hold.
    """
    if not name or "\0" in name:
        raise FormatError(f"not usable as a column name: {name!r}")
    return '"' + name.replace('"', '""') + '"'


def printable(text: str, limit: int | None = None) -> str:
    """Return `text` with control characters escaped, fit for a terminal or a log.

    Escaped are all characters that `str.isprintable` refuses (C0, C1, bidirectional
    controls, line separators), as Python writes them; `limit` cuts with ``…``.
    """
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
