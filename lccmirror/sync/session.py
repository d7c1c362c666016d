"""What the parts of a cycle share."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..clock import Now
from .admission import Admission
from .fetch import Fetcher
from .filesystem import Room
from .mirror import Mirror

if TYPE_CHECKING:
    from ..config import Config
    from ..server import LccClient
    from .progress import Progress


@dataclass(frozen=True)
class Session:
    """What a cycle works with."""

    mirror: Mirror
    client: LccClient
    config: Config
    progress: Progress
    now: Now
    stop: threading.Event


def fetcher_for(session: Session) -> Fetcher:
    """Return what workers need, with all the room that there is at this moment."""
    config = session.config.mirror
    room = Room(session.mirror.root, config.min_free, config.max_bytes)
    (mirrored,) = session.mirror.conn.execute(_MIRRORED).fetchone()
    return Fetcher(
        session.client,
        session.mirror.root,
        session.config,
        session.progress,
        session.stop,
        Admission(room, mirrored),
    )


# What is damaged is about to be replaced: a mirror at its limit must heal all the same.
_MIRRORED = """
SELECT n - (SELECT coalesce(sum(size), 0) FROM files WHERE state IN ('damaged', 'missing'))
FROM counts WHERE name = 'file_bytes'
"""
