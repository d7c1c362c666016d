"""The short form of the family `lies`."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from tests.faults.campaign import assert_holds
from tests.faults.lies import Lies
from tests.faults.lying import lies

_SEED = 5
_CASES = 14


def test_a_lie_is_told_in_words_and_costs_nothing_else(tmp_path: Path) -> None:
    assert_holds("lies", _SEED, _CASES, tmp_path)


def test_an_hour_has_every_lie_that_is_heavy() -> None:
    heavy = {str(lie) for lie in lies() if lie.heavy}
    # An hour has about so many cases of this family.
    played = {case.name for case in islice(Lies().cases(1), 540)}
    assert heavy <= played
