"""What people and the daemon ask for: a sync, a dry run, a verification, a repair."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..catalog.connection import CATALOG_NAME, prepare
from ..clock import Now, to_text, utc_now
from .connect import connect
from .cycle import poll, repair_cycle, run_cycle
from .mirror import Mirror, open_mirror
from .progress import Silent
from .recover import take_back
from .report import CycleReport
from .session import Session
from .trouble import local_errors
from .verify import VerifyReport, plan_repair, verify

if TYPE_CHECKING:
    from ..config import Config
    from ..server import KeyEvent, LccClient, Timing
    from .progress import Progress


@dataclass(frozen=True)
class Surroundings:
    """What a job is given from outside: who watches, the time, and how it is stopped."""

    progress: Progress
    stop: threading.Event
    now: Now = utc_now
    timing: Timing | None = None
    on_key_event: Callable[[KeyEvent], None] | None = None


def quiet() -> Surroundings:
    """Return surroundings in which nobody watches and nothing stops a job."""
    return Surroundings(Silent(), threading.Event())


@contextlib.contextmanager
def open_session(config: Config, around: Surroundings) -> Iterator[Session]:
    """Open the configured mirror and a client for its server."""
    server = config.server
    with (
        local_errors(),
        open_mirror(config.mirror.root, server.url, formerly=server.formerly) as mirror,
        _client(config, around) as client,
    ):
        yield Session(mirror, client, config, around.progress, around.now, around.stop)


def sync(config: Config, around: Surroundings) -> CycleReport:
    """Run one full cycle on the configured mirror, which is made if it is not there."""
    with open_session(config, around) as session:
        return run_cycle(session)


@dataclass(frozen=True)
class Planned:
    """What a sync would do with a dataset, and why."""

    setid: str
    action: str
    reason: str
    nobjects: int | None
    created_on: str | None
    query_type: str | None
    collections: str | None


_PLANNED = """
SELECT d.setid, CASE WHEN w.setid IS NULL THEN 'skip' WHEN w.not_before <= :now THEN 'fetch'
                ELSE 'wait' END,
       CASE WHEN w.setid IS NULL THEN d.reason WHEN w.not_before <= :now THEN w.reason
       ELSE 'not before ' || w.not_before || ': ' || coalesce(w.last_error, w.reason) END,
       d.nobjects, d.created_on, d.query_type,
       (SELECT group_concat(collection, ', ') FROM dataset_collections AS c
        WHERE c.setid = d.setid)
FROM datasets AS d LEFT JOIN work AS w USING (setid)
WHERE w.setid IS NOT NULL OR d.state = 'skipped'
ORDER BY 2, d.created_on, d.setid
"""


def dry_run(config: Config, around: Surroundings) -> tuple[list[Planned], CycleReport]:
    """Ask the server for its lists and say what a sync would do; nothing is kept.

    From the lists alone: sizes are not asked for, since that makes the server read every
    file once.
    """
    report = CycleReport()
    with _rehearsal(config, around) as session:
        poll(session, report)
        now = to_text(around.now())
        planned = [Planned(*row) for row in session.mirror.conn.execute(_PLANNED, {"now": now})]
    return planned, report


@contextlib.contextmanager
def _rehearsal(config: Config, around: Surroundings) -> Iterator[Session]:
    """Open a session in which everything written to the catalog is undone at the end."""
    root = config.mirror.root
    if (root / CATALOG_NAME).exists():
        with open_session(config, around) as session:
            conn = session.mirror.conn
            conn.execute("BEGIN IMMEDIATE")
            try:
                yield session
            finally:
                conn.execute("ROLLBACK")
        return
    with (
        contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as conn,
        _client(config, around) as client,
    ):
        prepare(conn, ":memory:")
        mirror = Mirror(root, conn)
        yield Session(mirror, client, config, around.progress, around.now, around.stop)


@dataclass(frozen=True)
class Verified:
    """What a verification found, and what a repair did about it."""

    found: VerifyReport
    repair: CycleReport | None = None
    left: VerifyReport | None = None

    @property
    def exit_code(self) -> int:
        """65 while something is damaged; else what the repair ended with."""
        if self.left is None or self.repair is None:
            return self.found.exit_code
        return self.left.exit_code or self.repair.exit_code


def verify_mirror(
    config: Config, around: Surroundings, *, advance: Callable[[int], None] | None = None
) -> Verified:
    """Compare every byte of the mirror with the catalog. Needs no network."""
    with (
        local_errors(),
        open_mirror(
            config.mirror.root, config.server.url, formerly=config.server.formerly, create=False
        ) as mirror,
    ):
        take_back(mirror)
        return Verified(verify(mirror, around.now, advance=advance))


def repair_mirror(
    config: Config, around: Surroundings, *, advance: Callable[[int], None] | None = None
) -> Verified:
    """Verify, fetch again what is damaged, and verify that."""
    found = verify_mirror(config, around, advance=advance).found
    if not found.damage:
        return Verified(found)
    with open_session(config, around) as session:
        plan_repair(session.mirror, found, config.limits, to_text(around.now()))
        report = repair_cycle(session)
        paths = {one.path for one in found.damage}
        return Verified(found, report, verify(session.mirror, around.now, only=paths))


def _client(config: Config, around: Surroundings) -> LccClient:
    return connect(
        config, stop=around.stop, on_key_event=around.on_key_event, timing=around.timing
    )
