"""One cycle: poll, plan, fetch, ingest, report.

Whatever is left to do stands in the catalog, so a cycle that is cut off anywhere is simply
followed by the next one.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from datetime import timedelta

from ..catalog.connection import let_go, transaction
from ..catalog.datasets import Seen
from ..catalog.files import count_unsound
from ..catalog.log import begin_log, end_log, get_setting, poll_state, set_setting
from ..catalog.texts import index_objects
from ..catalog.work import forgive_wrong_clock
from ..clock import to_text
from ..errors import (
    ForeignRedirect,
    KeyRefused,
    LocalError,
    RateLimited,
    ServerError,
    Stopped,
    TlsError,
    Unreachable,
)
from .lcformats import fetch_formats
from .mirror import bind_server
from .objects import fetch_objects
from .plan import plan_again, plan_seen
from .poll import poll_collections, poll_datasets
from .recover import clean_incoming, take_back
from .report import CycleReport
from .searches import take_up
from .session import Session, fetcher_for
from .singles import fetch_singles
from .trouble import local_errors
from .workers import Work


def run_cycle(session: Session, *, job: str = "sync") -> CycleReport:
    """Run one full cycle.

    Whatever goes wrong with one dataset is written down and reported, and the others go
    on. Only what concerns all of them (no network, no room, a damaged catalog) ends the
    cycle, and is in the report.
    """

    def work(report: CycleReport) -> None:
        take_back(session.mirror)
        clean_incoming(session.mirror)
        poll(session, report)
        # What our own searches have made is fetched like any other dataset.
        take_up(session)
        fetch_due(session, report)
        _tell_damage(session, report)

    return _logged(session, job, work)


def _tell_damage(session: Session, report: CycleReport) -> None:
    if count := count_unsound(session.mirror.conn):
        files = "1 file is" if count == 1 else f"{count:,} files are"
        report.notes.append(
            f"{files} known to be damaged or missing: `lccmirror verify --repair`"
        )


def dataset_cycle(session: Session) -> CycleReport:
    """Ask for new datasets only, and fetch what is due.

    Where the list alone cannot be had, which the collections tell, what is due is fetched
    all the same.
    """

    def work(report: CycleReport) -> None:
        take_back(session.mirror)
        clean_incoming(session.mirror)
        if poll_state(session.mirror.conn, "collections").last_ok is None:
            # Which dialect the server speaks is told by its collections.
            poll_for_collections(session, report)
        _poll_list(session, report, answers=lambda: _has_collections(session, report))
        fetch_due(session, report)

    return _logged(session, "datasets", work)


def collection_cycle(session: Session) -> CycleReport:
    """Ask for the collections only, and fetch what describes their light curves."""

    def work(report: CycleReport) -> None:
        poll_for_collections(session, report)
        fetch_formats(session, fetcher_for(session), report)

    return _logged(session, "collections", work)


def repair_cycle(session: Session) -> CycleReport:
    """Fetch what is due, without asking the server for news."""

    def work(report: CycleReport) -> None:
        take_back(session.mirror)
        clean_incoming(session.mirror)
        fetch_due(session, report)

    return _logged(session, "repair", work)


def poll(session: Session, report: CycleReport) -> None:
    """Ask the server what it has, and plan what is wanted of it.

    Neither list keeps us from the other, nor from what is known already.
    """
    failure: ServerError | None = None
    try:
        poll_for_collections(session, report)
    except ServerError as error:
        failure = error
    try:
        _poll_list(session, report, answers=lambda: failure is None)
    except ServerError as error:
        raise failure or error from None
    if failure is not None:
        report.failed["list of collections"] = failure.message


# What is wrong with the server, or the way to it, whatever it is asked.
_FOR_ALL = (Unreachable, RateLimited, KeyRefused, TlsError, ForeignRedirect)


def _poll_list(session: Session, report: CycleReport, *, answers: Callable[[], bool]) -> None:
    """Ask for the list of datasets; without it, go on with those that are known.

    Parameters
    ----------
    answers
        Whether the server answers anything else, so that it is not gone.

    Raises
    ------
    ServerError
        If it does not.
    """
    try:
        poll_for_datasets(session, report)
    except ServerError as error:
        if isinstance(error, _FOR_ALL) or not answers():
            raise
        report.unlisted = error
        report.failed["list of datasets"] = error.message


def _has_collections(session: Session, report: CycleReport) -> bool:
    try:
        poll_for_collections(session, report)
    except ServerError:
        return False
    return True


def poll_for_collections(session: Session, report: CycleReport) -> None:
    """Ask for the collections."""
    conn = session.mirror.conn
    report.new_collections = poll_collections(session.client, conn, session.now()).new
    bind_server(conn, session.config.server.url)


def poll_for_datasets(session: Session, report: CycleReport) -> None:
    """Ask for the list of datasets, and plan what is wanted of it."""
    conn, select = session.mirror.conn, session.config.select
    at = to_text(session.now())
    config = session.config
    plan_again(conn, select, at, products=config.mirror.products, limits=config.limits)

    def plan(setid: str, seen: Seen) -> None:
        plan_seen(conn, select, setid, seen, at)

    poll_datasets(
        session.client,
        conn,
        session.now(),
        full_every=timedelta(seconds=session.config.poll.full_list_s),
        on_item=plan,
        poll=report.poll,
    )


def fetch_due(session: Session, report: CycleReport) -> None:
    """Fetch and take in everything that is due."""
    now = session.now()
    with transaction(session.mirror.conn):
        forgive_wrong_clock(session.mirror.conn, now)
    Work(session, report).run()
    # After the datasets: what describes them must not keep them waiting.
    fetch_formats(session, fetcher_for(session), report)
    report.singles += fetch_singles(session, fetcher_for(session), report)
    report.objects += fetch_objects(session, fetcher_for(session), report.failed)


def _logged(session: Session, job: str, work: Callable[[CycleReport], None]) -> CycleReport:
    report = CycleReport()
    conn = session.mirror.conn
    started = session.client.stats.snapshot()
    unforeseen: str | None = None
    with local_errors(), transaction(conn):
        log_id = begin_log(conn, job, to_text(session.now()))
    try:
        with local_errors():
            _work_and_index(session, work, report)
    except (ServerError, LocalError, Stopped) as error:
        let_go(error)
        report.stopped = error
    except BaseException as error:
        unforeseen = f"{type(error).__name__}: {error}"
        raise
    finally:
        spent = session.client.stats.snapshot()
        report.requests = spent["requests"] - started["requests"]
        report.received_bytes = spent["bytes_received"] - started["bytes_received"]
        # A disk that is still full must not hide why the cycle ended.
        with contextlib.suppress(sqlite3.OperationalError), transaction(conn):
            end_log(
                conn,
                log_id,
                to_text(session.now()),
                outcome="failed" if unforeseen or report.exit_code else "ok",
                new_datasets=report.poll.new.total,
                received_bytes=report.received_bytes,
                requests=report.requests,
                message=unforeseen or report.summary(),
            )
            _note_key(session)
    return report


def _work_and_index(
    session: Session, work: Callable[[CycleReport], None], report: CycleReport
) -> None:
    try:
        work(report)
    except ServerError:
        # What came before the server went away is to be found all the same.
        index_objects(session.mirror.conn, session.stop)
        raise
    index_objects(session.mirror.conn, session.stop)


def _note_key(session: Session) -> None:
    """Write down which kind of key is in use and when it ends, never the key."""
    key = session.client.key_in_use
    if key is not None:
        ends = "" if key.expires is None else to_text(key.expires)
        conn = session.mirror.conn
        if get_setting(conn, "api_key_until") != (said := f"{key.kind} {ends}".strip()):
            set_setting(conn, "api_key_until", said)
