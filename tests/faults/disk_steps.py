"""Full, over quota, read-only, forbidden, or broken at every operation of a job in turn."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from random import Random
from typing import cast

from tests.faults.campaign import Verdict
from tests.faults.child import Job, Outcome
from tests.faults.crashing import CrashChild
from tests.faults.failing import LOST, Error, Failure
from tests.faults.person import Person
from tests.faults.scenarios import Scenario, scenario
from tests.faults.stage import Stage

_NAME = re.compile(r"(.+): (E[A-Z]+) at (change|read) (\d+)(?: below (\w+))?( and after)?")
# What a person can act on; all else would be a traceback.
_FOR_PEOPLE = ("NoRoom(", "MirrorUnusable(", "InTheWay(", "Damaged(", "MirrorLocked(")
_DAMAGED = 65
# How many changes and readings a scenario has that can fail, or a few more: all are tried, and
# beyond the last nothing is broken. Below folders there are fewer; see `BELOW`.
STEPS = {
    "first sync": (330, 65),
    "second sync": (202, 46),
    "one gone": (104, 19),
    "first search": (118, 23),
    "second search": (91, 26),
    "prune": (26, 0),
    "repair": (257, 112),
    "backup": (26, 0),
    "rebuild": (52, 179),
    "objects": (94, 0),
    "objects again": (110, 0),
}
# The same of the changes below one folder.
BELOW = {
    "first sync": {"incoming": 235, "datasets": 17},
    "second sync": {"incoming": 150, "datasets": 16},
    "one gone": {"incoming": 74, "datasets": 5},
    "first search": {"incoming": 65, "datasets": 5},
    "second search": {"incoming": 56, "datasets": 5},
    "prune": {"datasets": 9},
    "repair": {"incoming": 202, "datasets": 11},
    "objects": {"incoming": 66},
    "objects again": {"incoming": 50},
}


def names(random: Random) -> Iterator[str]:
    """Yield the names of all cases of this module, in any order."""
    for one, (changes, reads) in STEPS.items():
        for at in range(changes):
            error = random.choice(("ENOSPC", "ENOSPC", "EDQUOT", "EROFS", "EIO", "EIO"))
            after = random.choice(("", " and after"))
            yield f"{one}: {error} at change {at}{after}"
        for at in range(reads):
            error = random.choice(("EIO", "EIO", "EACCES"))
            yield f"{one}: {error} at read {at}{random.choice(('', ' and after'))}"
        for below, most in BELOW.get(one, {}).items():
            for at in range(0, most, max(1, most // 8)):
                yield f"{one}: EACCES at change {at} below {below} and after"


def fits(name: str) -> bool:
    """Whether a name is one of this module's."""
    return _NAME.fullmatch(name) is not None


def play(name: str, take: Callable[[Scenario], Stage], child: CrashChild) -> Verdict:
    """Play the case of a name."""
    match = _NAME.fullmatch(name)
    assert match is not None
    failure = Failure(
        cast(Error, match[2]),
        int(match[4]),
        "reads" if match[3] == "read" else "changes",
        lasting=match[6] is not None,
        below=match[5] or "",
    )
    stage = take(scenario(match[1]))
    outcome = work(stage, child, failure)
    amiss = _amiss(outcome)
    if amiss is None and outcome.failed_at is not None:
        # The disk is good again; what a failed flush has lost is not.
        again = work(stage, child)
        amiss = None if again.error is None else f"and again: {again.error}"
    for held in (stage.site.root.parent / "tmp").glob(f"{LOST}*"):
        held.unlink()
    verdict = Verdict(came=outcome.failed_at is not None)
    if amiss is not None:
        verdict += Verdict(wrong=1, notes=(f"wrong: at {outcome.failed_at}: {amiss}",))
    if outcome.exit_code == _DAMAGED or "Damaged(" in (outcome.error or ""):
        stage.site.clock.forward(90_000)
        Person(stage.site).repair()
    return verdict + stage.finish()


def _amiss(outcome: Outcome) -> str | None:
    """Return what nobody could act on in the end of a job, or None."""
    error = outcome.error
    if error is None or (error.startswith(_FOR_PEOPLE) and "; " not in error.partition(")")[2]):
        return None
    return error


def work(stage: Stage, child: CrashChild, failure: Failure | None = None) -> Outcome:
    """Let the child do a scenario's work on a disk that fails, some time later."""
    site, kind = stage.site, stage.scenario.work
    site.clock.forward(7200)
    return child.do(
        Job(
            str(site.config.path),
            site.clock(),
            kind,
            "bright" if kind == "search" else "",
            failure=None if failure is None else asdict(failure),
        )
    )
