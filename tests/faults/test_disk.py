"""The short form of the family `disk`; what its long form has found is held by name."""

from __future__ import annotations

from pathlib import Path

from tests.faults.campaign import assert_holds


def test_whatever_the_disk_does_the_mirror_is_whole_again(tmp_path: Path) -> None:
    assert_holds("disk", seed=11, count=14, folder=tmp_path)
