"""Remove files that the catalog has let go; after a crash, where it was broken off."""

from __future__ import annotations

from .. import durable
from ..catalog.connection import transaction
from ..catalog.prune import removed, to_be_removed
from .mirror import Mirror


def finish_pruning(mirror: Mirror) -> int:
    """Remove every file that is noted for removal; return how many were there.

    The notes were committed together with the end of the files' rows, so a file that is
    still in the catalog is never touched, and none is left behind.
    """
    gone = 0
    noted = to_be_removed(mirror.conn)
    for path, known_again in noted:
        file = mirror.at(path)
        if not known_again and file.parent.is_dir():
            gone += file.exists()
            durable.remove(file)
    if noted:
        with transaction(mirror.conn):
            for path, _ in noted:
                removed(mirror.conn, path)
    return gone
