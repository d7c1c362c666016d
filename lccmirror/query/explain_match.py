"""Say what is wrong with a full-text search in SQL: SQLite speaks of columns and syntax."""

from __future__ import annotations

import re
import sqlite3
from typing import Final

from ..catalog.texts import INDEXES
from ..errors import UsageError
from ..names import printable
from .readonly import ReadOnlyCatalog

_QUOTED: Final = (
    "put what is not all letters and digits between double quotes: MATCH "
    "'\"HAT-199-0000123\"', for a beginning '\"HAT-199\"*'; `lccmirror find` needs none of that"
)
_PLACE: Final = (
    "MATCH, bm25(), highlight() and snippet() work on a full-text table: SELECT … FROM "
    "objects_fts WHERE objects_fts MATCH 'rr lyr*' ORDER BY rank; join it to objects USING "
    "(collection, objectid)"
)
_SYNTAX = re.compile(r'fts5: syntax error near "(.*)"$', re.DOTALL)
_COLUMN = re.compile(r"no such column: (.+)$", re.DOTALL)
_OUT_OF_PLACE = re.compile(
    r"unable to use function (\w+) in the requested context$|no such cursor"
)
_SPECIAL = re.compile(r"unknown special query: (.*)$", re.DOTALL)


def explain_match(text: str, sql: str, catalog: ReadOnlyCatalog) -> UsageError | None:
    """Translate an error of a full-text search; return None for any other.

    Parameters
    ----------
    text
        What SQLite said of `sql`, with its generic code.
    sql
        The statement.
    catalog
        Where it ran.
    """
    if _OUT_OF_PLACE.match(text):
        return UsageError(printable(text), hint=_PLACE)
    unknown = _COLUMN.match(text)
    if unknown is not None:
        return _unknown_column(unknown[1], sql, catalog)
    near = _SYNTAX.match(text)
    if near is not None:
        place = f"near {printable(near[1])}" if near[1] else "at its end, or it is empty"
        return UsageError(f"wrong full-text search: syntax error {place}", hint=_QUOTED)
    if text.startswith("fts5: ") or _SPECIAL.match(text):
        reason = printable(text.removeprefix("fts5: "))
        return UsageError(f"wrong full-text search: {reason}", hint=_QUOTED)
    if text == "unterminated string":
        return UsageError(
            "wrong full-text search: a double quote that is not closed", hint=_QUOTED
        )
    return None


def _unknown_column(name: str, sql: str, catalog: ReadOnlyCatalog) -> UsageError | None:
    # WHERE objects MATCH …
    if name in INDEXES and re.search(rf"\b{name}\s+match\b", sql, re.IGNORECASE):
        return UsageError(f"the table {name} itself has no full-text search", hint=_PLACE)
    if not _is_statement(sql, catalog):
        return None
    return UsageError(
        f"wrong full-text search: {printable(name)} stands where the name of a column would",
        hint=_QUOTED,
    )


def _is_statement(sql: str, catalog: ReadOnlyCatalog) -> bool:
    """Whether SQLite knows every name in `sql`: then the error is of a search, run later."""
    try:
        catalog.connection.execute(f"EXPLAIN {sql}").close()
    except sqlite3.ProgrammingError:
        # A parameter has no value here; that is looked at after the names.
        return True
    except sqlite3.Error:
        return False
    return True
