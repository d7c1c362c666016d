"""The cookbook: questions that observers ask, with SQL that answers them in any client.

The questions are data, in ``cookbook.toml`` beside this module. What is here makes of one
question a statement that can be run: with its parameters bound, with values written in their
places (for a shell, a page, DuckDB), or with defaults for those left empty (for forms).
"""

from __future__ import annotations

import re
import sqlite3
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final, Literal

Value = str | int | float | None
"""What a parameter can be."""

_PARAMETER: Final = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|:([a-z_]+)")
_SQL_TYPES: Final = {int: "INTEGER", float: "REAL", str: "TEXT"}


@dataclass(frozen=True)
class Question:
    """A question of the cookbook.

    Parameters
    ----------
    name
        Of letters, digits and ``_``: part of a URL.
    title
        The question in one line.
    text
        What is worth knowing about the answer, in Markdown without blocks.
    sql
        One statement for SQLite, with ``:parameters``.
    values
        Defaults of parameters.
    example
        A statement whose one row gives values that fit this catalog to parameters that it
        names; None if there is no need of one.
    objects
        Columns of ``objects`` that there must be: collections differ.
    duckdb
        The statement for DuckDB on exported Parquet, None if it is the same.
    sqlite
        Why DuckDB cannot be asked; None if it can.
    """

    name: str
    title: str
    text: str
    sql: str
    values: Mapping[str, Value] = field(default_factory=dict)
    example: str | None = None
    objects: tuple[str, ...] = ()
    duckdb: str | None = None
    sqlite: str | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the statement's parameters, in the order in which they first come."""
        found = (match.group(1) for match in _PARAMETER.finditer(self.sql))
        return tuple(dict.fromkeys(name for name in found if name))

    def statement(
        self, values: Mapping[str, Value], dialect: Literal["sqlite", "duckdb"] = "sqlite"
    ) -> str:
        """Return the statement with `values` written in the places of its parameters.

        Raises
        ------
        KeyError
            If a parameter has no value.
        """
        sql = self.duckdb if dialect == "duckdb" and self.duckdb is not None else self.sql
        return _replaced(sql, lambda name: literal(values[name]))

    def form(self, values: Mapping[str, Value]) -> str:
        """Return a statement in which a parameter that is left empty has its default.

        A form knows only text: what comes is cast to the default's type.
        """

        def place(name: str) -> str:
            default = values[name]
            kind = _SQL_TYPES.get(type(default), "TEXT")
            return f"CAST(coalesce(nullif(:{name}, ''), {literal(default)}) AS {kind})"

        return _replaced(self.sql, place)


def cookbook() -> tuple[Question, ...]:
    """Return the questions, in the order in which they should be shown."""
    text = files(__package__).joinpath("cookbook.toml").read_text("utf-8")
    return tuple(_question(entry) for entry in tomllib.loads(text)["question"])


def values_for(question: Question, connection: sqlite3.Connection) -> dict[str, Value]:
    """Return a value for each parameter that makes sense in this catalog.

    Parameters
    ----------
    question
        One of the cookbook.
    connection
        To the catalog.

    Returns
    -------
    dict
        Of parameters to values; None where the catalog has nothing to take as an example.
    """
    values: dict[str, Value] = dict.fromkeys(question.parameters)
    values.update(question.values)
    if question.example is not None:
        cursor = connection.execute(question.example)
        names = [column[0] for column in cursor.description]
        row = cursor.fetchone()
        if row is not None:
            values.update(zip(names, row, strict=True))
    return values


def literal(value: Value) -> str:
    """Return `value` as SQL writes it.

    >>> literal(0.5), literal("it's"), literal(None)
    ('0.5', "'it''s'", 'NULL')
    """
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)


def _question(entry: dict[str, object]) -> Question:
    known = {key: _tidy(value) for key, value in entry.items()}
    return Question(**known)  # type: ignore[arg-type]  # the tests read every entry


def _tidy(value: object) -> object:
    if isinstance(value, str):
        return value.strip()
    return tuple(value) if isinstance(value, list) else value


def _replaced(sql: str, place: Callable[[str], str]) -> str:
    """Put something in the place of each parameter, but not of what stands in quotes."""
    return _PARAMETER.sub(
        lambda match: place(match.group(1)) if match.group(1) else match.group(), sql
    )
