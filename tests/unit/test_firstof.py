"""Reports of a cycle stay small, and count in full."""

from __future__ import annotations

from lccmirror.sync.firstof import MOST_NAMED, FirstOf, FirstReasons
from lccmirror.sync.report import CycleReport


def test_a_long_list_names_the_first_and_counts_all() -> None:
    some = FirstOf()
    some.append("first")
    some += [str(n) for n in range(MOST_NAMED)]
    assert (len(some), some[0], some.total) == (MOST_NAMED, "first", MOST_NAMED + 1)
    both = FirstOf()
    both.append("of another")
    both.take(some)
    assert (len(both), both.total) == (MOST_NAMED, MOST_NAMED + 2)


def test_a_reason_that_is_told_twice_is_one() -> None:
    reasons = FirstReasons()
    for n in range(MOST_NAMED + 3):
        reasons[str(n)] = "no answer"
    reasons["0"] = "another"
    assert (len(reasons), reasons["0"], reasons.total) == (
        MOST_NAMED,
        "another",
        MOST_NAMED + 3,
    )


def test_a_cycle_with_a_million_failures_tells_some_and_counts_all() -> None:
    report = CycleReport()
    for n in range(1_000_000):
        report.poll.new.append(str(n))
        report.failed[str(n)] = "no answer"
    told = report.told()
    assert "1000000 new" in told.summary
    assert "1000000 to be tried again" in told.summary
    assert len(told.failed) + told.more_failed == 1_000_000
    assert len(report.poll.new) == len(told.failed) == MOST_NAMED
