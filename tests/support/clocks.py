"""A clock that goes when it is told to."""

from __future__ import annotations


class ManualClock:
    """POSIX seconds; call it for the time, `forward` to let time pass."""

    def __init__(self, start: float = 1_790_000_000.25) -> None:
        self.now = start

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def forward(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self.now += seconds
