"""The short form of the family `disk`, and whether its long one leaves no change out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import disk_around, disk_behind
from tests.faults.campaign import Case, Verdict, assert_holds, close, judge, load
from tests.faults.crashing import CrashChild
from tests.faults.disk_steps import STEPS, work
from tests.faults.failing import Failure
from tests.faults.scenarios import SCENARIOS, scenario
from tests.faults.stage import Stage
from tests.support.site import Site


def test_whatever_the_disk_does_the_mirror_is_whole_again(tmp_path: Path) -> None:
    assert_holds("disk", seed=11, count=14, folder=tmp_path)


# A file that could not be read when the catalog was made anew was never read again; a catalog
# that could not grow was called damaged. Downloads went on through a link that came meanwhile.
FOUND = (
    "rebuild: EIO at read 100",
    "files of 4 kB",
    "incoming a link to the outside at request 1",
)


@pytest.mark.parametrize("name", FOUND)
def test_what_a_long_run_has_found_stays_mended(tmp_path: Path, name: str) -> None:
    family = load("disk")
    try:
        verdict = judge(family, Case("disk", name, 5), tmp_path / "case")
    finally:
        close(family)
    assert verdict, verdict.notes


def test_what_is_left_on_a_small_disk_of_its_own_is_judged_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def amiss(site: Site, **options: object) -> Verdict:
        del options
        return Verdict(wrong=len(list(site.root.glob("datasets/*/*/*.csv"))))

    monkeypatch.setattr(disk_around, "check", amiss)
    family = load("disk")
    try:
        verdict = judge(family, Case("disk", "disk of 700 kB", 1), tmp_path / "case")
    finally:
        close(family)
    assert verdict.wrong > 0, verdict.notes


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
    assert 0 < changes <= STEPS[name][0] <= 1.25 * changes
    assert reads <= STEPS[name][1] <= 1.25 * reads


def test_what_happens_at_a_request_has_a_request_to_happen_at(tmp_path: Path) -> None:
    stage = Stage(disk_behind.SECOND, tmp_path / "stage")
    try:
        stage.restore()
        stage.site.sync()
        asked = [one.target for one in stage.site.server.requests if one.method != "HEAD"]
    finally:
        stage.close()
    assert len(asked) == disk_around.REQUESTS
    files = [one for one in asked if "/p/" in one or one.endswith(".csv")]
    assert len(files) == disk_behind.DOWNLOADS
