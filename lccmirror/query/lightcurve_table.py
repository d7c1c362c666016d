"""``lightcurve('OBJECTID', 'collection', 'setid')`` in SQL: a light curve's rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ..errors import Damaged, LccMirrorError
from .lightcurves import Copy, LightCurveFiles, chosen_copy, copies_of
from .virtual_table import Arguments, SqlColumn

if TYPE_CHECKING:
    from ..formats import LightCurve, LightCurveColumn
    from .run import Value

# Which columns are usual in a collection: those of a few of its light curves.
_SAMPLED: Final = 3
_SAMPLE = """
SELECT objectid FROM lightcurves WHERE collection = ? AND newest = 1
ORDER BY objectid LIMIT ?
"""
_COLLECTIONS = "SELECT collection FROM collections ORDER BY collection"


class LightCurveTable:
    """The light curves as a table-valued function.

    Parameters
    ----------
    connection
        To the catalog, the one in which the function is called.
    files
        The light curves; they stay open for as long as the connection.
    """

    name = "lightcurve"
    arguments = ("arg_objectid", "arg_collection", "arg_setid")

    def __init__(self, connection: Any, files: LightCurveFiles) -> None:
        self._connection: sqlite3.Connection = connection
        self._files = files

    def columns(self, arguments: Arguments, *, named: bool) -> Sequence[SqlColumn]:
        """Return the light curve's own columns."""
        copy = self._copy(arguments, named=named)
        return () if copy is None else _sql_columns(self._files.header(copy).columns)

    def usual_columns(self) -> Sequence[SqlColumn]:
        """Return the columns that light curves of all collections have.

        Raises
        ------
        Damaged
            If none of those looked at can be read.
        """
        found: dict[str, SqlColumn] = {}
        damage: Damaged | None = None
        for (collection,) in self._connection.execute(_COLLECTIONS).fetchall():
            for (objectid,) in self._connection.execute(_SAMPLE, (collection, _SAMPLED)):
                copy = chosen_copy(self._connection, objectid, collection)
                try:
                    header = self._files.header(copy)
                except Damaged as error:
                    # It need not be one that is asked for; if it is, its rows say so again.
                    damage = error
                    continue
                for column in _sql_columns(header.columns):
                    found.setdefault(column.name, column)
        if damage is not None and not found:
            raise damage
        return tuple(found.values())

    def rows(self, arguments: Arguments) -> LightCurveRows:
        """Return the light curve's rows, none if there is no such light curve."""
        copy = self._copy(arguments, named=False)
        return LightCurveRows(None if copy is None else self._files.read(copy))

    def _copy(self, arguments: Arguments, *, named: bool) -> Copy | None:
        objectid, collection, setid = (None if a is None else str(a) for a in arguments)
        if objectid is None:
            return None
        try:
            return chosen_copy(self._connection, objectid, collection, setid)
        except LccMirrorError:
            if named or self._is_several(objectid, collection):
                raise
            return None

    def _is_several(self, objectid: str, collection: str | None) -> bool:
        """Tell whether the object is in more than one collection: then none is chosen."""
        try:
            copies = copies_of(self._connection, objectid, collection)
        except LccMirrorError:
            return False
        return len({copy.collection for copy in copies}) > 1


class LightCurveRows:
    """The rows of one light curve; a column is made into Python's values when first asked for.

    Parameters
    ----------
    curve
        None for no rows.
    """

    def __init__(self, curve: LightCurve | None) -> None:
        self._curve = curve
        self._length = 0 if curve is None else len(curve)
        self._at = -1
        self._columns: dict[str, list[Value]] = {}

    def advance(self) -> bool:
        """Go to the next row."""
        self._at += 1
        return self._at < self._length

    def value(self, name: str) -> Value:
        """Return a value of this row, None for NaN and what is missing."""
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = self._values(name)
        return column[self._at]

    def _values(self, name: str) -> list[Value]:
        if self._curve is None or name not in self._curve.arrays:
            return [None] * self._length
        return list(map(_as_sqlite_has_it, plain_values(self._curve, name)))


def plain_values(curve: LightCurve, name: str) -> list[Value]:
    """Return a column as Python's values: None for NaN and for what is missing.

    A short real becomes the number that its shortest decimal form says, not the long one
    that happens to be nearest to it.
    """
    import numpy as np

    values = curve.arrays[name]
    kind = values.dtype.kind
    if kind == "S":
        return [value.decode("utf-8", "backslashreplace") for value in values.tolist()]
    if kind == "f" and values.dtype.itemsize < 8:
        values = values.astype("U").astype(np.float64)
    elif kind == "b":
        values = values.astype(np.int64)
    plain: list[Value] = values.tolist()
    holes = np.isnan(values) if kind == "f" else curve.masks.get(name)
    if holes is not None:
        for place in np.flatnonzero(holes).tolist():
            plain[place] = None
    return plain


def _as_sqlite_has_it(value: Value) -> Value:
    """Return an integer that is too long for SQLite, whose integers have a sign, as a real."""
    return float(value) if isinstance(value, int) and value >= 2**63 else value


def _sql_columns(columns: Sequence[LightCurveColumn]) -> tuple[SqlColumn, ...]:
    from ..formats.columns import kind_of

    return tuple(SqlColumn(column.name, kind_of(column.dtype).upper()) for column in columns)
