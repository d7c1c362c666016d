"""What the daemon tells those who watch it: metrics, health, notifications.

Observers are called in the writer's thread, one after the other, and must not keep it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..errors import LccMirrorError, ServerError
from ..sync.searches import RunReport
from .jobs import Outcome


@dataclass(frozen=True)
class JobEnded:
    """A run of one of the daemon's own jobs has ended.

    Attributes
    ----------
    due
        The point of its timetable that this run was for.
    """

    name: str
    due: datetime
    started: datetime
    finished: datetime
    outcome: Outcome


@dataclass(frozen=True)
class TaskEnded:
    """A task, of whatever kind, has ended; the catalog has what came of it."""

    name: str


@dataclass(frozen=True)
class Moved:
    """A long task has done more of its work; told now and then, not for each item."""


@dataclass(frozen=True)
class NotWritten:
    """What a task did could not be written down; mostly because the disk is full."""

    error: LccMirrorError


@dataclass(frozen=True)
class ServerGone:
    """The server cannot be reached, or refuses us."""

    error: ServerError


@dataclass(frozen=True)
class ServerBack:
    """The server answers again."""


@dataclass(frozen=True)
class SearchEnded:
    """A run of a saved search has ended, well or not."""

    report: RunReport


@dataclass(frozen=True)
class KeyTold:
    """Something happened to the API keys (`lccmirror.server.KeyEvent`).

    The one event that may come from another thread than the writer's.
    """

    kind: str
    message: str


Event = (
    JobEnded | TaskEnded | Moved | NotWritten | SearchEnded | KeyTold | ServerGone | ServerBack
)
