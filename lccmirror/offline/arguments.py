"""What people hand over as names and values, in the form that is used further on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import UsageError
from ..names import printable
from ..query import Value

Params = Mapping[str, Any] | Sequence[Any]
"""Values by name or in a row: texts, numbers (NumPy's, too), bytes, None."""


def names_of(names: Sequence[str]) -> tuple[str, ...]:
    """Return a list of names; a single one is meant as such, not as its letters."""
    return (names,) if isinstance(names, str) else tuple(names)


def values_of(
    params: Params | None, named: Mapping[str, Any]
) -> Mapping[str, Value] | Sequence[Value] | None:
    """Return the values for a statement, those of NumPy as Python's.

    Raises
    ------
    UsageError
        If they are given twice, are no list of values, or one is nothing that SQLite can hold.
    """
    if params is None:
        return by_name(named)
    if named:
        raise UsageError("values are given in one dict or list, or by name: one of the two")
    if isinstance(params, Mapping):
        return by_name(params)
    if isinstance(params, str | bytes) or not isinstance(params, Iterable):
        raise UsageError(
            f"values are a list or a dict, not {printable(repr(params), 60)}",
            hint="a single one is a list, too: [value]",
        )
    return [_plain(value) for value in params]


def by_name(params: Mapping[str, Any]) -> dict[str, Value]:
    """Return values by name, those of NumPy as Python's.

    Raises
    ------
    UsageError
        If one is nothing that SQLite can hold, or they have no names.
    """
    if not isinstance(params, Mapping):
        raise UsageError(
            f"values are given by name here, not as {printable(repr(params), 60)}",
            hint="in a dict: {'name': value}, and :name in the condition",
        )
    return {name: _plain(value) for name, value in params.items()}


def _plain(value: Any) -> Value:
    # of NumPy; an array has no item to stand for it
    plain = value.item() if hasattr(value, "item") and getattr(value, "size", 1) == 1 else value
    if plain is None or isinstance(plain, str | int | float | bytes):
        return plain
    raise UsageError(
        f"no value for SQL: {printable(repr(value), 60)}",
        hint="texts, numbers, bytes and None are; a time is written as a text",
    )
