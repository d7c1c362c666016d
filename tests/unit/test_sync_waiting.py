"""A server that does not answer: people are told while it is waited, and not too often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lccmirror.errors import Unreachable
from lccmirror.server import Retry
from lccmirror.sync.waiting import RetryNotes


class Watch:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.at = 0.0
        self.notes = RetryNotes(
            self.said.append,
            lambda: datetime(2026, 11, 23, 8, tzinfo=UTC) + timedelta(seconds=self.at),
            lambda: self.at,
        )

    def fail(self, seconds: float, why: str = "no answer", left: int = 1) -> None:
        self.notes(Retry(Unreachable(why), seconds, left, 900 - self.at))


def test_long_waits_are_told_and_short_ones_are_not() -> None:
    watch = Watch()
    for seconds in (1.0, 2.0, 4.0, 8.0, 16.0):
        watch.fail(seconds)
        watch.at += seconds
    # After 7 s of short waits the server has been away for long.
    assert watch.said == [
        f"no answer; trying again in {n} s, for the last time" for n in (8, 16)
    ]


def test_failures_that_are_slow_themselves_are_told_though_the_waits_are_short() -> None:
    watch = Watch()
    watch.fail(1.0)
    watch.at += 11
    watch.fail(2.0)
    assert watch.said == ["no answer; trying again in 2 s, for the last time"]


def test_until_when_a_server_is_tried_is_told() -> None:
    watch = Watch()
    for left in (3, 2, 1):
        watch.fail(20.0, left=left)
        watch.at += 20
    until = "not after 2026-11-23T08:15:00Z ([server] retry_total)"
    assert watch.said == [
        f"no answer; trying again in 20 s, at most 3 times and {until}",
        f"no answer; trying again in 20 s, at most 2 times and {until}",
        "no answer; trying again in 20 s, for the last time",
    ]


def test_several_threads_that_wait_for_one_reason_say_one_line() -> None:
    watch = Watch()
    watch.fail(10.0)
    watch.at += 1
    watch.fail(9.0)
    watch.fail(9.0, "another reason")
    watch.at += 10
    watch.fail(20.0)
    assert [line.partition(";")[0] for line in watch.said] == [
        "no answer",
        "another reason",
        "no answer",
    ]
