"""Connections to a catalog: one for each question, for as long as its answer is read.

None is kept: a reader that is only there keeps the daemon from leaving a catalog that
everybody can open (`lccmirror.catalog.connection.close_writer`), and in a process that forks
a kept one would be two processes'. All are made by one copy of SQLite (see
docs/decisions/0806-python-interface.md).
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..query.guard import Deadline, Guard
from ..query.readonly import (
    ReadOnlyCatalog,
    connect_guarded,
    opening_error,
    require_readable,
)
from ..query.with_functions import connect_with_functions, has_functions


@dataclass(frozen=True)
class Catalog:
    """Where a catalog is, and how it is read; can be pickled.

    Parameters
    ----------
    path
        Its file.
    root
        The folder below which the mirror's files are.
    time_limit_s
        How long a statement may take; None for as long as it needs.
    clock
        What measures that.
    """

    path: Path
    root: Path
    time_limit_s: float | None = None
    clock: Callable[[], float] = time.monotonic

    def connect(self) -> ReadOnlyCatalog:
        """Open it, for one user at a time, in any thread. Its connection is to be closed.

        Raises
        ------
        MirrorUnusable, Damaged, MirrorLocked
            As from `lccmirror.query.open_readonly`.
        """
        require_readable(self.path.parent, self.path)
        guard, deadline = Guard(), Deadline(self.time_limit_s, self.clock)
        if has_functions():
            connection = connect_with_functions(self.path, self.root, guard, deadline)
        else:
            connection = connect_guarded(self.path, guard, deadline, any_thread=True)
        return ReadOnlyCatalog(self.path, connection, guard, deadline, self.root)

    @contextlib.contextmanager
    def reading(self) -> Iterator[ReadOnlyCatalog]:
        """Open it for a question whose answer is read at once.

        Raises
        ------
        LccMirrorError
            Also for an error that SQLite raises inside.
        """
        catalog = self.connect()
        try:
            yield catalog
        except sqlite3.Error as error:
            raise opening_error(error, self.path) from error
        finally:
            catalog.connection.close()
