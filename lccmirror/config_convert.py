"""From the tables of a TOML file to structs, with every mistake on the way collected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath
from typing import Annotated, Literal, NamedTuple, get_args, get_origin

import msgspec

from .config_lines import LineMap, Path
from .config_model import TABLES, Reader, Table
from .errors import UsageError
from .names import printable

_PLAIN_NAMES = {
    "`int | null`": "a whole number",
    "`int`": "a whole number",
    "`float`": "a number",
    "`bool`": "true or false",
    "`str`": "a text",
}


class Mistakes:
    """The mistakes found so far, each with the way to the key it is about."""

    def __init__(self) -> None:
        self._found: list[tuple[Path, str]] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, path: Path, message: str) -> None:
        """Note that what stands at `path` is wrong."""
        self._found.append((path, message))

    def texts(self, file: FilePath, lines: LineMap) -> list[str]:
        """Return ``file:line: key: message`` for each, in the order of the file."""
        last = max(lines.lines.values(), default=0) + 1
        ordered = sorted(self._found, key=lambda one: lines.of(one[0]) or last)
        return [place(file, lines, path) + message for path, message in ordered]


def place(file: FilePath, lines: LineMap, path: Path) -> str:
    """Return ``file:line: dotted.key: ``, the beginning of a message about `path`."""
    line = lines.of(path)
    key = ""
    for part in path:
        key += f"[{part}]" if isinstance(part, int) else f"{'.' if key else ''}{_word(part)}"
    where = printable(str(file)) + (f":{line}: " if line else ": ")
    return f"{where}{key}: " if key else where


class Converted(NamedTuple):
    """A struct, and the fields in which it is only a stand-in because of a mistake."""

    table: Table
    bad: frozenset[str]


def convert(
    kind: type[Table],
    written: Mapping[str, object],
    path: Path,
    base: FilePath,
    mistakes: Mistakes,
) -> Converted:
    """Convert one table field by field.

    Parameters
    ----------
    kind
        The struct to make.
    written
        The table as it stands in the file.
    path
        The way to it.
    base
        The folder that relative paths are relative to.
    mistakes
        Where mistakes go. A field with a mistake gets its default (None if it has none)
        and is named in `Converted.bad`, so that the rest can be checked all the same.
    """
    if not written and len(kind.__struct_defaults__) == len(kind.__struct_fields__):
        return Converted(kind(), frozenset())
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key in written:
        if key not in fields:
            meant = suggestion(key, fields) or _elsewhere(key)
            mistakes.add((*path, key), f"unknown key{meant}")
    found: dict[str, object] = {}
    bad: set[str] = set()
    for key, field in fields.items():
        if key in written:
            try:
                value = _read(field.type, written[key])
            except UsageError as error:
                mistakes.add((*path, key), error.message)
            except msgspec.ValidationError as error:
                mistakes.add((*path, key), _plain(str(error), field.type, written[key]))
            else:
                found[field.name] = base / value if isinstance(value, FilePath) else value
                continue
        elif not field.required:
            continue
        else:
            mistakes.add((*path, key), "missing")
        bad.add(field.name)
        if field.required:
            found[field.name] = None
    return Converted(kind(**found), frozenset(bad))


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean …?`` if something in `known` is near `word`, else ''."""
    # Only a wrong configuration needs it.
    from difflib import get_close_matches

    by_letters = {one.casefold(): one for one in known}
    near = get_close_matches(word.casefold(), list(by_letters), n=1, cutoff=0.6)
    return f"; did you mean {by_letters[near[0]]}?" if near else ""


def _elsewhere(key: str) -> str:
    """Say in which other tables there is such a key."""
    homes = [
        f"[{name}] {key}"
        for name, kind in TABLES.items()
        if key in (field.encode_name for field in msgspec.structs.fields(kind))
    ]
    return f"; did you mean {' or '.join(homes)}?" if homes else ""


def _read(annotation: object, value: object) -> object:
    if get_origin(annotation) is Annotated:
        for extra in annotation.__metadata__:  # type: ignore[attr-defined]  # Annotated has it
            if callable(extra):
                reader: Reader = extra
                return reader(value)
    return msgspec.convert(value, annotation)


def _plain(error: str, annotation: object, value: object) -> str:
    """Say in plain words what msgspec says about a value."""
    shown = printable(repr(value), 60)
    if get_origin(annotation) is Literal:
        choices = [str(choice) for choice in get_args(annotation)]
        near = suggestion(value, choices) if isinstance(value, str) else ""
        return f"{shown} is not one of {', '.join(choices)}{near}"
    # "Expected `int | null` >= 1", "Expected `bool`, got `str`"
    expected = error.removeprefix("Expected ").partition(", got ")[0]
    for name, words in _PLAIN_NAMES.items():
        expected = expected.replace(name, words)
    return f"expected {expected}, not {shown}"


def _word(part: str) -> str:
    plain = part.isascii() and part.replace("_", "").replace("-", "").isalnum()
    return part if plain else f'"{printable(part, 60)}"'
