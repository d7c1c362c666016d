"""The rows of datasets: the catalog keeps each as a JSON object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from .run import Value


def row_reader(names: Sequence[str]) -> Callable[[str], tuple[Value, ...]]:
    """Return the function that reads the values of a row.

    Parameters
    ----------
    names
        Of the columns, in the order of the values; one that a row does not have is None.

    Examples
    --------
    >>> row_reader(["a", "b", "c"])('{"b": 0.5, "c": true}')
    (None, 0.5, 1)
    """
    decode = msgspec.json.Decoder(dict[str, Any]).decode

    def read(data: str) -> tuple[Value, ...]:
        row = decode(data)
        values = tuple([row.get(name) for name in names])
        if "true" in data or "false" in data:
            # Booleans are integers, as they are in the table `objects` and to SQLite.
            return tuple([int(v) if isinstance(v, bool) else v for v in values])
        return values

    return read
