"""The copy of the catalog from which a new one takes its history: itself, or a backup."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .. import durable
from ..catalog.connection import CATALOG_NAME, close_writer, open_writer
from ..catalog.copy import copy_catalog
from ..catalog.log import get_setting
from ..catalog.migrate import SCHEMA_VERSION
from ..clock import to_text
from ..errors import CatalogTooNew, Damaged, LccMirrorError, MirrorUnusable
from .backups import Backup, backups_of, list_backups, own_folder
from .lost import SOURCE
from .verify import check_catalog

if TYPE_CHECKING:
    from ..config import Config
    from .jobs import Surroundings

_MAGIC = b"SQLite format 3\0"


@dataclass(frozen=True)
class Source:
    """An older copy of the catalog, sound and of this schema.

    Attributes
    ----------
    told, at
        Which it is, in words, and of when.
    backup
        The backup that it is, or was made of; None: it is the catalog itself.
    """

    path: Path
    told: str
    at: str
    backup: Backup | None = None


@contextlib.contextmanager
def older_copy(config: Config, around: Surroundings) -> Iterator[Source | None]:
    """Find the newest copy of the catalog that is sound: itself, or a backup.

    Raises
    ------
    MirrorUnusable
        If backups are to be in a folder that is not there: the history would be left out of
        the new catalog for no better reason than a disk that is not mounted. Also if the
        catalog is there, and this user may not read it.
    """
    root, note = config.mirror.root, around.progress.note
    temporary = root / SOURCE
    current = root / CATALOG_NAME
    found: Source | None = None
    if _looks_like_one(current):
        try:
            # In a change that was cut off, this ends it; and the log is taken in.
            close_writer(open_writer(current))
            found = _usable(current, "the catalog itself", to_text(around.now()), config)
        except (LccMirrorError, sqlite3.Error, OSError) as error:
            note(f"the catalog is of no use: {error}")
    for backup in _backups(config, around.now()) if found is None else ():
        try:
            told = f"the backup {backup.path}"
            usable = _usable(backup.path, told, to_text(backup.at), config, temporary)
            found = replace(usable, backup=backup)
            break
        except (LccMirrorError, sqlite3.Error, OSError) as error:
            note(f"{backup.path} is of no use: {error}")
    try:
        yield found
    finally:
        for path in root.glob(f"{SOURCE}*"):
            durable.remove_note(path)


def _backups(config: Config, now: datetime) -> list[Backup]:
    """Return all backups, the newest first: older ones may lie in the mirror still.

    Those of the future come last: they were made by a clock that was wrong, who knows when.
    """
    chosen = backups_of(config)
    places = [chosen] if chosen.own else [chosen, replace(chosen, folder=own_folder(config))]
    if not chosen.own and chosen.keep and not chosen.folder.is_dir():
        raise MirrorUnusable(
            f"there is no folder {chosen.folder}, where the backups of the catalog are to be",
            hint="mount its disk; or, if there are none, make it (backup.folder). Nothing was "
            "changed",
        )
    found = [one for place in places for one in list_backups(place)]
    return sorted(found, key=lambda one: (one.at <= now, one.at), reverse=True)


def _looks_like_one(path: Path) -> bool:
    """Whether a file begins as a database. Of another one, SQLite would remove the log.

    Raises
    ------
    MirrorUnusable
        If this user may not read it: it may be sound, and know more than any backup.
    """
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except PermissionError as error:
        raise MirrorUnusable(
            f"{path}: {error.strerror}",
            hint="let the mirror's user read and write it. Nothing was changed",
        ) from error
    except OSError:
        return False


def _usable(
    path: Path, told: str, at: str, config: Config, temporary: Path | None = None
) -> Source:
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
            return Source(temporary, told, at)
    return Source(path, told, at)
