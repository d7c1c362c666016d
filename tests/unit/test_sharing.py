"""Tests that share servers and mirrors run in one process."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.support.sharing import by_file

LISTS = "tests/real/test_wire_lists.py"
KEYS = "tests/real/test_wire_keys.py"
SYNC = "tests/protocol/test_sync_cycle.py"
UNITS = "tests/unit/test_units.py"
COLLECTED = [
    f"{LISTS}::test_a", f"{LISTS}::test_b", f"{KEYS}::test_a[real/x@y]", f"{KEYS}::test_b",
    f"{SYNC}::test_a", f"{SYNC}::test_b", f"{SYNC}::test_c", f"{UNITS}::test_a",
]  # fmt: skip


class Process:
    """What xdist's scheduler asks of a process: it notes its tests."""

    shutting_down = False

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.given: list[int] = []

    def send_runtest_some(self, indices: list[int]) -> None:
        self.given += indices

    def shutdown(self) -> None:
        self.shutting_down = True


def test_a_file_and_the_real_tier_are_never_divided() -> None:
    option = SimpleNamespace(loadscopereorder=True)
    config: Any = SimpleNamespace(option=option, getvalue=lambda name: ["2*popen"])
    scheduler = by_file(config, SimpleNamespace(loadscopesched=lambda *said: None))
    first, second = processes = Process("gw0"), Process("gw1")
    for process in processes:
        scheduler.add_node(process)
    for process in processes:
        scheduler.add_node_collection(process, COLLECTED)
    scheduler.schedule()
    for index in (4, 5, 6):
        scheduler.mark_test_complete(second, index)

    assert first.given[:4] == [0, 1, 2, 3], "the real tier comes first, and whole"
    assert second.given == [4, 5, 6, 7]
