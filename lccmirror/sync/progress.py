"""What a cycle tells those who watch it. It neither knows nor cares who does."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A watcher of a cycle. Every method may be called from any worker thread."""

    def plan(self, items: int, total_bytes: int | None) -> None:
        """Say how much there is to do: datasets, and bytes if they are known."""

    def begin(self, key: str, label: str, total: int | None) -> None:
        """Say that a file begins: its `key` for later, what to call it, its bytes if known."""

    def advance(self, key: str, n: int) -> None:
        """Say that `n` more bytes of it have arrived."""

    def end(self, key: str, *, ok: bool) -> None:
        """Say that it has ended, well or not."""

    def item_done(self, label: str, *, ok: bool) -> None:
        """Say that a whole dataset has ended, well or not."""

    def note(self, text: str) -> None:
        """Say something a person should read."""


class Silent:
    """A `Progress` that shows nothing."""

    def plan(self, items: int, total_bytes: int | None) -> None:
        """Show nothing."""

    def begin(self, key: str, label: str, total: int | None) -> None:
        """Show nothing."""

    def advance(self, key: str, n: int) -> None:
        """Show nothing."""

    def end(self, key: str, *, ok: bool) -> None:
        """Show nothing."""

    def item_done(self, label: str, *, ok: bool) -> None:
        """Show nothing."""

    def note(self, text: str) -> None:
        """Show nothing."""
