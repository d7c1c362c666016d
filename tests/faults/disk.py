"""Disks that are full, read-only or broken, files and clocks changed behind our back."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from types import ModuleType

from tests.faults import disk_around, disk_behind, disk_steps
from tests.faults.campaign import Case, Verdict
from tests.faults.scenarios import Scenario
from tests.faults.stage import Stage
from tests.faults.staged import Staged


class DiskFamily(Staged):
    """See the module."""

    name = "disk"

    def cases(self, seed: int) -> Iterator[Case]:
        """Yield cases of each kind in turn; when one has no more, it begins anew."""
        random = Random(f"disk {seed}")
        kinds = (disk_steps, disk_behind, disk_around)
        left: dict[ModuleType, list[str]] = {kind: [] for kind in kinds}
        while True:
            for kind in kinds:
                if not left[kind]:
                    left[kind] = list(kind.names(random))
                    random.shuffle(left[kind])
                yield Case(self.name, left[kind].pop(), random.randrange(2**31))

    def run(self, case: Case, folder: Path) -> Verdict:
        """See `campaign.Family`."""
        random = Random(str(case))
        taken: list[Stage] = []

        def take(scenario: Scenario) -> Stage:
            stage = self._stages.take(scenario, self._own())
            taken.append(stage)
            shutil.rmtree(stage.site.root.parent / "tmp", ignore_errors=True)
            (stage.site.root.parent / "tmp").mkdir()
            stage.site.server.behave()
            stage.site.ahead = timedelta(0)
            return stage

        verdict = Verdict(stuck=1)
        try:
            verdict = self._play(case.name, take, random, folder)
        finally:
            for stage in taken:
                self._stages.give_back(stage, good=bool(verdict))
        return verdict

    def _play(
        self, name: str, take: Callable[[Scenario], Stage], random: Random, folder: Path
    ) -> Verdict:
        if disk_steps.fits(name):
            return disk_steps.play(name, take, self._process())
        if disk_around.fits(name):
            return disk_around.play(name, take, random, self._process(), folder)
        return disk_behind.play(name, take, random)


def family() -> DiskFamily:
    """See `campaign`."""
    return DiskFamily()
