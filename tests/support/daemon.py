"""A daemon in a time of its own: no threads, no sleeping, a scheduler that is told the time."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from lccmirror.config import Config
from lccmirror.daemon.core import Daemon
from lccmirror.daemon.events import Event
from lccmirror.daemon.hold import Environs, hold_mirror
from lccmirror.daemon.key_events import KeyLog
from lccmirror.daemon.logs import logging_to
from lccmirror.daemon.outbox import Outbox
from lccmirror.daemon.protocol import Event as Said
from lccmirror.daemon.protocol import Request
from lccmirror.daemon.pulse import Pulse, Stop
from lccmirror.server import Timing
from tests.support.site import Site


class ManualScheduler:
    """A `Scheduler` that calls when it is told to."""

    def __init__(self) -> None:
        self.armed: dict[str, tuple[datetime, Callable[[], None]]] = {}

    def arm(self, name: str, moment: datetime, call: Callable[[], None]) -> None:
        """Remember what to call, and when."""
        self.armed[name] = (moment, call)

    def disarm(self, name: str) -> None:
        """Forget it."""
        self.armed.pop(name, None)

    def close(self) -> None:
        """Forget all."""
        self.armed.clear()

    def next(self) -> tuple[datetime, str] | None:
        """Return when the next call is due, and its name."""
        return min(((moment, name) for name, (moment, _) in self.armed.items()), default=None)

    def call(self, name: str) -> None:
        """Call."""
        self.armed.pop(name)[1]()


class Killed(BaseException):
    """The daemon is killed here and now."""


@dataclass
class DaemonSite:
    """A site with a daemon; times are hours after its beginning.

    Attributes
    ----------
    events
        What the observers were told, by all daemons so far.
    starts
        How many daemons there were.
    """

    site: Site
    events: list[Event] = field(default_factory=list)
    starts: int = 0
    _log: io.StringIO = field(default_factory=io.StringIO)
    _plans: list[tuple[datetime, Callable[[], object]]] = field(default_factory=list)
    _calls_to_live: int | None = None

    def __post_init__(self) -> None:
        self.began = self.site.now()
        self._stack = contextlib.ExitStack()

    def now(self) -> datetime:
        """Return the time; at the hour of death it is the last thing the daemon asks."""
        if self._calls_to_live is not None:
            self._calls_to_live -= 1
            if self._calls_to_live <= 0:
                self._calls_to_live = None
                raise Killed
        return self.site.now()

    def start(self, config: Config | None = None) -> Self:
        """Start a daemon."""
        around = self.site.around()
        pulse = Pulse(self.site.clock)
        self.stop = Stop(pulse)
        keys = KeyLog((self.events.append,))
        environs = Environs(self.stop, self.now, around.timing or Timing(), keys)
        self._stack.enter_context(logging_to(self._log, "terminal"))
        hold = self._stack.enter_context(hold_mirror(config or self.site.config, environs))
        self.scheduler = ManualScheduler()
        self.daemon = Daemon(
            hold, self.scheduler, pulse, observers=(self.events.append,), chance=lambda: 0.5
        )
        self.daemon.start()
        self.starts += 1
        return self

    @property
    def log(self) -> list[str]:
        """The lines of the log, by all daemons so far."""
        return self._log.getvalue().splitlines()

    def leave(self) -> None:
        """End the daemon as a signal does."""
        self.daemon.leave()
        self._stack.close()

    def restart(self) -> None:
        """End the daemon, and start another."""
        self.leave()
        self._stack = contextlib.ExitStack()
        self.start()

    def kill(self, after_calls: int = 1) -> None:
        """Let the daemon die soon: in the middle of whatever looks at the clock then."""
        self._calls_to_live = after_calls

    def at(self, hours: float, act: Callable[[], object]) -> None:
        """Plan something that happens beside the daemon."""
        self._plans.append((self.began + timedelta(hours=hours), act))
        self._plans.sort(key=lambda plan: plan[0])

    def settle(self) -> None:
        """Do what waits on the queue."""
        while (task := self.daemon.queue.take(0)) is not None:
            self.daemon.arm(self.daemon.work(task))

    def run(self, hours: float) -> None:
        """Let time pass until so many hours after the beginning; a killed one is replaced."""
        until = self.began + timedelta(hours=hours)
        while True:
            try:
                self.settle()
                if not self._step(until):
                    return
            except Killed:
                # What was not committed is lost, as in a real one.
                self._stack.close()
                self._stack = contextlib.ExitStack()
                self.start()

    def _step(self, until: datetime) -> bool:
        due = self.scheduler.next()
        plan = self._plans[0][0] if self._plans else None
        moments = [one for one in (due[0] if due else None, plan) if one is not None]
        moment = min(moments, default=until)
        if moment > until:
            moment, due, plan = until, None, None
        self.site.clock.forward(max(0.0, (moment - self.site.now()).total_seconds()))
        if plan is not None and plan <= moment:
            self._plans.pop(0)[1]()
            return True
        if due is not None and due[0] <= moment:
            self.scheduler.call(due[1])
            return True
        return False

    def ask(self, request: Request) -> list[Said]:
        """Ask for something, have it done, and return what was said."""
        outbox = Outbox()
        self.daemon.ask(request, outbox)
        self.settle()
        said = []
        while (event := outbox.take(0)) is not None:
            said.append(event)
        return said

    def __exit__(self, *error: Any) -> None:
        self._stack.close()

    def __enter__(self) -> Self:
        return self
