"""``dataset('SETID')`` in SQL: a dataset's table with a typed column for each of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ..errors import LccMirrorError
from ..names import printable
from .virtual_table import Arguments, SqlColumn

if TYPE_CHECKING:
    from .run import Value

_STATE = "SELECT state, nrows, coalesce(same_as, setid) FROM datasets WHERE setid = ?"
_COLUMNS = "SELECT name, kind FROM dataset_columns WHERE setid = ? ORDER BY position"
_ROWS = "SELECT data FROM dataset_rows WHERE setid = ? ORDER BY row"
_SAMPLED: Final = 100
_USUAL = """
SELECT name, min(kind) FROM dataset_columns
WHERE setid IN (SELECT setid FROM datasets WHERE nrows IS NOT NULL
                ORDER BY created_on DESC, setid DESC LIMIT ?)
GROUP BY name ORDER BY min(position), name
"""


class DatasetTable:
    """The datasets as a table-valued function.

    Parameters
    ----------
    connection
        To the catalog, the one in which the function is called.
    """

    name = "dataset"
    arguments = ("arg_setid",)

    def __init__(self, connection: Any) -> None:
        self._connection: sqlite3.Connection = connection

    def columns(self, arguments: Arguments, *, named: bool) -> Sequence[SqlColumn]:
        """Return the dataset's own columns."""
        holder = self._holder(arguments, named=named)
        return () if holder is None else self._sql_columns(_COLUMNS, holder)

    def usual_columns(self) -> Sequence[SqlColumn]:
        """Return the columns that the newest datasets have."""
        return self._sql_columns(_USUAL, _SAMPLED)

    def rows(self, arguments: Arguments) -> DatasetRows:
        """Return the dataset's rows in its own order, none if there is no such dataset."""
        holder = self._holder(arguments, named=False)
        found: Any = () if holder is None else self._connection.execute(_ROWS, (holder,))
        return DatasetRows(iter(found))

    def _sql_columns(self, sql: str, value: str | int) -> tuple[SqlColumn, ...]:
        found = self._connection.execute(sql, (value,))
        return tuple(SqlColumn(name, kind.upper()) for name, kind in found)

    def _holder(self, arguments: Arguments, *, named: bool) -> str | None:
        """Return which dataset holds the rows: an identical one has them only once."""
        setid = None if arguments[0] is None else str(arguments[0])
        row = self._connection.execute(_STATE, (setid,)).fetchone()
        if row is not None and row[1] is not None:
            return str(row[2])
        if not named:
            return None
        shown = printable(setid or "", 80)
        if row is None:
            raise LccMirrorError(f"the mirror knows no dataset {shown}")
        raise LccMirrorError(
            f"the table of dataset {shown} is not in the mirror: its state is {row[0]}",
            hint=f"why: SELECT reason, last_error FROM datasets WHERE setid = '{shown}'",
        )


class DatasetRows:
    """The rows of one dataset, read as they are asked for.

    Parameters
    ----------
    rows
        Each with a JSON object.
    """

    def __init__(self, rows: Iterator[tuple[str]]) -> None:
        self._rows = rows
        self._row: dict[str, Value] = {}
        self._decode = msgspec.json.Decoder(dict[str, Any]).decode

    def advance(self) -> bool:
        """Go to the next row."""
        found = next(self._rows, None)
        if found is None:
            return False
        self._row = self._decode(found[0])
        return True

    def value(self, name: str) -> Value:
        """Return a value of this row."""
        return self._row.get(name)
