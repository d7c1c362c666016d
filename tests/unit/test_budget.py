"""The request budget: what a server that counts would see of us."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.errors import Stopped
from lccmirror.server import Timing
from lccmirror.server.budget import Bandwidth, RequestBudget
from tests.support.timing import FakeTime

NEVER = threading.Event()


def sent_at(
    time: FakeTime, budget: RequestBudget, count: int, stop: threading.Event = NEVER
) -> list[float]:
    """Return when each of `count` requests would go out, sent as fast as allowed."""
    moments = []
    for _ in range(count):
        budget.acquire(stop)
        moments.append(time.monotonic())
    return moments


def test_a_burst_of_twenty_goes_out_at_once() -> None:
    time = FakeTime()
    moments = sent_at(time, RequestBudget(300, time.timing()), 20)
    assert moments == [0.0] * 20


def test_a_larger_burst_is_not_to_be_had() -> None:
    time = FakeTime()
    moments = sent_at(time, RequestBudget(300, time.timing(), burst=500), 21)
    assert moments[20] > 0


def test_in_the_long_run_the_rate_is_the_configured_one() -> None:
    time = FakeTime()
    moments = sent_at(time, RequestBudget(300, time.timing()), 1500)
    assert moments[-1] == pytest.approx(300, rel=0.02)


def test_a_server_that_averages_since_first_use_never_sees_too_much() -> None:
    # the running server refuses from the 26th request on, if count / time is over 10 a second
    time = FakeTime()
    moments = sent_at(time, RequestBudget(590, time.timing()), 400)
    for count, moment in enumerate(moments, start=1):
        assert count <= 25 or count / (moment - moments[0]) <= 10


def test_a_new_key_is_averaged_anew_and_gives_no_second_burst() -> None:
    time = FakeTime()
    budget = RequestBudget(600, time.timing())
    sent_at(time, budget, 20)
    budget.new_key()
    moments = sent_at(time, budget, 100)
    assert moments[0] > 0
    for count, moment in enumerate(moments, start=1):
        assert count <= 25 or count / (moment - moments[0]) <= 10.0001


def test_a_hold_stops_everyone_until_it_is_over() -> None:
    time = FakeTime()
    budget = RequestBudget(300, time.timing())
    budget.acquire(NEVER)
    budget.hold(30)
    assert sent_at(time, budget, 2)[0] == pytest.approx(30)


def test_a_stop_ends_the_wait() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        sent_at(FakeTime(), RequestBudget(1, Timing()), 21, stop)


@given(
    rate=st.floats(1, 1000),
    burst=st.integers(1, 20),
    idle=st.lists(st.floats(0, 100), max_size=80),
)
def test_never_more_than_burst_and_rate_allow_in_any_stretch(
    rate: float, burst: int, idle: list[float]
) -> None:
    time = FakeTime()
    budget = RequestBudget(rate, time.timing(), burst=burst)
    moments = []
    for pause in idle:
        time.pass_(pause)
        budget.acquire(NEVER)
        moments.append(time.monotonic())
    for first in range(len(moments)):
        for last in range(first, len(moments)):
            stretch = moments[last] - moments[first]
            assert last - first + 1 <= burst + rate / 60 * stretch + 1e-6


def test_threads_share_one_budget() -> None:
    time = FakeTime()
    budget = RequestBudget(60, time.timing())
    threads = [threading.Thread(target=sent_at, args=(time, budget, 10)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    # of 50 requests at one a second, the last is due after 50 seconds, whoever sends it
    assert time.monotonic() >= 49.9


def test_bandwidth_holds_the_average_down() -> None:
    time = FakeTime()
    limit = Bandwidth(1000, time.timing())
    for _ in range(100):
        limit.spend(500, NEVER)
    assert time.monotonic() == pytest.approx(49, abs=1.5)


@pytest.mark.parametrize(("rate", "burst"), [(0, 5), (-1, 5), (10, 0)])
def test_a_budget_of_nothing_is_refused(rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        RequestBudget(rate, Timing(), burst=burst)
