"""Statements on a catalog: their rows, and how they are refused."""

from __future__ import annotations

import pytest

from lccmirror.errors import UsageError
from lccmirror.query import ReadOnlyCatalog, run_query


def rows(catalog: ReadOnlyCatalog, sql: str, **params: str) -> list[tuple[object, ...]]:
    """Return the rows of a statement."""
    return list(run_query(catalog, sql, params).rows)


def refusal(catalog: ReadOnlyCatalog, sql: str, **params: str) -> UsageError:
    """Return how a statement is refused."""
    with pytest.raises(UsageError) as caught:
        rows(catalog, sql, **params)
    return caught.value
