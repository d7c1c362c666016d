"""How each of the daemon's own jobs is done, and which there are."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from ..catalog.wal import empty_log
from ..clock import to_text
from ..errors import ServerError
from ..names import printable
from ..sync.backups import backups_of, keep_backup
from ..sync.cycle import collection_cycle, dataset_cycle
from ..sync.pace import pace_of
from ..sync.prune import prune
from ..sync.repair import plan_repair
from ..sync.verify_slice import verify_slice
from .jobs import Job, Outcome
from .searches import SearchJob
from .timetable import AsPlanned, Every, Nightly

if TYPE_CHECKING:
    from ..config import Config
    from ..sync.report import CycleReport
    from ..sync.session import Session

log = logging.getLogger(__name__)

HOUR = 3600.0
_TIDY = 6 * HOUR
_KEYS = (60.0, HOUR)
_DAMAGE_NAMED = 5
# Idle cycles are of no use for long, nor are failed ones; those that found something stay.
_IDLE_KEPT, _FAILED_KEPT = timedelta(days=90), timedelta(days=366)
_FORGET = """
DELETE FROM sync_log WHERE coalesce(new_datasets, 0) = 0
  AND (started < :failed OR (started < :idle AND outcome = 'ok'))
"""


def jobs_of(config: Config, searches: SearchJob) -> tuple[Job, ...]:
    """Return what the daemon does by itself under a configuration."""
    daemon = config.daemon
    night = Nightly(daemon.nightly)
    # Often enough that a key is renewed in the first part of the time kept for it.
    keys = Every(min(max(config.keys.renew_before_s / 4 or HOUR, _KEYS[0]), _KEYS[1]))
    jobs = (
        Job("collections", Every(config.poll.collections_s), poll_collections, online=True),
        Job("datasets", Every(config.poll.datasets_s), poll_datasets, online=True, probe=True),
        Job("keys", keys, renew_keys, online=True),
        Job("searches", AsPlanned(), searches.run, online=True, plan=searches.plan),
        Job("verify", night, verify_part),
        *((Job("prune", night, prune_by_rules),) if config.prune.rules else ()),
        *(
            (Job("backup", Every(config.backup.every_s), back_up),)
            if config.backup.keep
            else ()
        ),
        Job("tidy", Every(_TIDY), tidy_catalog),
    )
    return tuple(replace(job, catch_up=job.name not in daemon.no_catch_up) for job in jobs)


def poll_datasets(session: Session) -> Outcome:
    """Ask for new datasets, and fetch what is due."""
    return outcome_of(dataset_cycle(session))


def poll_collections(session: Session) -> Outcome:
    """Ask for the collections."""
    return outcome_of(collection_cycle(session))


def outcome_of(report: CycleReport) -> Outcome:
    """Return how a cycle ended, for the agenda and the log."""
    if report.poll.gap is not None:
        log.warning("%s", printable(report.poll.gap))
    # What fails again and again is in `status`, and told to those who asked to be told.
    news = bool(
        report.poll.new
        or report.poll.changed
        or report.poll.vanished
        or report.mirrored
        or report.singles
        or report.objects
        or report.new_collections
    )
    ended = report.stopped or report.no_room or report.unlisted
    # What failed or did not fit has delays of its own, in the work table.
    ok = report.stopped is None and report.unlisted is None
    there = report.stopped is None and report.unlisted is not None
    return Outcome(ok, report.summary(), news, error=ended, there=there)


def renew_keys(session: Session) -> Outcome:
    """Renew the anonymous key if its end is near; what happens is told by key events."""
    try:
        key = session.client.current_key()
    except ServerError as error:
        return Outcome(ok=False, message=error.message, error=error)
    until = "" if key.expires is None else f" until {to_text(key.expires)}"
    return Outcome(message=f"the {key.kind} key is good{until}")


def verify_part(session: Session) -> Outcome:
    """Read tonight's share of the mirror; what is damaged is fetched again by the next poll."""
    every = timedelta(seconds=session.config.daemon.verify_every_s)
    pace = pace_of(session.config.daemon.verify_rate, session.stop)
    done = verify_slice(session.mirror, session.now, every=every, stop=session.stop, pace=pace)
    report = done.report
    for one in report.damage[:_DAMAGE_NAMED]:
        log.warning("%s: %s: %s", one.what, printable(one.path), printable(one.detail))
    if report.damage:
        now = to_text(session.now())
        plan_repair(session.mirror, report, session.config.limits, now)
    damage = report.ndamage
    found = f"{damage:,} damaged or missing; fetched again soon" if damage else "all good"
    message = f"{report.files:,} files, {report.bytes:,} bytes verified: {found}"
    return Outcome(message=message, news=bool(damage), more=done.more)


def prune_by_rules(session: Session) -> Outcome:
    """Free what the rules of the configuration say."""
    report = prune(session.mirror, session.config, session.now, stop=session.stop)
    news = bool(report.pruned or report.missing_bytes)
    return Outcome(message=report.summary(), news=news)


def back_up(session: Session) -> Outcome:
    """Copy the catalog to the backups."""
    mirror, backups = session.mirror, backups_of(session.config)
    made = keep_backup(mirror.conn, mirror.root, backups, session.now, session.stop)
    return Outcome(message=f"the catalog was backed up as {made.path.name}")


def tidy_catalog(session: Session) -> Outcome:
    """Let SQLite look after its statistics and its log, and forget idle cycles of old."""
    conn = session.mirror.conn
    now = session.now()
    before = {"idle": to_text(now - _IDLE_KEPT), "failed": to_text(now - _FAILED_KEPT)}
    conn.execute(_FORGET, before)
    conn.execute("PRAGMA optimize")
    # A reader that stays keeps the log from being emptied; the next time will do.
    emptied = empty_log(conn)
    return Outcome(message="tidy" if emptied else "a reader holds the catalog's log")
