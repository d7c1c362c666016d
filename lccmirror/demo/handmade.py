"""Datasets made by hand: any columns, any rows, without a search behind them.

For tests that need a table no search over the demo's catalogs would give: a hundred
thousand rows, one particular text, a column of every kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from .backend import ANONYMOUS_USER, ColumnDescription, Dataset
from .surveys import Value

_FORMATS = {"f": "%.5f", "i": "%i", "U": "%s"}


def handmade_dataset(
    setid: str,
    columns: Mapping[str, str | ColumnDescription],
    rows: Sequence[Sequence[Value]],
    *,
    now: datetime,
    collections: Mapping[str, str],
    rows_per_page: int,
    visibility: str = "public",
    session: str | None = None,
    owner: int = ANONYMOUS_USER,
) -> Dataset:
    """Return a dataset in progress with exactly these rows.

    Parameters
    ----------
    columns
        By name, a dtype (``<f8``, ``i8``, ``U20`` …) or a whole description.
    rows
        Values in the order of `columns`.
    collections
        Database collection ID to path form, of the collections it shall be from.
    """
    described = {
        name: column if isinstance(column, ColumnDescription) else _description(name, column)
        for name, column in columns.items()
    }
    first = next(iter(collections))
    return Dataset(
        setid=setid,
        name=f"New dataset using collections: {', '.join(collections)}",
        description=f"Created at {now.isoformat()} UTC, using query: sqlite_column_search",
        citation=None,
        created=now,
        updated=now,
        last_updated=now,
        status="in progress",
        owner=owner,
        session=session,
        visibility=visibility,
        sharedwith=None,
        searchtype="sqlite_column_search",
        searchargs={"getcolumns": list(columns), "conditions": None, "lcclist": None},
        collections=tuple(collections),
        lcmagcols=dict.fromkeys(collections, "aep_000"),
        coll_dirs=dict(collections),
        rows_per_page=rows_per_page,
        nmatches_by_collection={name: len(rows) * (name == first) for name in collections},
        columns=tuple(columns),
        coldesc=described,
        rows=[tuple(row) for row in rows],
        has_lczip=False,
    )


def _description(name: str, dtype: str) -> ColumnDescription:
    return ColumnDescription(name, f"the column {name}", dtype, _FORMATS[dtype.lstrip("<")[0]])
