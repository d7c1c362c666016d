"""The commits of SQLite, as operations: before and after each.

That a commit is on the disk when it returns is a premise of ours about SQLite, good only
with ``synchronous=FULL``; so that is looked at after each.
"""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, Literal

from tests.faults.operations import Operation, Watch

_CHANGES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER", "WITH")
_ENDS = ("COMMIT", "END", "RELEASE")
_DURABLE = ("PRAGMA JOURNAL_MODE", "PRAGMA WAL_CHECKPOINT", "PRAGMA USER_VERSION =", "VACUUM")
_FULL = 2
# A database that is still being made is flushed as a whole before it gets its name.
PART = ".part"


def watch_catalogs(watch: Watch, stray: Callable[[str], None]) -> None:
    """Tell of each commit of SQLite, and of each change outside a transaction.

    Parameters
    ----------
    stray
        Called with what must not be: a commit that is not flushed, a change that was not
        told of.
    """

    class Watched(sqlite3.Connection):
        _path: str | None = None

        def _file(self) -> str:
            if self._path is None:
                rows = super().execute("PRAGMA database_list").fetchall()
                self._path = next((path for _, name, path in rows if name == "main"), "")
            return self._path

        @contextlib.contextmanager
        def _watched(self, sql: str) -> Iterator[None]:
            if watch.listener is None or not watch.concerns(self._file()):
                yield
                return
            words = " ".join(sql.split())[:60]
            if not self._is_durable(words.upper()):
                before, outside = self.total_changes, not self.in_transaction
                yield
                if outside and not self.in_transaction and self.total_changes != before:
                    stray(f"{words} changes {self._file()}, which nobody was told")
                return
            # SQLite opens and removes its own files meanwhile.
            with watch.around(Operation("commit", words, self._file())):
                yield
            if self._file().endswith(PART):
                return
            [level] = super().execute("PRAGMA synchronous").fetchone()
            if level < _FULL:
                stray(f"{words} with synchronous={level}: a power cut may undo it")

        def _is_durable(self, words: str) -> bool:
            if words.startswith(_DURABLE):
                return True
            if self.in_transaction:
                return words.startswith(_ENDS) and words != "RELEASE INNER"
            return words.startswith(_CHANGES)

        def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
            with self._watched(sql):
                return super().execute(sql, parameters)

        def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
            with self._watched(sql):
                return super().executemany(sql, parameters)

        def executescript(self, script: str, /) -> sqlite3.Cursor:
            with self._watched("VACUUM or whatever else a script does"):
                return super().executescript(script)

        def commit(self) -> None:
            with self._watched("COMMIT"):
                super().commit()

        def backup(self, target: sqlite3.Connection, **options: Any) -> None:
            assert isinstance(target, Watched)
            with target._watched("VACUUM or rather backup"):
                super().backup(target, **options)

        def __exit__(self, *error: Any) -> Literal[False]:
            with self._watched("COMMIT"):
                return super().__exit__(*error)

        def close(self) -> None:
            if watch.listener is None or self._path is None or not watch.concerns(self._path):
                return super().close()
            # The last connection writes the log back into the database, and removes it.
            with watch.around(Operation("commit", "close", self._path)):
                return super().close()

    connect = functools.partial(sqlite3.connect, factory=Watched)
    sqlite3.connect = connect  # type: ignore[assignment]  # the same but for the factory
