"""Light curves one by one: those that no ZIP has, and those that are damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from .. import durable
from ..catalog.connection import transaction
from ..catalog.lightcurves import (
    Entry,
    forget_missing,
    lightcurve_attempts,
    lightcurve_done,
    postpone_lightcurve,
    put_entries,
    put_missing,
)
from ..clock import to_text
from ..errors import (
    AccessDenied,
    FormatError,
    InTheWay,
    NotFound,
    ServerError,
    Stopped,
    Unreachable,
)
from ..server.urls import lightcurve_path
from . import layout
from .admission import TooLargeForUs
from .doubts import PATIENCE
from .fetch import Fetcher, Product, discard, fetch_file
from .place import forget_arrival, put_product
from .sound import check_gzip
from .trouble import local_errors

if TYPE_CHECKING:
    from .report import CycleReport
    from .session import Session

# So many things in a row that could not be reached, and the rest is left for later.
_GIVE_UP_AFTER = 4
# So many may have come, at most, while the writer is at work.
_AHEAD = 32


@dataclass(frozen=True)
class _Wanted:
    """A light curve that the server has and we have not, or not sound any more (no setid).

    Attributes
    ----------
    link
        Where it is said to be on the server; of a damaged one, where it is here.
    """

    setid: str | None
    collection: str
    objectid: str
    link: str | None
    folder: str

    @property
    def name(self) -> str:
        """What its file is called, on the server and here."""
        if self.link is None:
            return f"{self.objectid}-csvlc.gz"
        name = self.link.rsplit("/", 1)[-1]
        return name if self.setid is not None else layout.undamaged(name)


_WANTED = """
SELECT min(d.setid), r.collection, r.objectid, min(json_extract(r.data, '$.db_lcfname')),
       coalesce(min(c.collection_id), replace(r.collection, '_', '-'))
FROM datasets AS d
JOIN dataset_rows AS r ON r.setid = coalesce(d.same_as, d.setid)
LEFT JOIN collections AS c ON c.collection = r.collection
WHERE d.has_lczip = 0 AND d.state = 'mirrored'
  AND r.collection IS NOT NULL AND r.objectid IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM lightcurves AS l
                  WHERE l.collection = r.collection AND l.objectid = r.objectid)
  AND (NOT EXISTS (SELECT 1 FROM missing_lightcurves AS m
                   WHERE m.collection = r.collection AND m.objectid = r.objectid)
       OR EXISTS (SELECT 1 FROM lightcurve_attempts AS a
                  WHERE a.collection = r.collection AND a.objectid = r.objectid))
  AND NOT EXISTS (SELECT 1 FROM lightcurve_attempts AS a
                  WHERE a.collection = r.collection AND a.objectid = r.objectid
                    AND a.not_before > :now)
GROUP BY r.collection, r.objectid LIMIT :most
"""


# (That it is not 'ok' says nothing new to us, but lets SQLite use the index of such files.)
_DAMAGED = """
SELECT NULL, l.collection, l.objectid, f.path,
       coalesce(c.collection_id, replace(l.collection, '_', '-'))
FROM files AS f CROSS JOIN lightcurves AS l USING (path)
LEFT JOIN collections AS c ON c.collection = l.collection
WHERE f.kind = 'lc' AND f.state IN ('damaged', 'missing') AND f.state <> 'ok'
  AND NOT EXISTS (SELECT 1 FROM lightcurve_attempts AS a
                  WHERE a.collection = l.collection AND a.objectid = l.objectid
                    AND a.not_before > :now)
LIMIT :most
"""


class _NoName(FormatError):
    """A light curve whose name on the server can be no path here."""


_Problem = ServerError | FormatError | InTheWay | TooLargeForUs
_Come = tuple[_Wanted, Product | _Problem]
_GONE = (NotFound, AccessDenied, _NoName)


def fetch_singles(session: Session, fetcher: Fetcher, report: CycleReport) -> int:
    """Fetch light curves one by one: the damaged ones, and missing ones as configured.

    Returns
    -------
    int
        How many came.
    """
    conn, rules = session.mirror.conn, session.config.lightcurves
    due = {"now": _at(session), "most": rules.limit}
    wanted = [_Wanted(*row) for row in conn.execute(_DAMAGED, due)]
    if rules.singles == "missing" and "lczip" in session.config.mirror.products:
        wanted += [_Wanted(*row) for row in conn.execute(_WANTED, due)]
    session.progress.plan(len(wanted), None)
    fetched = unreachable = 0
    for batch in _fetch_all(session, fetcher, wanted):
        for one, problem in _take(session, batch, report):
            fetched += problem is None
            session.progress.item_done(one.objectid, ok=problem is None)
            unreachable = unreachable + 1 if isinstance(problem, Unreachable) else 0
            if unreachable >= _GIVE_UP_AFTER:
                assert problem is not None
                raise problem
    return fetched


def _take(
    session: Session, batch: list[_Come], report: CycleReport
) -> list[tuple[_Wanted, _Problem | None]]:
    """Take into the mirror what has come, in one transaction; return what became of each.

    One flush of the folder and one of the catalog take longer than all the rest, and are
    enough for as many as there are.
    """
    conn = session.mirror.conn
    told: list[tuple[_Wanted, _Problem | None]] = []
    kept: list[Product] = []
    unflushed: set[Path] = set()
    with transaction(conn):
        for one, result in batch:
            if not isinstance(result, Product):
                problem: _Problem | None = result
            elif (problem := _keep(session, one, result, unflushed)) is None:
                kept.append(result)
            _note(session, one, problem, report)
            told.append((one, problem))
        for folder in unflushed:
            durable.flush_folder(folder)
    for product in kept:
        forget_arrival(product)
    return told


def _note(
    session: Session, one: _Wanted, problem: _Problem | None, report: CycleReport
) -> None:
    """Write down what became of a light curve, and when it is asked for again."""
    conn, key = session.mirror.conn, (one.collection, one.objectid)
    if problem is None:
        lightcurve_done(conn, key)
    elif isinstance(problem, _GONE) and one.setid is not None:
        put_missing(conn, one.setid, [key], _why_missing(problem), _at(session))
        if _is_believed(conn, key, problem):
            lightcurve_done(conn, key)
        else:
            postpone_lightcurve(conn, key, problem.message, session.now())
    elif isinstance(problem, TooLargeForUs):
        # No failure, and later it may be wanted.
        postpone_lightcurve(conn, key, problem.message, session.now())
    else:
        if isinstance(problem, _GONE) and one.link is not None:
            report.gone_files.append(one.link)
        report.failed[f"light curve of {one.objectid}"] = problem.message
        postpone_lightcurve(conn, key, problem.message, session.now())


def _is_believed(conn: sqlite3.Connection, key: tuple[str, str], problem: _Problem) -> bool:
    """Whether there is no such light curve: what was gone for a moment may come back."""
    return isinstance(problem, _NoName) or lightcurve_attempts(conn, key) >= PATIENCE


def _why_missing(problem: _Problem) -> str:
    return problem.message if isinstance(problem, _NoName) else "the server has none of it"


def _fetch_all(
    session: Session, fetcher: Fetcher, wanted: list[_Wanted]
) -> Iterator[list[_Come]]:
    """Fetch side by side; yield what has come since the last time, in any order."""

    def fetch(one: _Wanted) -> _Come:
        try:
            with local_errors():
                return one, _fetch_one(fetcher, one)
        except (ServerError, FormatError, InTheWay, TooLargeForUs) as error:
            return one, error

    workers = session.config.mirror.workers
    queue = iter(wanted)
    with ThreadPoolExecutor(workers, thread_name_prefix="lc") as pool:
        try:
            # As many more than there are workers, so that none waits for the writer.
            running = {pool.submit(fetch, one) for one in islice(queue, workers + _AHEAD)}
            while running:
                if session.stop.is_set():
                    raise Stopped("asked to stop")
                come, running = wait(running, return_when=FIRST_COMPLETED)
                running |= {pool.submit(fetch, one) for one in islice(queue, len(come))}
                good = [one for one in come if one.exception() is None]
                if good:
                    yield [one.result() for one in good]
                for one in come.difference(good):
                    one.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _fetch_one(fetcher: Fetcher, one: _Wanted) -> Product:
    try:
        path = layout.single_lightcurve(one.collection, one.name)
        source = lightcurve_path(one.folder, one.name)
    except FormatError as error:
        raise _NoName(error.message) from error
    try:
        product = fetch_file(fetcher, source, path, "lc")
    except TooLargeForUs:
        discard(fetcher.root / layout.arriving(path))
        raise
    try:
        check_gzip(product.part, fetcher.config.limits.max_lightcurve)
    except FormatError:
        discard(product.part)
        raise
    return product


def _keep(
    session: Session, one: _Wanted, product: Product, unflushed: set[Path]
) -> InTheWay | None:
    """Take a light curve into the mirror; return what is in its way, if something is."""
    conn = session.mirror.conn
    try:
        with transaction(conn):
            put_product(
                session.mirror,
                product,
                _at(session),
                collection=one.collection,
                later=unflushed,
            )
            entry = Entry(one.collection, one.objectid, None, product.size, None)
            put_entries(conn, None, product.path, [entry])
            forget_missing(conn, (one.collection, one.objectid))
    except InTheWay as error:
        return error
    return None


def _at(session: Session) -> str:
    return to_text(session.now())
