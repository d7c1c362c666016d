"""What is tried again, how often, and after how long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.errors import (
    CutShort,
    FileChanged,
    NotFound,
    RateLimited,
    Stopped,
    Unreachable,
)
from lccmirror.server import RetryPolicy
from lccmirror.server.retry import call_with_retries, http_date, retry_after
from tests.support.timing import FakeTime

NEVER = threading.Event()


def failing(*errors: Exception) -> Callable[[], str]:
    """Return a function that raises each of `errors` and then returns."""
    waiting = list(errors)

    def function() -> str:
        if waiting:
            raise waiting.pop(0)
        return "done"

    return function


def test_a_transient_error_is_tried_again_with_doubling_waits() -> None:
    time = FakeTime()
    errors = [Unreachable("down") for _ in range(4)]
    assert call_with_retries(failing(*errors), RetryPolicy(), time.timing(), NEVER) == "done"
    assert time.waits == [1, 2, 4, 8]


def test_waits_are_drawn_so_that_clients_do_not_come_back_together() -> None:
    policy = RetryPolicy()
    assert policy.wait(3, None, 0.0) == 2
    assert policy.wait(3, None, 1.0) == 4


def test_a_permanent_error_is_not_tried_again() -> None:
    time = FakeTime()
    with pytest.raises(NotFound):
        call_with_retries(failing(NotFound("no")), RetryPolicy(), time.timing(), NEVER)
    assert time.waits == []


def test_attempts_end_with_the_last_error_itself() -> None:
    time = FakeTime()
    errors = [Unreachable(str(number)) for number in range(10)]
    with pytest.raises(Unreachable) as caught:
        call_with_retries(failing(*errors), RetryPolicy(attempts=3), time.timing(), NEVER)
    assert caught.value is errors[2]


def test_no_wait_goes_past_the_total_time() -> None:
    time = FakeTime()
    policy = RetryPolicy(attempts=1000, total_s=100)
    with pytest.raises(Unreachable):
        call_with_retries(failing(*[Unreachable("down")] * 1000), policy, time.timing(), NEVER)
    assert 60 < time.monotonic() <= 100


def test_retry_after_is_honoured() -> None:
    time = FakeTime()
    error = RateLimited("slow down", retry_after_s=120)
    call_with_retries(failing(error), RetryPolicy(), time.timing(), NEVER)
    assert time.waits == [120]


def test_retry_after_is_capped() -> None:
    time = FakeTime()
    error = RateLimited("come back next year", retry_after_s=3e7)
    policy = RetryPolicy(longest_retry_after_s=300)
    call_with_retries(failing(error), policy, time.timing(), NEVER)
    assert time.waits == [300]


def test_a_retry_after_longer_than_our_patience_ends_it_at_once() -> None:
    time = FakeTime()
    error = RateLimited("slow down", retry_after_s=120)
    with pytest.raises(RateLimited) as caught:
        call_with_retries(failing(error), RetryPolicy(total_s=60), time.timing(), NEVER)
    assert time.waits == []
    assert caught.value.retry_after_s == 120


def test_a_stop_ends_the_waiting() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        call_with_retries(
            failing(Unreachable("down")), RetryPolicy(), FakeTime().timing(), stop
        )


def test_progress_makes_the_count_begin_anew() -> None:
    time = FakeTime()
    position = 0

    def function() -> str:
        nonlocal position
        position += 100_000
        if position > 5_000_000:
            return "done"
        raise CutShort("cut")

    policy = RetryPolicy(attempts=2)
    assert (
        call_with_retries(function, policy, time.timing(), NEVER, position=lambda: position)
        == "done"
    )


@pytest.mark.parametrize(("step", "error"), [(10, CutShort), (100_000, FileChanged)])
def test_a_trickle_or_an_ever_changing_file_is_no_progress(
    step: int, error: type[CutShort] | type[FileChanged]
) -> None:
    position = 0

    def function() -> str:
        nonlocal position
        position += step
        raise error("again")

    with pytest.raises(error):
        call_with_retries(
            function,
            RetryPolicy(attempts=3),
            FakeTime().timing(),
            NEVER,
            position=lambda: position,
        )
    assert position == 3 * step


def test_each_retry_is_reported() -> None:
    told: list[tuple[str, float, int, float]] = []
    call_with_retries(
        failing(Unreachable("one"), CutShort("two")),
        RetryPolicy(attempts=8, total_s=600),
        FakeTime().timing(),
        NEVER,
        on_retry=lambda one: told.append(
            (str(one.error), one.wait_s, one.tries_left, one.patience_s)
        ),
    )
    assert told == [("one", 1, 7, 600), ("two", 2, 6, 599)]


NOW = 1_795_400_907.0  # Mon, 23 Nov 2026 02:28:27 GMT


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("0", 0),
        ("-5", 0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("1e9", None),
        ("٣", None),
        ("9" * 5000, 1e9),
        (formatdate(NOW + 90, usegmt=True), 90),
        (formatdate(NOW - 90, usegmt=True), 0),
        ("Wed, 32 Foo 2026 99:99:99 GMT", None),
        ("Mon, 23 Nov 2026 02:29:27 -0000", 60),
    ],
)
def test_retry_after_is_read_in_both_its_forms(
    header: str | None, seconds: float | None
) -> None:
    assert retry_after(header, NOW) == seconds


@given(st.text(max_size=60) | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ [\d:]+ GMT"))
def test_no_header_breaks_the_reading_of_dates(text: str) -> None:
    assert http_date(text) is None or isinstance(http_date(text), float)
    wait = retry_after(text, NOW)
    assert wait is None or 0 <= wait <= 1e9
