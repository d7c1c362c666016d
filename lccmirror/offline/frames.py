"""Rows as tables of pandas and Astropy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ..formats.columns import Kind
from ..formats.lc_convert import library
from ..query import Value

if TYPE_CHECKING:
    from .columns import Column

    Described = Mapping[str, Column]


_NUMPY: Final[Mapping[Kind, tuple[str, Value]]] = {
    "integer": ("int64", 0),
    "real": ("float64", math.nan),
    "text": ("U", ""),
}


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Return `names`, each of them once: one that comes again gets a number.

    >>> distinct(["objectid", "ra", "objectid"])
    ('objectid', 'ra', 'objectid_2')
    """
    found: list[str] = []
    for name in names:
        shown, number = name, 1
        while shown in found:
            number += 1
            shown = f"{name}_{number}"
        found.append(shown)
    return tuple(found)


def to_pandas(
    names: Sequence[str], rows: Iterable[Sequence[Value]], described: Described
) -> Any:
    """Return a `pandas.DataFrame`.

    Integers of which some are missing make a nullable column, a missing real is NaN, a
    missing text None. Units, titles and descriptions are in its ``attrs``.

    Raises
    ------
    LccMirrorError
        If pandas is not installed.
    """
    pandas = library("pandas", "pandas", "a pandas table")
    columns = distinct(names)
    table = pandas.DataFrame(
        {
            name: _series(pandas, values, _kind(values, described.get(name)))
            for name, values in zip(columns, _values(rows, len(columns)), strict=True)
        }
    )
    known = [described[name] for name in columns if name in described]
    table.attrs = {
        "units": {column.name: column.unit for column in known if column.unit},
        "titles": {column.name: column.label for column in known},
        "descriptions": {column.name: column.description or "" for column in known},
    }
    return table


def to_astropy(
    names: Sequence[str], rows: Iterable[Sequence[Value]], described: Described
) -> Any:
    """Return an `astropy.table.Table` with units and descriptions; what is missing is masked.

    Raises
    ------
    LccMirrorError
        If Astropy is not installed.
    """
    tables = library("astropy.table", "astro", "an Astropy table")
    columns = distinct(names)
    table = tables.Table()
    for name, values in zip(columns, _values(rows, len(columns)), strict=True):
        about = described.get(name)
        attributes = {
            "name": name,
            "unit": None if about is None else _unit(about.unit),
            "description": None if about is None else about.description,
        }
        array, mask = _array(values, _kind(values, about))
        if mask.any():
            table.add_column(tables.MaskedColumn(array, mask=mask, **attributes))
        else:
            table.add_column(tables.Column(array, **attributes))
    return table


def _unit(name: str | None) -> Any:
    """Return a unit of Astropy; what it does not know keeps its name."""
    from astropy.units import Unit  # type: ignore[import-untyped]  # has no types

    return None if name is None else Unit(name, parse_strict="silent")


def _values(rows: Iterable[Sequence[Value]], width: int) -> Sequence[Sequence[Value]]:
    return tuple(zip(*rows, strict=True)) or ((),) * width


def _kind(values: Sequence[Value], about: Column | None) -> Kind | None:
    """Return what all values are; None if they differ, or nothing tells."""
    types = set(map(type, values)) - {type(None)}
    if not types:
        return None if about is None else about.kind
    if types == {int}:
        return "integer" if about is None else "real" if about.kind == "real" else "integer"
    if types <= {int, float}:
        return "real"
    return "text" if types == {str} else None


def _series(pandas: Any, values: Sequence[Value], kind: Kind | None) -> Any:
    if kind == "integer":
        return pandas.Series(values, dtype="Int64" if None in values or not values else "int64")
    if kind == "real":
        return pandas.Series(values, dtype="float64")
    if kind == "text" and any(value is not None for value in values):
        # as this pandas has texts
        return pandas.Series(values)
    return pandas.Series(values, dtype=object)


def _array(values: Sequence[Value], kind: Kind | None) -> tuple[Any, Any]:
    """Return a NumPy array and where nothing is."""
    import numpy as np

    mask = np.array([value is None for value in values], dtype=bool)
    if kind is None:
        array = np.empty(len(values), dtype=object)
        array[:] = values
        return array, mask
    dtype, empty = _NUMPY[kind]
    return np.array([empty if v is None else v for v in values], dtype=dtype), mask
