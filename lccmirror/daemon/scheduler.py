"""When the scheduler calls: APScheduler, behind what the daemon needs of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # No stubs and no types of its own.
    from apscheduler.schedulers.background import (  # type: ignore[import-untyped]
        BackgroundScheduler,
    )


class Scheduler(Protocol):
    """Calls back at given times. What it calls only puts a task on a queue."""

    def arm(self, name: str, moment: datetime, call: Callable[[], None]) -> None:
        """Call at `moment`, at once if it is past; in place of an earlier `name`."""

    def disarm(self, name: str) -> None:
        """Do not call for `name` any more."""

    def close(self) -> None:
        """Call nothing any more."""


class BackgroundTimer:
    """A `Scheduler` with APScheduler's own thread and nothing stored.

    The due times are in the catalog and every appointment is for one point in time, so
    nothing recurs here that could drift, pile up or be remembered twice.
    """

    def __init__(self) -> None:
        from apscheduler.executors.pool import (  # type: ignore[import-untyped]
            ThreadPoolExecutor,
        )
        from apscheduler.jobstores.memory import (  # type: ignore[import-untyped]
            MemoryJobStore,
        )
        from apscheduler.schedulers.background import BackgroundScheduler

        self._scheduler: BackgroundScheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={
                "coalesce": True,
                "max_instances": 1,
                # However late this machine wakes up, the call is made: the agenda knows
                # which jobs are worth catching up with, and it must hear of each.
                "misfire_grace_time": None,
            },
            timezone=UTC,
        )

    def start(self) -> None:
        """Begin to call."""
        self._scheduler.start()

    def arm(self, name: str, moment: datetime, call: Callable[[], None]) -> None:
        """Call at `moment`, at once if it is past; in place of an earlier `name`."""
        self._scheduler.add_job(
            call, "date", run_date=moment, id=name, name=name, replace_existing=True
        )

    def every(self, seconds: float, call: Callable[[], None]) -> None:
        """Call again and again from now on, so that others can see that the scheduler lives.

        Called once more it begins anew: its next call is at a time of the clock, too.
        """
        self._scheduler.add_job(
            call,
            "interval",
            seconds=seconds,
            id="pulse",
            name="pulse",
            replace_existing=True,
        )

    def disarm(self, name: str) -> None:
        """Do not call for `name` any more."""
        if self._scheduler.get_job(name) is not None:
            self._scheduler.remove_job(name)

    def close(self) -> None:
        """Call nothing any more."""
        if self._scheduler.running:
            # A shutdown alone breaks the thread that is just about to call: it would look
            # for the job to remove in the wrong place.
            self._scheduler.pause()
            self._scheduler.remove_all_jobs()
            self._scheduler.shutdown(wait=False)
