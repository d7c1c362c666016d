"""Everything that stands in a catalog, table by table, to be compared with another."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from copy import deepcopy
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


def changed_by_rebuilding(
    before: dict[str, list[Row]], after: dict[str, list[Row]]
) -> dict[str, Change]:
    """Return what is not as it was in a catalog made anew with its newest backup.

    Left out is what has to change: the rebuilding is in the log, all files are verified, the
    lists are read whole by the next poll, and the time of the backup is that of its name. And
    the numbers of the objects' texts, which are in the order in which these came.
    """
    before, after = deepcopy(before), deepcopy(after)
    (log,) = changed(before, after)["sync_log"].come
    assert (log["job"], log["outcome"], log["id"]) == (
        "rebuild",
        "ok",
        max((row["id"] for row in before["sync_log"]), default=0) + 1,
    )
    after["sync_log"].remove(log)
    assert {row["verified_at"] for row in after["files"]} == {log["started"]}
    for old, new in zip(before["polls"], after["polls"], strict=True):
        kept = ("name", "dialect", "proven_until")
        assert [new[key] for key in kept] == [old[key] for key in kept]
    for rows in (before, after):
        for file in rows["files"]:
            del file["verified_at"]
        for text in rows["objects_text"]:
            del text["id"]
        for setting in rows["mirror"]:
            if setting["key"] == "backup":
                setting["value"] = json.loads(setting["value"])["path"]
        del rows["polls"], rows["_sqlite_migrations"]
    return changed(before, after)
