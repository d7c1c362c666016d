"""What the server says of a column: its title, what it is, its unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..formats.columns import Kind, kind_of
from ..query import run_query
from ..query.described import plain_text, server_words

if TYPE_CHECKING:
    from ..query import ReadOnlyCatalog

_OBJECT_COLUMNS: Final = """
SELECT o.sql_name, c.title, c.description, c.dtype, c.format, c.indexed, c.fts_indexed
FROM object_columns AS o JOIN columns AS c USING (name)
UNION ALL
SELECT name, title, description, dtype, format, indexed, fts_indexed FROM columns
WHERE name IN ('objectid', 'ra', 'decl')
"""


@dataclass(frozen=True)
class Column:
    """A column of a collection's catalog, or of a dataset.

    Parameters
    ----------
    name
        As the server has it.
    title, description
        As the server has them: the title may have HTML in it.
    dtype, format
        NumPy's name of the type, and the ``%`` format of the published CSV.
    kind
        What it is in SQL: ``integer``, ``real`` or ``text``.
    indexed, fts_indexed
        Whether the server can search it, and as text; False in a dataset.
    """

    name: str
    title: str | None
    description: str | None
    dtype: str | None
    format: str | None
    kind: Kind
    indexed: bool = False
    fts_indexed: bool = False

    @property
    def label(self) -> str:
        """The title without HTML; the name if there is none.

        >>> Column("k", "<em>K<sub>s</sub></em> [mag]", None, "f8", None, "real").label
        'Ks [mag]'
        """
        return plain_text(self.title) or self.name

    @property
    def unit(self) -> str | None:
        """The unit that title or description name, as `astropy.units` writes it.

        >>> Column("k", "<em>K</em> [mag]", None, "f8", None, "real").unit
        'mag'
        """
        return server_words(self.title, self.description, self.dtype).unit


_DISTANCE: Final = Column(
    "dist_arcsec", "distance [arcsec]", "angle to the position asked for", "f8", None, "real"
)


def catalog_column(row: tuple[object, ...]) -> Column:
    """Make a column of name, title, description, dtype, format and the two flags."""
    name, title, description, dtype, fmt, indexed, fts_indexed = row
    return Column(
        str(name),
        text(title),
        text(description),
        text(dtype),
        text(fmt),
        kind_of(str(dtype or "")),
        bool(indexed),
        bool(fts_indexed),
    )


def object_columns(catalog: ReadOnlyCatalog) -> Mapping[str, Column]:
    """Return what is known of the columns of ``objects``, and of ``dist_arcsec``.

    What collections describe with different units is left out.
    """
    found: dict[str, Column] = {}
    differing = set()
    for row in run_query(catalog, _OBJECT_COLUMNS).rows:
        column = catalog_column(row)
        if found.setdefault(column.name, column).unit != column.unit:
            differing.add(column.name)
    for name in differing:
        del found[name]
    return {**found, _DISTANCE.name: _DISTANCE}


def text(value: object) -> str | None:
    """Return a value of the catalog as text, None as it is."""
    return None if value is None else str(value)
