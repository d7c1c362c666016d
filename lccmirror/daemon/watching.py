"""Those who watch the daemon: announcements, metrics, health."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..clock import to_text
from .announce import Announcer, Carrier
from .events import Event, TaskEnded
from .lookout import Lookout

if TYPE_CHECKING:
    from .hold import Hold
    from .metrics import Board, TextFile

log = logging.getLogger(__name__)

Observer = Callable[[Event], None]

# For a message that is under way at the end.
_PATIENCE_S = 1.0


@contextlib.contextmanager
def watchers(hold: Hold) -> Iterator[tuple[Observer, ...]]:
    """Set up what the configuration asks for; its port and text file only now.

    Who is told, and how, follows a configuration that is read again.

    Raises
    ------
    ConfigError
        If metrics are asked for and their library is not installed.
    """
    conn, root = hold.mirror.conn, hold.mirror.root
    carrier = Carrier()
    announcer = Announcer(conn, lambda: hold.config, hold.now, carrier)
    observers: list[Observer] = [Lookout(conn, root, hold.now, announcer)]
    with contextlib.ExitStack() as stack:
        stack.callback(announcer.close, _PATIENCE_S)
        observers += _metrics(hold, stack)
        yield tuple(observers)


def _metrics(hold: Hold, stack: contextlib.ExitStack) -> Iterator[Observer]:
    wanted = hold.config.metrics
    if wanted.port is None and wanted.textfile is None:
        return
    from .metrics import Board, Exporter, TextFile, require_client

    require_client()
    board = Board()
    if wanted.port is not None:
        try:
            exporter = Exporter(
                wanted.port, board, hold.now, lambda: hold.config.metrics.max_age_s
            )
        except OSError as error:
            # Nobody to look on is no reason not to work.
            log.warning("no metrics: port %d: %s", wanted.port, error.strerror)
        else:
            stack.callback(exporter.close)
    file = None if wanted.textfile is None else TextFile(wanted.textfile, board)
    counting = _Counting(hold, board, file)
    counting(TaskEnded("start"))
    yield counting


class _Counting:
    """Reads the numbers after each task."""

    def __init__(self, hold: Hold, board: Board, file: TextFile | None) -> None:
        self._hold = hold
        self._board = board
        self._file = file

    def __call__(self, event: Event) -> None:
        if not isinstance(event, TaskEnded):
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
