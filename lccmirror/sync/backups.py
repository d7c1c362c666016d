"""Backups of the catalog: where they are, when one is due, and making one.

A mirror can be had again from the server and from its own files, but for what only the
catalog knows. The names say which server's catalog it is a copy of, and of when; nothing else
in the folder is ever touched.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sqlite3
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from .. import durable
from ..catalog.connection import transaction
from ..catalog.copy import copy_catalog, size_of
from ..catalog.jobs import Trouble, end_trouble, put_trouble, trouble
from ..catalog.log import set_setting
from ..clock import Now, to_text
from ..errors import LccMirrorError, MirrorUnusable, NoRoom, Stopped
from .layout import BACKUPS
from .trouble import local_errors

if TYPE_CHECKING:
    from ..config import Config

LAST_BACKUP = "backup"
"""The setting under which stands when the last one was made, and where (JSON)."""
TROUBLE = "job backup"
_SPARE_BYTES = 1 << 20
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Backups:
    """Where the backups of a mirror's catalog are, and how many.

    Attributes
    ----------
    folder
        All of them are in here.
    own
        The folder is the mirror's own, and made when it is needed. Another one may be on a
        disk that is not mounted now, and then must not be made on the disk below.
    stems
        How their names begin: by the server's address, and by those that it had before.
    keep
        How many are kept; none are made with 0.
    every_s
        How often one is made.
    min_free
        Bytes that must stay free on the mirror's disk.
    """

    folder: Path
    own: bool
    stems: tuple[str, ...]
    keep: int = 7
    every_s: float = 86_400.0
    min_free: int = 0


@dataclass(frozen=True)
class Backup:
    """A copy of the catalog, and when it was made."""

    path: Path
    at: datetime


def backups_of(config: Config) -> Backups:
    """Return where a configuration has its backups."""
    chosen, server = config.backup, config.server
    return Backups(
        folder=chosen.folder or own_folder(config),
        own=chosen.folder is None,
        stems=tuple(_stem(url) for url in (server.url, *server.formerly)),
        keep=chosen.keep,
        every_s=chosen.every_s,
        min_free=config.mirror.min_free,
    )


def own_folder(config: Config) -> Path:
    """Return the mirror's own folder of backups."""
    return config.mirror.root / BACKUPS


def _stem(url: str) -> str:
    return "catalog-" + re.sub(r"[^A-Za-z0-9.]+", "_", url.partition("://")[2]) + "-"


def list_backups(backups: Backups) -> list[Backup]:
    """Return the backups that are there, the newest first."""
    found = []
    if backups.folder.is_dir():
        for path in backups.folder.iterdir():
            at = _made_at(path.name, backups.stems)
            if at is not None and path.is_file() and not path.is_symlink():
                found.append(Backup(path, at))
    return sorted(found, key=lambda one: (one.at, one.path.name), reverse=True)


def _made_at(name: str, stems: tuple[str, ...]) -> datetime | None:
    """Return what the name of a backup says; None for the name of anything else."""
    for stem in stems:
        if name.startswith(stem):
            try:
                read = datetime.strptime(name.removeprefix(stem), f"{_STAMP}.sqlite")
            except ValueError:
                continue
            return read.replace(tzinfo=UTC)
    return None


def is_due(backups: Backups, now: datetime) -> bool:
    """Whether the newest backup is older than they are to be.

    One of the future was made by a clock that was wrong.
    """
    if backups.keep == 0:
        return False
    newest = [one.at for one in list_backups(backups) if one.at <= now]
    return not newest or now - max(newest) >= timedelta(seconds=backups.every_s)


def make_backup(
    conn: sqlite3.Connection,
    root: Path,
    backups: Backups,
    now: datetime,
    stop: threading.Event | None = None,
) -> Backup:
    """Copy the catalog to the backups, and remove those that are too many.

    Parameters
    ----------
    conn
        The writer's own.
    root
        The mirror's folder.

    Raises
    ------
    LocalError
        If the folder is not there, cannot be written, or has no room.
    Stopped
        When `stop` is set.
    """
    with local_errors():
        _require_folder(root, backups, size_of(conn))
        final = backups.folder / f"{backups.stems[0]}{now.astimezone(UTC):{_STAMP}}.sqlite"
        temporary = final.with_name(f".{final.name}.part")
        try:
            copy_catalog(conn, temporary, stop)
            durable.put_in_place(temporary, final)
        except BaseException:
            durable.remove_note(temporary)
            raise
        made = Backup(final, now)
        _remove_old(backups, made)
    return made


def _require_folder(root: Path, backups: Backups, size: int) -> None:
    folder = backups.folder
    if backups.own:
        durable.make_folder(folder)
    elif not folder.is_dir():
        raise MirrorUnusable(
            f"there is no folder {folder} for backups of the catalog",
            hint="make it, or mount its disk (backup.folder)",
        )
    wanted = size + _SPARE_BYTES
    same_disk = folder.stat().st_dev == root.stat().st_dev
    left = backups.min_free if same_disk else 0
    free = shutil.disk_usage(folder).free
    if free - wanted < left:
        raise NoRoom(
            f"no room for a backup of the catalog in {folder}: {wanted:,} bytes wanted, "
            f"{free:,} free" + (f", {left:,} must stay free (mirror.min_free)" if left else ""),
            hint="free some space, lower backup.keep, or name a folder on another disk",
        )


def _remove_old(backups: Backups, made: Backup) -> None:
    others = [one for one in list_backups(backups) if one.path != made.path]
    # Those of a clock that was ahead stay the newest for years: they must not cost the others
    # their places.
    ahead = [one for one in others if one.at > made.at]
    for of_a_kind in (ahead, others[len(ahead) :]):
        for one in of_a_kind[max(0, backups.keep - 1) :]:
            durable.remove(one.path)
    for left in backups.folder.glob(f".{backups.stems[0]}*.part"):
        # Of a run that was cut off: the lock of the mirror says that nobody is at it.
        if _made_at(left.name[1:].removesuffix(".part"), backups.stems) is not None:
            durable.remove_note(left)


def keep_backup(
    conn: sqlite3.Connection,
    root: Path,
    backups: Backups,
    now: Now,
    stop: threading.Event | None = None,
) -> Backup:
    """Make a backup and note in the catalog that there is one.

    Raises
    ------
    LocalError, Stopped
        As `make_backup`.
    """
    made = make_backup(conn, root, backups, now(), stop)
    with transaction(conn):
        note_backup(conn, made)
    return made


def note_backup(conn: sqlite3.Connection, made: Backup) -> None:
    """Note in the catalog that there is a backup, in the caller's transaction."""
    noted = {"at": to_text(made.at), "path": str(made.path)}
    set_setting(conn, LAST_BACKUP, json.dumps(noted))


def back_up_if_due(
    conn: sqlite3.Connection,
    root: Path,
    backups: Backups,
    now: Now,
    stop: threading.Event | None = None,
) -> LccMirrorError | None:
    """Make a backup if it is time for one.

    Returns
    -------
    LccMirrorError or None
        Why there is none; it is noted as a trouble, and no reason for anything else to fail.
    """
    try:
        with local_errors():
            if not is_due(backups, now()):
                return None
            keep_backup(conn, root, backups, now, stop)
            with transaction(conn):
                end_trouble(conn, TROUBLE)
    except Stopped:
        return None
    except LccMirrorError as error:
        note_trouble(conn, error, now)
        return error
    return None


def note_trouble(conn: sqlite3.Connection, error: LccMirrorError, now: Now) -> None:
    """Write down that there is no backup, for `status` to tell; on a full disk it is not."""
    at = to_text(now())
    with contextlib.suppress(sqlite3.Error), transaction(conn):
        known = trouble(conn, TROUBLE)
        since = at if known is None else known.since
        message = f"the catalog was not backed up: {error.message}"
        put_trouble(conn, Trouble(TROUBLE, since, at, message))
