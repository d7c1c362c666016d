"""What the disk and the database say, as errors that a person can act on."""

from __future__ import annotations

import contextlib
import errno
import re
import sqlite3
from collections.abc import Iterator

from ..catalog.connection import REBUILD_HINT
from ..catalog.migrate import schema_tables
from ..errors import (
    Damaged,
    InTheWay,
    LocalError,
    MirrorLocked,
    MirrorUnusable,
    NoRoom,
    Stopped,
)

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)
_OTHER_KIND = (
    errno.EISDIR,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.ENOTEMPTY,
    errno.ELOOP,
    errno.ENXIO,
)
# Of a folder of backups on another machine, say.
_GONE = (errno.ESTALE, errno.ENOTCONN, errno.ENODEV)


@contextlib.contextmanager
def local_errors() -> Iterator[None]:
    """Turn what goes wrong with the disk or the catalog inside into a `LocalError`."""
    try:
        yield
    except OSError as error:
        of_disk = from_os(error)
        if of_disk is None:
            raise
        raise of_disk from error
    except sqlite3.Error as error:
        of_catalog = from_sqlite(error)
        if of_catalog is None:
            raise
        raise of_catalog from error


def from_os(error: OSError) -> LocalError | None:
    """Return what an operating-system error means for a mirror, or None."""
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in _FULL:
        return NoRoom(
            f"{where}{error.strerror}",
            hint="nothing is lost: free some space and sync again",
        )
    if error.errno in _FORBIDDEN:
        return MirrorUnusable(
            f"{where}{error.strerror}",
            hint="the mirror's user must be able to write there",
        )
    if error.errno in _OTHER_KIND:
        return InTheWay(
            f"{where}{error.strerror}",
            hint="something else put it there; move it away and sync again",
        )
    if error.errno == errno.ENOENT:
        return InTheWay(
            f"{where}it is gone while it was in use",
            hint="something else removed it; sync again",
        )
    if error.errno == errno.EXDEV:
        return MirrorUnusable(
            f"{where}{error.strerror}",
            hint="all folders of a mirror must be on one filesystem: what is fetched is moved "
            "into place as a whole, and shared files are links",
        )
    if error.errno == errno.ENAMETOOLONG:
        return MirrorUnusable(
            f"{where}{error.strerror}", hint="give the mirror a root with a shorter name"
        )
    if error.errno in _GONE:
        return MirrorUnusable(
            f"{where}{error.strerror}", hint="its disk is not there any more: mount it again"
        )
    if error.errno == errno.EIO:
        return Damaged(f"{where}{error.strerror}", hint="the disk has a fault")
    return None


def from_sqlite(error: sqlite3.Error) -> LocalError | Stopped | None:
    """Return what an error of SQLite means for a mirror, or None."""
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_INTERRUPT":
        return Stopped("stopped in the middle of a statement; nothing of it was kept")
    if name == "SQLITE_FULL":
        return NoRoom(
            "the catalog: no room on the disk",
            hint="nothing is lost: free some space and sync again",
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return MirrorLocked(
            "another program has held the catalog locked for a minute",
            hint="close what writes to catalog.sqlite, and sync again",
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or _lacks_table(error):
        return Damaged(
            f"the catalog is damaged: {error}",
            hint=REBUILD_HINT,
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return MirrorUnusable(
            f"the catalog cannot be written: {error}",
            hint="the mirror's user must be able to write in its folder",
        )
    if name in ("SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_SHMSIZE"):
        # A quota or a limit on file sizes comes as this, and so does a failing disk.
        return NoRoom(
            f"the catalog cannot be written: {error}",
            hint="nothing is lost: look for a quota or a disk fault, and sync again",
        )
    if name.startswith("SQLITE_IOERR"):
        return Damaged(f"the catalog: {error}", hint="the disk has a fault")
    return None


def _lacks_table(error: sqlite3.Error) -> bool:
    """Whether a table is not there that every catalog has: somebody has dropped it."""
    lacking = re.fullmatch(r"no such table: (?:main\.)?(\w+)", str(error))
    return lacking is not None and lacking[1] in schema_tables()
