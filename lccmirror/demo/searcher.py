"""From a search to a dataset: the stages, and what happens when one takes too long.

A search that would take long on a real server is told how it shall leave the foreground
(`Fate`); what follows happens in driven steps (`Searcher.advance`), so that nobody has to
wait for it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from enum import Enum
from random import Random

from .arguments import SearchRequest
from .backend import ANONYMOUS_USER, Dataset, Requester, SearchStep
from .datasets import Shelf
from .searches import SEARCH_TYPES, Found, SearchCrash, SearchEngine, describe_column
from .surveys import Survey
from .tables import sort_keys, table_columns, table_rows


class Fate(Enum):
    """How a search shall go that is not simply answered."""

    QUERY_TIMEOUT = "query timeout"
    ZIP_TIMEOUT = "zip timeout"
    CRASH_IN_QUERY = "crash in query"
    CRASH_IN_TABLE = "crash in table"


class Searcher:
    """Runs searches into datasets on a shelf.

    Parameters
    ----------
    rows_per_page
        Of datasets made from now on.
    lczip_max_nrows
        More rows than this: no ZIP, and the search leaves the foreground.
    max_rows
        The most rows in a dataset.
    """

    def __init__(
        self,
        surveys: Sequence[Survey],
        shelf: Shelf,
        random: Random,
        *,
        rows_per_page: int,
        lczip_max_nrows: int,
        max_rows: int,
    ) -> None:
        self._surveys = {s.collection: s for s in surveys}
        self._engine = SearchEngine(surveys)
        self._shelf = shelf
        self._random = random
        self.rows_per_page = rows_per_page
        self.lczip_max_nrows = lczip_max_nrows
        self._max_rows = max_rows
        self._fates: deque[Fate] = deque()
        self._pending: dict[str, deque[Callable[[], object]]] = {}
        self._lock = threading.RLock()

    def close(self) -> None:
        """Let go of the catalogs' database."""
        self._engine.close()

    def replace(self, survey: Survey) -> None:
        """Search another version of a collection from now on."""
        with self._lock:
            self._engine.replace(survey)
            self._surveys[survey.collection] = survey

    def next_search(self, fate: Fate) -> None:
        """Say how the next search shall go; several calls queue up."""
        with self._lock:
            self._fates.append(fate)

    def search(self, request: SearchRequest, requester: Requester) -> Iterator[SearchStep]:
        """Run a search, step by step; a search that crashes just ends."""
        with self._lock:
            fate = self._fates.popleft() if self._fates else None
        setid, created = self._shelf.new_setid(), self._shelf.now()
        yield SearchStep("queued", setid)
        if fate is Fate.CRASH_IN_QUERY:
            return
        try:
            sort_keys(request.sortspec)
            found = self._engine.run(request)
        except SearchCrash:
            return
        if fate is Fate.QUERY_TIMEOUT:
            self._finish_later(setid, created, request, requester, found)
            yield SearchStep("query timeout", setid)
            return
        if found is None or found.nmatches == 0:
            yield SearchStep("no match", setid)
            return
        yield SearchStep("found", setid, found.nmatches)
        if fate is Fate.CRASH_IN_TABLE:
            return
        try:
            dataset = self._table(setid, created, request, requester, found)
        except SearchCrash:
            return
        yield from self._collect(dataset, fate)

    def advance(self, setid: str | None = None) -> bool:
        """Let one step happen in the background, of `setid` or of every search there.

        Returns whether anything happened.
        """
        with self._lock:
            waiting = [setid] if setid is not None else list(self._pending)
            steps = [self._pending[s].popleft() for s in waiting if self._pending.get(s)]
            self._pending = {s: queue for s, queue in self._pending.items() if queue}
            for step in steps:
                step()
        return bool(steps)

    def _collect(self, dataset: Dataset, fate: Fate | None) -> Iterator[SearchStep]:
        setid, nmatches = dataset.setid, dataset.total_nmatches
        self._shelf.put(dataset)
        if len(dataset.rows) > self.lczip_max_nrows:
            self._later(setid, lambda: self._complete(setid))
            yield SearchStep("too many rows", setid, nmatches, dataset)
            return
        yield SearchStep("table", setid, nmatches, dataset)
        if fate is Fate.ZIP_TIMEOUT:
            self._zip_later(setid)
            yield SearchStep("zip timeout", setid, nmatches, dataset)
            return
        dataset = self._complete(setid, has_lczip=True)
        yield SearchStep("zip", setid, nmatches, dataset)
        yield SearchStep("done", setid, nmatches, dataset)

    def _finish_later(
        self,
        setid: str,
        created: datetime,
        request: SearchRequest,
        requester: Requester,
        found: Found | None,
    ) -> None:
        if found is None or found.nmatches == 0:
            # no trace is ever left of it: its page stays 404, like one still running
            return

        def table() -> None:
            try:
                dataset = self._table(setid, created, request, requester, found)
            except SearchCrash:
                return
            # the server loses the session on this way: the dataset is nobody's
            self._shelf.put(dataset.with_changes(session=None))
            if len(dataset.rows) > self.lczip_max_nrows:
                self._later(setid, lambda: self._complete(setid))
            else:
                self._zip_later(setid)

        self._later(setid, table)

    def _zip_later(self, setid: str) -> None:
        def grow(part: float) -> Callable[[], object]:
            def step() -> None:
                self._shelf.zips.show(setid, part, self._shelf.now())
                self._shelf.amend(setid, has_lczip=True)

            return step

        def complete() -> None:
            self._shelf.zips.show(setid, 1.0, self._shelf.now())
            self._complete(setid, has_lczip=True)

        self._later(setid, grow(0.3), grow(0.7), complete)

    def _later(self, setid: str, *steps: Callable[[], object]) -> None:
        with self._lock:
            self._pending.setdefault(setid, deque()).extend(steps)

    def _complete(self, setid: str, *, has_lczip: bool = False) -> Dataset:
        return self._shelf.change(setid, status="complete", has_lczip=has_lczip)

    def _table(
        self,
        setid: str,
        created: datetime,
        request: SearchRequest,
        requester: Requester,
        found: Found,
    ) -> Dataset:
        surveys = [self._surveys[name] for name in found.rows]
        columns = table_columns(request, found, surveys)
        # the server keeps columns in a set: the order asked for is lost
        asked = [c for c in columns if c in request.columns]
        self._random.shuffle(asked)
        columns = asked + [c for c in columns if c not in asked]
        coldesc = {name: describe_column(surveys[0], name) for name in columns}
        searchtype = SEARCH_TYPES[request.service]
        return Dataset(
            setid=setid,
            name=f"New dataset using collections: {', '.join(found.rows)}",
            description=f"Created at {created.isoformat()} UTC, using query: {searchtype}",
            citation=None,
            created=created,
            updated=self._shelf.now(),
            last_updated=self._shelf.now(),
            status="in progress",
            owner=requester.user_id,
            session=requester.token if requester.user_id == ANONYMOUS_USER else None,
            visibility=request.visibility,
            sharedwith=None,
            searchtype=searchtype,
            searchargs=search_arguments(request, columns),
            collections=tuple(found.rows),
            lcmagcols={s.collection: _magnitudes(s) for s in surveys},
            coll_dirs={s.collection: s.collection_id for s in surveys},
            rows_per_page=self.rows_per_page,
            nmatches_by_collection={name: len(rows) for name, rows in found.rows.items()},
            columns=tuple(columns),
            coldesc=coldesc,
            rows=table_rows(request, found, columns, coldesc, self._random, self._max_rows),
            has_lczip=False,
        )


def search_arguments(request: SearchRequest, columns: Sequence[str]) -> dict[str, object]:
    """Return what a dataset remembers of its search (``searchargs``)."""
    shared = {"getcolumns": list(columns), "conditions": request.conditions}
    collections = {"lcclist": list(request.collections) if request.collections else None}
    own: dict[str, object] = {}
    if request.center is not None:
        own = dict(
            zip(("center_ra", "center_decl", "radius_arcmin"), request.center, strict=True)
        )
    elif request.text is not None:
        own = {"ftsquerystr": request.text}
    elif request.positions:
        own = {
            "inputdata": {
                "data": {
                    "objectid": [p.objectid for p in request.positions],
                    "ra": [p.ra for p in request.positions],
                    "decl": [p.decl for p in request.positions],
                },
                "columns": ["objectid", "ra", "decl"],
                "types": ["str", "float", "float"],
                "colobjectid": "objectid",
                "colra": "ra",
                "coldec": "decl",
            },
            "xmatch_dist_arcsec": request.radius_arcsec,
            "xmatch_closest_only": False,
            "inputmatchcol": None,
            "dbmatchcol": None,
        }
    else:
        shared |= {"sortby": None, "limit": None}
    return {
        **own,
        **shared,
        **collections,
        "sortspec": request.sortspec,
        "limitspec": request.limitspec,
        "samplespec": request.samplespec,
        "visibility": request.visibility,
        "sharedwith": None,
    }


def _magnitudes(survey: Survey) -> str:
    return ",".join(n for n in survey.magnitude_columns if n.startswith(("aep", "atf")))
