"""A dataset's files as rows of the catalog: what an ingest, a repair and a rebuilding share.

Knows nothing of how the files came, and so needs nothing of what fetches them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..catalog.rows import write_table
from ..errors import FormatError
from ..formats.exact import exact_table

if TYPE_CHECKING:
    from ..config import LimitsConfig


class BeyondLimits(FormatError):
    """A table larger than the configuration allows."""


def write_rows(
    conn: sqlite3.Connection, setid: str, files: Mapping[str, Path], limits: LimitsConfig
) -> Sequence[str]:
    """Write a dataset's rows from its files, by kind; return what was wrong with them.

    Raises
    ------
    FormatError
        If they cannot be read, or are more than the limits allow.
    """
    table = exact_table(files.get("csv"), files.get("json"))
    if len(table.columns) > limits.max_columns:
        raise BeyondLimits(
            f"dataset {setid} has {len(table.columns):,} columns (limits.max_columns)"
        )
    write_table(conn, setid, table.columns, _limited(table.rows, setid, limits.max_rows))
    conn.execute(
        "UPDATE datasets SET values_from = ? WHERE setid = ?", (table.values_from, setid)
    )
    return table.problems


def _limited(
    rows: Iterable[Sequence[Any]], setid: str, max_rows: int
) -> Iterator[Sequence[Any]]:
    for number, row in enumerate(rows, start=1):
        if number > max_rows:
            raise BeyondLimits(
                f"dataset {setid} has more than {max_rows:,} rows (limits.max_rows)"
            )
        yield row
