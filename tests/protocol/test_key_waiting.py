"""One thread fetches a key; the others wait for it."""

from __future__ import annotations

import threading

import pytest

from lccmirror import errors
from lccmirror.server import (
    ApiKey,
    Origin,
    Secret,
)
from lccmirror.server.clock import ServerClock
from lccmirror.server.keys import KeyRing
from tests.support.timing import FakeTime

NEVER = threading.Event()
WALL = 1_800_000_000.0  # 2027-01-15T08:00:00Z


class Asked(threading.Event):
    """A stop event that tells when somebody who waits has looked at it."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_at = threading.Event()

    def is_set(self) -> bool:
        self.looked_at.set()
        return super().is_set()


class RingBench:
    """A key ring whose fetching is under the test's control.

    Parameters
    ----------
    outcomes
        What the fetches end with, in order: an error, or None for a key.
    """

    def __init__(self, *outcomes: BaseException | None) -> None:
        self.time = FakeTime(WALL)
        clock = ServerClock(self.time.timing())
        self.outcomes = list(outcomes)
        self.fetches = 0
        self.begun = threading.Event()
        self.go_on = threading.Event()
        origin = Origin.parse("http://host")
        self.ring = KeyRing(origin, self.fetch, clock, self.time.timing())
        self.results: list[object] = []
        self.threads: list[threading.Thread] = []

    def fetch(self, stop: threading.Event) -> ApiKey:
        self.fetches += 1
        outcome = self.outcomes.pop(0)
        self.begun.set()
        assert self.go_on.wait(10)
        if outcome is not None:
            raise outcome
        return ApiKey(Secret(f"key-{self.fetches}"), None, "anonymous", "http://host")

    def ask_in_thread(self) -> None:
        """Ask for a key; return once that thread waits for it."""
        stop = Asked()
        first = not self.threads

        def run() -> None:
            try:
                self.results.append(self.ring.get(stop))
            except errors.LccMirrorError as error:
                self.results.append(error)

        thread = threading.Thread(target=run)
        self.threads.append(thread)
        thread.start()
        assert (self.begun if first else stop.looked_at).wait(10)

    def finish(self) -> list[object]:
        """Let the fetch end, and return what came of each thread."""
        self.go_on.set()
        for thread in self.threads:
            thread.join(10)
        return self.results


def test_all_who_ask_while_a_key_is_fetched_wait_for_it() -> None:
    bench = RingBench(None)
    for _ in range(6):
        bench.ask_in_thread()
    results = bench.finish()
    assert bench.fetches == 1
    assert len(results) == 6
    assert {id(one) for one in results} == {id(bench.ring.current)}


def test_a_failed_fetch_fails_for_all_who_waited() -> None:
    bench = RingBench(errors.Unreachable("down"))
    for _ in range(5):
        bench.ask_in_thread()
    results = bench.finish()
    assert len(results) == 5
    assert all(isinstance(one, errors.Unreachable) for one in results)
    assert bench.fetches == 1


def test_a_waiter_can_be_stopped() -> None:
    bench = RingBench(None)
    bench.ask_in_thread()
    stop = threading.Event()
    stop.set()
    with pytest.raises(errors.Stopped):
        bench.ring.get(stop)
    assert isinstance(bench.finish()[0], ApiKey)


def test_when_the_one_who_fetches_is_stopped_another_goes_on() -> None:
    bench = RingBench(errors.Stopped("stopped"), None)
    for _ in range(3):
        bench.ask_in_thread()
    results = bench.finish()
    assert bench.fetches == 2
    assert sum(isinstance(one, errors.Stopped) for one in results) == 1
    assert sum(isinstance(one, ApiKey) for one in results) == 2
