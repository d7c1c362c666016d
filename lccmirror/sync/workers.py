"""Work through the datasets that are due.

Workers fetch side by side; one writer, the caller's thread, takes what they bring into the
catalog. Datasets of the very same objects (`datasets.lc_sha256`) are a group: one of them
fetches the ZIP, and the others then share it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

from ..catalog.connection import CATALOG_NAME, transaction
from ..catalog.datasets import set_failed, set_state, unreadable
from ..catalog.files import FileRow, files_of, zips_of_same_objects
from ..catalog.wal import LogKeeper
from ..catalog.work import WorkItem, count_due, due_item, due_smallest_first, due_work, postpone
from ..catalog.work import done as no_work
from ..clock import to_text
from ..errors import (
    AccessDenied,
    FormatError,
    InTheWay,
    KeyRefused,
    LccMirrorError,
    NoRoom,
    NotFound,
    ServerError,
    Stopped,
    Unreachable,
)
from . import ingest, layout
from .admission import TooLargeForUs
from .doubts import PATIENCE, Doubts, settled
from .fetch_table import FetchedTable, NotComplete, NotForUs, fetch_table
from .fetch_zip import FetchedZip, fetch_zip
from .recover import drop_downloads
from .report import CycleReport
from .session import Session, fetcher_for
from .trouble import local_errors
from .vanished import end_work

# So many datasets in a row that could not be reached or did not fit, and the rest is left
# for later.
_GIVE_UP_AFTER = 4
# How the server says of a dataset, or of a file, that it is not there, or not for us.
_NOT_THERE = (NotFound, AccessDenied)
_NO_ZIP = "the server has no ZIP for it"
_OURS_ONLY = "the server no longer has its ZIP; ours is kept"
_LOST_ZIP = "its ZIP is damaged here, and the server no longer has it"


class Work:
    """The datasets that are due: fetched by workers, taken in by this thread."""

    def __init__(self, session: Session, report: CycleReport) -> None:
        self._session = session
        self._report = report
        self._now = to_text(session.now())
        self._conn = session.mirror.conn
        self._log = LogKeeper(self._conn, session.mirror.at(CATALOG_NAME))
        self._fetcher = fetcher_for(session)
        self._running: dict[Future[FetchedTable | FetchedZip], WorkItem] = {}
        # Datasets with the very same objects wait until one of them has the ZIP.
        self._groups: dict[str, str] = {}
        self._waiting: dict[str, list[WorkItem]] = {}
        # Those whose ZIP may be known already, but not for these rows.
        self._new_tables: set[str] = set()
        # Those whose new table cannot be read, and why: rows may be those of the one before.
        self._unread: dict[str, str] = {}
        self._doubts = Doubts(self._conn, session.config.mirror.products)
        self._hopeless = 0
        self._queue: Iterator[WorkItem] = iter(())
        # In place of the rest of the queue, once something did not fit.
        self._smallest: Iterator[WorkItem] = iter(())

    def run(self) -> None:
        """Work through all that is due."""
        self._session.progress.plan(count_due(self._conn, self._now), None)
        self._smallest = due_smallest_first(self._conn, self._now)
        self._run(due_work(self._conn, self._now))

    def run_one(self, setid: str) -> None:
        """Work on one dataset, if it is due."""
        item = due_item(self._conn, setid, self._now)
        self._run(iter(() if item is None else (item,)))

    def _run(self, queue: Iterator[WorkItem]) -> None:
        self._queue = queue
        workers, stop = self._session.config.mirror.workers, self._session.stop
        ours = False
        try:
            with ThreadPoolExecutor(workers, thread_name_prefix="fetch") as self._pool:
                try:
                    self._work_off(workers)
                except BaseException:
                    # The workers look at this between two pieces of a file.
                    ours = not stop.is_set()
                    stop.set()
                    raise
        finally:
            # What comes after this must not take it for somebody's wish.
            if ours:
                stop.clear()

    def _work_off(self, workers: int) -> None:
        self._fill(workers)
        while self._running:
            finished, _ = wait(self._running, return_when=FIRST_COMPLETED)
            for future in finished:
                self._take(self._running.pop(future), future)
                self._log.look()
            self._fill(workers)

    def _fill(self, workers: int) -> None:
        if self._session.stop.is_set():
            raise Stopped("asked to stop")
        # One more than there are workers, so that none waits for the writer.
        while len(self._running) <= workers:
            item = next(self._queue, None)
            if item is None:
                return
            due = due_item(self._conn, item.setid, self._now)
            # what was read of the queue before may have been done or put off since
            if due is None or self._is_begun(item.setid):
                continue
            held = self._held(item.setid)
            if self._doubts.concern_table(item):
                held.pop("json", None)
            self._submit(item, fetch_table, item.setid, item.last_updated, held)

    def _is_begun(self, setid: str) -> bool:
        begun = (*self._running.values(), *chain(*self._waiting.values()))
        return any(one.setid == setid for one in begun)

    def _submit(self, item: WorkItem, fetch: Callable[..., Any], *arguments: Any) -> None:
        self._running[self._pool.submit(fetch, self._fetcher, *arguments)] = item

    def _held(self, setid: str) -> dict[str, FileRow]:
        """Return the sound files that we have of a dataset, by kind."""
        return {
            kind: row
            for kind, row in files_of(self._conn, setid).items()
            if row.state == "ok" and self._session.mirror.at(row.path).is_file()
        }

    def _start_zip(self, item: WorkItem, *, twins: bool = True) -> None:
        row = self._conn.execute(
            "SELECT lc_sha256 FROM datasets WHERE setid = ?", (item.setid,)
        ).fetchone()
        group = row[0] or item.setid
        if self._groups.setdefault(group, item.setid) != item.setid:
            self._waiting.setdefault(group, []).append(item)
            return
        candidates = [
            twin
            for twin in zips_of_same_objects(self._conn, group, item.setid)
            if twins and self._session.mirror.at(twin.path).is_file()
        ]
        held = self._held(item.setid).get("lczip")
        fetch = partial(fetch_zip, anew=item.setid in self._new_tables)
        self._submit(item, fetch, item.setid, held, candidates)

    def _zip_over(self, item: WorkItem) -> None:
        """Let the datasets that waited for this one's ZIP go on."""
        for group in [g for g, setid in self._groups.items() if setid == item.setid]:
            del self._groups[group]
            for other in self._waiting.pop(group, []):
                self._start_zip(other)

    def _take(self, item: WorkItem, future: Future[FetchedTable | FetchedZip]) -> None:
        try:
            with local_errors():
                try:
                    result = future.result()
                except _NOT_THERE:
                    if not self._ended(item):
                        raise
                    return
                if isinstance(result, FetchedTable):
                    self._take_table(item, result)
                else:
                    self._take_zip(item, result)
            self._hopeless = 0
        except Stopped:
            raise
        except TooLargeForUs as error:
            self._leave_out(item, error)
        except (ServerError, FormatError, NoRoom, InTheWay) as error:
            self._failed(item, error)
            if isinstance(error, NoRoom):
                if self._report.no_room is None:
                    # What still fits is found soonest among the smallest.
                    self._queue = self._smallest
                self._report.no_room = error
            if isinstance(error, Unreachable | NoRoom):
                self._hopeless += 1
                if self._hopeless >= _GIVE_UP_AFTER:
                    raise

    def _take_table(self, item: WorkItem, fetched: FetchedTable) -> None:
        if fetched.products:
            self._new_tables.add(item.setid)
            held = self._held(item.setid)
            fetched = replace(fetched, products=settled(fetched.products, held))
            self._doubts.pickle(item, fetched.products.get("pickle"), held.get("pickle"))
            at = to_text(self._session.now())
            patient = item.attempts < PATIENCE
            result = ingest.ingest_table(
                self._session.mirror, fetched, self._session.config.limits, at, patient=patient
            )
            self._note(item, result)
            if result.unread is not None:
                self._unread[item.setid] = result.unread
            if result.doubtful:
                self._doubts.table(item)
        elif unreadable(self._conn, item.setid) is not None:
            # The limits that it was beyond may be others now.
            self._new_tables.add(item.setid)
            ingest.read_again(self._session.mirror, item.setid, self._session.config.limits)
        has_lczip = item.has_lczip if fetched.has_lczip is None else fetched.has_lczip
        if "lczip" in self._session.config.mirror.products and has_lczip is not False:
            self._start_zip(item)
        else:
            self._complete_without_zip(item, known=has_lczip is False)

    def _take_zip(self, item: WorkItem, fetched: FetchedZip) -> None:
        at = to_text(self._session.now())
        if fetched.absent:
            self._doubts.absent_zip(item)
            self._complete_without_zip(item)
            self._zip_over(item)
            return
        if fetched.product is not None:
            self._note(item, ingest.ingest_zip(self._session.mirror, fetched, at))
        elif fetched.report is not None:
            own = fetched.twin is not None and fetched.twin.setid == item.setid
            if not own and not ingest.fits(self._conn, item.setid, fetched.report):
                self._start_zip(item, twins=False)
                return
            self._note(item, ingest.link_zip(self._session.mirror, fetched, at))
        self._complete(item)
        self._zip_over(item)

    def _complete_without_zip(self, item: WorkItem, *, known: bool = True) -> None:
        """End the work on a dataset whose ZIP the server does not have, or we do not want.

        One that we have is kept, and so is what is left of a damaged one: it may be all
        that there is.

        Parameters
        ----------
        known
            The server has none; else we do not want it.
        """
        zipped = files_of(self._conn, item.setid).get("lczip")
        if not known or "lczip" not in self._session.config.mirror.products:
            self._complete(item, _NO_ZIP if known else None)
        elif zipped is None:
            if item not in self._doubts:
                with transaction(self._conn):
                    self._conn.execute(
                        "UPDATE datasets SET has_lczip = 0 WHERE setid = ?", (item.setid,)
                    )
            self._complete(item, _NO_ZIP)
        elif "lczip" in self._held(item.setid):
            self._complete(item, _OURS_ONLY)
        else:
            self._report.gone.append(item.setid)
            self._complete(item, _LOST_ZIP, partial=True)

    def _complete(
        self, item: WorkItem, reason: str | None = None, *, partial: bool = False
    ) -> None:
        at = to_text(self._session.now())
        with transaction(self._conn):
            unread = unreadable(self._conn, item.setid) or self._unread.get(item.setid)
            if unread is None and partial:
                set_state(self._conn, item.setid, "partial", reason=reason, mirrored_at=at)
            elif unread is None:
                set_state(self._conn, item.setid, "mirrored", reason=reason, mirrored_at=at)
            else:
                reason = "its table cannot be read; its files are kept"
                set_state(self._conn, item.setid, "partial", reason=reason, error=unread)
            if item in self._doubts:
                self._doubts.plan(item, self._session.now())
            else:
                no_work(self._conn, item.setid)
        drop_downloads(self._session.mirror, item.setid)
        for kind in layout.KINDS:
            self._fetcher.admission.settle(layout.product(item.setid, kind))
        well = unread is None and not partial
        self._report.mirrored += well
        self._session.progress.item_done(item.setid, ok=well)

    def _leave_out(self, item: WorkItem, error: TooLargeForUs) -> None:
        with transaction(self._conn):
            state = "partial" if self._held(item.setid) else "skipped"
            set_state(self._conn, item.setid, state, reason=error.message)
            no_work(self._conn, item.setid)
        self._session.progress.item_done(item.setid, ok=True)
        self._zip_over(item)

    def _note(self, item: WorkItem, result: ingest.Ingested) -> None:
        self._report.notes += [f"{item.setid}: {problem}" for problem in result.problems]

    def _ended(self, item: WorkItem) -> bool:
        """End the work on a dataset that is no longer there, if it is one."""
        at = to_text(self._session.now())
        held = self._held(item.setid)
        if not end_work(self._session.mirror, self._fetcher, item, held, at):
            return False
        self._session.progress.item_done(item.setid, ok=True)
        self._zip_over(item)
        return True

    def _failed(self, item: WorkItem, error: LccMirrorError) -> None:
        with transaction(self._conn):
            set_failed(
                self._conn,
                item.setid,
                _verdict(error),
                error.message,
                bool(self._held(item.setid)),
            )
            postpone(self._conn, item.setid, error.message, self._session.now())
        self._report.failed[item.setid] = error.message
        if isinstance(error, NotFound):
            self._report.gone.append(item.setid)
        self._session.progress.item_done(item.setid, ok=False)
        self._zip_over(item)


def _verdict(error: LccMirrorError) -> str:
    """Return the state of a dataset whose fetch ended with `error`."""
    if isinstance(error, KeyRefused | NotForUs):
        return "private"
    if isinstance(error, NotComplete | NotFound):
        return "waiting"
    return "failed"
