"""The saved searches of the mirror, their runs and what they found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from ..catalog.search_views import view_name
from ..errors import UsageError
from ..names import quote_identifier
from ..query import run_query
from ..query.search_history import changes_of, moment_of
from . import show
from .collections import unknown

if TYPE_CHECKING:
    from ..query import ReadOnlyCatalog
    from .rows import Rows
    from .session import Session

_SEARCHES: Final = """
SELECT name, kind, params, schedule, enabled, last_run, next_run FROM searches ORDER BY name
"""
_SHOWN: Final = "SELECT 1 FROM searches WHERE name = ? AND view_run IS NOT NULL"
_RUNS: Final = """
SELECT id, due, started, finished, state, setid, nobjects, total_nmatches, added, removed,
       changed, message
FROM search_runs WHERE search = ? ORDER BY id DESC
"""


@dataclass(frozen=True)
class SearchRun:
    """One run of a saved search, as the table ``search_runs`` has it.

    Parameters
    ----------
    id
        Its number in the catalog.
    due, started, finished
        UTC; `due` is None if a person asked for it.
    state
        ``ok``, ``suspect``, ``failed``, ``gave_up``, or ``waiting``, ``running``,
        ``mirroring`` while it is under way.
    setid
        Of its (first) dataset.
    nobjects, total_nmatches
        Different objects in the result, and those that matched before sample and limit.
    added, removed, changed
        How many objects came, went and changed.
    message
        What went wrong.
    """

    id: int
    due: str | None
    started: str
    finished: str | None
    state: str
    setid: str | None
    nobjects: int | None
    total_nmatches: int | None
    added: int | None
    removed: int | None
    changed: int | None
    message: str | None


@dataclass(frozen=True)
class Search:
    """A saved search.

    Parameters
    ----------
    name, kind
        As in the configuration.
    params
        What it asks.
    schedule
        When, in words.
    enabled
        False also when the configuration no longer has it.
    last_run, next_run
        UTC; None if it never ran, or while nothing is foreseen.
    """

    name: str
    kind: str
    params: Mapping[str, Any] = field(hash=False)
    schedule: str
    enabled: bool
    last_run: str | None
    next_run: str | None
    _session: Session = field(repr=False, compare=False)

    def runs(self) -> tuple[SearchRun, ...]:
        """Return its runs, the newest first."""
        with self._session.reading() as catalog:
            found: Any = run_query(catalog, _RUNS, [self.name]).rows
            return tuple(SearchRun(*row) for row in found)

    def latest(self) -> Rows:
        """Return the rows of its latest good run: the view ``latest_<name>``.

        Raises
        ------
        UsageError
            If no run has gone well yet.
        """
        view = quote_identifier(view_name(self.name))
        with self._session.reading() as catalog:
            if not list(run_query(catalog, _SHOWN, [self.name]).rows):
                raise UsageError(f"no run of the search {self.name} has gone well yet")
        return self._session.rows(lambda catalog: run_query(catalog, f"SELECT * FROM {view}"))

    def changes(self, since: str | date | timedelta | None = None) -> Rows:
        """Return the objects that came, went or changed: `Mirror.changes`."""
        return changes(self._session, self.name, since)

    def _repr_html_(self) -> str:
        about = {
            one.name: getattr(self, one.name)
            for one in fields(self)
            if one.name not in ("name", "params", "_session")
        }
        about["params"] = json.dumps(self.params)
        heads = ("started", "state", "nobjects", "added", "removed", "changed", "message")
        rows = [[getattr(run, name) for name in heads] for run in self.runs()[:10]]
        return show.facts(f"search {self.name}", about, show.table(heads, rows))


class Searches(Mapping[str, Search]):
    """The saved searches by name.

    Examples
    --------
    >>> searching = lccmirror.open("lccmirror-searches")
    >>> list(searching.searches)
    ['bright_movers']
    >>> searching.search("bright_movers").runs()[0].state
    'ok'
    """

    def __init__(self, searches: tuple[Search, ...]) -> None:
        self._by_name = {one.name: one for one in searches}

    def __getitem__(self, name: str) -> Search:
        """Return a search.

        Raises
        ------
        UnknownName
            If there is none of this name.
        """
        if name in self._by_name:
            return self._by_name[name]
        raise unknown("saved search", name, tuple(self._by_name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __repr__(self) -> str:
        return f"<Searches: {', '.join(self._by_name) or 'none'}>"

    def _repr_html_(self) -> str:
        heads = ("name", "kind", "schedule", "enabled", "last_run", "next_run")
        rows = [[getattr(one, name) for name in heads] for one in self._by_name.values()]
        return show.table(heads, rows)


def changes(session: Session, name: str, since: str | date | timedelta | None) -> Rows:
    """Return what came, went or changed: `lccmirror.offline.Mirror.changes`."""
    moment = None if since is None else moment_of(since, session.now())
    return session.rows(lambda catalog: changes_of(catalog, name, moment))


def read_searches(catalog: ReadOnlyCatalog, session: Session) -> Searches:
    """Read the saved searches, in the order of their names."""
    found: Any = run_query(catalog, _SEARCHES).rows
    return Searches(
        tuple(
            Search(
                name,
                kind,
                json.loads(params),
                schedule,
                bool(enabled),
                last,
                following,
                session,
            )
            for name, kind, params, schedule, enabled, last, following in found
        )
    )
