"""What people ask of a mirror, and how an answer shows that it is wrong.

Asked while a daemon writes: each answer is compared with what the same reader was told
before, and each question that takes several statements has to be of one moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from lccmirror.clock import to_text, utc_now
from lccmirror.query import ReadOnlyCatalog, run_query
from lccmirror.query.find import find
from lccmirror.query.lightcurves import copies_of
from lccmirror.query.moment import one_moment
from lccmirror.query.sky import cone
from lccmirror.query.status import read_status

_NEWEST = """
SELECT setid, created_on, query_type, nobjects, state, name
FROM datasets ORDER BY created_on DESC, setid LIMIT 25
"""
# An object's rows in all datasets, by an index, each beside what `objects` has of it.
_ROWS_OF_AN_OBJECT = """
SELECT r.setid, r.row, json_extract(r.data, '$.sdssr'), o.sdssr
FROM dataset_rows AS r JOIN objects AS o USING (collection, objectid)
WHERE r.collection = :collection AND r.objectid = :objectid
"""
_BRIGHTEST = """
SELECT collection, objectid, sdssr FROM objects
WHERE sdssr < 12 ORDER BY sdssr, collection, objectid LIMIT 25
"""
_WHOLE = """
SELECT d.setid, d.nrows,
       (SELECT count(*) FROM dataset_rows AS r WHERE r.setid = coalesce(d.same_as, d.setid)),
       CASE WHEN d.state = 'mirrored' AND d.has_lczip THEN
         (SELECT count(*) FROM files AS f JOIN lightcurves AS l ON l.path = f.path
          WHERE f.setid = d.setid AND f.kind = 'lczip')
         + (SELECT count(*) FROM missing_lightcurves AS m WHERE m.setid = d.setid)
       ELSE d.nrows END
FROM datasets AS d WHERE d.nrows IS NOT NULL
ORDER BY d.created_on DESC, d.setid LIMIT 25
"""
_COUNTED = """
SELECT (SELECT sum(nrows) FROM datasets WHERE same_as IS NULL),
       (SELECT n FROM counts WHERE name = 'dataset_rows'),
       (SELECT count(*) FROM objects),
       (SELECT n FROM counts WHERE name = 'objects')
"""
_TARGETS = """
SELECT o.collection, o.objectid, o.ra, o.decl
FROM lightcurves AS l JOIN objects AS o USING (collection, objectid)
WHERE l.newest = 1 ORDER BY o.collection, o.objectid
"""


class WrongAnswer(Exception):
    """An answer that cannot be."""


@dataclass(frozen=True)
class Target:
    """An object that is asked for; it has a light curve."""

    collection: str
    objectid: str
    ra: float
    decl: float


@dataclass
class Memory:
    """What one reader was told so far.

    Attributes
    ----------
    answers
        Those that must stay the same.
    most
        Numbers that can only grow.
    latest
        When the newest dataset was made.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)
    latest: str = ""

    def same(self, what: str, answer: object) -> None:
        """Insist that it is what was answered the first time."""
        first = self.answers.setdefault(what, answer)
        if answer != first:
            raise WrongAnswer(f"{what}: {answer!r:.200} was {first!r:.200} before")

    def grown(self, what: str, number: int) -> None:
        """Insist that it is at least what it was before."""
        before = self.most.get(what, 0)
        if number < before:
            raise WrongAnswer(f"{what}: {number:,} after {before:,}")
        self.most[what] = number


def targets(catalog: ReadOnlyCatalog, most: int = 40) -> list[Target]:
    """Return some of the objects with light curves, the same for every reader."""
    found = [Target(*row) for row in run_query(catalog, _TARGETS).rows]  # type: ignore[arg-type]
    return found[:: max(1, len(found) // most)]


def _newest(catalog: ReadOnlyCatalog, target: Target, memory: Memory) -> None:
    rows = _all(catalog, _NEWEST)
    times = [row[1] for row in rows]
    if times != sorted(times, reverse=True):
        raise WrongAnswer(f"not the newest first: {times}")
    memory.grown("datasets, up to 25", len(rows))
    if times[0] < memory.latest:
        raise WrongAnswer(f"the newest dataset is of {times[0]}, and was of {memory.latest}")
    memory.latest = times[0]


def _cone(catalog: ReadOnlyCatalog, target: Target, memory: Memory) -> None:
    rows = list(cone(catalog, target.ra, target.decl, 5).rows)
    if target.objectid not in [row[1] for row in rows]:
        raise WrongAnswer(f"{target.objectid} is not where it is")
    memory.same(f"cone around {target.objectid}", rows)


def _lightcurves(catalog: ReadOnlyCatalog, target: Target, memory: Memory) -> None:
    copies = copies_of(catalog.connection, target.objectid, target.collection)
    if [copy.newest for copy in copies] != [True] + [False] * (len(copies) - 1):
        raise WrongAnswer(f"of {target.objectid} not one light curve is the newest: {copies}")
    memory.grown(f"light curves of {target.objectid}", len(copies))


def _indexed(catalog: ReadOnlyCatalog, target: Target, memory: Memory) -> None:
    named = {"collection": target.collection, "objectid": target.objectid}
    rows = _all(catalog, _ROWS_OF_AN_OBJECT, named)
    if wrong := [row for row in rows if row[2] != row[3]]:
        raise WrongAnswer(f"{target.objectid}: a row and its object differ: {wrong}")
    memory.grown(f"rows of {target.objectid}", len(rows))


def _unindexed(catalog: ReadOnlyCatalog, target: Target, memory: Memory) -> None:
    memory.same("the brightest objects", _all(catalog, _BRIGHTEST))


def _status(catalog: ReadOnlyCatalog, target: Target, memory: Memory) -> None:
    status = read_status(catalog, to_text(utc_now()))
    memory.grown("rows, by status", status.rows)
    memory.grown("objects, by status", status.objects)
    memory.grown("light curves, by status", status.lightcurves)


def _find(catalog: ReadOnlyCatalog, target: Target, memory: Memory) -> None:
    found = list(find(catalog, target.objectid, ("datasets", "objects"), limit=10))
    names = [one.name for one in found if one.kind == "objects"]
    memory.same(f"find {target.objectid}", names)
    if target.objectid not in names:
        raise WrongAnswer(f"{target.objectid} is not found, only {names}")


def _whole(catalog: ReadOnlyCatalog, target: Target, memory: Memory) -> None:
    """No dataset is there by half, and no count is of another moment than what it counts."""
    with one_moment(catalog):
        before = _all(catalog, _COUNTED)
        datasets = _all(catalog, _WHOLE)
        after = _all(catalog, _COUNTED)
    if before != after:
        raise WrongAnswer(f"not one moment: {before}, then {after}")
    rows, counted_rows, objects, counted_objects = after[0]
    if (rows, objects) != (counted_rows, counted_objects):
        raise WrongAnswer(f"counted wrongly: {after}")
    if wrong := [one for one in datasets if not one[1] == one[2] == one[3]]:
        raise WrongAnswer(f"datasets by half (setid, nrows, rows, light curves): {wrong}")
    memory.grown("rows, in one moment", counted_rows)


def _all(
    catalog: ReadOnlyCatalog, sql: str, params: dict[str, Any] | None = None
) -> Sequence[tuple[Any, ...]]:
    return list(run_query(catalog, sql, params).rows)


Question = Callable[[ReadOnlyCatalog, Target, Memory], None]

QUESTIONS: Final[dict[str, Question]] = {
    "the newest 25 datasets": _newest,
    "a cone of 5′": _cone,
    "light curves of an object": _lightcurves,
    "rows of an object, by an index": _indexed,
    "objects, by no index": _unindexed,
    "status": _status,
    "find": _find,
    "25 whole datasets, in one transaction": _whole,
}
OF_TARGETS: Final = ("a cone of 5′", "find")
"""Those whose answer is of one object, and stays the same."""
