"""The reference of the catalog: what SQLite knows of the schema, and what its comments say.

The words are the comments of the SQL file itself, as people see them with ``.schema`` in
the ``sqlite3`` shell: those above ``CREATE TABLE`` or ``CREATE VIEW`` say what a table is
for, those beside or below a column what is in it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib import resources
from typing import Final

from lccmirror.catalog.words import TableWords, words_in

# What people can build on; the others are for the mirror's own use.
CONTRACT: Final = frozenset(
    {
        "collections",
        "columns",
        "datasets",
        "dataset_collections",
        "dataset_columns",
        "dataset_rows",
        "objects",
        "object_columns",
        "object_info",
        "object_periods",
        "files",
        "lightcurves",
        "missing_lightcurves",
        "searches",
        "search_runs",
        "search_run_sets",
        "search_changes",
        "gaps",
        "sync_log",
    }
)

_KINDS: Final = """
SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type <> 'shadow'
"""


@dataclass(frozen=True)
class Column:
    """A column: its type as declared, and what the schema says of it."""

    name: str
    type: str
    key: bool
    words: str


@dataclass(frozen=True)
class Table:
    """A table or view: what it is for, its columns, and its indexes."""

    name: str
    kind: str
    words: str
    columns: tuple[Column, ...]
    indexes: tuple[str, ...]


def schema_script() -> str:
    """Return the SQL that makes a catalog."""
    folder = resources.files("lccmirror.catalog") / "schema"
    scripts = [entry for entry in folder.iterdir() if entry.name.endswith(".sql")]
    return "".join(e.read_text("utf-8") for e in sorted(scripts, key=lambda e: e.name))


def tables(script: str) -> tuple[Table, ...]:
    """Return the tables and views that a script makes, in its order, with its words."""
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(script)
        kinds = dict(conn.execute(_KINDS).fetchall())
        told = words_in(script)
        return tuple(
            Table(
                name,
                kinds[name],
                told[name].words,
                tuple(
                    Column(column, kind, bool(key), _own_words(told, name, column))
                    for column, kind, key in _declared(conn, name)
                ),
                _indexes(conn, name),
            )
            for name in told
        )


def _declared(conn: sqlite3.Connection, table: str) -> list[tuple[str, str, int]]:
    # A hidden column of 1 is a virtual table's own business, such as FTS5's rank.
    return conn.execute(
        "SELECT name, type, pk FROM pragma_table_xinfo(?) WHERE hidden <> 1", (table,)
    ).fetchall()


def _indexes(conn: sqlite3.Connection, table: str) -> tuple[str, ...]:
    found = []
    for name, unique in conn.execute(
        "SELECT name, \"unique\" FROM pragma_index_list(?) WHERE origin = 'c' ORDER BY name",
        (table,),
    ).fetchall():
        columns = conn.execute("SELECT name FROM pragma_index_info(?)", (name,)).fetchall()
        words = ", ".join(column or "an expression" for (column,) in columns)
        found.append(f"{name} ({words}){', unique' if unique else ''}")
    return tuple(found)


def _own_words(told: Mapping[str, TableWords], table: str, column: str) -> str:
    """Return the words of a column, or of the one that it is made from under the same name."""
    for name in (table, *_origins(table)):
        if words := told.get(name, TableWords()).columns.get(column):
            return words
    return ""


def _origins(table: str) -> tuple[str, ...]:
    """Return the tables whose texts a table or view of the full-text search holds."""
    if table.startswith("text_due_"):
        return (table.removeprefix("text_due_"),)
    base, _, role = table.rpartition("_")
    return (f"{base}_text", base) if role in {"fts", "text", "words", "search"} else ()


def catalog_markdown() -> str:
    """Return the reference: first the tables to build on, then those of the mirror's own."""
    made = tables(schema_script())
    first = [table for table in made if table.name in CONTRACT]
    others = [table for table in made if table.name not in CONTRACT]
    return (
        "## Tables to build on\n\n"
        + "".join(map(_section, first))
        + "## The mirror's own tables\n\n"
        + "What the mirror keeps for its own work. They may be read, and may change.\n\n"
        + "".join(map(_section, others))
    )


def _section(table: Table) -> str:
    kind = "" if table.kind == "table" else f" ({table.kind})"
    rows = "".join(
        f"| `{column.name}` | {column.type.lower()}{', key' if column.key else ''} "
        f"| {_cell(column.words)} |\n"
        for column in table.columns
    )
    indexes = "; ".join(f"`{index}`" for index in table.indexes)
    return (
        f"### {table.name}{kind}\n\n{_sentence(table.words)}\n\n"
        f"| column | type | what is in it |\n|---|---|---|\n{rows}\n"
        + (f"Indexes: {indexes}.\n\n" if indexes else "")
    )


def _sentence(words: str) -> str:
    return words if words.endswith((".", ":")) else words + "."


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("<", "\\<").replace("*", "\\*")
