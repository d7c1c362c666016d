"""Make the catalog anew from the mirrored files, and from a backup what they cannot tell.

No network, and no file of the mirror is changed. The new catalog is built under another name
and checked; only then it takes the place of the old one, which is moved aside.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .. import durable
from ..catalog.connection import prepare, transaction
from ..catalog.log import begin_log, end_log
from ..catalog.restore import attach, end_backing_up, take_history, take_views
from ..catalog.texts import index_objects
from ..catalog.work import add_work
from ..clock import to_text
from ..errors import NoRoom
from .backups import note_backup
from .lcformats import forget_format
from .lost import BUILDING, finish_replacing, replace_catalog
from .mirror import held_folder
from .rebuild_datasets import DatasetRebuilder, take_old_dataset
from .rebuild_files import FileReader
from .rebuild_others import OtherFiles
from .rebuild_source import Source, older_copy
from .trouble import local_errors
from .verify import VerifyReport, check_catalog

if TYPE_CHECKING:
    from ..config import Config
    from .jobs import Surroundings

_UNTOLD = (
    "when datasets were first seen, listed and mirrored (the times of their files stand there)",
    "datasets of which nothing was mirrored: they come again with the server's list",
    "the history: cycles, runs of searches and what came and went, gaps",
    "the server's ETags, so a ZIP that a new dataset shares is fetched with it once more",
)
_ONLY_OLD = """
SELECT setid FROM datasets WHERE state IN ('mirrored', 'partial') AND nrows IS NULL
AND setid NOT IN (SELECT setid FROM temp.on_disk)
"""


@dataclass(frozen=True)
class Rebuilt:
    """How a catalog was made anew.

    Attributes
    ----------
    source, source_at
        The older copy that the history is from, and of when it is; None: from files alone.
    aside
        Where the old catalog is now.
    datasets
        How many were found on the disk.
    found
        What was read, and what of it is damaged or missing.
    untold
        What cannot be known, in words.
    """

    source: str | None
    source_at: str | None
    aside: str | None
    datasets: int
    found: VerifyReport = field(default_factory=VerifyReport)
    untold: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """65 if something is damaged or missing, which the next sync fetches; else 0."""
        return self.found.exit_code


def rebuild_catalog(
    config: Config,
    around: Surroundings,
    *,
    advance: Callable[[int], None] | None = None,
) -> Rebuilt:
    """Make the catalog of the configured mirror anew. Needs no network.

    The history comes from the catalog itself if it is sound, else from the newest backup that
    is, else there is none.

    Raises
    ------
    MirrorLocked
        If another lccmirror holds the mirror: a daemon must be stopped.
    NoRoom
        If the new catalog does not fit.
    Stopped
        When it is asked to stop; the old catalog is in its place.
    """
    root = config.mirror.root
    with local_errors(), held_folder(root):
        finish_replacing(root, around.now())
        try:
            with older_copy(config, around) as source:
                _require_room(root, source)
                built = _build(config, around, source, advance)
            aside = replace_catalog(root, around.now())
        finally:
            finish_replacing(root, around.now())
    return Rebuilt(
        source=None if source is None else source.told,
        source_at=None if source is None else source.at,
        aside=None if aside is None else str(aside),
        datasets=built[0],
        found=built[1],
        untold=_untold(source),
    )


def _untold(source: Source | None) -> tuple[str, ...]:
    if source is None:
        return _UNTOLD
    return () if source.backup is None else (f"the history since {source.at}",)


def _require_room(root: Path, source: Source | None) -> None:
    wanted = 0 if source is None else source.path.stat().st_size
    free = shutil.disk_usage(root).free
    if free < wanted:
        raise NoRoom(
            f"no room for a new catalog: about {wanted:,} bytes wanted, {free:,} free",
            hint="free some space; nothing was changed",
        )


def _build(
    config: Config,
    around: Surroundings,
    source: Source | None,
    advance: Callable[[int], None] | None,
) -> tuple[int, VerifyReport]:
    root = config.mirror.root
    path = root / BUILDING
    durable.open_for_write(path).close()
    url = path.absolute().as_uri()
    report = VerifyReport()
    with contextlib.closing(
        sqlite3.connect(url, uri=True, isolation_level=None, check_same_thread=False)
    ) as conn:
        prepare(conn, path)
        # Until it is whole nobody needs it: after a crash it is begun again.
        conn.execute("PRAGMA journal_mode = DELETE")
        conn.execute("PRAGMA synchronous = OFF")
        conn.execute("PRAGMA foreign_keys = OFF")
        now = to_text(around.now())
        reader = FileReader(
            conn,
            root,
            report,
            with_old=source is not None,
            now=now,
            advance=advance,
            stop=around.stop,
        )
        if source is not None:
            attach(conn, source.path)
            with transaction(conn):
                take_history(conn)
                if source.backup is not None:
                    end_backing_up(conn)
                    note_backup(conn, source.backup)
        with transaction(conn):
            log_id = begin_log(conn, "rebuild", now)
        datasets = DatasetRebuilder(reader, config, with_old=source is not None)
        datasets.run()
        others = OtherFiles(reader, config.limits, with_old=source is not None)
        others.run()
        if source is not None:
            _take_what_is_gone(conn, others)
        with transaction(conn):
            _plan(conn, report, now)
        index_objects(conn, around.stop)
        summary = (
            f"the catalog was made anew: {datasets.count:,} datasets, {report.files:,} files, "
            f"{report.ndamage:,} damaged or missing"
        )
        with transaction(conn):
            if source is not None:
                take_views(conn)
            end_log(
                conn,
                log_id,
                to_text(around.now()),
                outcome="failed" if report.damage else "ok",
                new_datasets=0,
                received_bytes=0,
                requests=0,
                message=summary,
            )
        if source is not None:
            conn.execute("DETACH old")
        check_catalog(conn)
    durable.flush_path(path)
    return datasets.count, report


def _take_what_is_gone(conn: sqlite3.Connection, others: OtherFiles) -> None:
    """Keep what is known of files that are not there any more: they may come again."""
    for (setid,) in conn.execute(_ONLY_OLD).fetchall():
        with transaction(conn):
            take_old_dataset(conn, setid)
    others.note_missing()


def _plan(conn: sqlite3.Connection, report: VerifyReport, now: str) -> None:
    """Have what is damaged or missing fetched by the next cycle."""
    for one in report.damage:
        if one.setid is not None:
            add_work(conn, one.setid, "repair", now)
        elif one.kind == "lcformat":
            forget_format(conn, one.path.split("/")[1])
