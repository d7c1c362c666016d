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
from .filesystem import check_folder
from .mirror import Mirror, open_mirror
from .progress import Silent
from .prune import PruneReport, prune
from .recover import take_back
from .report import CycleReport, CycleTold
from .session import Session
from .trouble import local_errors
from .verify import VerifyReport, plan_repair, verify
from .waiting import RetryNotes

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


def dry_run(config: Config, around: Surroundings) -> list[Planned]:
    """Ask the server for its lists and say what a sync would do; nothing is kept."""
    with _rehearsal(config, around) as session:
        return rehearse(session)


def rehearse(session: Session) -> list[Planned]:
    """Poll, say what would be done next, and undo all that was written for it.

    From the lists alone: sizes are not asked for, since that makes the server read every
    file once.
    """
    conn = session.mirror.conn
    with local_errors():
        conn.execute("BEGIN IMMEDIATE")
        try:
            poll(session, CycleReport())
            now = to_text(session.now())
            return [Planned(*row) for row in conn.execute(_PLANNED, {"now": now})]
        finally:
            conn.execute("ROLLBACK")


@contextlib.contextmanager
def _rehearsal(config: Config, around: Surroundings) -> Iterator[Session]:
    """Open a session for a dry run; one in memory where there is no mirror yet."""
    root = config.mirror.root
    if (root / CATALOG_NAME).exists():
        with open_session(config, around) as session:
            yield session
        return
    check_folder(root)
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
    repair: CycleTold | None = None
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
        return verify_held(mirror, around.now, advance=advance, stop=around.stop)


def verify_held(
    mirror: Mirror,
    now: Now,
    *,
    advance: Callable[[int], None] | None = None,
    stop: threading.Event | None = None,
) -> Verified:
    """Compare every byte of a mirror that is open already."""
    take_back(mirror)
    return Verified(verify(mirror, now, advance=advance, stop=stop))


def repair_mirror(
    config: Config, around: Surroundings, *, advance: Callable[[int], None] | None = None
) -> Verified:
    """Verify, fetch again what is damaged, and verify that."""
    verified = verify_mirror(config, around, advance=advance)
    if not verified.found.damage:
        return verified
    with open_session(config, around) as session:
        return repair_held(session, verified.found)


def repair_held(session: Session, found: VerifyReport) -> Verified:
    """Fetch again what was found damaged, and verify that."""
    mirror, limits = session.mirror, session.config.limits
    plan_repair(mirror, found, limits, to_text(session.now()))
    report = repair_cycle(session)
    paths = {one.path for one in found.damage}
    left = verify(mirror, session.now, only=paths, stop=session.stop)
    return Verified(found, report.told(), left)


def prune_mirror(config: Config, around: Surroundings, *, dry_run: bool = False) -> PruneReport:
    """Apply the retention rules, or say what they would remove. Needs no network."""
    with (
        local_errors(),
        open_mirror(
            config.mirror.root, config.server.url, formerly=config.server.formerly, create=False
        ) as mirror,
    ):
        return prune(mirror, config, around.now, dry_run=dry_run, stop=around.stop)


def _client(config: Config, around: Surroundings) -> LccClient:
    return connect(
        config,
        stop=around.stop,
        on_key_event=around.on_key_event,
        on_retry=RetryNotes(around.progress.note),
        timing=around.timing,
    )
