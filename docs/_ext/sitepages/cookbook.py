"""The cookbook's page: each question, its SQL as one would type it, and what it gives."""

from __future__ import annotations

import io
import itertools
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from lccmirror.cli.tables import Look, write_table
from lccmirror.names import printable
from lccmirror.query.cookbook import Question, Value, cookbook, values_for

ROWS_SHOWN: Final = 8
_WIDTH_SHOWN: Final = 52

# An answer that says something is better than the defaults, where those fit another sky.
BETTER: Final[dict[str, dict[str, Value]]] = {
    "newest_datasets": {"how_many": 5},
    "cone": {"ra": 290.0, "decl": 45.0, "radius_arcmin": 30.0},
    "datasets_in_words": {"words": "cone*"},
    "red_objects": {"redder_than": 1.5},
    "same_star_twice": {"radius_arcsec": 3.0},
}


def cookbook_markdown(mirror: Path) -> str:
    """Return a section for each question, with its answer from a mirror.

    Parameters
    ----------
    mirror
        The folder with ``catalog.sqlite``. It is asked by Python's plain `sqlite3`, as by
        any other client.
    """
    uri = (mirror / "catalog.sqlite").resolve().as_uri() + "?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        return "\n".join(
            _section(number, question, connection)
            for number, question in enumerate(cookbook(), start=1)
        )


def _section(number: int, question: Question, connection: sqlite3.Connection) -> str:
    values = values_for(question, connection) | BETTER.get(question.name, {})
    sql = question.statement(values)
    cursor = connection.execute(sql)
    names = tuple(column[0] for column in cursor.description)
    rows = list(itertools.islice(cursor, ROWS_SHOWN + 1))
    elsewhere = f"\n{question.sqlite}.\n" if question.sqlite is not None else ""
    duckdb = ""
    if question.duckdb is not None:
        other = question.statement(values, "duckdb")
        # HTML that Markdown's readers everywhere fold.
        duckdb = (
            "\n<details><summary>In DuckDB, on exported Parquet</summary>\n\n"
            f"```sql\n{other}\n```\n\n</details>\n"
        )
    return (
        f"## {number}. {question.title}\n\n{question.text}\n\n```sql\n{sql}\n```\n\n"
        f"{_answer(names, rows)}{duckdb}{elsewhere}"
    )


def _answer(names: tuple[str, ...], rows: Sequence[tuple[Value, ...]]) -> str:
    if not rows:
        return "_No row: there is nothing of the kind in this mirror._\n"
    out = io.StringIO()
    shown = [tuple(map(_shortened, row)) for row in rows[:ROWS_SHOWN]]
    write_table(names, shown, out, Look(width=None, color=False, headers=True))
    more = "…\n" if len(rows) > ROWS_SHOWN else ""
    return f"```text\n{out.getvalue()}{more}```\n"


def _shortened(value: Value) -> Value:
    """Return a long text as much as fits into a line."""
    if isinstance(value, str):
        value = printable(value, 500)
        return value if len(value) <= _WIDTH_SHOWN else value[: _WIDTH_SHOWN - 1] + "…"
    return value
