"""What the schema itself says of its tables and columns: the comments of the SQL files.

Comments above ``CREATE TABLE`` say what a table is for; those beside or below a column, what
is in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Final

_CREATE: Final = re.compile(r"CREATE (?:VIRTUAL )?(?:TABLE|VIEW) \"?(\w+)", re.IGNORECASE)
_COLUMN: Final = re.compile(r"  \"?([A-Za-z_]\w*)\"? ")
_NO_COLUMN: Final = frozenset({"PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT"})


@dataclass(frozen=True)
class TableWords:
    """What the schema says of a table.

    Parameters
    ----------
    words
        What it is for.
    columns
        What is in each column of which something is said.
    """

    words: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


def schema_words() -> dict[str, TableWords]:
    """Return what the schema of this version says of each of its tables and views."""
    folder = resources.files(__package__) / "schema"
    scripts = [entry for entry in folder.iterdir() if entry.name.endswith(".sql")]
    scripts.sort(key=lambda entry: entry.name)
    return words_in("".join(script.read_text("utf-8") for script in scripts))


def words_in(script: str) -> dict[str, TableWords]:
    """Return what the comments of an SQL script say of the tables it makes.

    >>> words_in('''-- Stars.
    ... CREATE TABLE stars (
    ...   ra REAL, -- degrees
    ...   name TEXT
    ... );''')
    {'stars': TableWords(words='Stars.', columns={'ra': 'degrees'})}
    """
    told: dict[str, TableWords] = {}
    above: list[str] = []
    columns: dict[str, str] | None = None
    column = ""
    for line in script.splitlines():
        # No name and no text in a schema of ours has two dashes in it.
        code, _, words = (part.strip() for part in line.partition("--"))
        if columns is not None:
            begun = _COLUMN.match(line)
            if begun is not None:
                column = "" if begun[1].upper() in _NO_COLUMN else begun[1]
            if words and column:
                columns[column] = f"{columns.get(column, '')} {words}".strip()
            if code.endswith(";"):
                columns = None
        elif (made := _CREATE.match(code)) is not None:
            columns, column = {}, ""
            told[made[1]] = TableWords(" ".join(above), columns)
            above = []
            if code.endswith(";"):
                columns = None
        elif words and not code:
            above.append(words)
        else:
            above = []
    return told
