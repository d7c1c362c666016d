"""Make the catalog anew from the mirrored files, and from a backup what they cannot tell.

No network, and no file of the mirror is changed. The new catalog is built under another name
and checked; only then it takes the place of the old one, which is moved aside.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .. import durable
from ..catalog.connection import (
    CATALOG_NAME,
    close_writer,
    open_writer,
    prepare,
    transaction,
)
from ..catalog.copy import copy_catalog
from ..catalog.log import begin_log, end_log, get_setting
from ..catalog.migrate import SCHEMA_VERSION
from ..catalog.restore import attach, take_history, take_views
from ..catalog.texts import index_objects
from ..catalog.work import add_work
from ..clock import to_text
from ..errors import CatalogTooNew, Damaged, LccMirrorError, NoRoom
from .backups import backups_of, list_backups
from .lcformats import forget_format
from .lost import BUILDING, SOURCE, finish_replacing, replace_catalog
from .mirror import held_folder
from .rebuild_datasets import DatasetRebuilder, take_old_dataset
from .rebuild_files import FileReader
from .rebuild_others import OtherFiles
from .trouble import local_errors
from .verify import VerifyReport, check_catalog

if TYPE_CHECKING:
    from ..config import Config
    from .jobs import Surroundings

_MAGIC = b"SQLite format 3\0"
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


@dataclass(frozen=True)
class _Source:
    """An older copy of the catalog, sound and of this schema."""

    path: Path
    told: str
    at: str


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
            with _source(config, around) as source:
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


def _untold(source: _Source | None) -> tuple[str, ...]:
    if source is None:
        return _UNTOLD
    return () if source.path.name == CATALOG_NAME else (f"the history since {source.at}",)


@contextlib.contextmanager
def _source(config: Config, around: Surroundings) -> Iterator[_Source | None]:
    """Find the newest copy of the catalog that is sound: itself, or a backup."""
    root, note = config.mirror.root, around.progress.note
    temporary = root / SOURCE
    current = root / CATALOG_NAME
    found: _Source | None = None
    if _looks_like_one(current):
        try:
            # In a change that was cut off, this ends it; and the log is taken in.
            close_writer(open_writer(current))
            found = _usable(current, "the catalog itself", to_text(around.now()), config)
        except (LccMirrorError, sqlite3.Error, OSError) as error:
            note(f"the catalog is of no use: {error}")
    for backup in list_backups(backups_of(config)) if found is None else ():
        try:
            told = f"the backup {backup.path}"
            found = _usable(backup.path, told, to_text(backup.at), config, temporary)
            break
        except (LccMirrorError, sqlite3.Error, OSError) as error:
            note(f"{backup.path} is of no use: {error}")
    try:
        yield found
    finally:
        for path in root.glob(f"{SOURCE}*"):
            durable.remove_note(path)


def _looks_like_one(path: Path) -> bool:
    """Whether a file begins as a database. Of another one, SQLite would remove the log."""
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def _usable(
    path: Path, told: str, at: str, config: Config, temporary: Path | None = None
) -> _Source:
    """Return a copy of the catalog, checked, and brought to this schema if it is older."""
    url = path.absolute().as_uri() + "?mode=ro"
    with contextlib.closing(sqlite3.connect(url, uri=True, isolation_level=None)) as conn:
        (version,) = conn.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise CatalogTooNew(f"it has schema {version}; we know up to {SCHEMA_VERSION}")
        if version == 0:
            raise Damaged("there is nothing in it")
        check_catalog(conn)
        known = get_setting(conn, "server_url")
        if known not in (None, config.server.url, *config.server.formerly):
            raise Damaged(f"it is of {known}")
        if version < SCHEMA_VERSION and temporary is not None:
            copy_catalog(conn, temporary)
            close_writer(open_writer(temporary))
            return _Source(temporary, told, at)
    return _Source(path, told, at)


def _require_room(root: Path, source: _Source | None) -> None:
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
    source: _Source | None,
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
