"""The datasets of the mirror."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, overload

from ..errors import Damaged, LccMirrorError
from ..names import printable
from ..query import Result, run_query
from ..query.dataset_values import row_reader
from . import show
from .columns import Column
from .curve_lookup import read_of_dataset

if TYPE_CHECKING:
    from ..query import ReadOnlyCatalog
    from .curves import LightCurves
    from .rows import Rows
    from .session import Session

_COLUMNS: Final = """
SELECT c.name, c.title, c.description, c.dtype, c.format, c.kind
FROM datasets AS d JOIN dataset_columns AS c ON c.setid IN (d.setid, d.same_as)
WHERE d.setid = ? ORDER BY c.setid = d.setid DESC, c.position
"""
_FILES: Final = """
SELECT kind, path, state FROM files WHERE setid = ? AND state <> 'superseded' ORDER BY kind
"""
_ROWS: Final = "SELECT data FROM dataset_rows WHERE setid = ? ORDER BY row"


@dataclass(frozen=True)
class Dataset:
    """A dataset, as the server describes it, and how far the mirror is with it.

    Parameters
    ----------
    setid, name, description, citation, visibility
        As the server has them.
    created_on, last_updated
        UTC.
    nobjects
        How many objects it has.
    query_type, query_params
        Which search made it, and with which parameters.
    origin, state, last_error, mirrored_at, same_as
        As the table ``datasets`` has them.
    nrows
        How many rows its table has; None if the mirror does not have the table.
    collections
        Which ones were searched.
    """

    setid: str
    name: str | None
    description: str | None
    citation: str | None
    visibility: str | None
    created_on: str | None
    last_updated: str | None
    nobjects: int | None
    query_type: str | None
    query_params: Mapping[str, Any] = field(hash=False)
    origin: str
    state: str
    last_error: str | None
    mirrored_at: str | None
    same_as: str | None
    nrows: int | None
    collections: tuple[str, ...]
    _session: Session = field(repr=False, compare=False)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of its table: name, title, description, unit, type.

        Examples
        --------
        >>> dataset = m.datasets(text="ndet > 0")[0]
        >>> [(c.name, c.label, c.unit) for c in dataset.columns[4:6]]
        [('period', 'period [d]', 'd'), ('starname', 'name', None)]
        """
        with self._session.reading() as catalog:
            found: Any = run_query(catalog, _COLUMNS, [self.setid]).rows
            return tuple(Column(*row) for row in found)

    def rows(self) -> Rows:
        """Return the rows of its table, in the published order, with exact values.

        Raises
        ------
        LccMirrorError
            If the mirror does not have them.

        Examples
        --------
        >>> rows = m.datasets(text="ndet > 0")[0].rows()
        >>> rows.columns[:3]
        ('objtype', 'sdssr', 'varflag')
        """
        columns = self.columns
        if self.nrows is None or not columns:
            raise LccMirrorError(
                f"the table of dataset {self.setid} is not in the mirror: its state is "
                f"{self.state}",
                hint=self.last_error and printable(self.last_error, 200),
            )
        names = tuple(column.name for column in columns)
        read = row_reader(names)

        def ask(catalog: ReadOnlyCatalog) -> Result:
            found: Any = run_query(catalog, _ROWS, [self.same_as or self.setid]).rows
            return Result(names, (read(data) for (data,) in found))

        known = {column.name: column for column in columns}
        return self._session.rows(ask, lambda _: known)

    def to_pandas(self) -> Any:
        """Return its table as a `pandas.DataFrame`, units and titles in ``attrs``.

        Raises
        ------
        LccMirrorError
            If the mirror does not have the table, or pandas is not installed.

        Examples
        --------
        >>> table = m.datasets(text="ndet > 0")[0].to_pandas()
        >>> table.shape, table.attrs["units"]["sdssr"]
        ((150, 14), 'mag')
        """
        return self.rows().to_pandas()

    def to_astropy(self) -> Any:
        """Return its table as an `astropy.table.Table`, with units and descriptions.

        Raises
        ------
        LccMirrorError
            If the mirror does not have the table, or Astropy is not installed.
        """
        table = self.rows().to_astropy()
        table.meta.update(setid=self.setid, name=self.name, citation=self.citation)
        return table

    def path(self, kind: str = "csv") -> Path:
        """Return where a product lies.

        Parameters
        ----------
        kind
            ``csv`` or ``json`` (gzipped), as published; ``lczip``: its light curves.

        Raises
        ------
        LccMirrorError
            If the mirror does not have it.
        Damaged
            If it is known to be broken or gone.

        Examples
        --------
        >>> m.datasets()[0].path("csv").is_file()
        True
        """
        with self._session.reading() as catalog:
            found: Any = run_query(catalog, _FILES, [self.setid]).rows
            files = {kind: (path, state) for kind, path, state in found}
        if kind not in files:
            there = ", ".join(files) or "none of its files"
            raise LccMirrorError(
                f"the mirror has no {printable(kind, 40)} of dataset {self.setid}",
                hint=f"it has {there}; the dataset's state is {self.state}",
            )
        path, state = files[kind]
        where: Path = self._session.root / path
        if state != "ok":
            raise Damaged(
                f"{where} is {state}", hint="`lccmirror verify --repair` fetches it again"
            )
        return where

    @overload
    def lightcurves(
        self, *, workers: int | None = None, errors: Literal["raise"] = "raise"
    ) -> LightCurves[Literal["raise"]]: ...
    @overload
    def lightcurves(
        self, *, workers: int | None = None, errors: Literal["yield"]
    ) -> LightCurves[Literal["yield"]]: ...
    def lightcurves(
        self, *, workers: int | None = None, errors: Literal["raise", "yield"] = "raise"
    ) -> Any:
        """Read the light curves of its objects one by one: `Mirror.lightcurves`.

        The copy is that which came with this dataset, where there is one, else the newest.

        Examples
        --------
        >>> dataset = m.datasets(text="ndet > 0")[0]
        >>> sum(len(curve) for curve in dataset.lightcurves()) > 10_000
        True
        """
        return read_of_dataset(self._session, self.setid, workers, errors)

    def __repr__(self) -> str:
        said = (self.setid, self.name, f"{self.nobjects} objects", self.state)
        return show.in_brackets(type(self), said)

    def _repr_html_(self) -> str:
        about = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in ("setid", "_session", "query_params", "collections")
        }
        about["collections"] = ", ".join(self.collections) or None
        about["query_params"] = json.dumps(self.query_params) if self.query_params else None
        heads = ("column", "title", "unit", "description")
        rows = [(c.name, c.label, c.unit, c.description) for c in self.columns]
        return show.facts(f"dataset {self.setid}", about, show.table(heads, rows))
