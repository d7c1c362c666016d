"""The datasets of the mirror."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, overload

import msgspec

from ..errors import Damaged, LccMirrorError
from ..formats.lc_convert import library
from ..names import printable
from ..query import Result, run_query
from . import frames, show
from .collections import unknown
from .columns import Column
from .curve_lookup import read_of_dataset

if TYPE_CHECKING:
    from ..query import ReadOnlyCatalog, Value
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
# `d` alone in FROM, so that a name in it is never ambiguous.
_LISTED: Final = """
SELECT {columns}, (SELECT json_group_array(collection) FROM dataset_collections AS c
                   WHERE c.setid = d.setid)
FROM datasets AS d
WHERE (:setid IS NULL OR d.setid = :setid)
  AND (:state IS NULL OR d.state = :state)
  AND (:collection IS NULL OR EXISTS (
    SELECT 1 FROM dataset_collections AS c WHERE c.setid = d.setid AND c.collection IN (
      SELECT :collection UNION
      SELECT k.collection FROM collections AS k WHERE k.collection_id = :collection)))
  AND NOT EXISTS (
    SELECT 1 FROM json_each(:words) AS word WHERE instr(lower(
      coalesce(d.setid, '') || ' ' || coalesce(d.name, '') || ' ' ||
      coalesce(d.description, '') || ' ' || coalesce(d.citation, '') || ' ' ||
      coalesce(d.query_params, '')), lower(word.value)) = 0)
ORDER BY d.created_on DESC, d.setid
"""
_ROWS: Final = "SELECT data FROM dataset_rows WHERE setid = ? ORDER BY row"
_NEAR: Final = "SELECT setid FROM datasets ORDER BY created_on DESC LIMIT 1000"


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
        decode = msgspec.json.Decoder(dict[str, Any]).decode

        def ask(catalog: ReadOnlyCatalog) -> Result:
            found: Any = run_query(catalog, _ROWS, [self.same_as or self.setid]).rows
            objects = (decode(data) for (data,) in found)
            return Result(names, (tuple([one.get(n) for n in names]) for one in objects))

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


class Datasets(Sequence[Dataset]):
    """Datasets, the newest first.

    Examples
    --------
    >>> found = m.datasets(collection="demo_field_b")
    >>> len(found), found[0].state
    (10, 'mirrored')
    """

    def __init__(self, datasets: tuple[Dataset, ...]) -> None:
        self._datasets = datasets

    @overload
    def __getitem__(self, index: int) -> Dataset: ...
    @overload
    def __getitem__(self, index: slice) -> Datasets: ...
    def __getitem__(self, index: int | slice) -> Dataset | Datasets:
        """Return one, or some."""
        if isinstance(index, slice):
            return Datasets(self._datasets[index])
        return self._datasets[index]

    def __len__(self) -> int:
        return len(self._datasets)

    def __repr__(self) -> str:
        return f"<{len(self)} Datasets>"

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame` with a dataset a row, by its setid.

        Raises
        ------
        LccMirrorError
            If pandas is not installed.
        """
        library("pandas", "pandas", "a pandas table")
        names = [name for name in _NAMES if name != "query_params"]
        rows = [[getattr(one, name) for name in names] for one in self._datasets]
        return frames.to_pandas(names, rows, {}).set_index("setid")

    def _repr_html_(self) -> str:
        heads = ("setid", "created_on", "name", "nobjects", "query_type", "state")
        rows = [[getattr(one, name) for name in heads] for one in self._datasets[:100]]
        note = f"the newest 100 of {len(self):,}" if len(self) > 100 else ""
        return show.table(heads, rows, note=note)


_NAMES: Final = tuple(
    field.name for field in fields(Dataset) if field.name not in ("collections", "_session")
)


def read_datasets(
    catalog: ReadOnlyCatalog,
    session: Session,
    *,
    setid: str | None = None,
    state: str | None = None,
    collection: str | None = None,
    text: str | None = None,
) -> Datasets:
    """Read the datasets that fulfil all that is asked for; each word of `text` is in them."""
    asked: dict[str, Value] = {
        "setid": setid,
        "state": state,
        "collection": collection,
        "words": json.dumps((text or "").split()),
    }
    columns = ", ".join(f"d.{name}" for name in _NAMES)
    found: Any = run_query(catalog, _LISTED.format(columns=columns), asked).rows
    return Datasets(tuple(_dataset(row, session) for row in found))


def read_dataset(catalog: ReadOnlyCatalog, session: Session, setid: str) -> Dataset:
    """Read one dataset.

    Raises
    ------
    UnknownName
        If the mirror knows none of this setid.
    """
    found = read_datasets(catalog, session, setid=setid)
    if not found:
        known = tuple(str(name) for (name,) in run_query(catalog, _NEAR).rows)
        raise unknown("dataset", setid, known)
    return found[0]


def _dataset(row: tuple[Any, ...], session: Session) -> Dataset:
    values = dict(zip(_NAMES, row, strict=False))
    values["query_params"] = _parameters(values["query_params"])
    return Dataset(**values, collections=tuple(json.loads(row[-1])), _session=session)


def _parameters(text: str | None) -> Mapping[str, Any]:
    """Read what the server says of a search, whatever it is."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = text
    return found if isinstance(found, dict) else {"": found}
