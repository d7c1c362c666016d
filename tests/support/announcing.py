"""An announcer whose clock and hands are the test's."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lccmirror.config import Config, load_config
from lccmirror.daemon.announce import Announcer, Carrier, Delivered, Delivery
from lccmirror.daemon.events import TaskEnded
from lccmirror.daemon.lookout import Lookout

HOUR = timedelta(hours=1)


class Hands(Carrier):
    """Brings at once, in the test's own thread, to a list; or fails as told."""

    def __init__(self) -> None:
        super().__init__()
        self.brought: list[dict[str, Any]] = []
        self.error: str | None = None
        self._over: list[Delivered] = []

    def send(self, delivery: Delivery) -> None:
        """Bring it, or fail."""
        if self.error is None:
            self.brought.append(json.loads(delivery.content))
        self._over.append(Delivered(delivery, self.error))

    def done(self) -> list[Delivered]:
        """Return what has become of messages since the last call."""
        found, self._over = self._over, []
        return found


class Desk:
    """An announcer with a catalog, a clock and hands of its own."""

    def __init__(self, config: Config, conn: sqlite3.Connection) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)
        self.config = config
        self.conn = conn
        self.hands = Hands()
        self.announcer = Announcer(conn, lambda: self.config, self.now, self.hands)
        self.lookout = Lookout(conn, Path("/"), self.now, self.announcer)

    def now(self) -> datetime:
        """Return the time of this desk."""
        return self.time

    def after(self, span: timedelta) -> list[dict[str, Any]]:
        """Let time pass and a task end; return what was brought meanwhile."""
        self.time += span
        before = len(self.hands.brought)
        self.lookout(TaskEnded("datasets"))
        # What was brought is written down by the next look.
        self.announcer.flush()
        return self.hands.brought[before:]

    def kinds(self, span: timedelta = 2 * HOUR) -> list[str]:
        """Let time pass; return the kinds of what was brought."""
        return [one["kind"] for one in self.after(span)]


def configured(folder: Path, told: str) -> Config:
    """Write a configuration with one more table, and read it."""
    path = folder / "lccmirror.toml"
    path.write_text(
        '[server]\nurl = "https://lcc.example.org"\n[mirror]\nroot = "m"\nmin_free = 0\n' + told
    )
    return load_config(path)
