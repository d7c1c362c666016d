"""The daemon without threads, sockets or signals.

`Daemon.work` does one task and belongs to the writer. Everything else belongs to whoever
watches over it (`process`, or a test with a clock of its own): it puts tasks on the queue
and arms the scheduler. Work never touches the scheduler: after each task it says when each
job is to be run next, and the watcher arms it.
"""

from __future__ import annotations

import contextlib
import logging
import random
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from ..errors import ConfigError, LccMirrorError, ServerError, Stopped
from ..names import printable
from ..sync.trouble import local_errors
from .agenda import Agenda
from .duties import jobs_of
from .events import Event, JobEnded, SearchEnded, ServerBack, ServerGone, TaskEnded
from .hold import Hold
from .jobs import Job, Outcome
from .outbox import Outbox, Relay
from .protocol import Done, Failed, RunSearches
from .pulse import Pulse
from .queue import Adopt, Asked, Scheduled, Task, TaskQueue
from .requests import do_request, failure, in_words, summary_of
from .scheduler import Scheduler
from .searches import SearchJob, report_of_run
from .troubles import Troubles

if TYPE_CHECKING:
    from ..config import Config
    from .protocol import Request

log = logging.getLogger(__name__)

_LARGEST_JITTER_S = 60.0
# When not even the beginning of a job can be written down (a full disk).
_HOLD_OFF = timedelta(minutes=1)

_KEPT = "what has come is kept; ask again when it is back"

Appointments = dict[str, datetime]


@dataclass(frozen=True)
class Doing:
    """What the writer does at this moment."""

    what: str
    since: datetime


@dataclass(frozen=True)
class Waiter:
    """Somebody who waits for runs of searches to end."""

    outbox: Outbox
    runs: tuple[int, ...]


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
        self._agenda = Agenda(hold.mirror.conn, hold.now)
        self._troubles = Troubles(hold.mirror.conn, hold.now)
        self._searches = SearchJob(lambda report: self._tell(SearchEnded(report)))
        self._waiters: list[Waiter] = []
        self._held_off: Appointments = {}
        # The scheduler's thread takes out of `armed` what it has called.
        self._arming = threading.Lock()

    # The watcher's part

    def start(self) -> None:
        """Take up the agenda where the last daemon left it, and arm the scheduler.

        Called before the writer begins.
        """
        self._agenda.adopt(jobs_of(self.hold.config, self._searches), start=True)
        self._plan()
        self.arm(self._appointments())

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

    def leave(self) -> None:
        """Stop what is being done, and begin nothing more."""
        self.hold.stop.for_good()
        self._scheduler.close()
        self.queue.close(_turned_away)
        for waiter in list(self._waiters):
            _say(waiter.outbox, Failed("Stopped", "the daemon is being stopped", _KEPT))

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
                    self._scheduled(name)
                case Asked(request, outbox):
                    self._asked(request, outbox)
                case Adopt(config):
                    self._adopted(config)
            if not self.hold.stop.final:
                self._answer_waiters()
                self._plan()
        except Exception as error:  # noqa: BLE001 -- told and counted; the other jobs go on
            self._surprise(_name_of(task), error)
        finally:
            self.doing = None
        self._tell(TaskEnded(_name_of(task)))
        try:
            return self._appointments()
        except sqlite3.Error as error:
            log.warning("the catalog cannot be read: %s", error)
            return {name: self.hold.now() + _HOLD_OFF for name in self.armed}

    def _scheduled(self, name: str) -> None:
        job = next((one for one in self._agenda.jobs() if one.name == name), None)
        if job is None or self._waits(job):
            return
        try:
            with local_errors():
                begun = self._agenda.begin(name)
        except LccMirrorError as error:
            self._troubles.begin("catalog", f"{name} cannot begin: {error.message}")
            self._held_off[name] = self.hold.now() + _HOLD_OFF
            return
        if begun is None:
            return
        job, due = begun
        started = self.hold.now()
        try:
            outcome = self._run(job)
        except Stopped:
            # It has begun and not finished: the next start does it.
            return
        with local_errors():
            self._agenda.finish(job, due, outcome)
        self._troubles.over("catalog", "the catalog can be written again")
        self._judge(f"job {name}", outcome, probe=job.probe)
        if not outcome.more:
            self._tell(JobEnded(name, due, started, self.hold.now(), outcome))

    def _run(self, job: Job) -> Outcome:
        try:
            with local_errors():
                outcome = job.run(self.hold.session(self._relay()))
        except Stopped:
            if self.hold.stop.final:
                raise
            return Outcome(ok=False, message="stopped")
        except LccMirrorError as error:
            return Outcome(ok=False, message=error.message, error=error)
        except Exception as error:  # noqa: BLE001 -- recorded with its traceback; tried again
            self._surprise(job.name, error)
            return Outcome(ok=False, message=f"{type(error).__name__}: {error}")
        if isinstance(outcome.error, Stopped) and self.hold.stop.final:
            raise outcome.error
        return outcome

    def _asked(self, request: Request, outbox: Outbox | None) -> None:
        name = printable(in_words(request), 200)
        log.info("asked for: %s", name)
        try:
            with local_errors():
                result = do_request(request, self.hold.session(self._relay(outbox)))
        except LccMirrorError as error:
            log.warning("%s: %s", name, printable(error.message))
            _say(outbox, failure(error))
            return
        except Exception as error:
            _say(outbox, Failed("LccMirrorError", f"{name} failed: {type(error).__name__}"))
            raise
        if self.hold.stop.final:
            _say(outbox, Failed("Stopped", "the daemon is being stopped", _KEPT))
            return
        log.info("%s: %s", name, printable(summary_of(result)))
        if isinstance(request, RunSearches) and request.wait and outbox is not None:
            self._waiters.append(Waiter(outbox, tuple(one.run_id for one in result)))
        else:
            _say(outbox, Done(msgspec.to_builtins(result)))
        if self._troubles.on("server"):
            # Whoever asked may have found out that it is back: let the probe look.
            self._agenda.hurry(job.name for job in self._agenda.jobs() if job.probe)

    def _answer_waiters(self) -> None:
        """Tell those who wait for searches that have ended."""
        conn = self.hold.mirror.conn
        for waiter in list(self._waiters):
            reports = [report_of_run(conn, run_id) for run_id in waiter.runs]
            if all(report.finished for report in reports):
                waiter.outbox.put(Done(msgspec.to_builtins(reports)))
            if waiter.outbox.closed or all(report.finished for report in reports):
                self._waiters.remove(waiter)

    def _relay(self, outbox: Outbox | None = None) -> Relay:
        waiting = () if outbox is not None else tuple(one.outbox for one in self._waiters)
        return Relay(waiting if outbox is None else (outbox,), self._pulse.beat)

    def _adopted(self, config: Config) -> None:
        try:
            self.hold.adopt(config)
        except ConfigError as error:
            log.warning("the old configuration stays in force: %s", printable(error.message))
            return
        self._agenda.adopt(jobs_of(config, self._searches), start=False)
        log.info("the configuration was read again")

    def _judge(self, key: str, outcome: Outcome, *, probe: bool) -> None:
        """Tell what should be told of how a job ended."""
        if outcome.gone is not None:
            fresh = not self._troubles.on("server")
            self._troubles.begin("server", _gone(outcome.gone))
            if fresh:
                self._tell(ServerGone(outcome.gone))
            return
        if probe and outcome.ok and self._troubles.over("server", "the server is back"):
            self._tell(ServerBack())
        if outcome.no_room is not None:
            self._troubles.begin("room", printable(outcome.no_room.message))
        elif probe:
            self._troubles.over("room", "there is room again")
        if outcome.ok or outcome.no_room is not None:
            self._troubles.over(key, f"{key} goes well again")
            level = logging.INFO if outcome.news else logging.DEBUG
            log.log(level, "%s: %s", key.removeprefix("job "), printable(outcome.message))
        else:
            message = f"{key.removeprefix('job ')} failed: {outcome.message}"
            self._troubles.begin(key, printable(message))

    def _waits(self, job: Job) -> bool:
        """Whether a job has to wait until the server is back."""
        return job.online and not job.probe and self._troubles.on("server")

    def _plan(self) -> None:
        """Ask the jobs that plan themselves when they are due."""
        session = None
        for job in self._agenda.jobs():
            if job.plan is not None:
                session = session or self.hold.session(self._relay())
                with local_errors():
                    self._agenda.plan(job.name, job.plan(session))

    def _appointments(self) -> Appointments:
        jobs = {job.name: job for job in self._agenda.jobs()}
        now = self.hold.now()
        self._held_off = {name: at for name, at in self._held_off.items() if at > now}
        return {
            name: max(moment, self._held_off.get(name, moment))
            for name, moment in self._agenda.appointments().items()
            if name in jobs and not self._waits(jobs[name])
        }

    def _surprise(self, name: str, error: Exception) -> None:
        """Write down an error that nobody foresaw, and put the connection in order."""
        conn = self.hold.mirror.conn
        if conn.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                conn.rollback()
        self._held_off[name] = self.hold.now() + _HOLD_OFF
        log.error("%s: this is a bug in lccmirror, or a broken machine", name, exc_info=error)

    def _tell(self, event: Event) -> None:
        for observer in self._observers:
            try:
                observer(event)
            except Exception:
                # Whoever watches must never be the reason that the work fails.
                log.exception("an observer of %s failed", type(event).__name__)


def _name_of(task: Task) -> str:
    match task:
        case Scheduled(name):
            return name
        case Asked(request, _):
            return in_words(request)
        case Adopt():
            return "new configuration"


def _gone(error: ServerError) -> str:
    return f"the server is gone: {printable(error.message)}; it is asked again and again"


def _say(outbox: Outbox | None, message: Done | Failed) -> None:
    if outbox is not None:
        outbox.put(message)


def _turned_away(task: Task) -> None:
    if isinstance(task, Asked):
        _say(task.outbox, Failed("Stopped", "the daemon is being stopped", _KEPT))
