"""What Datasette is told of the catalog: words, units, full-text search, canned queries."""

from __future__ import annotations

import html
import re
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

from ..query.cookbook import Question, Value, cookbook, values_for
from ..query.described import TableDescribed, describe
from ..query.parquet_sources import TABLES

DATABASE: Final = "catalog"
"""The name of the database in Datasette's URLs."""

_CODE: Final = re.compile(r"`([^`]+)`")
_VIEW_OF_A_SEARCH: Final = "latest_"
_THERE: Final = "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')"
_OBJECT_COLUMNS: Final = "SELECT name FROM pragma_table_info('objects')"
_SERVER: Final = "SELECT value FROM mirror WHERE key = 'server_url'"
# What a table is first shown by.
_LOOKS: Final[Mapping[str, Mapping[str, Any]]] = {
    "datasets": {"sort_desc": "created_on", "label_column": "name", "facets": ["state"]},
    "collections": {"label_column": "name"},
    "searches": {"sort_desc": "last_run"},
    "search_runs": {"sort_desc": "id", "facets": ["search", "state"]},
    "search_changes": {"facets": ["search", "change"]},
    "sync_log": {"sort_desc": "id"},
    "files": {"facets": ["kind", "state"]},
}


def metadata(connection: sqlite3.Connection) -> dict[str, Any]:
    """Return Datasette's metadata for this catalog.

    Texts of the server are plain texts in it, which Datasette escapes, but for its address.

    Parameters
    ----------
    connection
        To the catalog.
    """
    there: dict[str, str] = dict(connection.execute(_THERE).fetchall())
    views = {name for name, kind in there.items() if kind == "view"}
    told = describe(connection)
    row = connection.execute(_SERVER).fetchone()
    of = f" of {row[0]}" if row is not None and row[0] else ""
    tables = {name: _table(name, told.get(name), there, views) for name in sorted(there)}
    questions = canned_queries(connection, cookbook())
    what = f"The catalog of a mirror{of}. Times are UTC, positions J2000 degrees."
    return {
        "title": "lccmirror",
        "description_html": f"<p>{html.escape(what)}</p>{_links(questions)}",
        "databases": {
            DATABASE: {
                "description": f"The catalog of a mirror{of}.",
                "queries": questions,
                "tables": tables,
            }
        },
    }


def canned_queries(
    connection: sqlite3.Connection, questions: Iterable[Question]
) -> dict[str, dict[str, Any]]:
    """Return the questions that this catalog can be asked, as Datasette has them.

    A parameter that is left empty has its default, or what the catalog has as an example.
    """
    columns = {name for (name,) in connection.execute(_OBJECT_COLUMNS)}
    made: dict[str, dict[str, Any]] = {}
    for question in questions:
        if columns.issuperset(question.objects):
            values = values_for(question, connection)
            made[question.name] = {
                "title": question.title,
                "description_html": _explained(question, values),
                "sql": question.form(values),
                "params": list(question.parameters),
            }
    return made


def _links(questions: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a list of the questions, for the first page, which otherwise shows tables only."""
    items = "".join(
        f'<li><a href="/{DATABASE}/{quote(name)}">{html.escape(str(one["title"]))}</a></li>'
        for name, one in questions.items()
    )
    return f"<h2>Questions to ask</h2><ul>{items}</ul>" if items else ""


def _explained(question: Question, values: Mapping[str, Value]) -> str:
    text = _CODE.sub(r"<code>\1</code>", html.escape(question.text))
    if not question.parameters:
        return f"<p>{text}</p>"
    defaults = ", ".join(
        f"<code>{name}</code> = {html.escape(str(values[name]))}"
        for name in question.parameters
        if values[name] is not None
    )
    return f"<p>{text}</p>" + (f"<p>What is left empty: {defaults}.</p>" if defaults else "")


def _table(
    name: str, told: TableDescribed | None, there: Collection[str], views: Collection[str]
) -> dict[str, Any]:
    described: dict[str, Any] = dict(_LOOKS.get(name, {}))
    if told is not None:
        described["description"] = told.description
        described["columns"] = {
            column: sentence
            for column, words in told.columns.items()
            if (sentence := words.sentence())
        }
    # Datasette asks a full-text index by the rowid of the table that it shows.
    if f"{name}_search" in there:
        described |= {"fts_table": f"{name}_search", "fts_pk": "rowid"}
    if name not in TABLES and not name.startswith(_VIEW_OF_A_SEARCH):
        described["hidden"] = True
        if name in views:
            # Datasette hides tables only; what nobody may open is not listed.
            described["allow"] = False
    return described
