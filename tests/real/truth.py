"""What the server really has: its own databases and files, read behind its back.

Nothing here asks the server, so nothing the server damages on the way is damaged here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.real import basedir as basedirs
from tests.real import synthetic
from tests.real.environment import RealEnvironment

Value = str | int | float | None

# Columns of a dataset's table, by the catalog's column that they show.
_SHOWS = {
    "db_oid": "objectid",
    "kdtree_oid": "objectid",
    "db_ra": "ra",
    "kdtree_ra": "ra",
    "db_decl": "decl",
    "kdtree_decl": "decl",
    "owner": "object_owner",
    "visibility": "object_visibility",
    "sharedwith": "object_sharedwith",
    "extra_info": "extra_info_json",
}
_LIGHT_CURVE_COLUMNS = ("db_lcfname", "lcfname")

_ALL_DATASETS = """
select setid, created_on, last_updated, nobjects, status, queried_collections, query_type,
       query_params, name, description, citation, dataset_visibility
  from lcc_datasets
 order by last_updated desc
"""


@dataclass(frozen=True)
class DatasetTruth:
    """A dataset's row in the server's database."""

    setid: str
    created_on: str
    last_updated: str
    nobjects: int
    status: str
    queried_collections: tuple[str, ...]
    query_type: str | None
    query_params: str | None
    name: str | None
    description: str | None
    citation: str | None
    visibility: str


@dataclass(frozen=True)
class Products:
    """A dataset's files on the server's disk; ``lczip`` is None when there is no ZIP."""

    csv: Path
    pickle: Path
    lczip: Path | None


@dataclass(frozen=True)
class TableTruth:
    """A dataset's table as the server's search returned it, before it was published."""

    setid: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def records(self) -> Iterator[dict[str, Value]]:
        """Yield the rows as dictionaries by column name."""
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))


class Truth:
    """A base directory's contents; its server may be running.

    Parameters
    ----------
    basedir
        The base directory, built by ``basedir.build`` or copied from such a one.
    """

    def __init__(self, basedir: Path) -> None:
        self.basedir = basedir

    @cached_property
    def collections(self) -> Mapping[str, str]:
        """The collections' path identifiers (``synth-alpha``) by database id."""
        ids = (path.parent.name for path in self.basedir.glob("*/catalog-objectinfo.sqlite"))
        return {name.replace("-", "_"): name for name in sorted(ids)}

    @cached_property
    def catalogs(self) -> Mapping[str, Mapping[str, Mapping[str, Value]]]:
        """Every value of every catalog: by collection's database id, objectid, column."""
        return {db_id: self._read_catalog(name) for db_id, name in self.collections.items()}

    def datasets(
        self,
        *,
        status: str | None = "complete",
        visibilities: Iterable[str] | None = ("public",),
    ) -> list[DatasetTruth]:
        """Return the datasets, latest ``last_updated`` first; None takes all."""
        wanted = None if visibilities is None else set(visibilities)
        with closing(_reading(self.basedir / "lcc-datasets.sqlite")) as db:
            rows = db.execute(_ALL_DATASETS).fetchall()
        found = (_dataset(row) for row in rows)
        return [
            each
            for each in found
            if (status is None or each.status == status)
            and (wanted is None or each.visibility in wanted)
        ]

    def products(self, setid: str) -> Products:
        """Return a dataset's files; a ZIP that is a link to another dataset's counts."""
        lczip = self.basedir / "products" / f"lightcurves-{setid}.zip"
        return Products(
            csv=self.basedir / "datasets" / f"dataset-{setid}.csv",
            pickle=self.basedir / "datasets" / f"dataset-{setid}.pkl.gz",
            lczip=lczip if lczip.exists() else None,
        )

    def light_curve(self, collection: str, objectid: str) -> Path | None:
        """Return an object's converted light curve; None when it was not converted."""
        path = self.basedir / "csvlcs" / self.collections[collection] / f"{objectid}-csvlc.gz"
        return path if path.exists() else None

    def format_description(self, collection: str) -> Path:
        """Return a collection's description of its light curves, as ``/c/…`` serves it."""
        return (
            self.basedir
            / "lccjsons"
            / self.collections[collection]
            / "lcformat-description.json"
        )

    def expected(
        self, collection: str, objectid: str, columns: Sequence[str]
    ) -> dict[str, Value]:
        """Return what the catalog has for a dataset's row.

        Columns that a search works out (``dist_arcsec``, ``relevance``, ``in_*``) are left
        out: see ``tables``.
        """
        item = self.catalogs[collection][objectid]
        found: dict[str, Value] = {}
        for column in columns:
            if column in _LIGHT_CURVE_COLUMNS:
                found[column] = f"/l/{self.collections[collection]}/{objectid}-csvlc.gz"
            elif column == "collection":
                found[column] = collection
            elif _SHOWS.get(column, column) in item:
                found[column] = item[_SHOWS.get(column, column)]
        return found

    def tables(self, env: RealEnvironment, setids: Iterable[str]) -> dict[str, TableTruth]:
        """Return datasets' tables from the server's own pickles, every column exact.

        The pickles are read by the server's Python, which made them; here they are data.
        """
        paths = [str(self.products(setid).pickle) for setid in setids]
        done = env.run(
            ["-m", "tests.real.dump_tables", *paths], home=self.basedir / basedirs.HOME
        )
        found = {}
        # not splitlines(): only the line feed ends a line of JSON
        for line in done.stdout.split("\n"):
            if line:
                table = json.loads(line)
                rows = tuple(tuple(row) for row in table["rows"])
                found[table["setid"]] = TableTruth(
                    table["setid"], tuple(table["columns"]), rows
                )
        return found

    def unconvertible(self, collection: str) -> frozenset[str]:
        """Return the objects whose light curves the server cannot convert."""
        for sizes in basedirs.read_options(self.basedir).collections:
            spec = synthetic.spec(**sizes)
            if spec.db_id == collection:
                break
        return frozenset(
            str(objectid)
            for objectid, item in self.catalogs[collection].items()
            if float(item["decl"] or 0) > spec.unconvertible_above
        )

    def _read_catalog(self, collection_id: str) -> dict[str, dict[str, Value]]:
        path = self.basedir / collection_id / "catalog-objectinfo.sqlite"
        with closing(_reading(path)) as db:
            rows = db.execute("select * from object_catalog").fetchall()
        return {row["objectid"]: dict(row) for row in rows}


def _reading(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    return db


def _dataset(row: sqlite3.Row) -> DatasetTruth:
    values = dict(row)
    values["visibility"] = values.pop("dataset_visibility")
    queried = values["queried_collections"]
    values["queried_collections"] = tuple(queried.split(", ")) if queried else ()
    return DatasetTruth(**values)
