"""Free disk space by the rules of ``[prune]``, and by nothing else.

A dataset that is pruned leaves its row, with the state ``pruned`` and the reason; its table,
light curves and files go. First the catalog is changed and flushed to the disk, then files
are removed: whatever ends the work in between, the next start removes the rest.
"""

from __future__ import annotations

import fnmatch
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from ..catalog.connection import transaction
from ..catalog.log import begin_log, end_log
from ..catalog.prune import (
    Held,
    forget_dataset,
    forget_file,
    held_datasets,
    needed_by_searches,
    of_older_runs,
    paths_of,
    superseded_before,
    to_be_removed,
)
from ..catalog.texts import index_objects
from ..clock import Now, to_text
from ..errors import Stopped
from .mirror import Mirror
from .unlink import finish_pruning

if TYPE_CHECKING:
    from ..config import Config


@dataclass(frozen=True)
class Pruned:
    """Something that is removed, or would be.

    Attributes
    ----------
    what
        ``dataset``, or ``version`` for a file that the server has replaced.
    name
        The setid, or the path below the mirror's root.
    size
        Bytes of its files.
    reason
        The rule, in words.
    """

    what: str
    name: str
    size: int
    reason: str


@dataclass
class PruneReport:
    """What pruning did, or would do.

    Attributes
    ----------
    freed_bytes
        Bytes that the mirror holds less.
    missing_bytes
        How much is still wanting to the headroom that was asked for.
    leftovers
        Files of an earlier pruning that was broken off, removed now.
    stuck
        Files that could not be removed; it is tried again each time.
    """

    pruned: list[Pruned] = field(default_factory=list)
    freed_bytes: int = 0
    missing_bytes: int = 0
    leftovers: int = 0
    stuck: int = 0
    dry_run: bool = False
    no_rules: bool = False

    def summary(self) -> str:
        """Return the one line for people."""
        stuck = f"; {self.stuck:,} files could not be removed" if self.stuck else ""
        if self.no_rules:
            return f"nothing to do: [prune] in the configuration has no rule{stuck}"
        datasets = sum(one.what == "dataset" for one in self.pruned)
        versions = len(self.pruned) - datasets
        verb = "would free" if self.dry_run else "freed"
        text = (
            f"{verb} {self.freed_bytes:,} bytes: {datasets:,} datasets, {versions:,} versions"
        )
        if self.missing_bytes:
            text += (
                f"; {self.missing_bytes:,} bytes are wanting to prune.headroom, and all that "
                "may go is less: none of it was touched for that"
            )
        return text + stuck


def prune(
    mirror: Mirror,
    config: Config,
    now: Now,
    *,
    dry_run: bool = False,
    stop: threading.Event | None = None,
) -> PruneReport:
    """Remove what the rules say, or only say what that would be.

    Parameters
    ----------
    mirror
        Open for writing.
    stop
        Looked at between two datasets.

    Raises
    ------
    Stopped
        When `stop` is set; what has been removed by then is complete.
    """
    report = PruneReport(dry_run=dry_run, no_rules=not config.prune.rules)
    if dry_run:
        report.pruned, report.missing_bytes = _chosen(mirror, config, now)
        report.freed_bytes = sum(one.size for one in report.pruned)
        return report
    report.leftovers = finish_pruning(mirror)
    report.stuck = len(to_be_removed(mirror.conn))
    if report.no_rules:
        return report
    chosen, report.missing_bytes = _chosen(mirror, config, now)
    if not chosen:
        return report
    conn = mirror.conn
    with transaction(conn):
        log_id = begin_log(conn, "prune", to_text(now()))
    try:
        for one in chosen:
            if stop is not None and stop.is_set():
                raise Stopped("asked to stop")
            _remove(mirror, one)
            report.pruned.append(one)
            report.freed_bytes += one.size
        index_objects(conn, stop)
    finally:
        report.stuck = len(to_be_removed(conn))
        _log_end(conn, log_id, report, to_text(now()))
    return report


def _remove(mirror: Mirror, one: Pruned) -> None:
    # Each commit is on the disk (synchronous=FULL) before a file goes.
    with transaction(mirror.conn):
        if one.what == "dataset":
            forget_dataset(mirror.conn, one.name, one.reason)
        else:
            forget_file(mirror.conn, one.name)
    finish_pruning(mirror)


def _log_end(conn: sqlite3.Connection, log_id: int, report: PruneReport, at: str) -> None:
    with transaction(conn):
        end_log(
            conn,
            log_id,
            at,
            outcome="ok",
            new_datasets=0,
            received_bytes=0,
            requests=0,
            message=report.summary(),
        )


def _chosen(mirror: Mirror, config: Config, now: Now) -> tuple[list[Pruned], int]:
    """Return what the rules say, and how many bytes are still wanting to the headroom."""
    rules, conn = config.prune, mirror.conn
    chosen: list[Pruned] = []
    if rules.superseded_s is not None:
        before = to_text(now() - timedelta(seconds=rules.superseded_s))
        chosen += [
            Pruned("version", path, size, "replaced long ago (prune.superseded)")
            for path, size in superseded_before(conn, before)
        ]
    needed = needed_by_searches(conn)

    def going(found: Iterable[Held]) -> Iterator[Held]:
        return (one for one in found if one.setid not in needed and not _kept(one, config))

    runs = [] if rules.keep_runs is None else of_older_runs(conn, rules.keep_runs)
    older = rules.older_than_s
    made = None if older is None else to_text(now() - timedelta(seconds=older))
    setids = [setid for setid, _ in runs]
    # Not all of a large mirror: what the rules may mean.
    may_go = list(going(held_datasets(conn, before=made, setids=setids)))
    held = {one.setid: one for one in may_go}
    if rules.keep_runs is not None:
        chosen += [
            Pruned(
                "dataset",
                setid,
                held[setid].size,
                f"of an older run of the search {search} (prune.keep_runs)",
            )
            for setid, search in runs
            if setid in held
        ]
    if made is not None:
        taken = {one.name for one in chosen}
        chosen += [
            Pruned("dataset", one.setid, one.size, "made long ago (prune.older_than)")
            for one in may_go
            if one.setid not in taken
            and one.created_on is not None
            and one.created_on < made
            and not (one.vanished and rules.keep_vanished)
        ]
    if rules.headroom is None:
        return chosen, 0
    return _make_room(mirror, config, chosen, lambda: going(held_datasets(conn)))


def _kept(one: Held, config: Config) -> bool:
    """Whether a keep-list names a dataset."""
    if one.setid in config.prune.keep or one.setid in config.select.allow:
        return True
    return any(
        fnmatch.fnmatchcase(name, pattern)
        or fnmatch.fnmatchcase(name.replace("_", "-"), pattern)
        for name in one.collections
        for pattern in config.prune.keep_collections
    )


def _make_room(
    mirror: Mirror,
    config: Config,
    chosen: list[Pruned],
    may_go: Callable[[], Iterator[Held]],
) -> tuple[list[Pruned], int]:
    """Add the largest datasets to what is chosen until the headroom is there.

    If it would not be there even then, because something else has filled the disk, none of
    them goes: a mirror that is gone would have helped nobody.
    """
    want = _Wanted(mirror, config)
    for one in chosen:
        is_dataset = one.what == "dataset"
        want.less(one.size, paths_of(mirror.conn, one.name) if is_dataset else [one.name])
    missing, largest = want.missing, []
    if not missing:
        return chosen, 0
    taken = {one.name for one in chosen}
    for held in may_go():
        if not want.missing:
            break
        if held.setid in taken or held.size == 0:
            continue
        if held.vanished and config.prune.keep_vanished:
            continue
        largest.append(
            Pruned("dataset", held.setid, held.size, "the largest first (prune.headroom)")
        )
        want.less(held.size, paths_of(mirror.conn, held.setid))
    if want.missing:
        return chosen, missing
    return chosen + largest, 0


class _Wanted:
    """How much more must go: by the count of `max_bytes`, and on the disk itself."""

    def __init__(self, mirror: Mirror, config: Config) -> None:
        self._mirror = mirror
        headroom = config.prune.headroom or 0
        free = shutil.disk_usage(mirror.root).free
        self._on_disk = config.mirror.min_free + headroom - free
        most = config.mirror.max_bytes
        mirrored = mirror.conn.execute(
            "SELECT n FROM counts WHERE name = 'file_bytes'"
        ).fetchone()[0]
        self._counted = 0 if most is None else mirrored + headroom - most
        # How many names of a file that has several have gone.
        self._names: dict[tuple[int, int], int] = {}

    @property
    def missing(self) -> int:
        return max(self._on_disk, self._counted, 0)

    def less(self, size: int, paths: list[str]) -> None:
        self._counted -= size
        for path in paths:
            try:
                status = os.lstat(self._mirror.at(path))
            except FileNotFoundError:
                continue
            inode = (status.st_dev, status.st_ino)
            self._names[inode] = self._names.get(inode, 0) + 1
            # The disk has more room only when the last name goes.
            if self._names[inode] >= status.st_nlink:
                self._on_disk -= status.st_blocks * 512
