"""Every change to the mirror's files, and to those of keys, passes here.

A file is written under a temporary name, flushed, renamed into place, and its folder
flushed: after a power cut it is there whole or not at all. Nothing else in the package
opens a mirror file for writing, renames, links or removes one.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

FILE_MODE = 0o640
FOLDER_MODE = 0o750


def make_folder(folder: Path, *, mode: int = FOLDER_MODE) -> None:
    """Create `folder` and its parents, each one's entry flushed in its parent."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(mode=mode, exist_ok=True)
        flush_folder(one.parent)


def open_for_append(path: Path, *, mode: int = FILE_MODE) -> BinaryIO:
    """Open `path` for appending, created with `mode`.

    Raises
    ------
    OSError
        If a link is there, anything else that is no plain file, or one that has a second
        name: what is appended would come to that one, too.
    """
    descriptor = _open_plain(path, os.O_APPEND, mode)
    try:
        if os.fstat(descriptor).st_nlink > 1:
            raise FileExistsError(errno.EEXIST, "it is one file with another one", str(path))
        return os.fdopen(descriptor, "ab", buffering=0)
    except BaseException:
        os.close(descriptor)
        raise


def open_for_write(path: Path, *, mode: int = FILE_MODE) -> BinaryIO:
    """Open `path` emptied for writing, created with `mode`.

    A file that has a second name keeps its content under that: a new one is made here.

    Raises
    ------
    OSError
        If a link is there, or anything else that is no plain file.
    """
    descriptor = _open_plain(path, 0, mode)
    try:
        if os.fstat(descriptor).st_nlink > 1:
            path.unlink()
            os.close(descriptor)
            descriptor = _open_plain(path, os.O_EXCL, mode)
        os.ftruncate(descriptor, 0)
        return os.fdopen(descriptor, "wb")
    except BaseException:
        os.close(descriptor)
        raise


def make_empty(path: Path, *, mode: int = FILE_MODE) -> None:
    """Make `path` an empty file: what was in it does not come back after a power cut.

    A file that has a second name keeps its content under that: a new one is made here.

    Raises
    ------
    OSError
        If a link is there, or anything else that is no plain file.
    """
    descriptor = _open_plain(path, 0, mode)
    try:
        status = os.fstat(descriptor)
        shared = status.st_nlink > 1
        # Of a file that was empty, or not there, nothing can come back.
        if status.st_size and not shared:
            os.ftruncate(descriptor, 0)
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if shared:
        open_for_write(path, mode=mode).close()


def _open_plain(path: Path, flags: int, mode: int) -> int:
    # Not blocking: to open a pipe would wait until somebody reads from it.
    flags |= os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, mode)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise FileExistsError(errno.EEXIST, "it is no plain file", str(path))


def flush_file(file: BinaryIO) -> None:
    """Everything written to `file` is on the disk when this returns."""
    file.flush()
    os.fsync(file.fileno())


def begin_to_flush(file: BinaryIO, start: int, end: int) -> None:
    """Let the disk begin with these bytes of `file` now, so that a later flush waits for less.

    That they will not be needed is what Linux takes for a reason to write them out. They stay
    in memory all the same, being written at that moment.
    """
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file.fileno(), start, end - start, os.POSIX_FADV_DONTNEED)


def flush_folder(folder: Path) -> None:
    """The names in `folder` are on the disk when this returns."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_path(path: Path) -> None:
    """Everything that was written to the file at `path` is on the disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put_in_place(temporary: Path, final: Path, *, later: set[Path] | None = None) -> None:
    """Rename a flushed file to its final name (same filesystem) and flush the folder.

    Parameters
    ----------
    later
        Takes the folder, in place of its being flushed: where many files come into it, one
        flush is enough for all, before anything is said of them.
    """
    temporary.replace(final)
    if later is None:
        flush_folder(final.parent)
    else:
        later.add(final.parent)


def link(existing: Path, new: Path) -> None:
    """Give `existing` a second name, durably."""
    new.hardlink_to(existing)
    flush_folder(new.parent)


def remove(path: Path) -> None:
    """Remove a file, durably; not being there is fine."""
    path.unlink(missing_ok=True)
    flush_folder(path.parent)


def remove_note(path: Path) -> None:
    """Remove a note; not being there is fine, and so is its return after a power cut."""
    path.unlink(missing_ok=True)


def write_note(path: Path, content: bytes, *, mode: int = FILE_MODE) -> None:
    """Replace `path` by `content`, of which nothing depends on surviving a power cut.

    One that is there is replaced as a whole; a new one may be found empty after a crash, too.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, mode)
    except FileExistsError:
        temporary = path.with_name(f".{path.name}.new")
        with open_for_write(temporary, mode=mode) as file:
            file.write(content)
        temporary.replace(path)
    else:
        try:
            while content:
                content = content[os.write(descriptor, content) :]
        finally:
            os.close(descriptor)


def write_file(path: Path, content: bytes, *, mode: int = FILE_MODE) -> None:
    """Replace `path` by `content`, whole or not at all."""
    temporary = path.with_name(f".{path.name}.new")
    with open_for_write(temporary, mode=mode) as file:
        file.write(content)
        flush_file(file)
    put_in_place(temporary, path)


def write_private(path: Path, content: bytes) -> None:
    """Replace `path` by `content`, whole or not at all, readable by its owner alone.

    Several processes may do so at once; the last one's content stays.
    """
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            # A umask can only take bits away, but a folder's default ACL can add some.
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
            flush_file(file)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def set_modified(path: Path, modified: float) -> None:
    """Set a file's modification time, in seconds since 1970."""
    os.utime(path, (modified, modified))
