"""The short form of the family `lies`."""

from __future__ import annotations

from pathlib import Path

from tests.faults.campaign import assert_holds

_SEED = 5
_CASES = 14


def test_a_lie_is_told_in_words_and_costs_nothing_else(tmp_path: Path) -> None:
    assert_holds("lies", _SEED, _CASES, tmp_path)
