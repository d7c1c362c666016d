"""Filters on catalog columns as trees, and how they are written for the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Operator = Literal["lt", "gt", "le", "ge", "eq", "ne", "ct"]
"""The server's words; ``ct`` is "contains"."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """``column operator value``; a number is kept as it was written, a text unquoted."""

    column: str
    operator: Operator
    value: str
    is_text: bool

    def columns(self) -> frozenset[str]:
        """Return the names of the columns it needs."""
        return frozenset((self.column,))


@dataclass(frozen=True, slots=True)
class NullTest:
    """``column is null``, or ``is not null``."""

    column: str
    negated: bool = False

    def columns(self) -> frozenset[str]:
        """Return the names of the columns it needs."""
        return frozenset((self.column,))


@dataclass(frozen=True, slots=True)
class Not:
    """``not (…)``."""

    operand: Filter

    def columns(self) -> frozenset[str]:
        """Return the names of the columns it needs."""
        return self.operand.columns()


@dataclass(frozen=True, slots=True)
class Joined:
    """Two or more filters joined by the same word; none of them joined by it itself."""

    word: Literal["and", "or"]
    parts: tuple[Filter, ...]

    def columns(self) -> frozenset[str]:
        """Return the names of the columns it needs."""
        return frozenset().union(*(part.columns() for part in self.parts))


Filter = Comparison | NullTest | Not | Joined


def to_server(filter_: Filter) -> str:
    """Write a filter in the server's form.

    Every condition stands in parentheses, its column right behind the ``(``: a full-text
    search on the server finds the columns by that.

    Examples
    --------
    >>> to_server(Joined("or", (Comparison("a", "eq", "x", is_text=True), NullTest("b"))))
    "(a eq 'x') or (b is null)"
    """
    match filter_:
        case Comparison(column, operator, value, is_text):
            written = "'" + value.replace("'", "''") + "'" if is_text else value
            return f"({column} {operator} {written})"
        case NullTest(column, negated):
            return f"({column} is not null)" if negated else f"({column} is null)"
        case Not(operand):
            return f"(not {_in_parentheses(operand)})"
        case Joined(word, parts):
            return f" {word} ".join(_in_parentheses(part) for part in parts)


def joined(word: Literal["and", "or"], parts: tuple[Filter, ...]) -> Filter:
    """Join filters; those already joined by the same word are taken apart first."""
    flat: list[Filter] = []
    for part in parts:
        flat += part.parts if isinstance(part, Joined) and part.word == word else (part,)
    return flat[0] if len(flat) == 1 else Joined(word, tuple(flat))


def _in_parentheses(filter_: Filter) -> str:
    text = to_server(filter_)
    return f"({text})" if isinstance(filter_, Joined) else text
