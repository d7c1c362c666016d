"""What only the server can say about a configuration: do the names in it exist?

The server itself never says so: an unknown column is dropped in silence, or ends the
search without an answer, or "matches no objects".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Protocol

from .config import Config, SearchConfig
from .config_convert import place, suggestion
from .config_lines import Path
from .filters import parse_filter
from .names import printable

# Columns of the result that the catalog does not have; a result can be sorted by them.
_RESULT_COLUMNS = frozenset(("db_oid", "db_ra", "db_decl", "db_lcfname", "collection"))
_RESULT_COLUMNS_OF = {
    "conesearch": frozenset(("dist_arcsec",)),
    "xmatch": frozenset(("dist_arcsec", "in_objectid", "in_ra", "in_decl")),
    "ftsquery": frozenset(("relevance",)),
}


class _Column(Protocol):
    @property
    def name(self) -> str: ...


class CollectionLike(Protocol):
    """What is needed of a `lccmirror.server.Collection`."""

    @property
    def collection(self) -> str:
        """The database ID."""

    @property
    def columns(self) -> Sequence[_Column]:
        """The catalog's columns."""


def check_online(config: Config, collections: Iterable[CollectionLike]) -> list[str]:
    """Return what a configuration names that the server does not have.

    Parameters
    ----------
    config
        The configuration.
    collections
        All collections the server shows us.

    Returns
    -------
    list of str
        ``file:line: key: what is wrong``, in the order of the file; empty if all is well.
    """
    known = {one.collection: frozenset(c.name for c in one.columns) for one in collections}
    found: list[tuple[Path, str]] = []
    for index, glob in enumerate(config.select.collections):
        if not any(fnmatchcase(name, glob) for name in known):
            near = _nearest(glob, known)
            found.append(
                (("select", "collections", index), f'"{glob}" matches no collection{near}')
            )
    for index, search in enumerate(config.searches):
        found += [
            (("search", index, *path), message)
            for path, message in search_problems(search, known)
        ]
    return [place(config.path, config.lines, path) + message for path, message in found]


def search_problems(
    search: SearchConfig, known: dict[str, frozenset[str]]
) -> Iterable[tuple[Path, str]]:
    """Yield what a search names that the server does not have, each with its key.

    Parameters
    ----------
    search
        The search.
    known
        The collections' columns, by database ID.
    """
    for index, name in enumerate(search.collections):
        if name not in known:
            yield ("collections", index), f'no collection "{name}"{_nearest(name, known)}'
    searched = {
        name: columns
        for name, columns in known.items()
        if name in search.collections or not search.collections
    }
    if not searched:
        return
    extra = _RESULT_COLUMNS | _RESULT_COLUMNS_OF.get(search.kind, frozenset())
    for index, column in enumerate(search.columns):
        # What every result has need not be asked for, and does no harm.
        if column not in extra and (problem := _missing(column, searched)):
            yield ("columns", index), f"{problem}; the server drops it from the result"
    for column, _order in search.sort:
        if column not in extra and (problem := _missing(column, searched)):
            yield ("sort",), f"{problem}; the search would end without an answer"
    if search.filters is not None:
        for column in sorted(parse_filter(search.filters).columns()):
            if problem := _missing(column, searched):
                yield ("filters",), f"{problem}; the search would match nothing"


def _missing(column: str, searched: dict[str, frozenset[str]]) -> str | None:
    """Say where `column` is missing; None if all searched collections have it."""
    without = [name for name, columns in searched.items() if column not in columns]
    if not without:
        return None
    if len(without) < len(searched):
        return f'"{column}" is not in {", ".join(printable(name, 60) for name in without)}'
    columns = sorted(frozenset().union(*searched.values()))
    return f'no column "{column}"{_nearest(column, columns)}'


def _nearest(name: str, known: Iterable[str]) -> str:
    # The names are the server's words.
    return printable(suggestion(name, known), 100)
