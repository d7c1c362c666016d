"""The views ``latest_<name>``: a search's latest good result as a table of its own."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

from ..names import quote_identifier
from .objects import LONGEST_NAME

MAX_COLUMNS = 1_500
_FIXED = ("setid", "row", "collection", "objectid", "ra", "decl")
# A name that the path of json_extract can hold in quotes, as it stands in the JSON.
_IN_A_PATH = re.compile(r'[^"\\\x00-\x1f]+')

# Of the run's own parts, in their order; a column that several have comes once.
_COLUMNS = """
SELECT c.name FROM search_run_sets AS s JOIN dataset_columns AS c USING (setid)
WHERE s.run_id = ? GROUP BY c.name ORDER BY min(s.part), min(c.position)
"""


def view_name(search: str) -> str:
    """Return the name of a search's view."""
    return f"latest_{search}"


def show_run(conn: sqlite3.Connection, search: str, run_id: int) -> None:
    """Let a search's view show the rows of a run, in the caller's transaction.

    The view looks the datasets up by the run, and through ``same_as``, so it stays right
    when their rows move to another dataset. A run without any object keeps the columns of
    the one before.
    """
    names = [row[0] for row in conn.execute(_COLUMNS, (run_id,))]
    if not names:
        before = conn.execute(
            "SELECT view_run FROM searches WHERE name = ?", (search,)
        ).fetchone()
        if before is not None and before[0] is not None:
            names = _shown(conn, view_name(search))
    view = quote_identifier(view_name(search))
    conn.execute(f"DROP VIEW IF EXISTS {view}")
    conn.execute(f"CREATE VIEW {view} AS {_select(names, run_id)}")
    conn.execute("UPDATE searches SET view_run = ? WHERE name = ?", (run_id, search))


def column_names(names: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the view's name for each of a table's columns, and the column's own.

    One that collides with a fixed one, or with another in all but case, gets the prefix
    ``c_`` as often as it takes; ``collection`` is there already.
    """
    taken = {name.casefold() for name in _FIXED}
    for name in names[:MAX_COLUMNS]:
        if name == "collection" or not name or "\0" in name:
            continue
        shown = name
        while shown.casefold() in taken:
            shown = f"c_{shown}"
        taken.add(shown.casefold())
        yield shown, name


def _select(names: list[str], run_id: int) -> str:
    short = [name for name in names if len(name) <= LONGEST_NAME]
    columns = [
        "d.setid AS setid",
        *(f"r.{name} AS {name}" for name in _FIXED[1:]),
        *(
            f"{_value(name)} AS {quote_identifier(shown)}"
            for shown, name in column_names(short)
        ),
    ]
    if len(names) > min(MAX_COLUMNS, len(short)):
        columns.append("r.data AS c_data")
    return (
        f"SELECT {', '.join(columns)} FROM search_run_sets AS s "
        "JOIN datasets AS d ON d.setid = s.setid "
        "JOIN dataset_rows AS r ON r.setid = coalesce(d.same_as, d.setid) "
        f"WHERE s.run_id = {int(run_id)}"
    )


def _value(name: str) -> str:
    if _IN_A_PATH.fullmatch(name):
        path = f'$."{name}"'
        return f"json_extract(r.data, {_text(path)})"
    return f"(SELECT value FROM json_each(r.data) WHERE key = {_text(name)})"


def _text(value: str) -> str:
    # A view's definition cannot have bound values.
    return "'" + value.replace("'", "''") + "'"


def _shown(conn: sqlite3.Connection, view: str) -> list[str]:
    rows = conn.execute("SELECT name FROM pragma_table_info(?)", (view,))
    return [name for (name,) in rows if name not in _FIXED]
