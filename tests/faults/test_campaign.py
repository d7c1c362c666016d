"""What a campaign says at its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.__main__ import summary
from tests.faults.campaign import Case, Verdict, judge
from tests.faults.crash import CrashFamily

CASE = Case("crash", "prune: killed at step 1", 7)


def test_a_run_in_which_nothing_was_broken_is_no_fault(tmp_path: Path) -> None:
    family = CrashFamily()
    try:
        for name, came in {
            "prune: killed at step 1": True,
            "prune: killed at step 999": False,
        }.items():
            verdict = judge(family, Case("crash", name, 1), tmp_path / "case")
            assert verdict == Verdict(came=came)
    finally:
        family.close()


@pytest.mark.parametrize(
    ("verdicts", "line", "exit_code"),
    [
        ([Verdict(), Verdict(came=False)], "faults=1 lost=0 wrong=0 stuck=0", 0),
        ([Verdict(came=False)], "faults=0 lost=0 wrong=0 stuck=0", 1),
        ([Verdict(), Verdict(wrong=2)], "faults=2 lost=0 wrong=2 stuck=0", 1),
        ([Verdict(lost=1), Verdict(stuck=1)], "faults=2 lost=1 wrong=0 stuck=1", 1),
        ([], "faults=0 lost=0 wrong=0 stuck=0", 1),
    ],
)
def test_the_last_line_counts_what_came_and_what_it_cost(
    verdicts: list[Verdict], line: str, exit_code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert summary(iter([(CASE, one) for one in verdicts]), ["crash", "power"]) == exit_code
    printed = capsys.readouterr().out
    assert printed.splitlines()[-1] == line
    assert printed.count("--replay 'crash:prune: killed at step 1:7'") == sum(
        not one for one in verdicts
    )
