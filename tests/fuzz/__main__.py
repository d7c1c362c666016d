"""Fuzz one parser after the other: `python -m tests.fuzz --seconds S --seed N [TARGET…]`.

Needs the extra ``fuzz``. Ends with exit code 1 if anything was found.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .corpus import files, inputs, keep
from .target import Target
from .targets import TARGETS

_HANG_S = 25
_HEADING = "target        executions new branches  lines branches finds"
_UNITS = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_FEATURES = re.compile(r"#\d+\s+(INITED|\w+)\s+cov: (\d+) ft: (\d+)")


@dataclass(frozen=True)
class Outcome:
    """What came of fuzzing a target."""

    executions: int
    branches_before: int
    branches_after: int
    finds: tuple[Path, ...]


def fuzz(target: Target, work: Path, seconds: int, seed: int) -> Outcome:
    """Fuzz a target in a process of its own."""
    corpus, finds = work / target.name / "corpus", work / target.name / "finds"
    for folder in (corpus, finds):
        folder.mkdir(parents=True)
    for number, data in enumerate(inputs(target).values()):
        (corpus / f"kept-{number:04}").write_bytes(data)
    words = work / target.name / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words), "ascii")
    flags = [
        *(f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={target.max_len}"),
        *(f"-dict={words}", f"-timeout={_HANG_S}", "-rss_limit_mb=4096"),
        *("-print_final_stats=1", f"-artifact_prefix={finds}/libfuzzer-"),
    ]
    child = [sys.executable, "-m", "tests.fuzz.child", target.name, str(corpus), str(finds)]
    ended = subprocess.run(
        [*child, *flags],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        check=False,
    )
    said = ended.stderr.decode("utf-8", "replace")
    (work / target.name / "log").write_text(said)
    units, reached = _UNITS.search(said), _FEATURES.findall(said)
    found = tuple(path for path in finds.iterdir() if not path.name.startswith("tmp"))
    if units is None or not reached:
        if not found:
            raise SystemExit(f"{target.name}: the fuzzing did not run:\n{said[-3000:]}")
        return Outcome(0, 0, 0, found)
    return Outcome(int(units[1]), int(reached[0][1]), int(reached[-1][1]), found)


def _escaped(word: bytes) -> str:
    return "".join(chr(b) if 32 < b < 127 and b not in b'"\\' else f"\\x{b:02X}" for b in word)


def measured(work: Path, *names: str) -> dict[str, Any]:
    """Return how much of the modules of some targets, or of all, is reached (see `measure`)."""
    command = [sys.executable, "-m", "tests.fuzz.measure", f"--work={work}", *names]
    answer = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def _percent(reached: list[int]) -> str:
    return f"{100 * reached[0] / reached[1]:.0f} %" if reached[1] else "–"


def _show_find(target: Target, path: Path) -> None:
    if path.is_dir():
        print(f"  {target.name}: {path.name}, {(path / 'input').stat().st_size} bytes")
        print("    " + (path / "error").read_text().strip().replace("\n", "\n    ")[-1500:])
    else:
        print(f"  {target.name}: {path.name}, {path.stat().st_size} bytes (a hang, or memory)")
    print(f"    keep it: cp {path / 'input' if path.is_dir() else path} tests/fuzz/found/…")


def main() -> int:
    """Fuzz, and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--seed", type=int, default=None, help="random, and printed, if none")
    parser.add_argument("--keep", action="store_true", help="renew tests/fuzz/corpus")
    parser.add_argument("--work", type=Path, help="keep all that comes in this folder")
    told = parser.parse_args()
    if unknown := set(told.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    seed = secrets.randbelow(2**31) + 1 if told.seed is None else told.seed
    print(f"seed {seed}, {told.seconds} s for each target", flush=True)
    print(_HEADING, flush=True)
    work = told.work or Path(tempfile.mkdtemp(prefix="lccmirror-fuzz-"))
    finds: list[tuple[Target, Path]] = []
    executions = 0
    for name in told.targets or TARGETS:
        target = TARGETS[name]
        if (work / name).exists():
            shutil.rmtree(work / name)
        outcome = fuzz(target, work, told.seconds, seed)
        executions += outcome.executions
        finds += [(target, path) for path in outcome.finds]
        reached = measured(work, name)
        print(
            f"{name:<12} {outcome.executions:>11,} "
            f"{outcome.branches_after - outcome.branches_before:>12,} "
            f"{_percent(reached['lines']):>6} {_percent(reached['branches']):>8} "
            f"{len(outcome.finds):>5}",
            flush=True,
        )
        if told.keep:
            keep(target, [path.read_bytes() for path in files(work / name / "corpus")])
    if len(told.targets) != 1:
        reached = measured(work, *told.targets)
        lines, branches = _percent(reached["lines"]), _percent(reached["branches"])
        print(f"{'together':<12} {executions:>11,} {lines:>19} {branches:>8} {len(finds):>5}")
    for target, path in finds:
        _show_find(target, path)
    if told.work is None and not finds:
        shutil.rmtree(work)
    print(f"fuzzing: executions={executions} finds={len(finds)} seed={seed}")
    return 1 if finds else 0


if __name__ == "__main__":
    sys.exit(main())
