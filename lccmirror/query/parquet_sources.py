"""What of the catalog is exported: its tables, its views, and each dataset's own table."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..catalog.search_views import column_names, view_name
from ..names import checked_component, checked_setid, quote_identifier
from .dataset_values import row_reader
from .described import TableDescribed, describe, describe_dataset
from .parquet_types import Field, kind_for, seen_by_sql, seen_in

if TYPE_CHECKING:
    from .run import Value

DATASET_TABLES: Final = "dataset_tables"
"""The folder, and the name to choose it by, of the datasets' own tables."""

# What is exported, with the columns that hold times.
TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "collections": ("first_seen", "last_seen"),
    "columns": ("first_seen", "last_seen"),
    "datasets": (
        *("created_on", "last_updated", "first_seen", "last_seen", "vanished_at"),
        "mirrored_at",
    ),
    "dataset_collections": (),
    "dataset_columns": (),
    "dataset_rows": (),
    "objects": (),
    "object_columns": (),
    "object_info": ("asked_at", "not_before", "fetched_at"),
    "object_periods": (),
    "files": ("fetched_at", "verified_at"),
    "lightcurves": (),
    "missing_lightcurves": ("since",),
    "work": ("since", "not_before"),
    "gaps": ("detected", "older_than", "newer_than"),
    "searches": ("last_run", "next_run", "first_seen"),
    "search_runs": ("due", "started", "finished", "next_look"),
    "search_run_sets": ("sent_at", "completed_at"),
    "search_changes": (),
    "sync_log": ("started", "finished"),
}
_FIXED: Final = ("row", "collection", "objectid", "ra", "decl")
_FIXED_KINDS: Final = {
    "row": "integer",
    "collection": "text",
    "objectid": "text",
    "ra": "real",
    "decl": "real",
}
_VIEWS: Final = "SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY name"
_DECLARED: Final = "SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid"
_RUN_KINDS: Final = """
SELECT c.name, CASE WHEN count(DISTINCT c.kind) = 1 THEN min(c.kind) END
FROM searches AS s JOIN search_run_sets AS p ON p.run_id = s.view_run
JOIN dataset_columns AS c ON c.setid = p.setid WHERE s.name = ?
GROUP BY c.name ORDER BY min(p.part), min(c.position)
"""
_DATASETS: Final = """
SELECT setid, same_as, coalesce(same_as, setid) FROM datasets WHERE nrows IS NOT NULL
ORDER BY same_as IS NOT NULL, setid
"""
_ROWS: Final = (
    f"SELECT {', '.join(_FIXED)}, data FROM dataset_rows WHERE setid = ? ORDER BY row"
)
_OWN: Final = "SELECT name, kind FROM dataset_columns WHERE setid = ? ORDER BY position"


@dataclass(frozen=True)
class Source:
    """What becomes one file.

    Parameters
    ----------
    name
        Of the table or view; of a dataset's table its setid.
    file
        Its path below the export's folder.
    words
        What is known of it.
    fields
        Looks what its columns are to be written as.
    rows
        Reads it.
    same_as
        The file of an identical table that comes before it, instead of another copy.
    """

    name: str
    file: str
    words: TableDescribed
    fields: Callable[[], Sequence[Field]]
    rows: Callable[[], Iterable[Sequence[Value]]]
    same_as: str | None = None


def sources(connection: sqlite3.Connection, chosen: Sequence[str] = ()) -> Iterator[Source]:
    """Yield what is to be exported.

    Parameters
    ----------
    connection
        To the catalog, within one transaction.
    chosen
        Names of tables and views, or ``dataset_tables``; all if there are none.
    """
    told = describe(connection)
    for name in names(connection):
        if name == DATASET_TABLES:
            if not chosen or name in chosen:
                yield from _dataset_tables(connection, told)
        elif not chosen or name in chosen:
            yield _table(connection, name, told.get(name, TableDescribed()))


def names(connection: sqlite3.Connection) -> list[str]:
    """Return the names that can be chosen."""
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    searches = {view_name(name) for (name,) in connection.execute("SELECT name FROM searches")}
    views = [name for (name,) in connection.execute(_VIEWS) if name in searches]
    return [*(name for name in TABLES if name in there), *views, DATASET_TABLES]


def _table(connection: sqlite3.Connection, name: str, words: TableDescribed) -> Source:
    declared: dict[str, str | None] = {
        column: _declared(kind) for column, kind in connection.execute(_DECLARED, (name,))
    }
    times = TABLES.get(name, ())
    if name not in TABLES:
        declared.update(_view_kinds(connection, name))
    declared.update(dict.fromkeys(times, "time"))
    columns = list(declared)
    quoted = quote_identifier(name)
    listed = ", ".join(quote_identifier(column) for column in columns)

    def fields() -> list[Field]:
        seen = seen_by_sql(connection, quoted, columns, times)
        return [Field(column, kind_for(declared[column], seen[column])) for column in columns]

    return Source(
        name,
        f"{checked_component(name, 'name of a file')}.parquet",
        words,
        fields,
        lambda: connection.execute(f"SELECT {listed} FROM {quoted}"),
    )


def _declared(kind: str) -> str | None:
    upper = kind.upper()
    if "INT" in upper:
        return "integer"
    if "TEXT" in upper or "CHAR" in upper:
        return "text"
    return "real" if "REAL" in upper else None


def _view_kinds(connection: sqlite3.Connection, view: str) -> dict[str, str | None]:
    """Return what the columns of a search's view hold, as its datasets declare them."""
    search = view.removeprefix(view_name(""))
    own = dict(connection.execute(_RUN_KINDS, (search,)).fetchall())
    return {shown: own[name] for shown, name in column_names(list(own))}


def _dataset_tables(
    connection: sqlite3.Connection, told: Mapping[str, TableDescribed]
) -> Iterator[Source]:
    for setid, same_as, holder in connection.execute(_DATASETS).fetchall():
        yield _dataset_table(connection, setid, same_as, holder, told)


def _dataset_table(
    connection: sqlite3.Connection,
    setid: str,
    same_as: str | None,
    holder: str,
    told: Mapping[str, TableDescribed],
) -> Source:
    own = dict(connection.execute(_OWN, (holder,)).fetchall())
    shown = list(column_names(list(own)))
    columns = [*_FIXED, *(name for name, _ in shown)]
    declared = {**_FIXED_KINDS, **{name: own[theirs] for name, theirs in shown}}
    read = row_reader([name for _, name in shown])

    def rows() -> Iterator[tuple[Value, ...]]:
        for *fixed, data in connection.execute(_ROWS, (holder,)):
            yield (*fixed, *read(data))

    def fields() -> list[Field]:
        seen = seen_in(rows(), len(columns))
        return [
            Field(name, kind_for(declared[name], bits))
            for name, bits in zip(columns, seen, strict=True)
        ]

    return Source(
        setid,
        _dataset_file(setid),
        describe_dataset(connection, holder, told),
        fields,
        rows,
        None if same_as is None else _dataset_file(holder),
    )


def _dataset_file(setid: str) -> str:
    # One folder each, so that the setid is a column to everything that knows of partitions.
    return f"{DATASET_TABLES}/setid={checked_setid(setid)}/rows.parquet"
