"""Those who watch the daemon: announcements, metrics, health."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..clock import to_text
from ..errors import ConfigError
from .announce import Announcer, Carrier
from .events import Event, Moved, TaskEnded
from .lookout import Lookout

if TYPE_CHECKING:
    from pathlib import Path

    from .hold import Hold
    from .metrics import Board, Exporter, TextFile

log = logging.getLogger(__name__)

Observer = Callable[[Event], None]

# For a message that is under way at the end.
_PATIENCE_S = 1.0


@contextlib.contextmanager
def watchers(hold: Hold) -> Iterator[tuple[Observer, ...]]:
    """Set up what the configuration asks for, and follow one that is read again.

    Raises
    ------
    ConfigError
        If metrics are asked for and their library is not installed.
    """
    conn, root = hold.mirror.conn, hold.mirror.root
    carrier = Carrier()
    announcer = Announcer(conn, lambda: hold.config, hold.now, carrier)
    metrics = _Metrics(hold)
    try:
        metrics.set_up()
        yield Lookout(conn, root, hold.now, announcer), metrics
    finally:
        metrics.close()
        announcer.close(_PATIENCE_S)


class _Metrics:
    """Reads the numbers after each task, and now and then in a long one; shows them."""

    def __init__(self, hold: Hold) -> None:
        self._hold = hold
        self._shown: tuple[int | None, Path | None] = (None, None)
        self._board: Board | None = None
        self._exporter: Exporter | None = None
        self._file: TextFile | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, TaskEnded):
            try:
                self.set_up()
            except ConfigError as error:
                log.warning("no metrics: %s: %s", error.message, error.hint)
            self._count()
        elif isinstance(event, Moved):
            self._count()

    def set_up(self) -> None:
        """Open and close what the configuration in force asks for; once for each change.

        Raises
        ------
        ConfigError
            If the library is not installed.
        """
        wanted = self._hold.config.metrics
        if (wanted.port, wanted.textfile) == self._shown:
            return
        self.close()
        self._shown = wanted.port, wanted.textfile
        if self._shown == (None, None):
            return
        from .metrics import Board, Exporter, TextFile, require_client

        require_client()
        self._board = board = Board()
        if wanted.port is not None:
            try:
                self._exporter = Exporter(
                    wanted.port, board, self._hold.now, lambda: self._max_age_s
                )
            except OSError as error:
                # Nobody to look on is no reason not to work.
                log.warning("no metrics: port %d: %s", wanted.port, error.strerror)
        if wanted.textfile is not None:
            self._file = TextFile(wanted.textfile, board)
        self._count()

    def close(self) -> None:
        """Show nothing any more."""
        if self._exporter is not None:
            self._exporter.close()
        self._board = self._exporter = self._file = None
        self._shown = None, None

    @property
    def _max_age_s(self) -> float:
        return self._hold.config.metrics.max_age_s

    def _count(self) -> None:
        if self._board is None:
            return
        from .numbers import read_numbers

        hold = self._hold
        with contextlib.suppress(sqlite3.OperationalError):
            # What cannot be read stays as it was, and grows old.
            self._board.numbers = read_numbers(
                hold.mirror.conn,
                hold.mirror.root,
                hold.client.stats.snapshot(),
                to_text(hold.now()),
            )
        if self._file is not None:
            self._file.write()
