"""Table-valued functions in SQL whose columns depend on what they are called with.

SQLite fixes the columns of a virtual table before it knows the arguments. So a statement is
prepared twice. The first time each function has no columns but its arguments, and one more
for each that SQLite says is missing, until SQLite is content; then it tells, as a part of
planning, which arguments are constants, and, once the statement runs on tables that are
empty, what the others are. The second time the functions have the columns of just these
light curves or datasets. The text of the statement is never read, nor changed, by us.

Where the arguments come from the rows of another table, and are many, a function has the
columns that are usual, and those that a row's own light curve lacks are NULL.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from .apsw_connection import ApswConnection, ApswCursor, Parameters, bindings, translated
from .virtual_table import MOST_COLUMNS, Calls, Module, SeenEnough, SqlColumn, TableFunction

if TYPE_CHECKING:
    import apsw

_UNKNOWN = re.compile(
    r"no such column: (?:.*\.)?([^.]+)$|cannot join using column (.+) - ", re.DOTALL
)
# How long a statement may run on empty tables: about a tenth of a second.
_MOST_STEPS: Final = 200
_STEPS: Final = 10_000
# SELECT * of a table without columns would be an error
_PLACEHOLDER: Final = SqlColumn("not yet known", "")


class FunctionConnection(ApswConnection):
    """A connection with table-valued functions.

    Parameters
    ----------
    raw
        APSW's connection.
    functions
        To be had in FROM.

    Attributes
    ----------
    declared
        The columns that the functions of the last statement had.
    """

    def __init__(self, raw: apsw.Connection, functions: Sequence[TableFunction]) -> None:
        super().__init__(raw)
        self._functions = tuple(functions)
        self.declared: Mapping[str, tuple[str, ...]] = {}

    def execute(self, sql: str, parameters: Parameters = ()) -> ApswCursor:
        """Run one statement.

        Raises
        ------
        sqlite3.Error
            As `sqlite3` would.
        LccMirrorError
            If a light curve or dataset that the statement names is not there, or damaged.
        """
        calls = self._discovered(sql, parameters)
        used = [call for call in calls if call.used]
        self._declare_really([(call, call.columns()) for call in used])
        try:
            return self.execute_one(sql, parameters)
        except sqlite3.Error as error:
            if not any(call.open for call in used) or _unknown(error) is None:
                raise
        # An argument that could not be found out may be of what has the column.
        self._declare_really([(call, call.columns(usual=True)) for call in used])
        return self.execute_one(sql, parameters)

    def _discovered(self, sql: str, parameters: Parameters) -> list[Calls]:
        """Find out what the functions are called with; errors are for the real run to say."""
        calls = [Calls(function) for function in self._functions]
        wanted: list[str] = []
        while True:
            for call in calls:
                rehearsed = [_PLACEHOLDER, *(SqlColumn(one, "") for one in wanted)]
                self._declare(call, rehearsed, really=False)
            try:
                self.described(sql, parameters)
                break
            except sqlite3.Error as error:
                name = _unknown(error)
                if name is None or name in wanted or len(wanted) == MOST_COLUMNS:
                    return calls
                wanted.append(name)
        open_calls = [call for call in calls if call.open]
        if open_calls and not self._rehearsed(sql, parameters):
            for call in open_calls:
                call.many = True
        return calls

    def _rehearsed(self, sql: str, parameters: Parameters) -> bool:
        """Run `sql` on empty tables to see the arguments; False if that takes too long."""
        import apsw

        steps = iter(range(_MOST_STEPS))
        handler = object()
        self.raw.set_progress_handler(lambda: next(steps, None) is None, _STEPS, id=handler)
        # What is wrong with the statement shows again, and is said, when it really runs.
        expected = (apsw.Error, sqlite3.Error, UnicodeDecodeError, SeenEnough)
        try:
            with contextlib.suppress(*expected):
                for _ in self.raw.cursor().execute(sql, bindings(parameters), can_cache=False):
                    pass
                return True
        finally:
            self.raw.set_progress_handler(None, id=handler)
        return False

    def _declare_really(self, calls: Sequence[tuple[Calls, list[SqlColumn]]]) -> None:
        for call, columns in calls:
            self._declare(call, columns or [_PLACEHOLDER], really=True)
        if calls:
            # not by a statement of our own, made to explain an error of the last one
            self.declared = {
                call.function.name: tuple(column.name for column in columns)
                for call, columns in calls
            }

    def _declare(self, call: Calls, columns: Sequence[SqlColumn], *, really: bool) -> None:
        module: Any = Module(call, columns, really=really)
        with translated():
            self.raw.create_module(
                call.function.name,
                module,
                use_bestindex_object=True,
                eponymous=True,
                eponymous_only=True,
                read_only=True,
            )


def _unknown(error: sqlite3.Error) -> str | None:
    """Return the name of the column that SQLite misses."""
    found = _UNKNOWN.search(str(error))
    return None if found is None else (found.group(1) or found.group(2))
