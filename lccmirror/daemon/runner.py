"""The daemon's own jobs: run when they are due, judged, and written down. The writer's part."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ..catalog.work import last_retry
from ..clock import from_text
from ..errors import LccMirrorError, ServerError, Stopped
from ..names import printable
from ..sync.mirror import require_in_place
from ..sync.trouble import local_errors
from .agenda import Agenda
from .duties import jobs_of
from .events import Event, JobEnded, SearchEnded, ServerBack, ServerGone
from .hold import Hold
from .jobs import Job, Outcome
from .outbox import Relay
from .searches import SearchJob
from .surprises import Surprises
from .troubles import Troubles

if TYPE_CHECKING:
    from ..config import Config

log = logging.getLogger(__name__)

# When not even the beginning of a job can be written down (a full disk).
HOLD_OFF = timedelta(minutes=1)

Appointments = dict[str, datetime]
"""When each job is to be run next."""


class JobRunner:
    """The jobs, their agenda, and what is wrong.

    Parameters
    ----------
    hold
        The open mirror and its client.
    relay
        Makes what is shown the progress of a job.
    tell
        Called with what happens.
    surprises
        Told of errors that nobody foresaw.
    """

    def __init__(
        self,
        hold: Hold,
        relay: Callable[[], Relay],
        tell: Callable[[Event], None],
        surprises: Surprises,
    ) -> None:
        self._hold = hold
        self._surprises = surprises
        self._relay = relay
        self._tell = tell
        self._agenda = Agenda(hold.mirror.conn, hold.now)
        self._troubles = Troubles(hold.mirror.conn, hold.now)
        self._searches = SearchJob(lambda report: tell(SearchEnded(report)))
        self._held_off: Appointments = {}
        # Jobs that did not get through to the server, until the probe has said whose fault
        # that is.
        self._in_doubt: dict[str, str] = {}
        # When all that did not fit will have been tried again.
        self._short_until = last_retry(hold.mirror.conn)

    def adopt(self, config: Config, *, start: bool) -> None:
        """Make the jobs those of a configuration."""
        self._agenda.adopt(jobs_of(config, self._searches), start=start)
        if start:
            self.look_for_server()

    def clock_put_back(self) -> None:
        """Work out again when each job is due."""
        self._held_off.clear()
        with local_errors():
            self._agenda.clock_put_back()

    def look_for_server(self) -> None:
        """If the server is gone, have it asked soon: somebody may know that it is back."""
        if self._troubles.on("server"):
            self._agenda.hurry(self._probes())

    def _probes(self) -> list[str]:
        return [job.name for job in self._agenda.jobs() if job.probe]

    def run(self, name: str) -> None:
        """Run a job whose time has come, unless it is not due, or waits for the server."""
        job = next((one for one in self._agenda.jobs() if one.name == name), None)
        if job is None or self._waits(job):
            return
        with local_errors():
            begun = self._agenda.begin(name)
        if begun is None:
            return
        job, due = begun
        started = self._hold.now()
        try:
            outcome = self._run(job)
        except Stopped:
            # It has begun and not finished: the next start does it.
            return
        with local_errors():
            self._agenda.finish(job, due, outcome)
        self._troubles.over("catalog", "the catalog can be written again")
        self._judge(job, outcome)
        if not outcome.more:
            # One that was hurried is for now; what it is due for is still to come.
            self._tell(JobEnded(name, min(due, started), started, self._hold.now(), outcome))

    def _run(self, job: Job) -> Outcome:
        try:
            with local_errors():
                # What a catalog that is gone has in it is worth a backup all the more.
                if job.name != "backup":
                    require_in_place(self._hold.mirror)
                outcome = job.run(self._hold.session(self._relay()))
        except Stopped:
            if self._hold.stop.final:
                raise
            return Outcome(ok=False, message="stopped")
        except LccMirrorError as error:
            return Outcome(ok=False, message=error.message, error=error)
        except Exception as error:  # noqa: BLE001 -- recorded with its traceback; tried again
            self.surprise(job.name, error)
            return Outcome(ok=False, message=f"{type(error).__name__}: {error}")
        if isinstance(outcome.error, Stopped) and self._hold.stop.final:
            raise outcome.error
        return outcome

    def _judge(self, job: Job, outcome: Outcome) -> None:
        """Tell what should be told of how a job ended."""
        if outcome.gone is not None and job.probe:
            self._server_gone(outcome.gone)
            return
        if job.probe and outcome.answered:
            self._server_there()
        if outcome.no_room is not None:
            self._troubles.begin("room", printable(outcome.no_room.message))
            self._short_until = last_retry(self._hold.mirror.conn)
        elif job.probe and outcome.ok and self._tried_again():
            self._troubles.over("room", "there is room again")
        why = outcome.message if outcome.error is None else outcome.error.message
        key, failed = f"job {job.name}", printable(f"{job.name} failed: {why}")
        if outcome.ok or outcome.no_room is not None:
            self._in_doubt.pop(job.name, None)
            self._troubles.over(key, f"{key} goes well again")
            level = logging.INFO if outcome.news else logging.DEBUG
            log.log(level, "%s: %s", job.name, printable(outcome.message))
        elif outcome.gone is not None and not self._troubles.on(key):
            # Either the server is gone, or only what this job asks for. That is to be known
            # before anything is said, and not only when the next poll is due.
            self._in_doubt[job.name] = failed
            with local_errors():
                self._agenda.hurry(self._probes(), after_failure=False)
        else:
            self._troubles.begin(key, failed)

    def _server_gone(self, error: ServerError) -> None:
        self._in_doubt.clear()
        fresh = not self._troubles.on("server")
        self._troubles.begin("server", _gone(error))
        if fresh:
            self._tell(ServerGone(error))

    def _server_there(self) -> None:
        if self._troubles.over("server", "the server is back"):
            self._tell(ServerBack())
        for name, failed in self._in_doubt.items():
            self._troubles.begin(f"job {name}", failed)
        self._in_doubt.clear()

    def _tried_again(self) -> bool:
        """Whether what did not fit was tried since: a poll alone does not show room."""
        if self._short_until is None or self._hold.now() >= from_text(self._short_until):
            return True
        return last_retry(self._hold.mirror.conn) is None

    def _waits(self, job: Job) -> bool:
        """Whether a job has to wait until the server is back."""
        return job.online and not job.probe and self._troubles.on("server")

    def plan(self) -> None:
        """Ask the jobs that plan themselves when they are due."""
        session = None
        with local_errors():
            self._agenda.catch_up()
        for job in self._agenda.jobs():
            if job.plan is not None:
                session = session or self._hold.session(self._relay())
                with local_errors():
                    self._agenda.plan(job.name, job.plan(session))

    def appointments(self) -> Appointments:
        """Return when each job is to be run next; without those that wait for the server."""
        jobs = {job.name: job for job in self._agenda.jobs()}
        now = self._hold.now()
        self._held_off = {name: at for name, at in self._held_off.items() if at > now}
        return {
            name: max(moment, self._held_off.get(name, moment))
            for name, moment in self._agenda.appointments().items()
            if name in jobs and not self._waits(jobs[name])
        }

    def cannot_write(self, name: str, error: LccMirrorError) -> None:
        """Tell that the catalog cannot be written, and let some time pass."""
        message = f"{name} could not be written down: {error.message}; it is done again"
        self._troubles.begin("catalog", printable(message))
        self._held_off[name] = self._hold.now() + HOLD_OFF

    def surprise(self, name: str, error: Exception) -> None:
        """Write down an error that nobody foresaw, and put the connection in order."""
        conn = self._hold.mirror.conn
        if conn.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                conn.rollback()
        self._held_off[name] = self._hold.now() + HOLD_OFF
        self._surprises.tell(f"{name}: this is a bug in lccmirror, or a broken machine", error)


def _gone(error: ServerError) -> str:
    return f"the server is gone: {printable(error.message)}; it is asked again and again"
