"""What is closed at the end of a ``with`` block."""

from __future__ import annotations

from typing import Self


class Closing:
    """A mix-in for what has a method `close`: a ``with`` block ends with it."""

    __slots__ = ()

    def close(self) -> None:
        """Let go of what is held; twice is allowed."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
