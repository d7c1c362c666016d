"""A file that a person asked for: made beside its place, flushed, and only then put there."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..catalog.connection import CATALOG_NAME
from ..durable import flush_folder, make_folder
from ..errors import LccMirrorError, LocalError, NoRoom, UsageError
from ..names import printable

# What the mirror keeps for itself, below its root.
_OURS: Final = ("datasets", "collections", "lightcurves", "objects", "incoming", "backups")
_OUR_FILES: Final = ("lock", "control")
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# Hard links are what says that a name is taken; FAT and some network disks have none.
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
# Characters, of four bytes at most: a name has 255.
_LONGEST_PREFIX: Final = 60


@dataclass(frozen=True)
class NewFile:
    """A place for a file, that has been looked at.

    Parameters
    ----------
    path
        Where it goes.
    replace
        What is there may be replaced.
    """

    path: Path
    replace: bool = False

    def require_room(self, n_bytes: int) -> None:
        """Make sure that the disk has room.

        Raises
        ------
        NoRoom
            If it has not.
        """
        disk = os.statvfs(self.path.parent)
        free = disk.f_bavail * disk.f_frsize
        if free < n_bytes:
            raise NoRoom(
                f"no room for {self.path}: it needs {_megabytes(n_bytes)}, and "
                f"{_megabytes(free)} are free",
                hint="free some space, or name a folder on another disk",
            )

    @contextlib.contextmanager
    def temporary(self) -> Iterator[Path]:
        """Make an empty file beside the place; what is left of it is removed at the end."""
        made: Path | None = None
        try:
            descriptor, name = tempfile.mkstemp(
                dir=self.path.parent,
                prefix=f".{self.path.name[:_LONGEST_PREFIX]}.",
                suffix=".part",
            )
            made = Path(name)
            os.close(descriptor)
            yield made
        finally:
            if made is not None:
                made.unlink(missing_ok=True)

    def put_in_place(
        self, temporary: Path, *, mode: int | None = None, flush: bool = True
    ) -> None:
        """Flush a file that is complete, and give it its name.

        Parameters
        ----------
        temporary
            From `temporary`.
        mode
            Permissions that it may have at most, besides the user's umask; as any new
            file's if None.
        flush
            Whether a power cut may not touch it: not of one of many, which would take long.

        Raises
        ------
        UsageError
            If another file has come to lie there, and must not be replaced.
        """
        umask = os.umask(0)
        os.umask(umask)
        wanted = stat.S_IMODE(0o666 if mode is None else mode)
        temporary.chmod((wanted & 0o666 & ~umask) | 0o600)
        if flush:
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
        if self.replace:
            temporary.replace(self.path)
        else:
            self._link(temporary)
        if flush:
            flush_folder(self.path.parent)

    def _link(self, temporary: Path) -> None:
        try:
            self.path.hardlink_to(temporary)
        except FileExistsError as error:
            raise _already_there(self.path) from error
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if os.path.lexists(self.path):
                raise _already_there(self.path) from error
            temporary.replace(self.path)


def new_file(path: Path, root: Path, *, force: bool = False) -> NewFile:
    """Return a place for a file after looking whether it is one.

    Parameters
    ----------
    path
        As the person wrote it.
    root
        The mirror's folder: what is the mirror's own is never written to.
    force
        A file that is there may be replaced.

    Raises
    ------
    UsageError
        If the place is taken, is the mirror's own, or its folder is not there.
    LocalError
        If it may not be written.
    """
    # The folder's links are followed, the file's own name is not: a link is replaced by the
    # file, not written through.
    try:
        folder = Path(os.path.realpath(path.parent, strict=True))
    except FileNotFoundError:
        raise UsageError(
            f"there is no folder {printable(str(path.parent))}", hint="make it first"
        ) from None
    except OSError as error:
        raise LocalError(f"{path.parent}: {error.strerror}") from error
    target = folder / path.name
    if not path.name or not folder.is_dir() or target.is_dir():
        raise UsageError(f"{printable(str(path))} is a folder, not a file")
    require_not_ours(target, root)
    if os.path.lexists(target):
        if not force:
            raise _already_there(target)
        if not stat.S_ISREG(target.lstat().st_mode):
            raise UsageError(f"{printable(str(target))} is not an ordinary file")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise LocalError(
            f"no permission to write into {folder}", hint="name a file in a folder of yours"
        )
    return NewFile(target, force)


@contextlib.contextmanager
def folder_for(folder: Path) -> Iterator[None]:
    """Make a folder for what the block writes, if it is not there.

    Where nothing has come into it, it is taken away again, with the folders above it that
    were made for it.
    """
    missing = [one for one in (folder, *folder.parents) if not one.is_dir()]
    make_folder(folder, mode=0o777)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # there is something in it
            for one in missing:
                one.rmdir()


def real_path(path: Path) -> Path:
    """Return a path without links; `Path.resolve` raises where one leads to itself."""
    return Path(os.path.realpath(path))


def require_not_ours(target: Path, root: Path) -> None:
    """Refuse what belongs to the mirror itself.

    Parameters
    ----------
    target
        Where somebody wants to write; its folder has no links.
    root
        The mirror's folder.

    Raises
    ------
    UsageError
        If it is the catalog, by whatever name, or within the mirror's own folders.
    """
    real = real_path(root)
    catalog = real / CATALOG_NAME
    taken = target.parent == real and (
        target.name.startswith(CATALOG_NAME) or target.name in _OUR_FILES
    )
    same = target.exists() and catalog.exists() and target.samefile(catalog)
    if taken or same:
        raise UsageError(
            f"{printable(str(target))} is the mirror's own", hint="name another file"
        )
    for name in _OURS:
        if target.is_relative_to(real / name):
            raise UsageError(
                f"{printable(str(target))} is in the mirror's own folder {name}",
                hint="name a place outside of it",
            )


@contextlib.contextmanager
def room_in(folder: Path) -> Iterator[None]:
    """Say where there is no room, when something that is written there does not fit.

    Raises
    ------
    NoRoom
        In place of the system's own words, which name no place.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise _no_room(folder, error) from error
        raise


def why_not_written(path: Path) -> LccMirrorError | None:
    """Find out why SQLite could not write a file: it only says that it could not.

    Returns
    -------
    LccMirrorError or None
        `NoRoom` for a full disk, a quota or a limit; None if it can be written now.
    """
    try:
        with path.open("ab") as file:
            file.write(b"\0" * 4096)
            file.flush()
    except OSError as error:
        if error.errno in _FULL:
            return _no_room(path.parent, error)
        return LocalError(f"writing into {path.parent}: {error.strerror}")
    return None


def _no_room(folder: Path, error: OSError) -> NoRoom:
    return NoRoom(
        f"no room in {folder}: {error.strerror}",
        hint="free some space, or name a folder on another disk",
    )


def _already_there(path: Path) -> UsageError:
    return UsageError(
        f"{printable(str(path))} is there already",
        hint="name another, or replace it by --force",
    )


def _megabytes(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.1f} MB"
