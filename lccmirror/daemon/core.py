"""The daemon without threads, sockets or signals.

`Daemon.work` does one task and belongs to the writer. Everything else belongs to whoever
watches over it (`process`, or a test with a clock of its own): it puts tasks on the queue
and arms the scheduler. Work never touches the scheduler: after each task it says when each
job is to be run next, and the watcher arms it.
"""

from __future__ import annotations

import logging
import random
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ..errors import ConfigError, LccMirrorError
from ..names import printable
from ..sync.trouble import local_errors
from .askers import Askers, turn_away
from .events import Event, Moved, NotWritten, TaskEnded
from .hold import Hold
from .outbox import Outbox
from .pulse import Pulse
from .queue import Adopt, Asked, ClockPutBack, Scheduled, Task, TaskQueue
from .requests import in_words
from .runner import HOLD_OFF, Appointments, JobRunner
from .scheduler import Scheduler
from .surprises import Surprises

if TYPE_CHECKING:
    from ..config import Config
    from .protocol import Request

log = logging.getLogger(__name__)

_LARGEST_JITTER_S = 60.0
_MOVED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Doing:
    """What the writer does at this moment."""

    what: str
    since: datetime


class Daemon:
    """One writer, its agenda, and what waits for it.

    Parameters
    ----------
    hold
        The open mirror and its client.
    scheduler
        Calls when a job is due.
    pulse
        Beats as the work moves.
    observers
        Called in the writer's thread with what happens; an error of theirs is logged.
    chance
        A number in [0, 1), for the jitter.
    """

    def __init__(
        self,
        hold: Hold,
        scheduler: Scheduler,
        pulse: Pulse,
        *,
        observers: tuple[Callable[[Event], None], ...] = (),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.hold = hold
        self.queue = TaskQueue()
        self.doing: Doing | None = None
        self.armed: Appointments = {}
        self._scheduler = scheduler
        self._pulse = pulse
        self._observers = observers
        self._chance = chance
        self._askers = Askers(hold, pulse, self._moved)
        self._told_moved = hold.now()
        self._surprises = Surprises(hold.now)
        self._jobs = JobRunner(hold, self._askers.relay, self._tell, self._surprises)
        # The scheduler's thread takes out of `armed` what it has called.
        self._arming = threading.Lock()

    # The watcher's part

    def start(self) -> None:
        """Take up the agenda where the last daemon left it, and arm the scheduler.

        Called before the writer begins.
        """
        self._jobs.adopt(self.hold.config, start=True)
        self._jobs.plan()
        self.arm(self._jobs.appointments())

    def arm(self, appointments: Appointments) -> None:
        """Have the scheduler call at these times, a little later each by chance.

        The jitter is added to a fixed time and kept nowhere, so it cannot add up.
        """
        with self._arming:
            for name in self.armed.keys() - appointments.keys():
                self._scheduler.disarm(name)
                del self.armed[name]
            for name, moment in appointments.items():
                if self.armed.get(name) == moment or self.queue.waits(name):
                    continue
                self.armed[name] = moment
                # What is late already should not be later still.
                jitter = self._jitter() if moment > self.hold.now() else timedelta(0)
                self._scheduler.arm(name, moment + jitter, self._caller(name))

    def appointments_now(self) -> list[tuple[str, datetime]]:
        """Return for what the scheduler is armed."""
        with self._arming:
            return list(self.armed.items())

    def adopt(self, config: Config) -> None:
        """Work by another configuration, from the next task on.

        Raises
        ------
        ConfigError
            If that needs a restart; nothing has changed then.
        """
        self.hold.check(config)
        self.queue.put(Adopt(config), first=True)

    def ask(self, request: Request, outbox: Outbox | None = None) -> int | None:
        """Put something that somebody asks for on the queue; None if it takes no more."""
        return self.queue.put(Asked(request, outbox))

    def clock_put_back(self) -> None:
        """Have what is due worked out again, since the clock was put back."""
        self.queue.put(ClockPutBack(), first=True)

    def leave(self) -> None:
        """Stop what is being done, and begin nothing more."""
        self.hold.stop.for_good()
        self._scheduler.close()
        self.queue.close(turn_away)
        self._askers.leave()

    def _caller(self, name: str) -> Callable[[], None]:
        def call() -> None:
            with self._arming:
                self.armed.pop(name, None)
                self.queue.put(Scheduled(name))

        return call

    def _jitter(self) -> timedelta:
        polls = self.hold.config.poll
        most = min(_LARGEST_JITTER_S, 0.05 * min(polls.datasets_s, polls.collections_s))
        return timedelta(seconds=most * self._chance())

    # The writer's part

    def work(self, task: Task) -> Appointments:
        """Do a task; return when each job is to be run next.

        Nothing that goes wrong with it leaves this method, but for what ends a process.
        """
        self.hold.stop.renew()
        self._pulse.beat()
        self.doing = Doing(_name_of(task), self.hold.now())
        try:
            match task:
                case Scheduled(name):
                    self._jobs.run(name)
                case Asked(request, outbox):
                    self._askers.do(request, outbox)
                    self._jobs.look_for_server()
                case Adopt(config):
                    with local_errors():
                        self._adopted(config)
                case ClockPutBack():
                    self._jobs.clock_put_back()
            if not self.hold.stop.final:
                self._askers.answer()
                self._jobs.plan()
        except LccMirrorError as error:
            # A full disk: what could not be written down is done again.
            self._jobs.cannot_write(_name_of(task), error)
            self._tell(NotWritten(error))
        except Exception as error:  # noqa: BLE001 -- told and counted; the other jobs go on
            self._jobs.surprise(_name_of(task), error)
        finally:
            self.doing = None
        self._tell(TaskEnded(_name_of(task)))
        # The pages that the task read stay in the system's cache; those who wait need none.
        self.hold.mirror.conn.execute("PRAGMA shrink_memory")
        try:
            return self._jobs.appointments()
        except sqlite3.Error as error:
            log.warning("the catalog cannot be read: %s", error)
            return {name: self.hold.now() + HOLD_OFF for name in self.armed}

    def _adopted(self, config: Config) -> None:
        try:
            self.hold.adopt(config)
        except ConfigError as error:
            log.warning("the old configuration stays in force: %s", printable(str(error)))
            return
        self._jobs.adopt(config, start=False)
        log.info("the configuration was read again")

    def _moved(self) -> None:
        """Tell now and then that a task moves: a first cycle may take days."""
        now = self.hold.now()
        if not timedelta(0) <= now - self._told_moved < _MOVED_EVERY:
            self._told_moved = now
            self._tell(Moved())

    def _tell(self, event: Event) -> None:
        for observer in self._observers:
            try:
                observer(event)
            except Exception as error:  # noqa: BLE001 -- told; the work goes on
                # Whoever watches must never be the reason that the work fails.
                self._surprises.tell(f"an observer of {type(event).__name__} failed", error)


def _name_of(task: Task) -> str:
    match task:
        case Scheduled(name):
            return name
        case Asked(request, _):
            return in_words(request)
        case Adopt():
            return "new configuration"
        case ClockPutBack():
            return "clock"
