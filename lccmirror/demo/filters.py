"""The server's filter language, as its search services read it.

Conditions use words for operators (``lt gt le ge eq ne ct``) because ``<`` and ``>`` are
escaped for HTML before they are read, and then refused. What the server accepts is SQL in
which every word is an operator, a column, a number or a quoted string *without spaces*;
anything else makes the search find nothing.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection

_OPERATORS = {
    "gt": ">",
    "lt": "<",
    "ge": ">=",
    "le": "<=",
    "eq": "=",
    "ne": "!=",
    "ct": "like",
}
_ALLOWED = frozenset(
    {"and", "between", "in", "is", "isnull", "like", "not", "notnull", "null", "or"}
    | {"=", "<", ">", "<=", ">=", "!=", "%"}
)
_WORD = re.compile(r"'[^']*'|[(),]|[^\s(),']+")
_MAX_LENGTH = 1000


def parsed_conditions(text: str) -> str | None:
    """Return `text` as the server shows it in ``conditions``, or None if it cannot.

    HTML characters are escaped, operator words replaced, ``ct 'x'`` becomes
    ``like '%x%'``.
    """
    escaped = html.escape(" ".join(text[:_MAX_LENGTH].split()), quote=True)
    words = escaped.replace("&#x27;", "'").split(" ")
    words = [_OPERATORS.get(word, word) for word in words]
    for i, word in enumerate(words):
        if word != "like":
            continue
        if i + 1 >= len(words) or words[i + 1].count("'") < 2:
            return None
        before, _, rest = words[i + 1].partition("'")
        inside, _, after = rest.rpartition("'")
        words[i + 1] = f"{before}'%{inside}%'{after}"
    return " ".join(words)


def conditions_to_sql(
    conditions: str, columns: Collection[str]
) -> tuple[str, list[str | float]] | None:
    """Turn parsed conditions into an SQL expression with bound values.

    Returns None for what the server refuses: unknown words or columns, ``&lt;``, a string
    with a space in it.
    """
    sql: list[str] = []
    values: list[str | float] = []
    for word in _WORD.findall(conditions):
        if word in "(),":
            sql.append(word)
        elif word.startswith("'"):
            if " " in word or "'" not in word[1:]:
                return None
            sql.append("?")
            values.append(word[1:-1])
        elif word.lower() in _ALLOWED:
            sql.append(word)
        elif word in columns:
            sql.append(f'"{word}"')
        else:
            try:
                values.append(float(word))
            except ValueError:
                return None
            sql.append("?")
    return " ".join(sql), values
