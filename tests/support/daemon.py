"""A daemon in a time of its own: no threads, no sleeping, a scheduler that is told the time."""

from __future__ import annotations

import contextlib
import io
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Self, TextIO, get_args

import msgspec

from lccmirror.config import Config
from lccmirror.daemon.core import Daemon
from lccmirror.daemon.events import Event, ServerGone
from lccmirror.daemon.hold import Environs, hold_mirror
from lccmirror.daemon.key_events import KeyLog
from lccmirror.daemon.logs import logging_to
from lccmirror.daemon.outbox import Outbox
from lccmirror.daemon.protocol import Event as Said
from lccmirror.daemon.protocol import Request
from lccmirror.daemon.pulse import Pulse, Stop
from lccmirror.daemon.watching import watchers
from lccmirror.errors import ServerError
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


_CHANGES = ("INSERT", "UPDATE", "DELETE")


@dataclass
class DaemonSite:
    """A site with a daemon; times are hours after its beginning.

    Attributes
    ----------
    events
        What the observers were told, by all daemons so far.
    starts
        How many daemons there were, without those that were killed.
    killed_in
        What each of those was doing at its end.
    """

    site: Site
    events: list[Event] = field(default_factory=list)
    starts: int = 0
    killed_in: list[str] = field(default_factory=list)
    _log: TextIO = field(default_factory=io.StringIO)
    _plans: list[tuple[datetime, Callable[[], object]]] = field(default_factory=list)
    _left: BinaryIO | None = None

    def __post_init__(self) -> None:
        self.began = self.site.now()
        self._stack = contextlib.ExitStack()

    def start(self, config: Config | None = None) -> Self:
        """Start a daemon."""
        around = self.site.around()
        pulse = Pulse(self.site.clock)
        self.stop = Stop(pulse)
        keys = KeyLog((self._told,))
        environs = Environs(self.stop, self.site.now, around.timing or Timing(), keys)
        self._stack.enter_context(logging_to(self._log, "terminal"))
        hold = self._stack.enter_context(hold_mirror(config or self.site.config, environs))
        watching = self._stack.enter_context(watchers(hold))
        self.scheduler = ManualScheduler()
        self.daemon = Daemon(
            hold, self.scheduler, pulse, observers=(self._told, *watching), chance=lambda: 0.5
        )
        self.daemon.start()
        self.starts += 1
        return self

    @property
    def log(self) -> list[str]:
        """The lines of the log, by all daemons so far."""
        assert isinstance(self._log, io.StringIO)
        return self._log.getvalue().splitlines()

    def _told(self, event: Event) -> None:
        self.events.append(event)
        if self._left is not None:
            self._left.write(_packed(event))

    def leave(self) -> None:
        """End the daemon as a signal does."""
        self.daemon.leave()
        self._stack.close()

    def restart(self) -> None:
        """End the daemon, and start another."""
        self.leave()
        self._stack = contextlib.ExitStack()
        self.start()

    def kill(self, at_change: int, within: str) -> None:
        """Let SIGKILL end a daemon within a transaction, and start another.

        It dies in a process of its own, which goes on from here, and its time with it.

        Parameters
        ----------
        at_change
            The first change of the catalog, counted from its start, before which it may die.
        within
            The job that it dies in.
        """
        self.leave()
        self._stack = contextlib.ExitStack()
        folder = self.site.config.path.parent
        left, log = folder / "left.events", folder / "left.log"
        child = os.fork()
        if child == 0:
            try:
                self._die(at_change, within, left, log)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, "it lived on"
        *told, last = left.read_bytes().splitlines()
        self.events += [_unpacked(line) for line in told]
        doing, seconds = msgspec.json.decode(last, type=tuple[str, float])
        self.killed_in.append(doing)
        self.site.clock.forward(seconds - self.site.clock())
        self._log.write(log.read_text("utf-8"))
        self.start()

    def _die(self, at_change: int, within: str, left: Path, log: Path) -> None:
        """Be the daemon that is killed."""
        self._left, self._log = left.open("wb", buffering=0), log.open("w", buffering=1)
        self._plans.clear()
        self.start()
        conn = self.daemon.hold.mirror.conn
        count = 0

        def look(statement: str) -> None:
            nonlocal count
            count += conn.in_transaction and statement.lstrip().startswith(_CHANGES)
            doing = self.daemon.doing
            change = conn.in_transaction and statement.lstrip().startswith(_CHANGES)
            if change and count >= at_change and doing is not None and doing.what == within:
                assert self._left is not None
                self._left.write(msgspec.json.encode((doing.what, self.site.clock())))
                os.kill(os.getpid(), signal.SIGKILL)

        conn.set_trace_callback(look)
        self.run((self.site.now() - self.began) / timedelta(hours=1) + 24)

    def at(self, hours: float, act: Callable[[], object]) -> None:
        """Plan something that happens beside the daemon."""
        self._plans.append((self.began + timedelta(hours=hours), act))
        self._plans.sort(key=lambda plan: plan[0])

    def settle(self) -> None:
        """Do what waits on the queue."""
        while (task := self.daemon.queue.take(0)) is not None:
            self.daemon.arm(self.daemon.work(task))

    def run(self, hours: float) -> None:
        """Let time pass until so many hours after the beginning."""
        until = self.began + timedelta(hours=hours)
        self.settle()
        while self._step(until):
            self.settle()

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


def _packed(event: Event) -> bytes:
    """Write an event as a line."""
    said = event.error.message if isinstance(event, ServerGone) else event
    return msgspec.json.encode((type(event).__name__, said)) + b"\n"


def _unpacked(line: bytes) -> Event:
    """Read a line of `_packed`."""
    name, said = msgspec.json.decode(line)
    if name == "ServerGone":
        return ServerGone(ServerError(said))
    kinds = {kind.__name__: kind for kind in get_args(Event)}
    event: Event = msgspec.convert(said, kinds[name])
    return event
