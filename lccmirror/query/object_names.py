"""Which objects have a name; and for a name that none has, the nearest ones."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator
from typing import Final

from ..errors import LccMirrorError, UsageError
from ..names import printable
from .readonly import ReadOnlyCatalog
from .run import run_query
from .sky import known_collections

# Without an index on objectid alone: one look-up in each collection that has objects.
_THERE: Final = """
WITH RECURSIVE there (collection) AS (
  SELECT min(collection) FROM objects
  UNION ALL
  SELECT (SELECT min(o.collection) FROM objects AS o WHERE o.collection > there.collection)
  FROM there WHERE there.collection IS NOT NULL)
"""
# An object can be known by its light curve, or from the server, before a table has it.
# coalesce makes the name a condition on two tables: seeing one on `objects` alone, the planner
# would, once ANALYZE has run, read the whole table to build a Bloom filter.
_COLLECTIONS: Final = f"""{_THERE}
SELECT o.collection FROM there CROSS JOIN objects AS o
WHERE o.collection = there.collection AND o.objectid = coalesce(:objectid, there.collection)
UNION SELECT collection FROM lightcurves WHERE objectid = :objectid
UNION SELECT collection FROM object_info WHERE objectid = :objectid AND info IS NOT NULL
ORDER BY 1
"""
OF_OBJECTS: Final = f"""{_THERE}
SELECT o.collection FROM there CROSS JOIN objects AS o
WHERE o.collection = there.collection AND o.objectid = coalesce(:objectid, there.collection)
ORDER BY 1
"""
"""The collections of which an object of this name is in the table ``objects``."""

_IN_USE: Final = f"{_THERE} SELECT collection FROM there WHERE collection IS NOT NULL"
_BEFORE: Final = """
SELECT objectid FROM objects WHERE collection = ? AND objectid < ?
ORDER BY objectid DESC LIMIT ?
"""
_BEHIND: Final = """
SELECT objectid FROM objects WHERE collection = ? AND objectid >= ? ORDER BY objectid LIMIT ?
"""
_ALL: Final = "SELECT objectid FROM objects"
_COUNT: Final = "SELECT n FROM counts WHERE name = 'objects'"
# With so many objects, all names are compared; else those next to it in alphabetical order.
_FEW: Final = 5_000
_NEXT_TO_IT: Final = 50
# Names of one survey begin alike; another's, with the same numbers, is not what was meant.
_PREFIX: Final = 3
# With another beginning, a name is near only if no more letters than these differ.
_SLIPS: Final = 2.001


def collections_of(
    catalog: ReadOnlyCatalog, objectid: str, collection: str | None = None
) -> tuple[str, ...]:
    """Return the collections that have an object of this name.

    Parameters
    ----------
    catalog
        From `lccmirror.query.open_readonly`.
    objectid
        As the catalog has it.
    collection
        Only this one, by its database ID or path form; None for all.

    Raises
    ------
    UsageError
        If there is none, with the nearest names; or no such collection.
    """
    rows = run_query(catalog, _COLLECTIONS, {"objectid": objectid}).rows
    there = tuple(str(name) for (name,) in rows)
    if not there:
        raise UsageError(
            f"the mirror has no object {printable(objectid, 80)}",
            hint=_hint(catalog, objectid),
        )
    if collection is None:
        return there
    (wanted,) = known_collections(catalog, [collection])
    if wanted not in there:
        raise UsageError(
            f"the mirror has no object {printable(objectid, 80)} of {printable(wanted)}",
            hint=f"it is in {', '.join(map(printable, there))}",
        )
    return (wanted,)


def nearest_names(catalog: ReadOnlyCatalog, objectid: str, most: int = 3) -> list[str]:
    """Return the names of objects that look most like one that none has.

    First those that it is the beginning of, then those that begin in the same way; of others,
    only what may be a slip of the keys.

    Parameters
    ----------
    catalog
        From `lccmirror.query.open_readonly`.
    objectid
        What was asked for.
    most
        How many.
    """
    ((count,),) = run_query(catalog, _COUNT).rows
    if isinstance(count, int) and count <= _FEW:
        names = {str(name) for (name,) in run_query(catalog, _ALL).rows}
    else:
        names = set(_next_to(catalog, objectid))
    by_folded = {name.casefold(): name for name in sorted(names)}
    asked = objectid.casefold()
    begun = [name for name in by_folded if name.startswith(asked)][:most] if asked else []
    near = difflib.get_close_matches(asked, by_folded, n=max(len(by_folded), 1))
    alike = [name for name in near if name[:_PREFIX] == asked[:_PREFIX]]
    slips = [
        name
        for name in near
        if name[:_PREFIX] != asked[:_PREFIX] and _differing(asked, name) <= _SLIPS
    ]
    found = dict.fromkeys(begun + alike + slips)
    return [by_folded[name] for name in list(found)[:most]]


@contextlib.contextmanager
def meant_perhaps(catalog: ReadOnlyCatalog, objectid: str, otherwise: str) -> Iterator[None]:
    """Give an error of the block that has no hint the names that were meant, perhaps.

    Parameters
    ----------
    catalog, objectid
        As for `nearest_names`.
    otherwise
        The hint if no name is near.
    """
    try:
        yield
    except LccMirrorError as error:
        if error.hint is None:
            near = " or ".join(map(printable, nearest_names(catalog, objectid)))
            error.hint = f"did you mean {near}?" if near else otherwise
        raise


def _differing(one: str, other: str) -> float:
    """Return about how many letters of two names differ."""
    ratio = difflib.SequenceMatcher(None, other, one).ratio()
    return (1 - ratio) * (len(one) + len(other)) / 2


def _next_to(catalog: ReadOnlyCatalog, objectid: str) -> Iterator[str]:
    """Yield the names that stand next to one in the alphabetical order of each collection."""
    for (collection,) in list(run_query(catalog, _IN_USE).rows):
        for form in {objectid, objectid.upper(), objectid.lower()}:
            for sql in (_BEFORE, _BEHIND):
                for (name,) in run_query(catalog, sql, (collection, form, _NEXT_TO_IT)).rows:
                    yield str(name)


def _hint(catalog: ReadOnlyCatalog, objectid: str) -> str:
    near = nearest_names(catalog, objectid)
    if near:
        return f"did you mean {' or '.join(map(printable, near))}?"
    ((count,),) = run_query(catalog, _COUNT).rows
    if not count:
        return "the mirror has no objects yet: run `lccmirror sync`"
    return "names are those of the table `objects`; `lccmirror cone` finds objects by position"
