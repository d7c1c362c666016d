"""Which datasets there are: those that fulfil what is asked for, the newest first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, overload

from .. import foreign_json
from ..formats.lc_convert import library
from ..query import run_query
from . import frames, show
from .collections import unknown
from .datasets import Dataset

if TYPE_CHECKING:
    from ..query import ReadOnlyCatalog, Value
    from .session import Session

# `d` alone in FROM, so that a name in it is never ambiguous.
_LISTED: Final = """
SELECT {columns}, (SELECT json_group_array(collection) FROM dataset_collections AS c
                   WHERE c.setid = d.setid)
FROM datasets AS d
WHERE {which}
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
_NEAR: Final = "SELECT setid FROM datasets ORDER BY created_on DESC LIMIT 1000"
_COLLECTIONS: Final = """
SELECT collection FROM collections UNION SELECT collection_id FROM collections
UNION SELECT collection FROM dataset_collections
"""
_STATES: Final = (
    *("listed", "waiting", "mirrored", "partial", "failed", "skipped", "private", "pruned"),
)


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
    """Read the datasets that fulfil all that is asked for; each word of `text` is in them.

    Raises
    ------
    UnknownName
        If there is no such state, or no such collection.
    """
    if state is not None and state not in _STATES:
        raise unknown("state", state, _STATES)
    asked: dict[str, Value] = {
        "setid": setid,
        "state": state,
        "collection": collection,
        "words": json.dumps((text or "").split()),
    }
    columns = ", ".join(f"d.{name}" for name in _NAMES)
    # A condition that may say nothing would have all datasets read for one.
    which = ":setid IS NULL" if setid is None else "d.setid = :setid"
    found: Any = run_query(catalog, _LISTED.format(columns=columns, which=which), asked).rows
    datasets = tuple(_dataset(row, session) for row in found)
    if not datasets and collection is not None:
        known = tuple(str(name) for (name,) in run_query(catalog, _COLLECTIONS).rows)
        if collection not in known:
            raise unknown("collection", collection, known)
    return Datasets(datasets)


def read_dataset(catalog: ReadOnlyCatalog, session: Session, setid: str) -> Dataset:
    """Read one dataset.

    Raises
    ------
    UnknownName
        If the mirror knows none of this setid.
    """
    # None, of a light curve that came with no dataset, does not stand for all of them.
    found = read_datasets(catalog, session, setid=str(setid))
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
        found = foreign_json.load(text or "{}")
    except ValueError:
        found = text
    return found if isinstance(found, dict) else {"": found}
