"""How the saved searches are: when each ran, how that ended, and when it runs next."""

from __future__ import annotations

from typing import Final

import msgspec

from .readonly import ReadOnlyCatalog
from .run import Value, run_query

# Newest first by the runs' own order (+ keeps the index on searches out of it): it ends at
# the first that fits, however many runs there are.
_LAST = "SELECT id FROM search_runs WHERE +search = s.name {} ORDER BY id DESC LIMIT 1"
_SEARCHES: Final = f"""
WITH last AS (
  SELECT s.*, ({_LAST.format("")}) AS run, ({_LAST.format("AND state = 'ok'")}) AS good
  FROM searches AS s
  WHERE s.enabled OR EXISTS (
    SELECT 1 FROM search_runs WHERE search = s.name AND finished IS NULL)
)
SELECT s.name, s.kind, s.schedule, s.next_run, r.state, r.started, r.finished, r.next_look,
       r.nobjects, r.added, r.removed, r.changed, r.message, g.finished,
       (SELECT count(*) FROM search_runs AS f WHERE f.id > coalesce(s.good, 0)
        AND +f.search = s.name AND f.finished IS NOT NULL)
FROM last AS s LEFT JOIN search_runs AS r ON r.id = s.run
LEFT JOIN search_runs AS g ON g.id = s.good ORDER BY s.name
"""


class SearchStatus(msgspec.Struct, frozen=True):
    """A saved search that is in force or under way.

    Attributes
    ----------
    schedule
        In words.
    next_run
        When it is next due, in the past if it waits for its turn; None while nothing is
        foreseen.
    state
        Of its last run: ``ok``, ``suspect``, ``failed`` or ``gave_up``; ``waiting``,
        ``running`` or ``mirroring`` while it is under way; None if it never ran.
    started, finished
        Of its last run.
    next_look
        When a run that is under way goes on.
    nobjects, added, removed, changed
        What its last run found, where it is finished.
    message
        What its last run has to say: the error, if there was one.
    last_good
        When its last good run finished.
    failures
        Runs that ended since then; none of them was good.
    """

    name: str
    kind: str
    schedule: str
    next_run: str | None
    state: str | None
    started: str | None
    finished: str | None
    next_look: str | None
    nobjects: int | None
    added: int | None
    removed: int | None
    changed: int | None
    message: str | None
    last_good: str | None
    failures: int


def read_searches(catalog: ReadOnlyCatalog) -> tuple[SearchStatus, ...]:
    """Return how the saved searches are, by name."""
    return tuple(_search(row) for row in run_query(catalog, _SEARCHES).rows)


def _search(row: tuple[Value, ...]) -> SearchStatus:
    name, kind, schedule, next_run, state, started, finished, next_look, *found = row
    nobjects, added, removed, changed, message, last_good, failures = found
    return SearchStatus(
        str(name),
        str(kind),
        str(schedule),
        _text(next_run),
        _text(state),
        _text(started),
        _text(finished),
        _text(next_look),
        _number(nobjects),
        _number(added),
        _number(removed),
        _number(changed),
        _text(message),
        _text(last_good),
        _number(failures) or 0,
    )


def _text(value: Value) -> str | None:
    return None if value is None else str(value)


def _number(value: Value) -> int | None:
    return value if isinstance(value, int) else None
