"""On which line of a TOML file a key stands.

`tomllib` says nothing about lines. This walks over the text of a document that `tomllib`
has already accepted, statement by statement, so it only has to know where strings,
comments and brackets begin and end; what a key means is still asked of `tomllib`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

Path = tuple[str | int, ...]
"""The way to a value: keys, and 0-based indexes into arrays."""

_PIECE = r'''
      (?P<string> """(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}
                | \'\'\'(?:[^']|'{1,2}(?!'))*'{3,5}
                | "(?:[^"\\\n]|\\.)*"
                | '[^'\n]*' )
    | (?P<comment> \#[^\n]* )
    | (?P<newline> \n )
    | (?P<mark> [][{}=,] )
    | (?P<other> [^]["'#\n{}=,]+ )
    '''

_DEPTH = {"[": 1, "{": 1, "]": -1, "}": -1}


@dataclass(frozen=True)
class LineMap:
    """Lines (from 1) by path."""

    lines: Mapping[Path, int] = field(default_factory=dict)

    def of(self, path: Path) -> int | None:
        """Return the line of `path`, or of the nearest thing around it that has one."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None


def locate(text: str) -> LineMap:
    """Return the line of every table, key and array element of a valid TOML document.

    What stands inside an inline table has the line of the key that holds it.
    """
    lines: dict[Path, int] = {}
    table: Path = ()
    last_index: dict[Path, int] = {}
    for statement in _statements(text):
        line = statement[0].line
        if statement[0].text != "[":
            equals = next(at for at, token in enumerate(statement) if token.text == "=")
            path = table + tuple(_key(statement[:equals]))
            for length in range(len(table) + 1, len(path) + 1):
                lines.setdefault(path[:length], line)
            for index, element_line in enumerate(_element_lines(statement[equals + 1 :])):
                lines[(*path, index)] = element_line
            continue
        brackets = 2 if statement[1].text == "[" else 1
        words = _key(statement[brackets:-brackets])
        path = ()
        for position, word in enumerate(words, start=1):
            path += (word,)
            if position == len(words) and brackets == 2:
                last_index[path] = last_index.get(path, -1) + 1
            lines.setdefault(path, line)
            if path in last_index:
                path += (last_index[path],)
        lines[path] = line
        table = path
    return LineMap(lines)


class _Token(NamedTuple):
    line: int
    text: str


def _statements(text: str) -> Iterator[list[_Token]]:
    """Yield each header and each ``key = value`` without blanks and comments."""
    statement: list[_Token] = []
    depth = 0
    line = 1
    for match in re.finditer(_PIECE, text, re.VERBOSE | re.DOTALL):
        token = _Token(line, match[0])
        line += token.text.count("\n")
        if match.lastgroup == "newline":
            if depth == 0 and statement:
                yield statement
                statement = []
        elif match.lastgroup != "comment" and token.text.strip():
            depth += _DEPTH.get(token.text, 0)
            statement.append(token)
    if statement:
        yield statement


def _element_lines(value: list[_Token]) -> Iterator[int]:
    """Yield the line on which each element of an array begins; nothing for other values."""
    if value[0].text != "[":
        return
    depth = 0
    expected = True
    for token in value:
        if depth == 1 and expected and token.text not in ("]", ","):
            yield token.line
            expected = False
        depth += _DEPTH.get(token.text, 0)
        if depth == 1 and token.text == ",":
            expected = True


def _key(tokens: list[_Token]) -> list[str]:
    words: list[str] = []
    inner: object = tomllib.loads("".join(token.text for token in tokens) + " = 0")
    while isinstance(inner, dict):
        ((word, inner),) = inner.items()
        words.append(word)
    return words
