"""The first of many things to be named, and how many there were.

A server may have a million datasets, and a lost disk as many failures: nobody reads a million
names, and memory does not grow with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

MOST_NAMED = 10_000


class FirstOf(list[str]):
    """A list that keeps its first `MOST_NAMED` items, and counts all.

    Attributes
    ----------
    total
        How many there were.
    """

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def append(self, one: str) -> None:
        """Count an item, and keep it if there is room."""
        self.total += 1
        if len(self) < MOST_NAMED:
            super().append(one)

    def extend(self, many: Iterable[str]) -> None:
        """Do that with each of many."""
        for one in many:
            self.append(one)

    def take(self, other: FirstOf) -> None:
        """Do that with all that `other` has counted, be it named or not."""
        unnamed = other.total - len(other)
        self.extend(other)
        self.total += unnamed

    def __iadd__(self, many: Iterable[str]) -> Self:  # type: ignore[override, misc]  # narrower
        self.extend(many)
        return self


class FirstReasons(dict[str, str]):
    """Why something was not done, by its name; keeps the first `MOST_NAMED`, and counts all.

    Attributes
    ----------
    total
        How many there were.
    """

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __setitem__(self, name: str, why: str) -> None:
        """Count a name if it is new, and keep it if there is room."""
        if name in self:
            super().__setitem__(name, why)
            return
        self.total += 1
        if len(self) < MOST_NAMED:
            super().__setitem__(name, why)
