"""A guarded connection by APSW, which can make virtual tables, in the likeness of `sqlite3`.

Everything that asks the catalog is written for Python's `sqlite3`. Python's cannot make
virtual tables; APSW can, has an SQLite of its own, and other names for everything. This
gives its connection the few methods that are used here, and its errors `sqlite3`'s types and
codes, so that no other module has to know which of the two it talks to.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import LccMirrorError
from .guard import Deadline, Guard

if TYPE_CHECKING:
    import apsw

_BUSY_TIMEOUT_MS = 5000
_STEPS_BETWEEN_CHECKS = 20_000
_LONGEST_VALUE = 256 * 1024 * 1024
# Blanks and comments, which are no second statement. Atomic: going back would take for ever.
_NO_STATEMENT: Final = re.compile(r"(?:\s|--[^\n]*+|(?>/\*.*?(?:\*/|\Z)))*+", re.DOTALL)

Parameters = Mapping[str, Any] | Sequence[Any]


class ApswConnection:
    """As much of `sqlite3.Connection` as reading needs.

    Parameters
    ----------
    raw
        APSW's connection.
    """

    def __init__(self, raw: apsw.Connection) -> None:
        self.raw = raw

    def execute(self, sql: str, parameters: Parameters = ()) -> ApswCursor:
        """Run one of our own statements.

        Raises
        ------
        sqlite3.Error
            As `sqlite3` would.
        """
        with translated():
            return ApswCursor(self.raw.cursor().execute(sql, bindings(parameters)), None)

    def execute_one(self, sql: str, parameters: Parameters = ()) -> ApswCursor:
        """Run anybody's statement: one and no more.

        Raises
        ------
        sqlite3.Error
            As `sqlite3` would.
        """
        columns, more, empty = self.described(sql, parameters)
        if more:
            raise sqlite3.ProgrammingError("You can only execute one statement at a time.")
        if empty:
            return ApswCursor(None, None)
        with translated():
            # a cached statement would have the virtual tables of another
            rows = self.raw.cursor().execute(sql, bindings(parameters), can_cache=False)
        return ApswCursor(rows, columns)

    def described(self, sql: str, parameters: Parameters) -> tuple[Any, bool, bool]:
        """Prepare `sql`: its columns, whether another statement follows, whether it is none.

        Raises
        ------
        sqlite3.Error
            As `sqlite3` would.
        """
        from apsw import ext

        with translated():
            found = ext.query_info(self.raw, sql, bindings(parameters))
        columns = tuple((name, *([None] * 6)) for name, _ in found.description)
        more = _NO_STATEMENT.fullmatch(found.query_remaining or "") is None
        return columns or None, more, not found.query.strip()

    def create_function(
        self,
        name: str,
        count: int,
        function: Callable[..., Any],
        *,
        deterministic: bool = False,
    ) -> None:
        """Add an SQL function."""
        self.raw.create_scalar_function(name, function, count, deterministic=deterministic)

    def close(self) -> None:
        """Close it; that is possible more than once."""
        self.raw.close(True)


class ApswCursor:
    """As much of `sqlite3.Cursor` as reading needs.

    Parameters
    ----------
    rows
        APSW's cursor; None if there was no statement.
    description
        Of the columns, as `sqlite3` has it.
    """

    def __init__(self, rows: apsw.Cursor | None, description: Any) -> None:
        self._rows = rows
        self.description = description

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self

    def __next__(self) -> tuple[Any, ...]:
        if self._rows is None:
            raise StopIteration
        with translated():
            return next(self._rows)

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row, None at the end."""
        return next(self, None)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return all rows that are left."""
        return list(self)

    def close(self) -> None:
        """End the statement."""
        if self._rows is not None:
            self._rows.close(True)
            self._rows = None


def open_guarded(path: Path, guard: Guard, deadline: Deadline) -> ApswConnection:
    """Open the catalog as `lccmirror.query.open_readonly` does, with APSW.

    No other connection of this process to the same file may be open: POSIX takes away all
    locks that a process has on a file when it closes any descriptor of it, and two copies
    of SQLite in one process cannot know of each other's.

    Parameters
    ----------
    path
        The catalog.
    guard, deadline
        As of the connection that this one replaces.

    Raises
    ------
    LccMirrorError
        If APSW is not installed.
    sqlite3.Error
        If the catalog cannot be opened.
    """
    apsw = _apsw()
    with translated():
        raw = apsw.Connection(
            path.absolute().as_uri() + "?mode=ro",
            flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
        )
        raw.set_busy_timeout(_BUSY_TIMEOUT_MS)
        raw.limit(apsw.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
        raw.limit(apsw.SQLITE_LIMIT_ATTACHED, 0)
        raw.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
        raw.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        # as the system's SQLite has it
        raw.config(apsw.SQLITE_DBCONFIG_DQS_DML, 1)
        raw.execute("PRAGMA query_only = ON")
        raw.execute("PRAGMA temp_store = FILE")
        raw.execute("SELECT count(*) FROM sqlite_master").fetchall()
        raw.authorizer = guard
        raw.set_progress_handler(lambda: bool(deadline()), _STEPS_BETWEEN_CHECKS)
    return ApswConnection(raw)


def bindings(parameters: Parameters) -> Any:
    """Return `parameters` as APSW takes them, which is more of them than a statement has.

    Raises
    ------
    sqlite3.ProgrammingError
        From the use of what is returned: when a value is missing.
    """
    return _Given(parameters) if isinstance(parameters, Mapping) else tuple(parameters)


class _Given(dict[str, Any]):
    """Named values; one that is not there is an error that `sqlite3` would raise."""

    def __missing__(self, name: str) -> Any:
        raise sqlite3.ProgrammingError(
            f"You did not supply a value for binding parameter :{name}."
        )


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Raise APSW's errors as `sqlite3`'s."""
    apsw = _apsw()
    try:
        yield
    except apsw.Error as error:
        code = getattr(error, "extendedresult", None)
        kind = sqlite3.ProgrammingError if code is None else sqlite3.OperationalError
        same = kind(str(error))
        if code is not None:
            same.sqlite_errorcode = code
        raise same from error
    except UnicodeDecodeError as error:
        raise sqlite3.OperationalError("Could not decode to UTF-8 column '?'") from error


def _apsw() -> Any:
    try:
        import apsw
    except ImportError as error:
        raise LccMirrorError(
            "lightcurve(…) and dataset(…) in SQL need APSW, which is not installed",
            hint="pip install 'lccmirror[sql]'; `lccmirror lc` and the views do without",
        ) from error
    return apsw
