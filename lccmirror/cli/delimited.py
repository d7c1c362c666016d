"""Rows as CSV or TSV, in the dialect of `sqlite-utils query` (Python's ``excel``)."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from typing import TextIO

from ..names import printable
from ..query import Value
from .json_rows import binary_value


def write_delimited(
    rows: Iterable[Sequence[Value]],
    headers: Sequence[str] | None,
    out: TextIO,
    *,
    tabs: bool,
    for_eyes: bool,
) -> None:
    """Write `rows`, NULL as nothing, binary values as the JSON of `binary_value`.

    Parameters
    ----------
    rows
        The values.
    headers
        Column names; None to leave them out.
    out
        Where to.
    tabs
        TSV instead of CSV.
    for_eyes
        It goes to a terminal: escape control characters, line ends in values too.
    """
    writer = csv.writer(out, dialect="excel-tab" if tabs else "excel")

    def cell(value: Value) -> object:
        if isinstance(value, bytes):
            return json.dumps(binary_value(value))
        if for_eyes and isinstance(value, str):
            return printable(value)
        return value

    if headers is not None:
        writer.writerow([cell(name) for name in headers])
    for row in rows:
        writer.writerow([cell(value) for value in row])
