"""The `objects` table: the newest values known of every object, derived from dataset rows.

Each column of an object holds the value of the dataset with the latest ``created_on``
(then setid) that has this column for this object. Datasets are mostly ingested in that
order, and then a plain upsert is right; otherwise the objects concerned are worked out
again from all their rows.
"""

from __future__ import annotations

import itertools
import json
import math
import sqlite3
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from ..names import quote_identifier
from .texts import note_affected

FIXED = ("collection", "objectid", "ra", "decl", "zone")
MAX_COLUMNS = 1_500
# The names of columns are in the schema, which every connection reads whole, and which is
# written anew with every column: longer ones stay in the rows.
LONGEST_NAME = 200
_BATCH = 250
_AT_A_TIME = 10_000
_INT64 = 2**63
# A column of such a name would stand for SQLite's own number of a row.
_OF_SQLITE = frozenset(("rowid", "oid", "_rowid_"))
_SQL_TYPES = {"integer": "INTEGER", "real": "REAL", "text": "TEXT"}

# Added by a search to its result; never a value of the collection's own catalog.
SEARCH_OWN = frozenset(
    (
        *("db_oid", "db_ra", "db_decl", "db_lcfname", "dist_arcsec", "relevance", "extra_info"),
        *("kdtree_oid", "kdtree_ra", "kdtree_decl"),
        *("owner", "visibility", "sharedwith", "collection"),
    )
)


def zone_of(decl: float | None) -> int | None:
    """Return the declination zone, ten arcminutes high: ``floor((decl + 90) * 6)``.

    None for what is no declination; some of it would be no integer of SQLite's either.
    """
    if decl is None or not -90.0 <= decl <= 90.0:
        return None
    return math.floor((decl + 90) * 6)


def on_circle(ra: float | None) -> float | None:
    """Return a right ascension as cones look for it: from 0 to 360 degrees."""
    return ra if ra is None or 0.0 <= ra <= 360.0 else ra % 360.0


def as_number(value: object) -> float | None:
    """Return a finite number as a float, anything else as None."""
    if isinstance(value, (int, float)) and math.isfinite(value):
        return float(value)
    return None


def catalog_columns(conn: sqlite3.Connection, collection: str) -> frozenset[str]:
    """Return the names of the columns that a collection's own catalog has had."""
    return frozenset(
        name
        for (name,) in conn.execute(
            "SELECT name FROM columns WHERE collection = ?", (collection,)
        )
    )


def picker(places: Sequence[int]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """Return the function that takes the values at `places` from a row."""
    if len(places) > 1:
        return itemgetter(*places)
    # With one place, itemgetter returns the bare value.
    return lambda values: tuple([values[place] for place in places])


def storable(value: object) -> Any:
    """Return a JSON value as SQLite can hold it in a column of its own."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        return float(value)
    return value


def object_column(conn: sqlite3.Connection, name: str, kind: str) -> str | None:
    """Return the column of `objects` that holds catalog column `name`, added if need be.

    A name that collides with a fixed one, with one of SQLite's names for a row's number, or
    in all but case with another, gets the prefix ``c_`` as often as it takes; so does one
    that another collection uses for values of a kind that SQLite would convert (text into a
    number).

    Returns
    -------
    str or None
        None when `objects` has as many columns as it may have.
    """
    number = "text" if kind == "text" else "number"
    for sql_name, known in conn.execute(
        "SELECT sql_name, kind FROM object_columns WHERE name = ?", (name,)
    ):
        if number == ("text" if known == "text" else "number"):
            return str(sql_name)
    columns = {row[1].casefold() for row in conn.execute("PRAGMA table_info(objects)")}
    if len(columns) >= MAX_COLUMNS + len(FIXED):
        return None
    taken = columns | _OF_SQLITE
    sql_name = name
    while sql_name.casefold() in taken:
        sql_name = f"c_{sql_name}"
    conn.execute(
        f"ALTER TABLE objects ADD COLUMN {quote_identifier(sql_name)} {_SQL_TYPES[kind]}"
    )
    conn.execute("INSERT INTO object_columns VALUES (?, ?, ?)", (name, kind, sql_name))
    return sql_name


class ObjectWriter:
    """Upserts the rows of one dataset into `objects`, later rows over earlier ones.

    Parameters
    ----------
    columns
        ``(name, kind)`` of each column of the dataset, in the order of the rows' values.
    """

    def __init__(self, conn: sqlite3.Connection, columns: Sequence[tuple[str, str]]) -> None:
        self._conn = conn
        self._columns = columns
        self._plans: dict[str, _Plan] = {}

    def add(
        self,
        collection: str,
        objectid: str,
        ra: float | None,
        decl: float | None,
        values: Sequence[Any],
    ) -> None:
        """Put one row in the queue; `values` are in the order of the dataset's columns."""
        plan = self._plans.get(collection)
        if plan is None:
            plan = self._plans[collection] = self._plan(collection)
        place = on_circle(ra), decl, zone_of(decl)
        plan.pending.append((collection, objectid, *place, *plan.pick(values)))
        if len(plan.pending) >= _BATCH:
            self._write(plan)

    def flush(self) -> None:
        """Write what is still in the queue."""
        for plan in self._plans.values():
            self._write(plan)

    def _write(self, plan: _Plan) -> None:
        try:
            self._conn.executemany(plan.statement, plan.pending)
        except (OverflowError, sqlite3.ProgrammingError):
            # A value that SQLite cannot hold, which is rare: looking at every value of every
            # row would take longer than the rest. What was written before it is so again.
            self._conn.executemany(
                plan.statement, [[*map(storable, row)] for row in plan.pending]
            )
        plan.pending.clear()

    def _plan(self, collection: str) -> _Plan:
        own = catalog_columns(self._conn, collection)
        names = list(FIXED)
        places: list[int] = []
        for place, (name, kind) in enumerate(self._columns):
            if name not in own or name in SEARCH_OWN or not name or "\0" in name:
                continue
            if len(name) > LONGEST_NAME:
                continue
            sql_name = object_column(self._conn, name, kind)
            if sql_name is not None and sql_name not in names:
                names.append(sql_name)
                places.append(place)
        quoted = [quote_identifier(name) for name in names]
        updates = ", ".join(f"{name} = excluded.{name}" for name in quoted[2:])
        statement = (
            f"INSERT INTO objects ({', '.join(quoted)}) "
            f"VALUES ({', '.join('?' * len(quoted))}) "
            f"ON CONFLICT (collection, objectid) DO UPDATE SET {updates}"
        )
        return _Plan(statement, picker(places))


@dataclass(frozen=True, slots=True)
class _Plan:
    """How the rows of one collection are written, and those that wait."""

    statement: str
    pick: Callable[[Sequence[Any]], tuple[Any, ...]]
    pending: list[tuple[Any, ...]] = field(default_factory=list)


def highest_rowid(conn: sqlite3.Connection) -> int:
    """Return the highest rowid of `objects`; each inserted object raises it by one."""
    found: int = conn.execute("SELECT coalesce(max(rowid), 0) FROM objects").fetchone()[0]
    return found


def count_objects(conn: sqlite3.Connection, change: int) -> None:
    """Keep the count of objects."""
    conn.execute("UPDATE counts SET n = n + ? WHERE name = 'objects'", (change,))


# CROSS JOIN: the planner does not know that few are affected, of many millions.
_ROWS_OF_AFFECTED = """
WITH found AS (
  SELECT r.setid AS holder, r.row, r.collection, r.objectid, r.ra, r.decl, r.data
  FROM affected AS a CROSS JOIN dataset_rows AS r USING (collection, objectid)
)
SELECT d.setid, found.holder, found.row, found.collection, found.objectid, found.ra,
       found.decl, found.data, d.created_on
FROM found CROSS JOIN datasets AS d ON d.setid = found.holder
UNION ALL
SELECT d.setid, found.holder, found.row, found.collection, found.objectid, found.ra,
       found.decl, found.data, d.created_on
FROM found CROSS JOIN datasets AS d ON d.same_as = found.holder
ORDER BY 9, 1, 3
"""


def refresh_objects(conn: sqlite3.Connection) -> None:
    """Work out again the objects named in the temporary table ``affected``.

    The table has the columns ``collection`` and ``objectid``; it is emptied.
    """
    removed = conn.execute(
        "DELETE FROM objects WHERE (collection, objectid) IN (SELECT * FROM affected)"
    ).rowcount
    found = conn.execute(_ROWS_OF_AFFECTED)
    for (_, holder), rows in itertools.groupby(found, key=lambda row: (row[0], row[1])):
        columns = conn.execute(
            "SELECT name, kind FROM dataset_columns WHERE setid = ? ORDER BY position",
            (holder,),
        ).fetchall()
        writer = ObjectWriter(conn, columns)
        for _, _, _, collection, objectid, ra, decl, data, _ in rows:
            typed = json.loads(data)
            writer.add(collection, objectid, ra, decl, [typed.get(name) for name, _ in columns])
        writer.flush()
    kept = conn.execute(
        "SELECT count(*) FROM affected JOIN objects USING (collection, objectid)"
    ).fetchone()[0]
    count_objects(conn, kept - removed)
    note_affected(conn)
    conn.execute("DELETE FROM affected")


def affected_table(conn: sqlite3.Connection) -> None:
    """Make the temporary table that `refresh_objects` reads."""
    conn.execute(
        "CREATE TEMP TABLE IF NOT EXISTS affected "
        "(collection TEXT, objectid TEXT, PRIMARY KEY (collection, objectid)) WITHOUT ROWID"
    )


_SOME_OBJECTS = """
SELECT collection, objectid FROM objects
WHERE collection = ? AND objectid > ? ORDER BY objectid LIMIT ?
"""


def refresh_collection(
    conn: sqlite3.Connection, collection: str, described: Collection[str]
) -> None:
    """Work out again a collection's objects, some of its columns being described only now.

    Does nothing where no dataset has these columns, or no object is of this collection.
    """
    # One parameter: SQLite takes no more than some thousands of them.
    found = conn.execute(
        "SELECT 1 FROM objects WHERE collection = ? AND EXISTS (SELECT 1 FROM dataset_columns "
        "WHERE name IN (SELECT value FROM json_each(?))) LIMIT 1",
        (collection, json.dumps(sorted(described))),
    ).fetchone()
    if found is None:
        return
    affected_table(conn)
    after = ""
    # Some at a time: what is sorted for them, and held, does not grow with the mirror.
    while some := conn.execute(_SOME_OBJECTS, (collection, after, _AT_A_TIME)).fetchall():
        conn.executemany("INSERT OR IGNORE INTO affected VALUES (?, ?)", some)
        after = some[-1][1]
        refresh_objects(conn)
