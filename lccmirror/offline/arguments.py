"""What people hand over as names and values, in the form that is used further on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import UsageError
from ..names import printable
from ..query import Value

Params = Mapping[str, Value] | Sequence[Value]


def names_of(names: Sequence[str]) -> tuple[str, ...]:
    """Return a list of names; a single one is meant as such, not as its letters."""
    return (names,) if isinstance(names, str) else tuple(names)


def values_of(
    params: Params | None, named: Mapping[str, Value]
) -> Mapping[str, Value] | Sequence[Value] | None:
    """Return the values for a statement, those of NumPy as Python's.

    Raises
    ------
    UsageError
        If they are given twice, or are a text.
    """
    if params is None:
        return {name: _plain(value) for name, value in named.items()}
    if named:
        raise UsageError("values are given in one dict or list, or by name: one of the two")
    if isinstance(params, Mapping):
        return {name: _plain(value) for name, value in params.items()}
    if isinstance(params, str | bytes):
        raise UsageError(
            f"values are a list or a dict, not {printable(repr(params), 60)}",
            hint="a single one is a list, too: [value]",
        )
    return [_plain(value) for value in params]


def _plain(value: Any) -> Value:
    plain: Value = value.item() if hasattr(value, "item") else value
    return plain
