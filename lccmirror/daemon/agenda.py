"""The due times of the daemon's jobs, in the catalog: nothing missed, nothing done twice.

A job's ``due`` is a point of its timetable; ``next_run`` is when that is tried. They are
written in one transaction with the end of a run, so whenever the daemon ends, the next one
finds what is still owed. Only the writer thread uses this.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from ..catalog.connection import transaction
from ..catalog.jobs import JobRow, all_jobs, get_job, keep_jobs, put_job
from ..clock import Now, from_text, to_text
from .jobs import Job, Outcome

# After a failure; but never later than the next point of the timetable.
DELAYS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
)
# A job that shall not be caught up is given up when it is later than this.
_LATE_AT_START = timedelta(minutes=1)
_LATE = timedelta(hours=1)


class Agenda:
    """What is due when.

    Parameters
    ----------
    conn
        The catalog.
    now
        The time.
    """

    def __init__(self, conn: sqlite3.Connection, now: Now) -> None:
        self._conn = conn
        self._now = now
        self._jobs: dict[str, Job] = {}
        self._unwritten = False

    def adopt(self, jobs: Iterable[Job], *, start: bool) -> None:
        """Make these the daemon's jobs; what the catalog knows of them stays.

        Parameters
        ----------
        start
            The daemon begins: what was due while there was none is caught up once, or
            given up where the job says so.
        """
        self._jobs = {job.name: job for job in jobs}
        self._unwritten = True
        self._write_down(start=start)

    def catch_up(self) -> None:
        """Write down what could not be when it was adopted: the disk was full, mostly."""
        if self._unwritten:
            self._write_down(start=False)

    def clock_put_back(self) -> None:
        """Draw near what was planned by a clock that was ahead."""
        self._write_down(start=False)

    def _write_down(self, *, start: bool) -> None:
        with transaction(self._conn):
            known = all_jobs(self._conn)
            keep_jobs(self._conn, self._jobs)
            for job in self._jobs.values():
                row = self._adopted(job, known.get(job.name), start=start)
                if row != known.get(job.name):
                    put_job(self._conn, row)
        self._unwritten = False

    def _adopted(self, job: Job, row: JobRow | None, *, start: bool) -> JobRow:
        now = self._now()
        schedule = str(job.timetable)
        if row is None or row.due is None or row.next_run is None:
            first = to_text(job.timetable.first(now))
            kept = row or JobRow(job.name, schedule, first, first)
            return replace(kept, schedule=schedule, due=first, next_run=first)
        due, next_run = from_text(row.due), from_text(row.next_run)
        farthest = now + timedelta(seconds=job.timetable.longest_s)
        if row.schedule != schedule and row.last_due is not None:
            last = from_text(row.last_due)
            due = next_run = job.timetable.after(last, last)
        if due > farthest or next_run > farthest:
            # The clock was wrong then or is now, or the timetable has become denser.
            due = next_run = job.timetable.after(now, now)
        if start and not job.catch_up and due < now - _LATE_AT_START:
            due = next_run = job.timetable.after(now, due)
        return replace(row, schedule=schedule, due=to_text(due), next_run=to_text(next_run))

    def begin(self, name: str) -> tuple[Job, datetime] | None:
        """Note that a job begins; None if it is not due (done already, or gone).

        Returns
        -------
        tuple of Job and datetime
            The job, and what this run of it is for.
        """
        row, now = get_job(self._conn, name), self._now()
        job = self._jobs.get(name)
        if job is None or row is None or row.due is None or row.next_run is None:
            return None
        due = from_text(row.due)
        if from_text(row.next_run) > now:
            return None
        with transaction(self._conn):
            if not job.catch_up and now - due > _LATE:
                point = to_text(job.timetable.after(now, due))
                skipped = replace(row, due=point, next_run=point, last_outcome="skipped")
                put_job(self._conn, skipped)
                return None
            for_ = to_text(min(due, now))
            put_job(self._conn, replace(row, last_due=for_, last_started=to_text(now)))
        return job, due

    def finish(self, job: Job, due: datetime, outcome: Outcome) -> None:
        """Note how a run ended, and when the next one is."""
        row, now = get_job(self._conn, job.name), self._now()
        if row is None:
            return
        if outcome.more:
            row = replace(row, next_run=to_text(now))
        else:
            row = replace(
                row,
                last_finished=to_text(now),
                last_outcome="ok" if outcome.ok else "failed",
                last_message=outcome.message,
                failures=0 if outcome.ok else row.failures + 1,
            )
            following = job.timetable.after(now, due)
            again = now + DELAYS[min(row.failures, len(DELAYS)) - 1]
            if not outcome.ok and again < following:
                row = replace(row, due=to_text(due), next_run=to_text(again))
            else:
                row = replace(row, due=to_text(following), next_run=to_text(following))
        with transaction(self._conn):
            put_job(self._conn, row)

    def plan(self, name: str, moment: datetime | None) -> None:
        """Say when a job that plans itself is due; after a failure not before its delay."""
        row = get_job(self._conn, name)
        if row is None:
            return
        due = next_run = None if moment is None else to_text(moment)
        if next_run is not None and row.failures and row.last_finished is not None:
            delay = DELAYS[min(row.failures, len(DELAYS)) - 1]
            # What ended in the future ended by a clock that was ahead.
            ended = min(from_text(row.last_finished), self._now())
            next_run = max(next_run, to_text(ended + delay))
        if (row.due, row.next_run) != (due, next_run):
            with transaction(self._conn):
                put_job(self._conn, replace(row, due=due, next_run=next_run))

    def hurry(self, names: Iterable[str], *, after_failure: bool = True) -> None:
        """Have jobs run at once; what they are due for next stays.

        Parameters
        ----------
        after_failure
            Only those that wait after a failure.
        """
        now = to_text(self._now())
        with transaction(self._conn):
            for name in names:
                row = get_job(self._conn, name)
                waits = row is not None and (row.failures > 0 or not after_failure)
                if row is not None and waits and (row.next_run or "") > now:
                    put_job(self._conn, replace(row, next_run=now))

    def jobs(self) -> tuple[Job, ...]:
        """Return the daemon's jobs."""
        return tuple(self._jobs.values())

    def appointments(self) -> dict[str, datetime]:
        """Return when each job is to be run next; those that nothing is due of are left out."""
        return {
            name: from_text(row.next_run)
            for name, row in all_jobs(self._conn).items()
            if row.next_run is not None
        }
