"""Compare a file of the mirror with what the catalog says it must be."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .fetch import sha256_of

_MOVE = "move away what is there"
_LET_IN = "let the mirror's user into its folder"


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a file.

    Attributes
    ----------
    what
        ``missing`` or ``damaged``.
    detail
        In words.
    first
        What a person has to do before a repair can do anything about it.
    forbidden
        This user may not read it: nothing is known of its bytes.
    """

    what: str
    detail: str
    first: str | None = None
    forbidden: bool = False


def compare_file(
    file: Path,
    size: int,
    sha256: str,
    *,
    read: dict[tuple[int, int], str] | None = None,
    stop: threading.Event | None = None,
    pace: Callable[[int], None] | None = None,
) -> Wrong | None:
    """Read a file, and say what of it is not as it must be; None if nothing is.

    Parameters
    ----------
    size, sha256
        What it must be.
    read
        The hashes of files with several names that were read already, by their inodes.
    stop, pace
        As `lccmirror.sync.fetch.sha256_of` takes them.

    Raises
    ------
    Stopped
        When `stop` is set.
    """
    try:
        status = os.lstat(file)
    except FileNotFoundError:
        return Wrong("missing", "the file is not there")
    except NotADirectoryError:
        return Wrong("damaged", "something else is in the place of its folder", _MOVE)
    except OSError as error:
        why = f"its folder cannot be entered: {error.strerror}"
        return Wrong("damaged", why, _LET_IN, _is_forbidden(error))
    if not stat.S_ISREG(status.st_mode):
        return Wrong("damaged", f"it is not a plain file, but {_kind(status.st_mode)}", _MOVE)
    if status.st_size != size:
        return Wrong("damaged", f"{status.st_size:,} bytes instead of {size:,}")
    known = {} if read is None else read
    inode = (status.st_dev, status.st_ino)
    try:
        # ZIPs that datasets share are one file with several names.
        found = known.get(inode) or sha256_of(file, stop, pace)
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
        return Wrong("damaged", why, forbidden=_is_forbidden(error))
    if status.st_nlink > 1:
        known[inode] = found
    return None if found == sha256 else Wrong("damaged", "other bytes than were fetched")


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a link"
    return "a folder" if stat.S_ISDIR(mode) else "a pipe, a socket or a device"


def _is_forbidden(error: OSError) -> bool:
    return error.errno in (errno.EACCES, errno.EPERM)
