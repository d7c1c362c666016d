"""What is known of the catalog's columns: the server's words, their units, and our own."""

from __future__ import annotations

import html
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ..catalog.search_views import column_names, view_name
from ..catalog.words import schema_words
from ..formats.lc_meaning import unit_of

# A letter tells a tag from "0 < x and y > 1".
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]{0,200}>|<!--.{0,200}?-->")
_BRACKETED: Final = re.compile(r"\[\s*([^\[\]]{1,24}?)\s*\]\s*$")
_UNIT_LIKE: Final = re.compile(r"[A-Za-zµ°%][A-Za-z0-9µ°%/ .^*+-]*")
_A_DATE: Final = re.compile(r"[BHMRT]?JD", re.IGNORECASE)
# How the words of the schema begin for columns that have a unit.
_OUR_UNITS: Final = {"degrees": "deg", "bytes": "byte", "days": "d"}
_DEGREES: Final = frozenset({"ra", "decl"})

_CATALOG = """
SELECT o.sql_name, c.title, c.description, c.dtype FROM object_columns AS o
JOIN columns AS c ON c.name = o.name ORDER BY o.sql_name, c.collection
"""
_RUN = """
SELECT c.name, c.title, c.description, c.dtype
FROM searches AS s JOIN search_run_sets AS p ON p.run_id = s.view_run
JOIN dataset_columns AS c ON c.setid = p.setid WHERE s.name = ?
GROUP BY c.name ORDER BY min(p.part), min(c.position)
"""
_DATASET = """
SELECT name, title, description, dtype FROM dataset_columns WHERE setid = ? ORDER BY position
"""


@dataclass(frozen=True)
class ColumnWords:
    """What is known of a column.

    Parameters
    ----------
    description
        What is in it, without markup.
    title
        What the server calls it for people, without markup.
    unit
        Of its values, as astropy writes it where that is known.
    dtype
        The server's type.
    """

    description: str = ""
    title: str = ""
    unit: str | None = None
    dtype: str | None = None

    def sentence(self) -> str:
        """Return title, description and unit in one line."""
        said = ": ".join(dict.fromkeys(part for part in (self.title, self.description) if part))
        if self.unit is None or f"[{self.unit}]" in said:
            return said
        return f"{said} [{self.unit}]".strip()


@dataclass(frozen=True)
class TableDescribed:
    """What is known of a table or view, and of its columns by name."""

    description: str = ""
    columns: Mapping[str, ColumnWords] = field(default_factory=dict)


def describe(connection: sqlite3.Connection) -> dict[str, TableDescribed]:
    """Return what is known of the tables and views of this catalog.

    Parameters
    ----------
    connection
        To the catalog.
    """
    told = {
        name: TableDescribed(
            table.words,
            {column: _ours(column, words) for column, words in table.columns.items()},
        )
        for name, table in schema_words().items()
    }
    objects = told["objects"]
    found: dict[str, ColumnWords] = {}
    for sql_name, *words in connection.execute(_CATALOG):
        found.setdefault(sql_name, server_words(*words))
    told["objects"] = TableDescribed(objects.description, {**found, **objects.columns})
    for (name,) in connection.execute("SELECT name FROM searches").fetchall():
        told[view_name(name)] = TableDescribed(
            f"The rows of the latest good run of the search {name}.",
            _table_columns(connection.execute(_RUN, (name,)).fetchall(), told),
        )
    return told


def describe_dataset(
    connection: sqlite3.Connection, setid: str, told: Mapping[str, TableDescribed]
) -> TableDescribed:
    """Return what is known of the table of a dataset.

    Parameters
    ----------
    connection
        To the catalog.
    setid
        Which dataset; one that has rows of its own.
    told
        From `describe`.
    """
    rows = connection.execute(_DATASET, (setid,)).fetchall()
    return TableDescribed(f"The table of the dataset {setid}.", _table_columns(rows, told))


def plain_text(markup: str | None) -> str:
    """Return a server's text without its HTML.

    >>> plain_text("<em>K<sub>s</sub></em> [mag]"), plain_text("&delta;")
    ('Ks [mag]', 'δ')
    """
    return " ".join(html.unescape(_TAG.sub("", markup or "")).split())


def _table_columns(
    rows: list[tuple[str, ...]], told: Mapping[str, TableDescribed]
) -> dict[str, ColumnWords]:
    """Describe the fixed columns of a dataset's table, and its own as the views name them."""
    by_name = {name: server_words(*words) for name, *words in rows}
    described = dict(told["dataset_rows"].columns)
    for shown, name in column_names(list(by_name)):
        described[shown] = by_name[name]
    return described


def server_words(title: str | None, description: str | None, dtype: str | None) -> ColumnWords:
    """Return what a server's words say of a column, without markup, and its unit.

    >>> server_words("<em>r</em> [mag]", "SDSS r band", "f8").unit
    'mag'
    """
    name, text = plain_text(title), plain_text(description)
    bracketed = _BRACKETED.search(name)
    unit = None if bracketed is None else _known_unit(bracketed[1])
    if unit is None:
        unit = unit_of(text, dtype or "")
    if unit is None and re.search(r"\bdegrees?\]?$", text):
        unit = "deg"
    return ColumnWords(text, name, unit, dtype)


def _known_unit(text: str) -> str | None:
    if _A_DATE.fullmatch(text):
        return "d"
    known = unit_of(f"[{text}]", "U1")
    if known is not None:
        return known
    return text if _UNIT_LIKE.fullmatch(text) else None


def _ours(column: str, words: str) -> ColumnWords:
    unit = next((unit for word, unit in _OUR_UNITS.items() if words.startswith(word)), None)
    if unit is None and column in _DEGREES:
        unit = "deg"
    return ColumnWords(words, unit=unit)
