"""The demo's own backend: real searches over synthetic catalogs, kept in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from random import Random

from .arguments import SearchRequest
from .backend import Dataset, Requester, Row, SearchStep, ServedFile
from .datasets import Shelf, UniqueTime
from .lightcurves import format_description
from .objects import describe_object
from .searcher import Searcher
from .surveys import CatalogObject, Survey


class MemoryBackend:
    """Everything the demo server knows; see `backend.Backend` for what is asked of it.

    Parameters
    ----------
    clock
        POSIX seconds.
    rows_per_page
        Of datasets made from now on.
    lczip_max_nrows
        More rows than this: no ZIP, and the search leaves the foreground.
    max_rows
        The most rows in a search's dataset.
    """

    def __init__(
        self,
        surveys: Sequence[Survey],
        clock: Callable[[], float],
        random: Random,
        *,
        rows_per_page: int = 500,
        lczip_max_nrows: int = 500,
        max_rows: int = 100_000,
    ) -> None:
        self._surveys = {s.collection: s for s in surveys}
        now = UniqueTime(clock)
        self._updated = now()
        self.shelf = Shelf(self._surveys, now, random)
        self.searcher = Searcher(
            surveys,
            self.shelf,
            random,
            rows_per_page=rows_per_page,
            lczip_max_nrows=lczip_max_nrows,
            max_rows=max_rows,
        )

    @property
    def lczip_max_nrows(self) -> int:
        """More rows than this: no ZIP of light curves."""
        return self.searcher.lczip_max_nrows

    def close(self) -> None:
        """Let go of the catalogs' database."""
        self.searcher.close()

    def collections(self) -> Sequence[Survey]:
        """Return every collection."""
        return tuple(self._surveys.values())

    def collections_updated(self) -> datetime:
        """Return when the collections were made, or last changed."""
        return self._updated

    def change_catalog(self, collection: str, objects: Iterable[CatalogObject]) -> None:
        """Let a collection have these objects from now on; light curves stay as they are."""
        before = self._surveys[collection]
        after = replace(before, objects=tuple(objects))
        for gone in set(before.by_name) - set(after.by_name):
            # Kept, because it is still in the ZIPs of datasets made before.
            self.shelf.zips.curve(collection, gone)
        self._surveys[collection] = after
        self.searcher.replace(after)
        self._updated = self.shelf.now()

    def datasets(self) -> Sequence[Dataset]:
        """Return every complete dataset, the latest first."""
        return [d for d in self.shelf.all() if d.status == "complete"]

    def dataset(self, setid: str) -> Dataset | None:
        """Return a dataset that has a table, or None."""
        return self.shelf.get(setid)

    def page(self, setid: str, number: int) -> Sequence[Row] | None:
        """Return a page's rows, or None if the page has to be rendered first."""
        return self.shelf.page(setid, number)

    def render_around(self, setid: str, number: int) -> None:
        """Render the pages around `number`."""
        self.shelf.render_around(setid, number)

    def owner_of(self, path: str) -> Dataset | Survey | None:
        """Return what the file at `path` belongs to."""
        kind, _, rest = path.strip("/").partition("/")
        if kind in ("l", "c"):
            folder, _, name = rest.partition("/")
            for survey in self._surveys.values():
                known = kind == "c" or survey.find(name.removesuffix("-csvlc.gz"))
                if survey.collection_id == folder and known:
                    return survey
            return None
        return self.shelf.get(_setid_of(rest))

    def file(self, path: str) -> ServedFile | None:
        """Return the file at `path`, or None."""
        kind, _, rest = path.strip("/").partition("/")
        owner = self.owner_of(path)
        if isinstance(owner, Survey):
            name = rest.partition("/")[2]
            if kind == "c":
                wanted = name == "lcformat-description.json"
                return ServedFile(format_description(owner), self._updated) if wanted else None
            curve = self.shelf.zips.curve(owner.collection, name.removesuffix("-csvlc.gz"))
            return ServedFile(curve, self._updated) if curve and name.endswith(".gz") else None
        if owner is None:
            return None
        if kind == "d" and rest == f"dataset-{owner.setid}.csv":
            return self.shelf.csv(owner.setid)
        if kind == "d" and rest == f"dataset-{owner.setid}.pkl.gz":
            return self.shelf.pickle(owner.setid)
        if kind == "p" and rest == f"lightcurves-{owner.setid}.zip":
            return self.shelf.zip(owner.setid)
        return None

    def object_info(self, collection: str, objectid: str) -> Mapping[str, object] | None:
        """Return everything known of an object, or None."""
        survey = self._surveys.get(collection)
        target = survey.find(objectid) if survey else None
        return describe_object(survey, target) if survey and target else None

    def change_visibility(self, setid: str, visibility: str, requester: Requester) -> bool:
        """Change a dataset's visibility if `requester` made it."""
        dataset = self.shelf.get(setid)
        known = ("public", "unlisted", "private", "shared")
        if dataset is None or dataset.status != "complete" or visibility not in known:
            return False
        if not dataset.owned_by(requester):
            return False
        self.shelf.change(setid, visibility=visibility)
        return True

    def search(self, request: SearchRequest, requester: Requester) -> Iterator[SearchStep]:
        """Run a search, step by step, into a dataset."""
        return self.searcher.search(request, requester)


def _setid_of(name: str) -> str:
    for start, end in (("dataset-", ".csv"), ("dataset-", ".pkl.gz"), ("lightcurves-", ".zip")):
        if name.startswith(start) and name.endswith(end):
            return name.removeprefix(start).removesuffix(end)
    return ""
