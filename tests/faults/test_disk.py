"""The short form of the family `disk`, and whether its long one leaves no change out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.campaign import Case, assert_holds, close, judge, load
from tests.faults.crashing import CrashChild
from tests.faults.disk_steps import STEPS, work
from tests.faults.failing import Failure
from tests.faults.scenarios import SCENARIOS, scenario
from tests.faults.stage import Stage


def test_whatever_the_disk_does_the_mirror_is_whole_again(tmp_path: Path) -> None:
    assert_holds("disk", seed=11, count=14, folder=tmp_path)


# A file that could not be read when the catalog was made anew was never read again; a catalog
# that could not grow was called damaged.
FOUND = ("rebuild: EIO at read 100", "files of 4 kB")


@pytest.mark.parametrize("name", FOUND)
def test_what_a_long_run_has_found_stays_mended(tmp_path: Path, name: str) -> None:
    family = load("disk")
    try:
        verdict = judge(family, Case("disk", name, 5), tmp_path / "case")
    finally:
        close(family)
    assert verdict, verdict.notes


def test_every_scenario_is_played_on_a_bad_disk() -> None:
    assert {one.name for one in SCENARIOS} == STEPS.keys()


@pytest.mark.parametrize("name", ["first sync", "prune"])
def test_every_change_and_every_reading_is_tried(tmp_path: Path, name: str) -> None:
    stage = Stage(scenario(name), tmp_path / "stage")
    try:
        stage.restore()
        with CrashChild() as child:
            changes = work(stage, child, Failure("EIO", at=1_000_000)).could_fail
            stage.restore()
            reads = work(stage, child, Failure("EIO", at=1_000_000, of="reads")).could_fail
    finally:
        stage.close()
    assert 0 < changes <= STEPS[name][0]
    assert reads <= STEPS[name][1]
