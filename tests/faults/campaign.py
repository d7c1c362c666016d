"""Cases, families and verdicts, and how one case is judged.

A family is a module ``tests.faults.<name>`` with a function ``family() -> Family``. Its
short form is a test that calls `assert_holds`; its long one is ``python -m tests.faults``.
"""

from __future__ import annotations

import importlib
import shutil
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol, Self

NAMES = ("crash", "power", "network", "disk", "lies")


@dataclass(frozen=True)
class Case:
    """One fault, which can be played again from its family, name and seed alone.

    Parameters
    ----------
    family
        One of `NAMES`.
    name
        What is broken, in words.
    seed
        Decides whatever the name leaves open.
    """

    family: str
    name: str
    seed: int

    def __str__(self) -> str:
        return f"{self.family}:{self.name}:{self.seed}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a case as it is printed; the name may have colons in it."""
        family, _, rest = text.partition(":")
        name, _, seed = rest.rpartition(":")
        return cls(family, name, int(seed))


@dataclass(frozen=True)
class Verdict:
    """What a fault has left behind after all was given time to mend.

    Parameters
    ----------
    lost
        Products and versions that should be in the mirror and are not.
    wrong
        Bytes or rows that differ, and whatever is where it must not be.
    stuck
        What still waits or fails although the fault is gone.
    notes
        Each of these in words.
    came
        Whether what was to be broken was: with other threads' luck a run can end before.
    """

    lost: int = 0
    wrong: int = 0
    stuck: int = 0
    notes: tuple[str, ...] = ()
    came: bool = True

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(
            self.lost + other.lost,
            self.wrong + other.wrong,
            self.stuck + other.stuck,
            self.notes + other.notes,
            self.came and other.came,
        )

    def __bool__(self) -> bool:
        """Whether nothing is amiss."""
        return not (self.lost or self.wrong or self.stuck)


class Family(Protocol):
    """One way of breaking things; it may have a method ``close``, called at the end."""

    @property
    def name(self) -> str:
        """One of `NAMES`."""

    def cases(self, seed: int) -> Iterator[Case]:
        """Yield cases, endless or many, in an order that the seed decides: variety first."""

    def run(self, case: Case, folder: Path) -> Verdict:
        """Make a site below `folder`, break it, start again, finish, and check."""


def load(name: str) -> Family:
    """Return a family by its name."""
    family: Family = importlib.import_module(f"tests.faults.{name}").family()
    return family


def judge(family: Family, case: Case, folder: Path) -> Verdict:
    """Run a case in a folder of its own; whatever goes wrong in it is a verdict.

    What did not come to its end, for whatever reason, counts as stuck.
    """
    folder.mkdir()
    try:
        return family.run(case, folder)
    except Exception:  # noqa: BLE001 -- the next case shall run; this one is printed
        return Verdict(stuck=1, notes=(traceback.format_exc(),))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def close(family: Family) -> None:
    """Let a family end what it has started."""
    end = getattr(family, "close", None)
    if end is not None:
        end()


def failures(
    family: Family, cases: Sequence[Case], folder: Path
) -> Iterator[tuple[Case, Verdict]]:
    """Run cases one after the other and yield those with something amiss."""
    for number, case in enumerate(cases):
        verdict = judge(family, case, folder / str(number))
        if not verdict:
            yield case, verdict


def assert_holds(name: str, seed: int, count: int, folder: Path) -> None:
    """Run the first `count` cases of a family: the short form, for a test."""
    family = load(name)
    try:
        cases = list(islice(family.cases(seed), count))
        assert len(cases) == count, f"{name} has no more than {len(cases)} cases"
        failed = list(failures(family, cases, folder))
    finally:
        close(family)
    assert not failed, "\n".join(told(case, verdict) for case, verdict in failed)


def told(case: Case, verdict: Verdict) -> str:
    """Return a failure in words, with what plays it again."""
    counts = f"lost={verdict.lost} wrong={verdict.wrong} stuck={verdict.stuck}"
    lines = "\n".join(f"    {line}" for note in verdict.notes for line in note.splitlines())
    return f"{case}\n    {counts}\n{lines}\n    --replay '{case}'"
