"""What was wrong with a file that could be read all the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload


class Problems(Sequence[str]):
    """A list of problems that does not grow with the file.

    Parameters
    ----------
    keep
        How many are kept in words; the rest is only counted.
    """

    def __init__(self, keep: int = 100) -> None:
        self._keep = keep
        self._said: list[str] = []
        self.total = 0

    def add(self, problem: str) -> None:
        """Record `problem`."""
        self.total += 1
        if self.total <= self._keep:
            self._said.append(problem)

    def _lines(self) -> list[str]:
        more = self.total - len(self._said)
        return [*self._said, f"and {more} more"] if more else self._said

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        return self._lines()[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines())

    def __len__(self) -> int:
        return len(self._lines())

    def __repr__(self) -> str:
        return f"Problems({self._lines()!r})"
