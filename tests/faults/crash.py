"""Killed at any step, and killed again while it puts itself in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

from tests.faults.campaign import Case, Verdict
from tests.faults.scenarios import SCENARIOS, scenario
from tests.faults.staged import Staged

_NAME = re.compile(r"(.+): killed at step (\d+)(?:, then at step (\d+))?")
# One case in so many is killed twice. Who starts again has about the steps that were left, and
# never fewer than these.
_TWICE = 4
_FEWEST = 16


class CrashFamily(Staged):
    """See the module."""

    name = "crash"

    def cases(self, seed: int) -> Iterator[Case]:
        """Yield every step of every scenario, one scenario after the other, endlessly."""
        random = Random(f"crash {seed}")
        order = list(SCENARIOS)
        random.shuffle(order)
        steps: dict[str, list[int]] = {one.name: [] for one in order}
        while True:
            for one in order:
                if not steps[one.name]:
                    steps[one.name] = list(range(one.steps))
                    random.shuffle(steps[one.name])
                step = steps[one.name].pop()
                name = f"{one.name}: killed at step {step}"
                if random.randrange(_TWICE) == 0:
                    again = random.randrange(max(_FEWEST, one.steps - step))
                    name += f", then at step {again}"
                yield Case(self.name, name, random.randrange(2**31))

    def run(self, case: Case, folder: Path) -> Verdict:
        """See `campaign.Family`."""
        match = _NAME.fullmatch(case.name)
        assert match is not None, f"no such case: {case.name}"
        stage = self._stages.take(scenario(match[1]), self._own())
        verdict = Verdict(came=False)
        good = False
        try:
            for step in match.groups()[1:]:
                if step is not None:
                    outcome = stage.work(self._process(), die_at=int(step))
                    if outcome.error is not None:
                        return Verdict(wrong=1, notes=(f"{outcome}",))
                    came = verdict.came or outcome.killed_at is not None
                    verdict = replace(verdict + stage.torn(), came=came)
            verdict += stage.finish()
            good = bool(verdict)
        finally:
            self._stages.give_back(stage, good=good)
        return verdict


def family() -> CrashFamily:
    """See `campaign`."""
    return CrashFamily()
