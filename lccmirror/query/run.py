"""Run one statement on a read-only catalog, and hand out its rows one by one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..errors import LccMirrorError, UsageError
from .readonly import ReadOnlyCatalog

_FUNCTIONS_MISSING: Final = frozenset(
    f"no such table: {schema}{name}"
    for schema in ("", "main.")
    for name in ("lightcurve", "dataset")
)
"""What SQLite says when a statement needs the functions of `with_functions`."""

Value = str | int | float | bytes | None
"""What SQLite can hold."""


@dataclass(frozen=True)
class Result:
    """What a statement answers.

    Parameters
    ----------
    columns
        The names as SQLite gives them; the same one can come twice.
    rows
        Read from the catalog as they are asked for.
    """

    columns: tuple[str, ...]
    rows: Iterator[tuple[Value, ...]]


def run_query(
    catalog: ReadOnlyCatalog,
    sql: str,
    params: Mapping[str, Value] | Sequence[Value] | None = None,
) -> Result:
    """Run `sql` and return its rows as a stream.

    Parameters
    ----------
    catalog
        From `lccmirror.query.open_readonly`; it stays open while rows are read.
    sql
        One statement that reads.
    params
        Values for its ``:name`` parameters, or a sequence of them for its ``?``.

    Raises
    ------
    UsageError
        If the statement is wrong, or would write.
    LocalError
        If it takes longer than the catalog's time limit.
    Damaged
        If the catalog turns out to be broken.
    MirrorLocked
        If a writer holds it too long.
    """
    catalog.guard.reset()
    catalog.deadline.start()
    named = dict(params) if isinstance(params, Mapping) else {}
    given = tuple(params) if params is not None and not isinstance(params, Mapping) else named
    try:
        cursor = _executed(catalog, sql, given)
    except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
        raise _explained(error, sql, catalog, named) from error
    if cursor.description is None:
        raise UsageError("there is no SQL statement to run")
    columns = tuple(column[0] for column in cursor.description)
    return Result(columns, _rows(cursor, sql, catalog))


def _executed(
    catalog: ReadOnlyCatalog, sql: str, params: dict[str, Value] | tuple[Value, ...]
) -> sqlite3.Cursor:
    try:
        return catalog.connection.execute(sql, params)
    except sqlite3.OperationalError as error:
        if str(error).lower() not in _FUNCTIONS_MISSING:
            raise
        # Only what needs them pays for importing them, and for another SQLite.
        from .with_functions import has_functions, switch

        if not has_functions():
            raise
    switch(catalog)
    return catalog.connection.execute(sql, params)


def _explained(
    error: Exception, sql: str, catalog: ReadOnlyCatalog, params: dict[str, Value]
) -> LccMirrorError:
    from .explain import explain  # few statements are wrong

    return explain(error, sql, catalog, params)


def _rows(
    cursor: sqlite3.Cursor, sql: str, catalog: ReadOnlyCatalog
) -> Iterator[tuple[Value, ...]]:
    # A broad `try` around the whole loop would also see errors of whoever takes the rows.
    while True:
        try:
            row = next(cursor, None)
        except (sqlite3.Error, ValueError) as error:
            raise _explained(error, sql, catalog, {}) from error
        if row is None:
            cursor.close()
            return
        yield row
