"""What would go wrong with a search, found before it is sent.

The server never says so itself: an unknown column is dropped in silence, ends the search
without an answer, or "matches no objects".
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ... import online_check, positions
from ...errors import UsageError
from ...filters import parse_filter
from .requests import requests_for

if TYPE_CHECKING:
    from ...config import SearchConfig
    from ...server import Search

# The catalog remembers collections and columns that the last list no longer had.
_COLUMNS = """
SELECT c.collection, k.name FROM collections AS c
LEFT JOIN columns AS k ON k.collection = c.collection AND k.last_seen = c.last_seen
WHERE c.last_seen = (SELECT max(last_seen) FROM collections)
"""


@dataclass(frozen=True)
class Checked:
    """A search as it is to be sent, or why not.

    Attributes
    ----------
    requests
        Empty if there are mistakes.
    mistakes
        All of them.
    remarks
        What does not keep it from being sent.
    """

    requests: tuple[Search, ...]
    mistakes: tuple[str, ...]
    remarks: tuple[str, ...]


def check(conn: sqlite3.Connection, search: SearchConfig) -> Checked:
    """Check a search against the collections as the mirror knows them, and translate it."""
    mistakes, remarks = list(_in_itself(search)), list[str]()
    known = known_columns(conn)
    if known and not mistakes:
        for (key, *_), problem in online_check.search_problems(search, known):
            # Dropped from the result, and only where one of several collections lacks it.
            light = key == "columns" and not problem.startswith("no column")
            (remarks if light else mistakes).append(f"{key}: {problem}")
    requests: tuple[Search, ...] = ()
    if not mistakes:
        try:
            requests = requests_for(search)
        except UsageError as error:
            mistakes += error.message.splitlines()
    return Checked(requests, tuple(mistakes), tuple(remarks))


def known_columns(conn: sqlite3.Connection) -> dict[str, frozenset[str]]:
    """Return the columns of every collection that the server had when last asked."""
    found: dict[str, set[str]] = {}
    for collection, name in conn.execute(_COLUMNS):
        columns = found.setdefault(collection, set())
        if name is not None:
            columns.add(name)
    return {collection: frozenset(columns) for collection, columns in found.items()}


def _in_itself(search: SearchConfig) -> Iterator[str]:
    """Yield what is wrong whatever the server has; the configuration has checked it, too."""
    if search.filters is not None:
        try:
            parse_filter(search.filters)
        except UsageError as error:
            yield f"filters: {error.message}"
    checks = (
        ("radius_arcmin", search.radius_arcmin, positions.checked_radius_arcmin),
        ("radius_arcsec", search.radius_arcsec, positions.checked_radius_arcsec),
    )
    for key, radius, checked in checks:
        if radius is not None:
            try:
                checked(radius)
            except UsageError as error:
                yield f"{key}: {error.message}"
    if search.file is not None:
        try:
            positions.read_targets(search.file)
        except UsageError as error:
            yield from error.message.splitlines()
