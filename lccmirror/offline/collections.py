"""The collections of the mirror, and what the server says of their columns."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError
from ..names import printable
from ..query import run_query
from . import show
from .columns import Column, catalog_column

if TYPE_CHECKING:
    from ..query import ReadOnlyCatalog

_COLUMNS: Final = """
SELECT collection, name, title, description, dtype, format, indexed, fts_indexed
FROM columns ORDER BY collection, position, name
"""


@dataclass(frozen=True)
class Collection:
    """A collection of light curves, as the server describes it.

    Parameters
    ----------
    collection, collection_id
        Its database ID, as in `objects`, and the form that is in paths.
    name, description, project, citation, visibility, datarelease
        As the server has them.
    nobjects
        How many objects it has on the server, not in this mirror.
    minra, maxra, mindecl, maxdecl
        Where it is on the sky, in degrees.
    lcmagcols
        The columns of magnitudes of its light curves, best first, with commas.
    last_updated
        The server's local time, verbatim.
    columns
        Of its catalog.
    """

    collection: str
    collection_id: str
    name: str | None
    description: str | None
    project: str | None
    citation: str | None
    visibility: str | None
    datarelease: int | None
    nobjects: int | None
    minra: float | None
    maxra: float | None
    mindecl: float | None
    maxdecl: float | None
    lcmagcols: str | None
    last_updated: str | None
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """Return what is known of a column.

        Raises
        ------
        UsageError
            If there is none of this name.

        Examples
        --------
        >>> m.collections["demo_field_a"].column("sdssr").unit
        'mag'
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise UsageError(
            f"the collection {self.collection} has no column {printable(name, 60)}",
            hint="it has: " + ", ".join(column.name for column in self.columns),
        )

    def __repr__(self) -> str:
        columns = f"{len(self.columns)} columns"
        said = (self.collection, self.name, f"{self.nobjects} objects", columns)
        return show.in_brackets(type(self), said)

    def _repr_html_(self) -> str:
        heads = ("column", "title", "unit", "description")
        rows = [(c.name, c.label, c.unit, c.description) for c in self.columns]
        about = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in ("columns", "collection")
        }
        return show.facts(self.collection, about, show.table(heads, rows))


class Collections(Mapping[str, Collection]):
    """The collections by name: either form, the database ID or the one in paths.

    Examples
    --------
    >>> list(m.collections)
    ['demo_field_a', 'demo_field_b']
    >>> m.collections["demo-field-a"].collection
    'demo_field_a'
    """

    def __init__(self, collections: tuple[Collection, ...]) -> None:
        self._by_name = {one.collection: one for one in collections}

    def __getitem__(self, name: str) -> Collection:
        """Return a collection.

        Raises
        ------
        UnknownName
            If there is none of this name.
        """
        for one in self._by_name.values():
            if name in (one.collection, one.collection_id):
                return one
        raise unknown("collection", name, tuple(self._by_name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __repr__(self) -> str:
        return f"<Collections: {', '.join(self._by_name) or 'none yet'}>"

    def _repr_html_(self) -> str:
        heads = ("collection", "name", "objects", "RA", "Dec", "columns")
        rows = [
            (
                one.collection,
                one.name,
                one.nobjects,
                _span(one.minra, one.maxra),
                _span(one.mindecl, one.maxdecl),
                len(one.columns),
            )
            for one in self._by_name.values()
        ]
        return show.table(heads, rows)


class UnknownName(UsageError, KeyError):
    """There is no such thing; also a `KeyError`, as of any mapping."""

    # a KeyError would show the message in quotes
    __str__ = UsageError.__str__


def unknown(what: str, name: str, known: tuple[str, ...]) -> UnknownName:
    """Return the error for a name that is not there, with the nearest that are."""
    near = difflib.get_close_matches(str(name), known, n=3) or known[:20]
    there = ", ".join(map(printable, near))
    return UnknownName(
        f"the mirror has no {what} {printable(str(name), 80)}",
        hint=f"there is {there}" if there else None,
    )


def read_collections(catalog: ReadOnlyCatalog) -> Collections:
    """Read what the catalog knows of the collections, in the order of their names."""
    columns: dict[object, list[Column]] = {}
    for collection, *rest in run_query(catalog, _COLUMNS).rows:
        columns.setdefault(collection, []).append(catalog_column(tuple(rest)))
    names = [field.name for field in fields(Collection) if field.name != "columns"]
    found: Any = run_query(
        catalog, f"SELECT {', '.join(names)} FROM collections ORDER BY collection"
    ).rows
    return Collections(
        tuple(
            Collection(
                columns=tuple(columns.get(row[0], ())), **dict(zip(names, row, strict=True))
            )
            for row in found
        )
    )


def _span(low: float | None, high: float | None) -> str | None:
    return None if low is None or high is None else f"{low:g}° to {high:g}°"
