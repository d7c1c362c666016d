"""What the parts of a cycle share."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..clock import Now
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
    config = session.config.mirror
    room = Room(session.mirror.root, config.min_free, config.max_bytes)
    mirrored = session.mirror.conn.execute(
        "SELECT n FROM counts WHERE name = 'file_bytes'"
    ).fetchone()[0]
    taken = _Taken(mirrored)

    def admit(size: int, what: str) -> None:
        with taken.lock:
            # Another attempt at the same file asks for what is left of it.
            size = max(size, taken.admitted.get(what, 0))
            others = taken.mirrored + sum(taken.admitted.values()) - taken.admitted.get(what, 0)
            room.check(size, others, what)
            taken.admitted[what] = size

    return Fetcher(
        session.client,
        session.mirror.root,
        session.config,
        session.progress,
        session.stop,
        admit,
    )


@dataclass
class _Taken:
    """Bytes mirrored when the cycle began, and what workers have been admitted to fetch."""

    mirrored: int
    admitted: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
