"""The mirror and the client that the daemon works with for as long as it lives."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..clock import Now
from ..errors import ConfigError
from ..sync.connect import account_key, connect
from ..sync.mirror import Mirror, open_configured
from ..sync.progress import Silent
from ..sync.session import Session
from ..sync.trouble import local_errors
from ..sync.waiting import RetryNotes
from .pulse import Stop

if TYPE_CHECKING:
    from ..config import Config
    from ..server import KeyEvent, LccClient, Timing
    from ..sync.progress import Progress

# SQLite's steps between two looks at the wish to stop: some milliseconds.
_STEPS = 100_000


@dataclass(frozen=True)
class Environs:
    """What the daemon is given from outside: the time, how to stop, who hears of keys."""

    stop: Stop
    now: Now
    timing: Timing | None = None
    on_key_event: Callable[[KeyEvent], None] | None = None


class Hold:
    """An open mirror, and a client for its server that a new configuration may replace.

    Only the writer thread uses it, but for `config`.
    """

    def __init__(self, config: Config, mirror: Mirror, environs: Environs) -> None:
        self.config = config
        self.mirror = mirror
        self._environs = environs
        # Whoever follows the present task hears of what it waits for.
        self._on_retry = RetryNotes(Silent().note, self.now)
        self._made_of = _of_client(config)
        self.client = self._connect(config)

    @property
    def now(self) -> Now:
        """The time."""
        return self._environs.now

    @property
    def stop(self) -> Stop:
        """The wish to stop."""
        return self._environs.stop

    def session(self, progress: Progress) -> Session:
        """Return what a task works with, and those who follow it hear of."""
        self._on_retry = RetryNotes(progress.note, self.now)
        return Session(
            self.mirror, self.client, self.config, progress, self.now, self._environs.stop
        )

    def check(self, config: Config) -> None:
        """Make sure that a running daemon can go over to another configuration.

        Raises
        ------
        ConfigError
            If it cannot.
        """
        fixed = {
            "mirror.root": (self.config.mirror.root, config.mirror.root),
            "server.url": (self.config.server.url, config.server.url),
        }
        changed = [name for name, (before, after) in fixed.items() if before != after]
        if changed:
            raise ConfigError(
                f"{config.path}: {' and '.join(changed)} cannot change while the daemon runs",
                hint="restart it for that",
            )

    def adopt(self, config: Config) -> None:
        """Work by another configuration from now on.

        The client stays, with its key, its connections and its memory of how much it has
        asked lately, unless something that concerns it has changed: in the configuration, or
        the account's key.

        Raises
        ------
        ConfigError
            If that needs a restart, or the key's file cannot be used.
        """
        self.check(config)
        made_of = _of_client(config)
        if made_of != self._made_of:
            client = self._connect(config)
            self.client.close()
            self.client, self._made_of = client, made_of
        self.config = config

    def close(self) -> None:
        """Close the client's connections."""
        self.client.close()

    def _connect(self, config: Config) -> LccClient:
        return connect(
            config,
            stop=self._environs.stop,
            on_key_event=self._environs.on_key_event,
            on_retry=lambda retry: self._on_retry(retry),
            timing=self._environs.timing,
        )


def _of_client(config: Config) -> tuple[object, ...]:
    key = account_key(config)
    return config.server, config.keys, config.limits, config.mirror.bandwidth, key


@contextlib.contextmanager
def hold_mirror(config: Config, environs: Environs) -> Iterator[Hold]:
    """Open the configured mirror, made if it is not there, and hold it.

    Raises
    ------
    MirrorLocked
        If another lccmirror holds it.
    LocalError, ConfigError
        As `lccmirror.sync.mirror.open_mirror` and `lccmirror.sync.connect.connect` do.
    """
    with local_errors(), open_configured(config, now=environs.now) as mirror:
        # So that long statements end when asked to, and show that they move.
        mirror.conn.set_progress_handler(environs.stop.is_set, _STEPS)
        try:
            with contextlib.closing(Hold(config, mirror, environs)) as hold:
                yield hold
        finally:
            mirror.conn.set_progress_handler(None, 0)
