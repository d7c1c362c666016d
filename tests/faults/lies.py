"""A server that lies: what it says of one thing costs nothing else, and is told in words."""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

from tests.faults.campaign import Case, Verdict
from tests.faults.lie import Lie, Scene
from tests.faults.lying import lies
from tests.faults.story import DIALECTS, StorySite

# Whatever the server says, in bytes beyond what the process had; it is the server, too.
_MOST_MEMORY = 100_000_000
_WHILE = 2
_HEAVY_EACH = 36
_SETTINGS = """
[select]
max_objects = 1000
"""


class Lies:
    """See the module."""

    name = "lies"

    def __init__(self) -> None:
        self._lies = {str(lie): lie for lie in lies()}

    def cases(self, seed: int) -> Iterator[Case]:
        """Yield every lie, those about each thing in turn, and begin anew with other seeds."""
        random = Random(seed)
        heavy = [name for name, lie in self._lies.items() if lie.heavy]
        random.shuffle(heavy)
        number = 0
        while True:
            queues: dict[str, deque[str]] = defaultdict(deque)
            for name in random.sample(list(self._lies), len(self._lies)):
                if not self._lies[name].heavy:
                    queues[self._lies[name].about].append(name)
            while queues:
                for about in random.sample(list(queues), len(queues)):
                    yield Case(self.name, queues[about].popleft(), random.randrange(2**31))
                    number += 1
                    if not queues[about]:
                        del queues[about]
                    if number % _HEAVY_EACH == 0:
                        # Each comes before any comes again.
                        heavy.append(heavy.pop(0))
                        yield Case(self.name, heavy[-1], random.randrange(2**31))

    def run(self, case: Case, folder: Path) -> Verdict:
        """Mirror a server that lies for some days, and then no more."""
        lie, random = self._lies[case.name], Random(case.seed)
        site = StorySite(
            folder,
            dialect=random.choice(DIALECTS),
            workers=random.choice([1, 2]),
            settings=_SETTINGS,
            room=lie.room,
        )
        with site:
            site.prepare(random.choice(["first", "second"]))
            scene = _scene(site, random)
            with _Memory() as memory:
                lie.tell(scene)
                for _ in range(_WHILE):
                    site.cycle()
                    site.clock.forward(90_000)
                if lie.about == "search":
                    site.ask_for("small")
            told = site.server.rules
            verdict = _meanwhile(scene, lie) + memory.verdict()
            verdict += Verdict(came=not told or any(rule.fired for rule in told))
            _take_back(scene)
            return verdict + _without(site.judge(), scene.invented)


def _scene(site: StorySite, random: Random) -> Scene:
    """Choose whom the lie is about, which is new."""
    server = site.server
    others = tuple(one.setid for one in server.datasets() if one.visibility == "public")
    star = server.surveys[0].objects[1]
    victim = server.make_dataset("conesearch", coords=f"{star.ra:.6f} {star.decl:.6f} 3.0")
    return Scene(site, random, victim, others)


def _take_back(scene: Scene) -> None:
    """Let the server be honest, and show that something has changed, as an honest one does."""
    server = scene.site.server
    server.behave()
    while server.advance():
        pass
    server.remake_zip(scene.victim)
    server.rewrite_csv(scene.victim)
    for setid in (*scene.others, scene.victim):
        server.change_visibility(setid, "public")


def _meanwhile(scene: Scene, lie: Lie) -> Verdict:
    """Judge how the mirror stands while the lie is told."""
    notes = []
    site = scene.site
    rows = {
        setid: rest
        for setid, *rest in site.sql("SELECT setid, state, reason, last_error FROM datasets")
    }
    for setid, (state, reason, error) in rows.items():
        if state not in ("mirrored", "listed") and not (reason or error):
            notes.append(f"{setid} is {state} and nothing says why")
        if state == "listed" and setid not in scene.invented:
            notes.append(f"{setid} is only listed")
    for setid in () if lie.hides else scene.others:
        if setid not in rows or rows[setid][0] != "mirrored":
            notes.append(f"for a lie {setid} is {rows.get(setid)}")
            continue
        truth = site.server.truth(setid)
        kept = site.sql(
            "SELECT data FROM dataset_rows JOIN datasets AS d ON d.setid = ? AND "
            "dataset_rows.setid = coalesce(d.same_as, d.setid) ORDER BY row",
            setid,
        )
        if [json.loads(one) for (one,) in kept] != truth:
            notes.append(f"for a lie the rows of {setid} are others")
    told = tuple(f"meanwhile: {note}" for note in notes)
    return Verdict(wrong=len(told), notes=told)


def _without(verdict: Verdict, invented: list[str]) -> Verdict:
    """Leave out that datasets which never were cannot be had."""
    if not invented:
        return verdict
    left = [
        note
        for note in verdict.notes
        if not ((found := re.match(r"stuck: dataset (\S+)", note)) and found[1] in invented)
    ]
    gone = len(verdict.notes) - len(left)
    return replace(verdict, stuck=verdict.stuck - gone, notes=tuple(left))


class _Memory:
    """The most memory that this process has while it is entered."""

    def __enter__(self) -> _Memory:
        self._before = _resident("VmRSS")
        # The mark of the most that there was is set back.
        Path("/proc/self/clear_refs").write_text("5", "ascii")
        return self

    def __exit__(self, *error: object) -> None:
        self._more = _resident("VmHWM") - self._before

    def verdict(self) -> Verdict:
        """Judge it."""
        if self._more <= _MOST_MEMORY:
            return Verdict()
        return Verdict(wrong=1, notes=(f"memory grew by {self._more:,} bytes",))


def _resident(name: str) -> int:
    status = Path("/proc/self/status").read_text("ascii")
    found = re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def family() -> Lies:
    """Return the family."""
    return Lies()
