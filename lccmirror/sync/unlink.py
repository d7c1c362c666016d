"""Remove files that the catalog has let go; after a crash, where it was broken off."""

from __future__ import annotations

import stat
from pathlib import Path

from .. import durable
from ..catalog.connection import transaction
from ..catalog.prune import removed, to_be_removed
from .mirror import Mirror


def finish_pruning(mirror: Mirror) -> int:
    """Remove every file that is noted for removal; return how many were there.

    The notes were committed together with the end of the files' rows, so a file that is
    still in the catalog is never touched, and none is left behind. A folder in a file's
    place is not ours, and left alone. A file that cannot be removed keeps its note for the
    next time, and keeps nobody from other work.
    """
    gone = 0
    over: list[str] = []
    for path, known_again in to_be_removed(mirror.conn):
        file = mirror.at(path)
        if not known_again and _is_ours(file):
            try:
                durable.remove(file)
            except PermissionError:
                continue
            gone += 1
        over.append(path)
    if over:
        with transaction(mirror.conn):
            for path in over:
                removed(mirror.conn, path)
    return gone


def _is_ours(file: Path) -> bool:
    try:
        return not stat.S_ISDIR(file.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
