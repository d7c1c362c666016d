"""The power fails at any moment of a run, and again while it puts itself in order.

A run is written down once (`journal`); for each case one disk is made that the power cut may
have left (`power_model`), and the mirror is started on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import cast

from tests.faults.campaign import Case, Verdict
from tests.faults.journal import Journal, clear
from tests.faults.power_model import MODES, Mode, PowerCut
from tests.faults.scenarios import SCENARIOS, scenario
from tests.faults.stage import Stage
from tests.faults.staged import Staged

_NAME = re.compile(r"(.+): cut after ([\d.]+)% of it, (\w+)(?:, then after ([\d.]+)% of that)?")
_TWICE = 5


class PowerFamily(Staged):
    """See the module."""

    name = "power"

    def __init__(self) -> None:
        super().__init__()
        self._journals: dict[str, Journal] = {}

    def cases(self, seed: int) -> Iterator[Case]:
        """Yield cuts at random of each scenario in turn, endlessly."""
        random = Random(f"power {seed}")
        order = list(SCENARIOS)
        random.shuffle(order)
        modes = {one.name: list(MODES) for one in order}
        while True:
            for one in order:
                # What may be left of anything is most of what may be left.
                modes[one.name].append(modes[one.name].pop(0))
                mode = "anything" if random.getrandbits(1) else modes[one.name][-1]
                name = f"{one.name}: cut after {random.uniform(0, 100):.2f}% of it, {mode}"
                if random.randrange(_TWICE) == 0:
                    name += f", then after {random.uniform(0, 100):.2f}% of that"
                yield Case(self.name, name, random.randrange(2**31))

    def run(self, case: Case, folder: Path) -> Verdict:
        """See `campaign.Family`."""
        match = _NAME.fullmatch(case.name)
        assert match is not None, f"no such case: {case.name}"
        random = Random(case.seed)
        stage = self._stages.take(scenario(match[1]), self._own())
        verdict = Verdict()
        good = False
        try:
            journal = self._journal(stage)
            cuts = [match[2]] if match[4] is None else [match[2], match[4]]
            events = []
            for number, part in enumerate(cuts):
                if number:
                    journal = self._written(stage)
                cut = round(float(part) / 100 * len(journal.events))
                clear(stage.roots)
                PowerCut(journal, cut).build(cast(Mode, match[3]), random)
                verdict += stage.torn()
                events.append(f"after {journal.events[cut - 1] if cut else 'nothing'}")
            verdict += stage.finish()
            good = bool(verdict)
            if not verdict:
                verdict += Verdict(notes=tuple(events))
        finally:
            self._stages.give_back(stage, good=good)
        return verdict

    def _journal(self, stage: Stage) -> Journal:
        """Return the run of a stage, written down when it is first wanted."""
        name = stage.scenario.name
        known = self._journals.get(name)
        if known is not None:
            return known
        journal = self._written(stage)
        if stage.scenario.lasting:
            self._journals[name] = journal
        return journal

    def _written(self, stage: Stage) -> Journal:
        """Let the stage do its work, and return all that it did to the disk."""
        path = self._own() / "journal"
        outcome = stage.work(self._process(), journal=path)
        if outcome.error is not None:
            raise RuntimeError(f"{stage.scenario.name}: {outcome.error}")
        return Journal.load(path)


def family() -> PowerFamily:
    """See `campaign`."""
    return PowerFamily()
