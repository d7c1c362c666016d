"""Those who asked for something: it is done, and they are told. The writer's part."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from ..errors import LccMirrorError
from ..names import printable
from ..sync.mirror import require_in_place
from ..sync.trouble import local_errors
from .hold import Hold
from .outbox import Outbox, Relay
from .protocol import Done, Failed, Request, RunSearches
from .pulse import Pulse
from .queue import Asked, Task
from .requests import do_request, failure, in_words, summary_of
from .searches import report_of_run

log = logging.getLogger(__name__)

_LEAVING = Failed(
    "Stopped", "the daemon is being stopped", "what has come is kept; ask again when it is back"
)


@dataclass(frozen=True)
class _Waiter:
    """Somebody who waits for runs of searches to end."""

    outbox: Outbox
    runs: tuple[int, ...]


class Askers:
    """Does what is asked for, and remembers who still waits.

    Parameters
    ----------
    hold
        The open mirror and its client.
    pulse
        Beats as the work moves.
    moved
        Called when an item of a task is done.
    """

    def __init__(self, hold: Hold, pulse: Pulse, moved: Callable[[], None]) -> None:
        self._hold = hold
        self._pulse = pulse
        self._moved = moved
        self._waiters: list[_Waiter] = []

    def relay(self) -> Relay:
        """Return what is shown the progress of a job: passed on to those who wait."""
        outboxes = tuple(one.outbox for one in self._waiters)
        return Relay(outboxes, self._pulse.beat, self._moved)

    def do(self, request: Request, outbox: Outbox | None) -> None:
        """Do what somebody asks for, and tell them how it ended."""
        name = printable(in_words(request), 200)
        log.info("asked for: %s", name)
        relay = Relay(() if outbox is None else (outbox,), self._pulse.beat, self._moved)
        try:
            with local_errors():
                require_in_place(self._hold.mirror)
                result = do_request(request, self._hold.session(relay))
        except LccMirrorError as error:
            log.warning("%s: %s", name, printable(error.message))
            _say(outbox, failure(error))
            return
        except Exception as error:
            _say(outbox, Failed("LccMirrorError", f"{name} failed: {type(error).__name__}"))
            raise
        if self._hold.stop.final:
            _say(outbox, _LEAVING)
            return
        log.info("%s: %s", name, printable(summary_of(result)))
        if isinstance(request, RunSearches) and request.wait and outbox is not None:
            self._waiters.append(_Waiter(outbox, tuple(one.run_id for one in result)))
        else:
            _say(outbox, Done(msgspec.to_builtins(result)))

    def answer(self) -> None:
        """Tell those who wait for searches that have ended, or that cannot be sent."""
        conn = self._hold.mirror.conn
        for waiter in list(self._waiters):
            reports = [report_of_run(conn, run_id) for run_id in waiter.runs]
            over = all(report.finished or report.unsendable for report in reports)
            if over:
                waiter.outbox.put(Done(msgspec.to_builtins(reports)))
            if over or waiter.outbox.closed:
                self._waiters.remove(waiter)

    def leave(self) -> None:
        """Tell those who wait that the daemon ends."""
        for waiter in list(self._waiters):
            waiter.outbox.put(_LEAVING)


def turn_away(task: Task) -> None:
    """Tell whoever asked for a task that will not be done."""
    if isinstance(task, Asked):
        _say(task.outbox, _LEAVING)


def _say(outbox: Outbox | None, message: Done | Failed) -> None:
    if outbox is not None:
        outbox.put(message)
