"""The network: every request of a mirror's story, broken in every way, once or for long."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.faults.breaking import faults
from tests.faults.campaign import Case, Verdict
from tests.faults.fault import Fault, Scene
from tests.faults.published import objects
from tests.faults.story import StorySite, Target, is_of, targets
from tests.faults.ways import Certificates
from tests.support.misbehaving import Rule
from tests.support.scripted import Answer, ScriptedServer

# How often in a row: within one attempt's patience, beyond it, beyond that of a whole cycle.
_BURSTS = (1, 1, 1, 2, 3, 9, 40)
_SLOW_BURSTS = (1, 1, 2)


class Network:
    """See the module."""

    name = "network"

    def __init__(self) -> None:
        self._faults = {fault.name: fault for fault in faults()}
        self._certificates = Certificates()

    def cases(self, seed: int) -> Iterator[Case]:
        """Yield every request with every fault, and begin anew with other seeds.

        All faults come before any comes again, each with another request.
        """
        with tempfile.TemporaryDirectory(prefix="story-") as folder:
            known = list(targets(Path(folder)))
        random = Random(seed)
        while True:
            queues = {name: self._suiting(name, known, random) for name in self._faults}
            while queues:
                for name in random.sample(list(queues), len(queues)):
                    yield self._case(name, queues[name].popleft(), random)
                    if not queues[name]:
                        del queues[name]

    def _suiting(self, name: str, known: list[Target], random: Random) -> deque[Target]:
        suited = [one for one in known if self._faults[name].suits(one.sort)]
        return deque(random.sample(suited, len(suited)))

    def _case(self, name: str, target: Target, random: Random) -> Case:
        bursts = _SLOW_BURSTS if self._faults[name].slow else _BURSTS
        times = random.choice(bursts)
        return Case(self.name, f"{target} x{times}: {name}", random.randrange(2**31))

    def run(self, case: Case, folder: Path) -> Verdict:
        """Break one request of a mirror's story, or several in a row."""
        where, _, rest = case.name.partition(" x")
        count, _, name = rest.partition(": ")
        fault, target, times = self._faults[name], Target.parse(where), int(count)
        random = Random(case.seed)
        secure = fault.needs == "tls" or random.random() < 0.1
        site = StorySite(
            folder,
            dialect=target.dialect,
            workers=random.choice([1, 1, 2]),
            secure=self._certificates if secure else None,
        )
        with ScriptedServer(lambda received: Answer(200, b"{}")) as elsewhere, site:
            site.prepare(target.chapter)
            rule = self._break(Scene(site, random, times, elsewhere.url), fault, target)
            site.play(target.chapter)
            verdict = site.judge()
            amiss = tuple(f"wrong: {one}" for one in objects(site))
            verdict += Verdict(wrong=len(amiss), notes=amiss)
            if elsewhere.requests:
                note = f"another host was asked: {elsewhere.requests[0]}"
                verdict += Verdict(wrong=1, notes=(note,))
            if not rule.fired:
                verdict += Verdict(came=False)
                if target.number == 1:
                    verdict += Verdict(stuck=1, notes=("the request never came",))
        return verdict

    def _break(self, scene: Scene, fault: Fault, target: Target) -> Rule:
        return scene.site.server.add(
            "",
            fault.make(scene),
            method="GET|POST|HEAD",
            times=None if fault.chooses else scene.times,
            skip=target.number - 1,
            name=fault.name,
            when=lambda request: is_of(target.sort, request),
        )


def family() -> Network:
    """Return the family."""
    return Network()
