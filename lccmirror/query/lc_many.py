"""Many light curves at once: which ones, and work on each of them in several processes."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from ..errors import LccMirrorError, UsageError
from .lc_workers import in_processes
from .lightcurves import Copy, LightCurveFiles
from .readonly import ReadOnlyCatalog
from .run import Value, run_query

if TYPE_CHECKING:
    from ..formats import LightCurve

T = TypeVar("T")
Work = Callable[[LightCurveFiles, Copy], T]

# Packed bytes. Starting a process, and its imports, cost as much as reading half of this.
_WORTH_PROCESSES: Final = 40_000_000
# Importing Arrow costs as much as it saves with this.
_WORTH_ARROW: Final = 20_000_000
# However small a light curve is, it costs as much as this; most whose size is not known are
# larger.
_LEAST: Final = 10_000
_USUAL: Final = 50_000
_CHUNK: Final = 32

# The condition sees `objects` and no other table, so that no name in it is ambiguous.
_CHOSEN = """
WITH chosen AS (SELECT collection, objectid FROM objects WHERE (
{condition}
))
SELECT l.collection, l.objectid, l.path, l.member, l.setid, l.size, l.crc32
FROM chosen JOIN lightcurves AS l USING (collection, objectid)
WHERE l.newest = 1 ORDER BY l.path, l.member
"""
_WITHOUT = """
SELECT count(*) FROM objects AS o WHERE (
{condition}
) AND NOT EXISTS (SELECT 1 FROM lightcurves AS l
                  WHERE l.collection = o.collection AND l.objectid = o.objectid)
"""


def copies_where(
    catalog: ReadOnlyCatalog, condition: str, params: Mapping[str, Value] | None = None
) -> list[Copy]:
    """Return the newest light curve of each object that fulfils a condition.

    Parameters
    ----------
    catalog
        From `lccmirror.query.open_readonly`: it refuses a condition that would do more
        than read.
    condition
        SQL on the columns of ``objects``: ``sdssr < 12 AND collection = 'hatnet_dr2'``.
    params
        Values for its ``:name`` parameters.

    Returns
    -------
    list
        In the order in which reading them is fastest.

    Raises
    ------
    UsageError
        If the condition is wrong.
    """
    if not condition.strip():
        raise UsageError("the condition is empty", hint="1 stands for all objects")
    # So that what is said of a mistake is said of the condition, and not of our statement.
    # It stands on lines of its own, since the line with the mistake is shown.
    run_query(catalog, f"EXPLAIN SELECT 1 FROM objects WHERE\n{condition}", params)
    found = run_query(catalog, _CHOSEN.format(condition=condition), params)
    return [_copy(*row) for row in found.rows]


def count_without(catalog: ReadOnlyCatalog, condition: str) -> int:
    """Return how many objects fulfil the condition and have no light curve here."""
    value = next(run_query(catalog, _WITHOUT.format(condition=condition)).rows)[0]
    return value if isinstance(value, int) else 0


def _copy(
    collection: object,
    objectid: object,
    path: object,
    member: object,
    setid: object,
    *rest: object,
) -> Copy:
    size, crc32 = rest
    return Copy(
        str(collection),
        str(objectid),
        str(path),
        None if member is None else str(member),
        None if setid is None else str(setid),
        size if isinstance(size, int) else None,
        crc32 if isinstance(crc32, int) else None,
    )


def read_many(
    root: Path, copies: Sequence[Copy], processes: int | None = None
) -> Generator[tuple[Copy, LightCurve | LccMirrorError], None, None]:
    """Read light curves, and yield each as soon as it and those before it are read.

    Parameters
    ----------
    root
        The mirror's folder.
    copies
        Which ones.
    processes
        How many; None for as many as there are processors, 1 for this one only.

    Yields
    ------
    tuple
        The copy, and the light curve or why it cannot be read.
    """
    return do_many(root, copies, LightCurveFiles.read, processes)


def do_many(
    root: Path, copies: Sequence[Copy], work: Work[T], processes: int | None = None
) -> Generator[tuple[Copy, T | LccMirrorError], None, None]:
    """Do something with each of many light curves, as `read_many` reads them.

    Parameters
    ----------
    root, copies, processes
        As for `read_many`.
    work
        Called with the open files and a copy; it can be pickled.

    Raises
    ------
    LocalError
        If a process cannot be started, or is ended from outside.
    """
    if processes is None:
        processes = 1 if _work_in(copies) < _WORTH_PROCESSES else (os.cpu_count() or 1)
    if processes <= 1:
        with LightCurveFiles(root, many=_work_in(copies) > _WORTH_ARROW) as files:
            for copy in copies:
                yield copy, _tried(work, files, copy)
        return
    size = max(1, min(_CHUNK, len(copies) // (2 * processes)))
    chunks = [copies[at : at + size] for at in range(0, len(copies), size)]
    done = in_processes(functools.partial(_chunk, root, work), chunks, processes)
    with contextlib.closing(done):
        for chunk, results in zip(chunks, done, strict=True):
            yield from zip(chunk, results, strict=True)


def _work_in(copies: Sequence[Copy]) -> int:
    """Return how much reading light curves costs, in packed bytes."""
    return sum(max(copy.size or _USUAL, _LEAST) for copy in copies)


def _chunk(root: Path, work: Work[T], copies: Sequence[Copy]) -> list[T | LccMirrorError]:
    with LightCurveFiles(root, many=True) as files:
        return [_tried(work, files, copy) for copy in copies]


def _tried(work: Work[T], files: LightCurveFiles, copy: Copy) -> T | LccMirrorError:
    try:
        return work(files, copy)
    except LccMirrorError as error:
        return error
