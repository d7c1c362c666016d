"""What people and the daemon ask for: a sync, a dry run, a verification, a repair."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from ..catalog.connection import CATALOG_NAME, prepare
from ..clock import Now, to_text, utc_now
from .backups import back_up_if_due, backups_of
from .connect import connect
from .cycle import poll, repair_cycle, run_cycle
from .filesystem import check_folder
from .kept import set_aside_what_is_gone
from .lost import require_not_lost
from .mirror import Mirror, has_catalog, is_writable, open_configured, open_to_read
from .pace import pace_of
from .progress import Silent
from .prune import PruneReport, prune
from .recover import take_back
from .repair import plan_repair
from .report import CycleReport, CycleTold
from .session import Session
from .trouble import local_errors
from .unlink import finish_pruning
from .verify import VerifyReport, verify
from .verify_scope import EVERYTHING, Scope
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
    with (
        local_errors(),
        open_configured(config, now=around.now) as mirror,
        _client(config, around) as client,
    ):
        yield Session(mirror, client, config, around.progress, around.now, around.stop)


def sync(config: Config, around: Surroundings) -> CycleReport:
    """Run one full cycle on the configured mirror, which is made if it is not there.

    Then the catalog is backed up, if that is due.
    """
    with open_session(config, around) as session:
        report = run_cycle(session)
        mirror = session.mirror
        failure = back_up_if_due(
            mirror.conn, mirror.root, backups_of(config), session.now, session.stop
        )
        if failure is not None:
            report.notes.append(f"the catalog was not backed up: {failure.message}")
        return report


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


PATIENCE_S = 20.0
"""How long a dry run tries again, whatever is configured for cycles."""

# Of a catalog, in bytes, that a dry run takes into memory. The other way, a transaction that
# is undone, keeps everybody else from writing while the server is asked.
LARGEST_COPY = 200_000_000
_SIZE = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
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
    """Ask the server for its lists and say what a sync would do; nothing is kept.

    Somebody waits for it: a server that does not answer is given up soon.
    """
    patience = min(config.server.retry_total_s, PATIENCE_S)
    server = msgspec.structs.replace(config.server, retry_total_s=patience)
    hasty = msgspec.structs.replace(config, server=server)
    with _rehearsal(hasty, around) as session:
        return rehearse(session)


def rehearse(session: Session) -> list[Planned]:
    """Poll, and say what would be done next; nothing is written down.

    From the lists alone: sizes are not asked for, since that makes the server read every
    file once.
    """
    mirror = session.mirror
    (size,) = mirror.conn.execute(_SIZE).fetchone()
    if size > LARGEST_COPY:
        return _plan_and_undo(session)
    with local_errors(), _in_memory(mirror.conn) as copy:
        return _plan_and_undo(dataclasses.replace(session, mirror=Mirror(mirror.root, copy)))


def _plan_and_undo(session: Session) -> list[Planned]:
    conn = session.mirror.conn
    with local_errors():
        conn.execute("BEGIN IMMEDIATE")
        try:
            report = CycleReport()
            poll(session, report)
            if report.unlisted is not None:
                raise report.unlisted
            now = to_text(session.now())
            return [Planned(*row) for row in conn.execute(_PLANNED, {"now": now})]
        finally:
            conn.execute("ROLLBACK")


@contextlib.contextmanager
def _rehearsal(config: Config, around: Surroundings) -> Iterator[Session]:
    """Open a session for a dry run.

    On an empty mirror in memory where there is none yet; and to read, except where the
    mirror is too large for a copy: then it is written, and all of that undone.
    """
    root, server = config.mirror.root, config.server
    path = root / CATALOG_NAME
    if has_catalog(root) and path.stat().st_size > LARGEST_COPY:
        with open_session(config, around) as session:
            yield session
        return
    with contextlib.ExitStack() as stack, local_errors():
        if path.exists():
            mirror = stack.enter_context(
                open_to_read(root, server.url, formerly=server.formerly)
            )
        else:
            check_folder(root)
            require_not_lost(root)
            mirror = Mirror(root, stack.enter_context(_in_memory()))
        client = stack.enter_context(_client(config, around))
        yield Session(mirror, client, config, around.progress, around.now, around.stop)


@contextlib.contextmanager
def _in_memory(original: sqlite3.Connection | None = None) -> Iterator[sqlite3.Connection]:
    """Open a catalog in memory: a copy of `original`, or an empty one."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        if original is not None:
            original.backup(conn)
        prepare(conn, ":memory:")
        yield conn


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
    config: Config,
    around: Surroundings,
    *,
    scope: Scope = EVERYTHING,
) -> Verified:
    """Compare the mirror's bytes with the catalog, all of them or some. Needs no network.

    For a user who may only read it, nothing of that is written down.
    """
    root, server = config.mirror.root, config.server
    pace = pace_of(scope.rate, around.stop, around.timing)
    with local_errors():
        if has_catalog(root) and not is_writable(root):
            around.progress.note(f"{root} is not yours to write: what is found is not noted")
            opened = open_to_read(root, server.url, formerly=server.formerly)
        else:
            opened = open_configured(config, create=False, now=around.now)
        with opened as mirror:
            return verify_held(
                mirror,
                around.now,
                scope=scope,
                progress=around.progress,
                stop=around.stop,
                pace=pace,
            )


def verify_held(
    mirror: Mirror,
    now: Now,
    *,
    scope: Scope = EVERYTHING,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
    pace: Callable[[int], None] | None = None,
) -> Verified:
    """Compare the bytes of a mirror that is open already."""
    if not mirror.read_only:
        take_back(mirror)
    return Verified(verify(mirror, now, scope=scope, progress=progress, stop=stop, pace=pace))


def repair_mirror(
    config: Config,
    around: Surroundings,
    *,
    scope: Scope = EVERYTHING,
) -> Verified:
    """Verify, fetch again what is damaged, and verify that."""
    verified = verify_mirror(config, around, scope=scope)
    if not verified.found.damage:
        return verified
    with open_session(config, around) as session:
        return repair_held(session, verified.found)


def repair_held(session: Session, found: VerifyReport) -> Verified:
    """Fetch again what was found damaged, and verify that."""
    mirror, limits = session.mirror, session.config.limits
    plan_repair(mirror, found, limits, to_text(session.now()))
    report = repair_cycle(session)
    kept = set_aside_what_is_gone(mirror, found, report)
    finish_pruning(mirror)
    paths = None if found.more_damage else {*(one.path for one in found.damage), *kept}
    left = verify(mirror, session.now, only=paths, stop=session.stop)
    return Verified(found, report.told(), left)


def prune_mirror(config: Config, around: Surroundings, *, dry_run: bool = False) -> PruneReport:
    """Apply the retention rules, or say what they would remove. Needs no network."""
    with local_errors(), open_configured(config, create=False, now=around.now) as mirror:
        return prune(mirror, config, around.now, dry_run=dry_run, stop=around.stop)


def _client(config: Config, around: Surroundings) -> LccClient:
    return connect(
        config,
        stop=around.stop,
        on_key_event=around.on_key_event,
        on_retry=RetryNotes(around.progress.note, around.now),
        timing=around.timing,
    )
