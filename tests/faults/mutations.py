"""Show that the campaign can find something: break the code, and see it caught.

::

    python -m tests.faults.mutations [WORD …]

Each mutation changes a few lines of a copy of the tree, for which a family of the campaign,
or a test that is named, must fail; without it, it must pass. Prints a table; the exit code is 1
if one is not caught. A mutation whose lines are no longer there is an error.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.faults.mutants import MUTATIONS, Mutation

_TOP = Path(__file__).parents[2]
_PARTS = ("lccmirror", "tests", "systemd", "pyproject.toml", "config.example.toml")
_SECONDS = "900"


@dataclass(frozen=True)
class Caught:
    """What a check said of a tree.

    Parameters
    ----------
    by
        The first failing case, or the test; None if all passed.
    """

    by: str | None
    seconds: float


def copy_of_tree(folder: Path) -> Path:
    """Copy what the checks need to `folder`."""
    folder.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "corpus")
    for name in _PARTS:
        source = _TOP / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
    return folder


def apply(mutation: Mutation, tree: Path) -> None:
    """Change a copy of the tree.

    Raises
    ------
    ValueError
        If the lines are not there, or more than once.
    """
    path = tree / mutation.file
    text = path.read_text("utf-8")
    for old, new in mutation.changes:
        if text.count(old) != 1:
            times = text.count(old)
            raise ValueError(f"{mutation.name}: {mutation.file} has {times} times:\n{old}")
        text = text.replace(old, new)
    path.write_text(text, "utf-8")


def run(check: str, tree: Path) -> Caught:
    """Run a check in a tree: ``family:seed:cases:only`` of the campaign, or a test of pytest.

    Of the family, so many cases whose name begins with `only`.
    """
    began = time.monotonic()
    command = [sys.executable, "-B", "-m"]
    if "::" in check or check.endswith(".py"):
        command += ["pytest", "-q", "-x", "-p", "no:cacheprovider", check]
    else:
        family, seed, cases, only = check.split(":")
        command += ["tests.faults", "--family", family, "--seed", seed, "--cases", cases]
        command += ["--only", only]
        command += ["--processes", "1", "--seconds", _SECONDS, "--until-failure"]
    ended = subprocess.run(
        command,
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.monotonic() - began
    if ended.returncode == 0:
        return Caught(None, took)
    lines = ended.stdout.splitlines()
    if ended.returncode != 1 or not lines:
        raise RuntimeError(f"{check} did not run:\n{ended.stdout}{ended.stderr}")
    said = [line.strip() for line in lines if line.strip().startswith(("--replay", "FAILED"))]
    return Caught(said[0] if said else lines[-1], took)


def check_unchanged(checks: Sequence[str], folder: Path) -> list[str]:
    """Return the checks that fail without any mutation."""
    tree = copy_of_tree(folder)
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(run, checks, [tree] * len(checks)))
    return [check for check, caught in zip(checks, said, strict=True) if caught.by is not None]


def catch(mutation: Mutation, folder: Path) -> Caught:
    """Apply a mutation to a copy of the tree, and run its check there."""
    tree = copy_of_tree(folder)
    apply(mutation, tree)
    try:
        return run(mutation.caught_by, tree)
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def main(words: Sequence[str]) -> int:
    """Try the mutations whose names have one of `words`, or all; print the table."""
    chosen = [one for one in MUTATIONS if not words or any(word in one.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="mutations-") as name:
        folder = Path(name)
        for number, mutation in enumerate(chosen):
            # All of them before the first is run: an error is not to come after an hour.
            tree = folder / f"look-{number}"
            (tree / mutation.file).parent.mkdir(parents=True)
            shutil.copy(_TOP / mutation.file, tree / mutation.file)
            apply(mutation, tree)
        broken = check_unchanged(
            sorted({one.caught_by for one in chosen}), folder / "unchanged"
        )
        if broken:
            print(f"these fail without a mutation: {', '.join(broken)}", flush=True)
        chosen = [one for one in chosen if one.caught_by not in broken]
        print("| mutation | caught by | seconds |\n|---|---|--:|", flush=True)
        missed = len(broken)
        with ThreadPoolExecutor(2) as pool:
            trees = [folder / f"tree-{number}" for number in range(len(chosen))]
            for mutation, caught in zip(chosen, pool.map(catch, chosen, trees), strict=True):
                missed += caught.by is None
                by = f"`{caught.by}`" if caught.by else "**NOT CAUGHT**"
                print(f"| {mutation.name} | {by} | {caught.seconds:.0f} |", flush=True)
    print(f"mutations={len(chosen)} caught={len(chosen) - missed + len(broken)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
