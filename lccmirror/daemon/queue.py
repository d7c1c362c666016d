"""Tasks that wait for the one writer."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..config import Config
    from .outbox import Outbox
    from .protocol import Request


@dataclass(frozen=True)
class Scheduled:
    """A job whose time has come."""

    name: str


@dataclass(frozen=True)
class Asked:
    """What somebody asks for at the control socket; `outbox` leads back to them.

    A wish of the daemon's own (a signal) has no outbox.
    """

    request: Request
    outbox: Outbox | None = None


@dataclass(frozen=True)
class Adopt:
    """A new configuration, from here on."""

    config: Config


@dataclass(frozen=True)
class ClockPutBack:
    """The clock of this machine was put back."""


Task = Scheduled | Asked | Adopt | ClockPutBack


class TaskQueue:
    """Tasks in the order of their coming. For any thread; never blocks who puts."""

    def __init__(self) -> None:
        self._tasks: deque[Task] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, task: Task, *, first: bool = False) -> int | None:
        """Add a task; return how many wait before it, or None if it was not taken.

        A task of the daemon's own that is waiting already is not added again, and a closed
        queue takes none. What waits in vain gives way: an older configuration to a newer
        one, and what somebody asked for who has gone to the same, asked for anew.
        """
        with self._changed:
            if self._closed:
                return None
            for one in [one for one in self._tasks if _in_vain(one, task)]:
                self._tasks.remove(one)
            if not _of_somebody(task) and task in self._tasks:
                return None
            ahead = 0 if first else len(self._tasks)
            if first:
                self._tasks.appendleft(task)
            else:
                self._tasks.append(task)
            self._changed.notify()
            return ahead

    def take(self, timeout: float | None = None) -> Task | None:
        """Wait for the next task and take it; None when closed (or nothing came in time)."""
        with self._changed:
            self._changed.wait_for(lambda: self._tasks or self._closed, timeout)
            if self._closed or not self._tasks:
                return None
            return self._tasks.popleft()

    def close(self, on_left: Callable[[Task], None] = lambda task: None) -> None:
        """Take no more tasks and give out none; `on_left` is called with those that wait."""
        with self._changed:
            self._closed = True
            left = list(self._tasks)
            self._tasks.clear()
            self._changed.notify_all()
        for task in left:
            on_left(task)

    def __len__(self) -> int:
        with self._changed:
            return len(self._tasks)

    def waits(self, name: str) -> bool:
        """Whether a scheduled job is waiting."""
        with self._changed:
            return Scheduled(name) in self._tasks


def _of_somebody(task: Task) -> bool:
    return isinstance(task, Asked) and task.outbox is not None


def _in_vain(waiting: Task, new: Task) -> bool:
    """Whether a task need not be done once `new` is."""
    match waiting, new:
        case Adopt(), Adopt():
            return True
        case Asked(request, outbox), Asked(again):
            return request == again and outbox is not None and outbox.closed
    return False
