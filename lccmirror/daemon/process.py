"""A real process around `core`: its threads, signals, control socket, and systemd.

The main thread waits for what happens and acts on it; the writer thread works; the
scheduler's thread and the clients' threads only put things on queues.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import __version__
from ..clock import to_text, utc_now
from ..errors import LccMirrorError
from ..names import printable
from ..server.timing import Timing
from .clockwatch import ClockWatch
from .control import Control
from .core import Daemon
from .events import Event as DaemonEvent
from .hold import Environs, hold_mirror
from .key_events import KeyLog
from .notify_systemd import Notifier, watchdog_s
from .outbox import Outbox
from .protocol import Accepted, Done, Event, Ping, Refused, Request, Status, Sync
from .pulse import Pulse, Stop
from .runner import Appointments
from .scheduler import BackgroundTimer
from .signals import heard
from .troubles import span_in_words
from .watching import watchers

if TYPE_CHECKING:
    from ..config import Config

log = logging.getLogger(__name__)

_TICK_S = 5.0


@dataclass(frozen=True)
class _Signal:
    number: int


@dataclass(frozen=True)
class _Worked:
    appointments: Appointments


@dataclass(frozen=True)
class _Tick:
    """The scheduler lives."""


@dataclass(frozen=True)
class _WriterEnded:
    error: BaseException | None


_Happened = _Signal | _Worked | _Tick | _WriterEnded


def run_daemon(
    config: Config,
    load: Callable[[], Config],
    *,
    environ: Mapping[str, str] = os.environ,
    observers: tuple[Callable[[DaemonEvent], None], ...] = (),
    last_line: Callable[[str], str] = str,
) -> int:
    """Run the daemon until it is asked to stop; return the exit code.

    Parameters
    ----------
    config
        The configuration to begin with.
    load
        Reads it again, for SIGHUP.
    environ
        Where systemd says how to reach it.
    observers
        Called in the writer's thread with what happens.
    last_line
        Makes a line of the log of what is said past the log, when there is no time left.

    Raises
    ------
    MirrorLocked
        If another lccmirror holds the mirror.
    LocalError, ConfigError
        If it cannot be opened.
    """
    pulse = Pulse()
    stop = Stop(pulse)
    timing = Timing(wait=lambda event, seconds: event.wait(seconds))
    keys = KeyLog(observers)
    environs = Environs(stop, utc_now, timing, keys)
    notifier = Notifier(environ.get("NOTIFY_SOCKET"))
    inbox: queue.SimpleQueue[_Happened] = queue.SimpleQueue()
    with (
        heard(lambda number: inbox.put(_Signal(number)), stop, last_line),
        hold_mirror(config, environs) as hold,
        watchers(hold) as watching,
    ):
        observers += watching
        keys.observers = observers
        scheduler = BackgroundTimer()
        daemon = Daemon(hold, scheduler, pulse, observers=observers)
        within_s = watchdog_s(environ, os.getpid())
        tick_s = min(_TICK_S, (within_s or 60.0) / 4)

        def tick() -> None:
            scheduler.every(tick_s, lambda: inbox.put(_Tick()))

        clock = _Clock(ClockWatch(utc_now), tick, tick_s)
        process = _Process(daemon, load, inbox, notifier, pulse, within_s, clock)
        control = Control(config.mirror.root, process.answer)
        try:
            tick()
            daemon.start()
            scheduler.start()
            process.begin()
            log.info(
                "lccmirror %s mirrors %s to %s",
                __version__,
                config.server.url,
                printable(str(config.mirror.root)),
            )
            notifier.ready()
            code = process.watch()
        finally:
            daemon.leave()
            process.end()
            control.close()
    log.info("left; nothing is lost")
    return code


@dataclass(frozen=True)
class _Clock:
    """Whether this machine's clock can be relied on; and what ticks by it, begun anew."""

    watch: ClockWatch
    tick: Callable[[], None]
    tick_s: float


class _Process:
    """What the main thread does."""

    def __init__(
        self,
        daemon: Daemon,
        load: Callable[[], Config],
        inbox: queue.SimpleQueue[_Happened],
        notifier: Notifier,
        pulse: Pulse,
        watchdog_within_s: float | None,
        clock: _Clock,
    ) -> None:
        self._daemon = daemon
        self._load = load
        self._inbox = inbox
        self._notifier = notifier
        self._pulse = pulse
        self._watchdog_within_s = watchdog_within_s
        self._clock = clock
        self._writer = threading.Thread(target=self._write, name="writer", daemon=True)

    def begin(self) -> None:
        """Let the writer begin."""
        self._writer.start()

    def end(self) -> None:
        """Wait for the writer, which has been told to leave."""
        if self._writer.is_alive():
            self._writer.join()

    def _write(self) -> None:
        error: BaseException | None = None
        try:
            while (task := self._daemon.queue.take()) is not None:
                self._inbox.put(_Worked(self._daemon.work(task)))
        except BaseException as caught:  # noqa: BLE001 -- told by the main thread, which ends
            error = caught
        self._inbox.put(_WriterEnded(error))

    def watch(self) -> int:
        """Act on what happens until the writer has ended; return the exit code."""
        while True:
            match self._next():
                case None:
                    pass
                case _Signal(signal.SIGHUP):
                    self._reload()
                case _Signal(signal.SIGUSR1):
                    self._daemon.ask(Sync())
                case _Signal(number):
                    log.info("%s: leaving", signal.Signals(number).name)
                    self._notifier.stopping()
                    self._daemon.leave()
                case _Worked(appointments):
                    if not self._daemon.hold.stop.final:
                        self._daemon.arm(appointments)
                    self._tell_status()
                case _Tick():
                    self._feed_watchdog()
                    self._tell_status()
                case _WriterEnded(error):
                    if error is not None:
                        log.critical("the writer has ended", exc_info=error)
                        return 70
                    return 0

    def _next(self) -> _Happened | None:
        """Wait for what happens; None if nothing does, which only a clock put back can be."""
        try:
            return self._inbox.get(timeout=2 * self._clock.tick_s)
        except queue.Empty:
            return None
        finally:
            back = self._clock.watch.put_back()
            if back is not None:
                log.warning(
                    "the clock was put back by %s: what is due is worked out again",
                    span_in_words(back),
                )
                self._clock.tick()
                self._daemon.clock_put_back()

    def answer(self, request: Request, outbox: Outbox) -> Event:
        """Take a request of a client; called in the client's thread."""
        doing = self._daemon.doing
        busy = doing.what if doing is not None else None
        match request:
            case Ping():
                return Done({"version": __version__, "pid": os.getpid()})
            case Status():
                return Done(self._status())
        ahead = self._daemon.ask(request, outbox)
        if ahead is None:
            return Refused("the daemon is being stopped")
        return Accepted(ahead, busy)

    def _status(self) -> dict[str, object]:
        doing = self._daemon.doing
        return {
            "version": __version__,
            "pid": os.getpid(),
            "doing": None if doing is None else doing.what,
            "since": None if doing is None else to_text(doing.since),
            "waiting": len(self._daemon.queue),
            **self._daemon.hold.client.stats.snapshot(),
        }

    def _reload(self) -> None:
        self._notifier.reloading()
        try:
            config = self._load()
            self._daemon.adopt(config)
        except (LccMirrorError, OSError) as error:
            # Not only what is wrong in it: its folder may be gone, or not to be read.
            told = error if isinstance(error, LccMirrorError) else LccMirrorError(str(error))
            for line in told.message.splitlines():
                log.warning("%s", printable(line))
            hint = f" ({told.hint})" if told.hint else ""
            log.warning("the configuration is not taken up: going on with the old one%s", hint)
        else:
            for warning in config.warnings:
                log.warning("%s", printable(warning))
        self._notifier.ready()

    def _feed_watchdog(self) -> None:
        """Tell systemd that all is well, if it is seen to be.

        That this is called shows that the scheduler and this thread live. The writer
        lives if it waits for work, or if its work has moved lately.
        """
        if self._watchdog_within_s is None or not self._writer.is_alive():
            return
        if self._daemon.doing is None or self._pulse.age_s < self._watchdog_within_s / 2:
            self._notifier.watchdog()

    def _tell_status(self) -> None:
        doing = self._daemon.doing
        if doing is not None:
            self._notifier.status(f"{doing.what}, since {doing.since:%H:%M} UTC")
            return
        following = min(self._daemon.appointments_now(), default=None, key=lambda one: one[1])
        if following is None:
            self._notifier.status("idle")
        else:
            name, moment = following
            self._notifier.status(f"idle; next {name} at {moment:%H:%M} UTC")
