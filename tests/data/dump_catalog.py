"""Write a catalog of the demo server, with data in it, as SQL. ::

python -m tests.data.dump_catalog > tests/data/catalog-v1.sql
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.support.site import Site

_SCHEMA = """
SELECT type, name, sql FROM sqlite_master
WHERE sql IS NOT NULL AND (type = 'trigger' OR name NOT LIKE '%_fts_%')
ORDER BY type = 'trigger', rowid
"""


def main() -> None:
    """Mirror a small demo server, and print the catalog."""
    with tempfile.TemporaryDirectory() as folder, Site(Path(folder), objects=40) as site:
        for number in range(2):
            site.server.make_dataset(filters=f"(ndet gt {number})", columns=("ndet", "remarks"))
        site.sync()
        with closing(sqlite3.connect(site.root / "catalog.sqlite")) as conn:
            text = "\n".join(dump(conn))
    text = text.replace(site.server.url, "http://127.0.0.1:5000").replace(folder, "/mirror")
    sys.stdout.write(f"{text}\n")


def dump(conn: sqlite3.Connection) -> Iterator[str]:
    """Yield the statements that make a catalog, its full-text indexes made anew.

    (What SQLite's own dump writes of those can only be read by a connection opened after.)
    """
    (version,) = conn.execute("PRAGMA user_version").fetchone()
    yield "BEGIN;"
    triggers = []
    for kind, name, sql in conn.execute(_SCHEMA).fetchall():
        if kind == "trigger":
            triggers.append(f"{sql};")
            continue
        yield f"{sql};"
        if kind == "table" and not name.endswith("_fts"):
            yield from rows(conn, name)
    for name in ("datasets", "collections", "columns", "objects"):
        yield f"INSERT INTO {name}_fts ({name}_fts) VALUES ('rebuild');"
    yield from triggers
    yield f"PRAGMA user_version = {version};"
    yield "COMMIT;"


def rows(conn: sqlite3.Connection, table: str) -> Iterator[str]:
    """Yield the statements that fill a table."""
    names = [
        name for (name,) in conn.execute("SELECT name FROM pragma_table_info(?)", (table,))
    ]
    values = " || ',' || ".join(f'quote("{name}")' for name in names)
    for (text,) in conn.execute(f'SELECT {values} FROM "{table}"'):
        yield f'INSERT INTO "{table}" VALUES ({text});'


if __name__ == "__main__":
    main()
