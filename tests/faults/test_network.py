"""The short form of the family `network`."""

from __future__ import annotations

from pathlib import Path

from tests.faults.campaign import assert_holds

_SEED = 11
_CASES = 16


def test_a_network_that_fails_costs_nothing_but_time(tmp_path: Path) -> None:
    assert_holds("network", _SEED, _CASES, tmp_path)
