"""A whole answer in a temporary file: in memory while small, on the disk when not."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from ..errors import NoRoom

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def spooled(
    chunks: Iterable[bytes], *, memory_bytes: int = 1024 * 1024, folder: Path | None = None
) -> IO[bytes]:
    """Return a file, to be closed, with all of `chunks`, at its beginning.

    Parameters
    ----------
    chunks
        The content, already bounded.
    memory_bytes
        Kept in memory up to this.
    folder
        Where the file is made otherwise; the system's temporary folder if None.

    Raises
    ------
    NoRoom
        If it does not fit there.
    """
    # returned open, so no `with` here
    file: IO[bytes] = tempfile.SpooledTemporaryFile(  # noqa: SIM115
        memory_bytes, dir=None if folder is None else str(folder)
    )
    try:
        for chunk in chunks:
            file.write(chunk)
        file.seek(0)
    except OSError as error:
        file.close()
        if is_full(error):
            place = folder or tempfile.gettempdir()
            raise NoRoom(f"no room for an answer in {place}") from error
        raise
    except BaseException:
        file.close()
        raise
    return file


def is_full(error: OSError) -> bool:
    """Whether `error` says that the disk, or our share of it, is full."""
    return error.errno in _FULL
