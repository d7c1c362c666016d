"""The short form of the family `network`."""

from __future__ import annotations

from pathlib import Path

from lccmirror.demo.messages import Answer
from tests.faults.breaking_ranges import after_a_cut
from tests.faults.campaign import Case, assert_holds
from tests.faults.fault import Fault
from tests.faults.network import Network
from tests.support.misbehaving import Turn

_SEED = 11
_CASES = 16


def test_a_network_that_fails_costs_nothing_but_time(tmp_path: Path) -> None:
    assert_holds("network", _SEED, _CASES, tmp_path)


def test_what_a_cut_download_goes_on_with_comes_if_it_comes_once(tmp_path: Path) -> None:
    ranges: list[str | None] = []

    def act(turn: Turn) -> Answer:
        ranges.append(turn.request.headers.get("range"))
        return turn.honest()

    family, name = Network(), "cut, then whatever is tested"
    family._faults[name] = Fault(name, after_a_cut(act), needs="file", chooses=True)
    assert family.run(Case("network", f"running, first: GET /p/* #1 x1: {name}", 5), tmp_path)
    assert len(ranges) == 1
    assert ranges[0] is not None
