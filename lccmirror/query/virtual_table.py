"""A table-valued function as APSW wants it: the methods' names are APSW's."""
# ruff: noqa: N802 (they are)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from ..names import quote_identifier

if TYPE_CHECKING:
    from .run import Value

MOST_COLUMNS: Final = 1500
# A join whose rows name more than this has the usual columns.
_MOST_ARGUMENTS: Final = 32

Arguments = tuple["Value", ...]


class SeenEnough(Exception):
    """The rehearsal may end."""


@dataclass(frozen=True)
class SqlColumn:
    """A column of a table-valued function.

    Parameters
    ----------
    name
        In the light curve or the dataset.
    sql_type
        ``INTEGER``, ``REAL`` or ``TEXT``.
    """

    name: str
    sql_type: str


class Rows(Protocol):
    """The rows of one call, one at a time."""

    def advance(self) -> bool:
        """Go to the next row, or to the first; False if there is none."""

    def value(self, name: str) -> Value:
        """Return a value of this row; None where there is no such column."""


class TableFunction(Protocol):
    """What a table-valued function is, apart from how SQLite calls it."""

    @property
    def name(self) -> str:
        """In SQL."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names of its arguments; the first one has to be given."""

    def columns(self, arguments: Arguments, *, named: bool) -> Sequence[SqlColumn]:
        """Return the columns of one call.

        Parameters
        ----------
        arguments
            As many as there are; None for one that is not given.
        named
            Whether the statement itself names them: then it is an error if there is no
            such thing, and an empty table otherwise.
        """

    def usual_columns(self) -> Sequence[SqlColumn]:
        """Return the columns of a call of which nothing is known."""

    def rows(self, arguments: Arguments) -> Rows:
        """Return the rows of one call."""


@dataclass
class Calls:
    """What one function was seen to be called with, in the statement that is prepared.

    Attributes
    ----------
    used
        Whether the statement has it at all.
    constant
        Arguments that stand in the statement.
    open
        Whether there are calls whose arguments do not.
    seen
        Arguments of such calls.
    many
        Whether they are too many to look at each.
    """

    function: TableFunction
    used: bool = False
    constant: dict[Arguments, None] = field(default_factory=dict)
    open: bool = False
    seen: dict[Arguments, None] = field(default_factory=dict)
    many: bool = False

    def columns(self, *, usual: bool = False) -> list[SqlColumn]:
        """Return the columns that all calls have, together; with the usual ones on demand."""
        found: dict[str, SqlColumn] = {}
        known = [*((arguments, True) for arguments in self.constant)]
        known += ((arguments, False) for arguments in self.seen)
        for arguments, named in known:
            for column in self.function.columns(arguments, named=named):
                found.setdefault(column.name, column)
        if usual or self.many or (self.open and not self.seen):
            for column in self.function.usual_columns():
                found.setdefault(column.name, column)
        return list(found.values())[:MOST_COLUMNS]


def schema_of(function: TableFunction, columns: Sequence[SqlColumn]) -> str:
    taken = {name.lower() for name in function.arguments}
    definitions = []
    for column in columns:
        name = column.name
        while name.lower() in taken:
            name = f"c_{name}"
        taken.add(name.lower())
        definitions.append(f"{quote_identifier(name)} {column.sql_type}")
    definitions += [f"{quote_identifier(name)} HIDDEN" for name in function.arguments]
    return f"CREATE TABLE {quote_identifier(function.name)} ({', '.join(definitions)})"


class Module:
    """What APSW asks for the table; the methods' names are APSW's."""

    def __init__(self, call: Calls, columns: Sequence[SqlColumn], *, really: bool) -> None:
        self.call = call
        self.schema = schema_of(call.function, columns)
        self.names = tuple(column.name for column in columns)
        self.really = really

    def Connect(self, *_: object) -> tuple[str, _Table]:
        self.call.used = True
        return self.schema, _Table(self)


class _Table:
    def __init__(self, module: Module) -> None:
        self._module = module

    def BestIndexObject(self, plan: Any) -> bool:
        """Ask for the arguments; what else the statement wants of the rows SQLite does."""
        import apsw

        first = len(self._module.names)
        given: dict[int, Any] = {}
        for index in range(plan.nConstraint):
            place = plan.get_aConstraint_iColumn(index) - first
            if place < 0 or plan.get_aConstraint_op(index) != apsw.SQLITE_INDEX_CONSTRAINT_EQ:
                continue
            if not plan.get_aConstraint_usable(index):
                return False
            given[place] = index
        if 0 not in given:
            return False
        for position, (_, index) in enumerate(sorted(given.items()), 1):
            plan.set_aConstraintUsage_argvIndex(index, position)
            plan.set_aConstraintUsage_omit(index, True)
        plan.idxStr = ",".join(str(place) for place in sorted(given))
        plan.estimatedCost = 10_000.0
        plan.estimatedRows = 1000
        if not self._module.really:
            self._note({p: plan.get_aConstraint_rhs(i) for p, i in given.items()})
        return True

    def _note(self, values: dict[int, Any]) -> None:
        call = self._module.call
        if any(value is None for value in values.values()):
            call.open = True
        else:
            call.constant[_arguments(call.function, values)] = None

    def Open(self) -> _Cursor:
        return _Cursor(self._module)

    def Disconnect(self) -> None:
        pass

    Destroy = Disconnect


class _Cursor:
    def __init__(self, module: Module) -> None:
        self._module = module
        self._rows: Rows | None = None
        self._arguments: Arguments = ()
        self._number = 0

    def Filter(self, _number: int, places: str, values: Sequence[Any]) -> None:
        call = self._module.call
        given = {
            int(place): value for place, value in zip(places.split(","), values, strict=True)
        }
        self._arguments = _arguments(call.function, given)
        self._number = 0
        if self._module.really:
            self._rows = call.function.rows(self._arguments)
            self.Next()
        elif self._arguments not in call.constant:
            call.seen[self._arguments] = None
            if len(call.seen) > _MOST_ARGUMENTS:
                call.many = True
                call.seen.clear()
                raise SeenEnough

    def Eof(self) -> bool:
        return self._rows is None

    def Next(self) -> None:
        self._number += 1
        if self._rows is not None and not self._rows.advance():
            self._rows = None

    def Column(self, place: int) -> Value:
        names = self._module.names
        if place < 0:
            return self._number
        if place >= len(names):
            return self._arguments[place - len(names)]
        assert self._rows is not None
        return self._rows.value(names[place])

    def Rowid(self) -> int:
        return self._number

    def Close(self) -> None:
        self._rows = None


def _arguments(function: TableFunction, given: dict[int, Any]) -> Arguments:
    return tuple(given.get(place) for place in range(len(function.arguments)))
