"""How the rows that a search found become a dataset's table.

Rows of all collections in one table: only columns that all have, sampled, then sorted,
then cut, as the server does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from .arguments import SearchRequest
from .backend import ColumnDescription, Row
from .searches import Found, Record, SearchCrash, describe_column
from .surveys import Survey, Value


def table_columns(request: SearchRequest, found: Found, surveys: Sequence[Survey]) -> list[str]:
    """Return the columns of the result: those found, and those only sorted by.

    Raises
    ------
    SearchCrash
        When the sort order names an unknown column, or is wrapped once too often.
    """
    columns = list(found.columns)
    for name, _ in sort_keys(request.sortspec):
        for survey in surveys:
            describe_column(survey, name)
        if name not in columns:
            columns.append(name)
    return columns


def sort_keys(sortspec: object) -> list[tuple[str, str]]:
    """Read a sort order: ``[["a", "asc"], …]`` or ``["a", "asc"]``.

    Anything that is no list is ignored; a list of lists of lists crashes the search.
    """
    if not isinstance(sortspec, list):
        return []
    if len(sortspec) == 2 and all(isinstance(x, str) for x in sortspec):
        sortspec = [sortspec]
    keys = []
    for item in sortspec:
        if not (isinstance(item, list) and len(item) == 2 and isinstance(item[0], str)):
            raise SearchCrash(f"a sort order of the wrong shape: {sortspec!r}")
        keys.append((item[0], str(item[1])))
    return keys


def table_rows(
    request: SearchRequest,
    found: Found,
    columns: Sequence[str],
    coldesc: dict[str, ColumnDescription],
    random: Random,
    max_rows: int,
) -> list[Row]:
    """Return the table's rows: sampled, sorted, cut, in the order of `columns`."""
    records = [row for rows in found.rows.values() for row in rows]
    if request.samplespec is not None and request.samplespec < len(records):
        records = random.sample(records, request.samplespec)
    for name, order in reversed(sort_keys(request.sortspec)):
        # only these two words sort; "DESC" or "up" leave the order as it is
        if order in ("asc", "desc"):
            records = _sorted(records, name, coldesc[name].dtype, order == "desc")
    records = records[: min(request.limitspec or max_rows, max_rows)]
    return [tuple(record.get(name) for name in columns) for record in records]


def _sorted(records: list[Record], name: str, dtype: str, descending: bool) -> list[Record]:
    numeric = "f" in dtype or "i" in dtype

    def key(record: Record) -> tuple[float, str]:
        value: Value = record[name]
        if numeric:
            missing = -9999.0 if descending else 9999.0
            return (float(value) if isinstance(value, int | float) else missing, "")
        missing_text = "zzzz" if descending else "aaaa"
        return (0.0, value if isinstance(value, str) else missing_text)

    return sorted(records, key=key, reverse=descending)
