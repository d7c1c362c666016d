"""Everything that stands in a catalog, table by table, to be compared with another."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Of full-text indexes; what they are over is compared.
_TABLES = """
SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'
AND name NOT LIKE '%!_fts' ESCAPE '!' AND name NOT LIKE '%!_fts!_%' ESCAPE '!' ORDER BY name
"""

Row = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """The rows of a table that are only in the first catalog, and only in the second."""

    gone: list[Row]
    come: list[Row]


def all_tables(catalog: Path) -> dict[str, list[Row]]:
    """Return the rows of every table, each by the names of its columns."""
    with closing(sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)) as conn:
        conn.row_factory = sqlite3.Row
        names = [row["name"] for row in conn.execute(_TABLES)]
        return {
            name: [dict(row) for row in conn.execute(f'SELECT * FROM "{name}"')]
            for name in names
        }


def changed(before: dict[str, list[Row]], after: dict[str, list[Row]]) -> dict[str, Change]:
    """Return the tables whose rows are not the same, in whatever order."""
    assert before.keys() == after.keys()
    found = {}
    for name, rows in before.items():
        old = {repr(sorted(row.items(), key=repr)): row for row in rows}
        new = {repr(sorted(row.items(), key=repr)): row for row in after[name]}
        gone = [old[key] for key in old if key not in new]
        come = [new[key] for key in new if key not in old]
        if gone or come or len(rows) != len(after[name]):
            found[name] = Change(gone, come)
    return found


def definitions(catalog: Path) -> dict[str, str | None]:
    """Return how each table, view, index and trigger is defined."""
    with closing(sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)) as conn:
        found = conn.execute("SELECT type || ' ' || name, sql FROM sqlite_master").fetchall()
    # Columns that came later stand at the end of a definition, with blanks of SQLite's own.
    return {name: sql and " ".join(sql.split()) for name, sql in found}
