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

Path = tuple[str | int, ...]
"""The way to a value: keys, and 0-based indexes into arrays."""

_TOKEN = re.compile(
    r'''
      (?P<string> """(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}
                | \'\'\'(?:[^']|'{1,2}(?!'))*'{3,5}
                | "(?:[^"\\\n]|\\.)*"
                | '[^'\n]*' )
    | (?P<comment> \#[^\n]* )
    | (?P<newline> \n )
    | (?P<mark> [][{}=,] )
    | (?P<other> [^]["'#\n{}=,]+ )
    ''',
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
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
    for statement in _statements(text.replace("\r\n", "\n")):
        words = _key(statement.key)
        if not statement.brackets:
            path = table + tuple(words)
            for length in range(len(table) + 1, len(path) + 1):
                lines.setdefault(path[:length], statement.line)
            for index, line in enumerate(statement.elements):
                lines[(*path, index)] = line
            continue
        path = ()
        for position, word in enumerate(words, start=1):
            path += (word,)
            if position == len(words) and statement.brackets == 2:
                last_index[path] = last_index.get(path, -1) + 1
            lines.setdefault(path, statement.line)
            if path in last_index:
                path += (last_index[path],)
        lines[path] = statement.line
        table = path
    return LineMap(lines)


@dataclass(slots=True)
class _Statement:
    """A header (`brackets` 1 or 2) or ``key = value`` (0), and where it stands."""

    line: int
    key: str = ""
    brackets: int = 0
    elements: list[int] = field(default_factory=list)


def _statements(text: str) -> Iterator[_Statement]:
    statement: _Statement | None = None
    depth = 0
    in_value = in_array = expecting_element = False
    line = 1
    for match in _TOKEN.finditer(text):
        kind, word = match.lastgroup, match[0]
        here, line = line, line + word.count("\n")
        if kind == "newline" and depth == 0:
            if statement is not None:
                yield _finished(statement)
            statement, in_value, in_array, expecting_element = None, False, False, False
            continue
        if kind in ("newline", "comment") or not word.strip():
            if statement is not None and not in_value:
                statement.key += word if kind == "other" else ""
            continue
        if statement is None:
            statement = _Statement(here)
            statement.brackets = 1 if word == "[" else 0
        if not in_value:
            if word == "=" and not statement.brackets:
                in_value = True
            else:
                statement.key += word
            continue
        if expecting_element and word not in ("]", ","):
            statement.elements.append(here)
            expecting_element = False
        if word in ("[", "{"):
            if depth == 0:
                in_array = expecting_element = word == "["
            depth += 1
        elif word in ("]", "}"):
            depth -= 1
            expecting_element = False
        elif word == "," and depth == 1:
            expecting_element = in_array
    if statement is not None:
        yield _finished(statement)


def _finished(statement: _Statement) -> _Statement:
    key = statement.key.strip()
    if statement.brackets:
        statement.brackets = 2 if key.startswith("[[") else 1
        key = key[statement.brackets : -statement.brackets]
    statement.key = key
    return statement


def _key(text: str) -> list[str]:
    words: list[str] = []
    inner: object = tomllib.loads(f"{text} = 0")
    while isinstance(inner, dict):
        ((word, inner),) = inner.items()
        words.append(word)
    return words
