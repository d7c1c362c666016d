"""A mirror on disk, held by the one process that writes it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..catalog.connection import (
    BUSY_TIMEOUT_S,
    CATALOG_NAME,
    REBUILD_HINT,
    check_version,
    close_writer,
    open_writer,
    transaction,
)
from ..catalog.log import get_setting, set_setting
from ..clock import Now, utc_now
from ..durable import FILE_MODE, make_folder
from ..errors import Damaged, InTheWay, LccMirrorError, MirrorLocked, MirrorUnusable
from ..linked import refuse_linked
from ..owners import is_root_abroad
from .backups import Backups, backups_of, make_backup, note_trouble
from .filesystem import check_folder
from .layout import INCOMING, LOCK
from .lost import REBUILT, finish_replacing, require_not_lost

if TYPE_CHECKING:
    from ..config import Config


@dataclass(frozen=True)
class Mirror:
    """An open mirror: its root folder and the connection to its catalog.

    Attributes
    ----------
    read_only
        Nothing can be written by it, and it is not locked: others may change it meanwhile.
    inode
        The file that the writer's connection has open.
    """

    root: Path
    conn: sqlite3.Connection
    read_only: bool = False
    inode: tuple[int, int] | None = None

    def at(self, path: str) -> Path:
        """Return where a path of the catalog or the layout lies on the disk."""
        return self.root / path


@contextlib.contextmanager
def open_configured(
    config: Config, *, create: bool = True, now: Now = utc_now
) -> Iterator[Mirror]:
    """Open the mirror of a configuration, as `open_mirror` does."""
    server = config.server
    with open_mirror(
        config.mirror.root,
        server.url,
        formerly=server.formerly,
        create=create,
        backups=backups_of(config),
        now=now,
    ) as mirror:
        yield mirror


@contextlib.contextmanager
def open_mirror(
    root: Path,
    url: str,
    *,
    formerly: tuple[str, ...] = (),
    create: bool = True,
    backups: Backups | None = None,
    now: Now = utc_now,
) -> Iterator[Mirror]:
    """Open the mirror at `root` for writing; nobody else may write it meanwhile.

    Parameters
    ----------
    url
        The server it mirrors.
    formerly
        Addresses that the same server had before.
    create
        Make it if it is not there.
    backups
        Where the catalog is copied to before its schema is changed.
    now
        The time.

    Raises
    ------
    MirrorUnusable
        If `root` cannot hold a mirror, or holds one of another server.
    MirrorLocked
        If another lccmirror holds it.
    CatalogTooNew, Damaged
        If its catalog cannot be used, or is gone while its files are there; also at the end, if
        somebody has removed or replaced it meanwhile.
    """
    check_folder(root)
    if not create and not (root / CATALOG_NAME).exists() and not (root / REBUILT).exists():
        require_not_lost(root)
        raise _no_mirror(root)
    with held_folder(root):
        finish_replacing(root, now())
        require_not_lost(root)
        copying = None if backups is None else _Copying(root, backups, now)
        conn = open_writer(root / CATALOG_NAME, before_migration=copying)
        try:
            if copying is not None and copying.failure is not None:
                note_trouble(conn, copying.failure, now)
            _check_server(conn, root, url, formerly)
            mirror = Mirror(root, conn, inode=_inode(root / CATALOG_NAME))
            yield mirror
            require_in_place(mirror)
        finally:
            close_writer(conn)


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def require_in_place(mirror: Mirror) -> None:
    """Make sure that the catalog we write is the one that lies in the mirror.

    SQLite goes on with a file that somebody has removed, and all of that ends with us.

    Raises
    ------
    Damaged
        If it is not.
    """
    path = mirror.root / CATALOG_NAME
    found = _inode(path)
    if mirror.inode is not None and found != mirror.inode:
        what = "is gone" if found is None else "is another one"
        raise Damaged(
            f"{path} {what}: somebody has removed or replaced it while it was in use",
            hint=f"stop the daemon, if one runs; then, if it is gone, {REBUILD_HINT}",
        )


class _Copying:
    """Copies the catalog to the backups; that this fails does not keep us from the work.

    A migration is a transaction: what a copy is for is the way back to an older version.
    """

    def __init__(self, root: Path, backups: Backups, now: Now) -> None:
        self._root = root
        self._backups = backups
        self._now = now
        self.failure: LccMirrorError | None = None

    def __call__(self, conn: sqlite3.Connection) -> None:
        if self._backups.keep:
            try:
                make_backup(conn, self._root, self._backups, self._now())
            except LccMirrorError as error:
                self.failure = error


@contextlib.contextmanager
def held_folder(root: Path) -> Iterator[None]:
    """Hold the mirror at `root`, whatever its catalog is like; nobody else writes it meanwhile.

    Raises
    ------
    MirrorUnusable
        If `root` cannot hold a mirror.
    MirrorLocked
        If another lccmirror holds it.
    """
    check_folder(root)
    try:
        make_folder(root)
        make_folder(root / INCOMING)
    except OSError as error:
        raise MirrorUnusable(
            f"cannot make {error.filename or root}: {error.strerror}",
            hint="name a folder of its own as [mirror] root in the configuration",
        ) from error
    refuse_linked(root / INCOMING)
    with _held(root / LOCK), _held_itself(root):
        yield


def _no_mirror(root: Path) -> MirrorUnusable:
    return MirrorUnusable(
        f"there is no mirror at {root}", hint="run `lccmirror sync` to make one"
    )


def has_catalog(root: Path) -> bool:
    """Whether there is a catalog in the mirror at `root`.

    Raises
    ------
    MirrorUnusable
        If this user may not look.
    """
    try:
        return (root / CATALOG_NAME).is_file()
    except PermissionError as error:
        raise MirrorUnusable(
            f"the mirror at {root} cannot be read: {error.strerror}",
            hint="ask its owner for permission to read the folder and its files",
        ) from error


def is_writable(root: Path) -> bool:
    """Whether this user may write in the mirror at `root`."""
    if root.is_dir() and is_root_abroad(root.stat(), os.geteuid()):
        return False
    there = [one for one in (root, root / CATALOG_NAME, root / LOCK) if one.exists()]
    return all(os.access(one, os.W_OK) for one in there)


@contextlib.contextmanager
def open_to_read(root: Path, url: str, *, formerly: tuple[str, ...] = ()) -> Iterator[Mirror]:
    """Open the mirror at `root` without writing to it; somebody else may be writing it.

    Raises
    ------
    MirrorUnusable
        If it is not there, not to be read by this user, or one of another server.
    CatalogTooNew
        If a newer lccmirror wrote it.
    """
    path = root / CATALOG_NAME
    require_not_lost(root)
    if not path.is_file():
        raise _no_mirror(root)
    uri = path.absolute().as_uri() + "?mode=ro"
    try:
        conn = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        with contextlib.closing(conn):
            conn.execute("PRAGMA query_only = ON")
            check_version(conn, path)
            _check_server(conn, root, url, formerly)
            yield Mirror(root, conn, read_only=True)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_CANTOPEN":
            raise
        raise MirrorUnusable(
            f"{path} cannot be opened by this user",
            hint="ask its owner for permission to read; if you have that, its last writer "
            "was cut off: let the owner run `lccmirror sync` once",
        ) from error


@contextlib.contextmanager
def _held(path: Path) -> Iterator[None]:
    # The file is never unlinked: whoever opened it before that would hold a lock on nothing.
    try:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(path, flags, FILE_MODE)
    except OSError as error:
        raise MirrorUnusable(
            f"cannot open {path}: {error.strerror}",
            hint="the mirror's user must be able to write it; it must be a plain file",
        ) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise InTheWay(
                f"{path} is not a plain file",
                hint="something else put it there; move it away and sync again",
            )
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
            raise MirrorLocked(
                f"another lccmirror holds {path.parent}"
                + (f" (process {holder})" if holder.isdigit() else ""),
                hint="wait until it is done, or stop it",
            ) from error
        # Not where that would write into another file, too.
        if status.st_nlink == 1:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _held_itself(root: Path) -> Iterator[None]:
    """Hold the folder, too: somebody may remove the lock, and a second one holds a new one."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            raise MirrorLocked(
                f"another lccmirror holds {root}, whose {LOCK} was removed",
                hint="wait until it is done, or stop it",
            ) from error
        yield
    finally:
        os.close(descriptor)


def _check_server(
    conn: sqlite3.Connection, root: Path, url: str, formerly: tuple[str, ...]
) -> None:
    known = get_setting(conn, "server_url")
    if known is not None and known != url and known not in formerly:
        raise MirrorUnusable(
            f"{root} is a mirror of {known}, not of {url}",
            hint="name another folder as [mirror] root; or, if it is the same server at a new "
            f'address, add "{known}" to [server] formerly',
        )


def bind_server(conn: sqlite3.Connection, url: str) -> None:
    """Remember that this is a mirror of the server at `url`, which has answered as one."""
    with transaction(conn):
        set_setting(conn, "server_url", url)
