"""Run the campaign: ``python -m tests.faults --seconds 600 --seed 7``.

The last line is ``faults=N lost=0 wrong=0 stuck=0``; the exit code is 1 if it is not all
zeros. A failure is printed with what plays it again.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import random
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterator
from itertools import cycle

from tests.faults.campaign import NAMES, Case, Verdict, close, load, told
from tests.faults.players import play

_COUNTS = ("faults", "lost", "wrong", "stuck")


def main() -> int:
    """Read the command line, run, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="begin no case after")
    parser.add_argument("--seed", type=int, help="which cases; random if not given")
    parser.add_argument("--family", choices=NAMES, action="append", help="no others")
    parser.add_argument("--only", default="", help="cases whose name begins so", metavar="TEXT")
    parser.add_argument("--cases", type=int, help="no more than so many")
    parser.add_argument("--until-failure", action="store_true", help="end with the first")
    parser.add_argument("--replay", help="one case, as it was printed", metavar="CASE")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    if given.replay is not None:
        case = Case.parse(given.replay)
        return summary(play(iter([case]), 1, time.monotonic() + given.seconds), [case.family])
    seed = random.SystemRandom().randrange(2**31) if given.seed is None else given.seed
    names = given.family or [name for name in NAMES if is_there(name)]
    print(f"seed={seed} families={','.join(names)}", flush=True)
    cases = (one for one in round_robin(names, seed) if one.name.startswith(given.only))
    if given.cases is not None:
        cases = (case for _, case in zip(range(given.cases), cases, strict=False))
    until = time.monotonic() + given.seconds
    played = play(cases, given.processes, until)
    return summary(until_failure(played) if given.until_failure else played, names)


def until_failure(
    played: Generator[tuple[Case, Verdict]],
) -> Iterator[tuple[Case, Verdict]]:
    """Yield up to the first failure."""
    with contextlib.closing(played):
        for case, verdict in played:
            yield case, verdict
            if not verdict:
                return


def is_there(name: str) -> bool:
    """Whether there is a family of that name."""
    return importlib.util.find_spec(f"tests.faults.{name}") is not None


def round_robin(names: list[str], seed: int) -> Iterator[Case]:
    """Yield a case of each family in turn, until all have ended."""
    families = {name: load(name) for name in names}
    try:
        endless = {name: family.cases(seed) for name, family in families.items()}
        for name in cycle(names):
            if name not in endless:
                continue
            case = next(endless[name], None)
            if case is not None:
                yield case
                continue
            del endless[name]
            if not endless:
                return
    finally:
        for family in families.values():
            close(family)


def summary(played: Iterator[tuple[Case, Verdict]], names: list[str]) -> int:
    """Print failures as they come, then a table; return the exit code."""
    total = {name: Counter[str]() for name in names}
    for case, verdict in played:
        counts = Counter(lost=verdict.lost, wrong=verdict.wrong, stuck=verdict.stuck)
        total[case.family] += counts + Counter(runs=1, faults=int(verdict.came))
        if not verdict:
            print(told(case, verdict), flush=True)
    print(f"{'family':<10}" + "".join(f"{name:>8}" for name in ("runs", *_COUNTS)))
    for family, counts in total.items():
        print(f"{family:<10}" + "".join(f"{counts[name]:>8}" for name in ("runs", *_COUNTS)))
    whole = sum(total.values(), Counter[str]())
    print(" ".join(f"{name}={whole[name]}" for name in _COUNTS))
    return 0 if whole["faults"] and not any(whole[name] for name in _COUNTS[1:]) else 1


if __name__ == "__main__":
    sys.exit(main())
