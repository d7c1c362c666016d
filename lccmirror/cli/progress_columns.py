"""Columns of a progress display that stay empty as long as they would say nothing."""

from __future__ import annotations

from rich.console import RenderableType
from rich.progress import BarColumn, Task, TransferSpeedColumn
from rich.text import Text


class BarOfSomething(BarColumn):
    """A bar, once there is a total or something has been counted."""

    def render(self, task: Task) -> RenderableType:  # type: ignore[override]  # rich promises a bar
        """Return the bar, or nothing."""
        return Text() if task.total is None and not task.completed else super().render(task)


class KnownSpeed(TransferSpeedColumn):
    """How fast it goes, where rich would write a question mark."""

    def render(self, task: Task) -> Text:
        """Return the speed, or nothing."""
        known = task.finished_speed or task.speed
        return super().render(task) if known else Text()
