"""Killed anywhere: a few cases of each scenario; ``make soak`` has all of them."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

import pytest

from tests.faults.campaign import Case, assert_holds, judge
from tests.faults.crash import CrashFamily
from tests.faults.crashing import CrashChild
from tests.faults.scenarios import SCENARIOS, Scenario, scenario
from tests.faults.stage import Stage


def test_a_kill_at_any_step_is_mended_by_the_next_start(tmp_path: Path) -> None:
    assert_holds("crash", 1, len(SCENARIOS), tmp_path)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_every_change_is_a_step_and_all_steps_are_tried(
    tmp_path: Path, scenario: Scenario
) -> None:
    with CrashChild() as child:
        stage = Stage(scenario, tmp_path / "stage")
        try:
            stage.restore()
            whole = stage.work(child)
            verdict = stage.finish()
        finally:
            stage.close()
    # The error names whatever changed a file and was no step.
    assert (whole.exit_code, whole.error) == (0, None)
    assert verdict, verdict.notes
    assert whole.steps <= scenario.steps, "Scenario.steps is too small: not all are tried"
    assert scenario.steps <= 1.25 * whole.steps, "Scenario.steps is too large: none is killed"


def test_nearly_every_kill_that_a_case_names_comes(tmp_path: Path) -> None:
    """A step beyond the last one breaks nothing: such a run is no fault, and time lost."""
    family, prune = CrashFamily(), scenario("prune")
    names = [
        case.name
        for case in islice(family.cases(1), 40 * len(SCENARIOS))
        if case.name.startswith("prune") and ", then" in case.name
    ]
    stage, killed = Stage(prune, tmp_path / "stage"), list[str | None]()
    try:
        with CrashChild() as child:
            for name in names[:4]:
                stage.restore()
                steps = [int(one) for one in re.findall(r"step (\d+)", name)]
                killed += [stage.work(child, die_at=step).killed_at for step in steps]
    finally:
        stage.close()
    assert len(killed) == 8
    assert killed.count(None) <= 2


def test_a_case_of_another_name_is_refused(tmp_path: Path) -> None:
    family = CrashFamily()
    verdict = judge(family, Case("crash", "killed by a meteorite", 1), tmp_path / "case")
    family.close()
    assert verdict.stuck == 1
    assert "no such case" in verdict.notes[0]
