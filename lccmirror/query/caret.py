"""Where in a statement a syntax error is: SQLite knows, but Python does not pass it on."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

from ..names import printable
from .guard import Guard

_NEAR = re.compile(r'^near "(.*)": syntax error$', re.DOTALL)
_TOKEN = re.compile(r'^unrecognized token: "(.*)"$', re.DOTALL)
_WIDEST = 78


def error_offset(sql: str, message: str) -> int | None:
    """Return the index in `sql` of what SQLite's `message` complains about.

    The message names the word but not which of its occurrences: it is the first one with
    which, as its last word, the beginning of the statement already has the same error.

    Returns
    -------
    int or None
        None if the message is not about a place in the text.

    >>> error_offset("select a from from t", 'near "from": syntax error')
    14
    >>> error_offset("select", "incomplete input")
    6
    """
    if message == "incomplete input":
        return len(sql.rstrip())
    token = _NEAR.match(message) or _TOKEN.match(message)
    if token is None:
        return None
    word = token.group(1)
    last = None
    for at in _occurrences(sql, word):
        last = at
        if _complaint(sql[: at + len(word)]) == message:
            return at
    return last


def marked(sql: str, offset: int) -> str:
    """Return the line of `sql` with `offset` in it, and below it a caret.

    >>> print(marked("select a from from t", 14))
      select a from from t
                    ^
    """
    start = sql.rfind("\n", 0, offset) + 1
    end = sql.find("\n", offset)
    line = sql[start:] if end < 0 else sql[start:end]
    column = offset - start
    if len(line) > _WIDEST:
        left = max(0, min(column - _WIDEST // 2, len(line) - _WIDEST))
        line, column = line[left : left + _WIDEST], column - left
    # Escaping makes a line longer; the caret moves with it.
    shown = printable(line.replace("\t", " "))
    indent = len(printable(line[:column].replace("\t", " ")))
    return f"  {shown}\n  {' ' * indent}^"


def _occurrences(sql: str, word: str) -> Iterator[int]:
    """Yield where `word` stands, not as a part of a longer word."""
    left = r"(?<!\w)" if word[:1].isalnum() else ""
    right = r"(?!\w)" if word[-1:].isalnum() else ""
    for found in re.finditer(left + re.escape(word) + right, sql):
        yield found.start()


def _complaint(sql: str) -> str | None:
    """Return SQLite's message about the syntax of `sql`, None if it has none."""
    probe = sqlite3.connect(":memory:")
    try:
        # A beginning that happens to be complete must do nothing: it stops at once.
        probe.set_authorizer(Guard())
        probe.set_progress_handler(lambda: 1, 1)
        probe.execute(sql)
    except sqlite3.Error as error:
        return str(error)
    finally:
        probe.close()
    return None
