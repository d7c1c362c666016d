"""How much of the parsers the inputs reach: `python -m tests.fuzz.measure --table [NAME…]`.

A process of its own, because the lines that run on import count, too.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def measure(names: Sequence[str], extra: Path | None) -> dict[str, Any]:
    """Return lines and branches, reached and all, of the modules of some targets together.

    Parameters
    ----------
    names
        The targets.
    extra
        A folder with further inputs, ``<target>/corpus`` each.
    """
    coverage: Any = importlib.import_module("coverage")
    counting = coverage.Coverage(data_file=None, branch=True, include=[f"{ROOT}/lccmirror/*"])
    counting.start()
    from .corpus import files, inputs
    from .judge import judge
    from .targets import TARGETS

    modules: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        for target in (TARGETS[name] for name in names or TARGETS):
            modules |= {str(module.__file__) for module in target.loaded()}
            contents = list(inputs(target).values())
            if extra is not None:
                contents += [
                    path.read_bytes() for path in files(extra / target.name / "corpus")
                ]
            for data in contents:
                # Whether it ends as it must is the question of others.
                with contextlib.suppress(Exception):
                    judge(target, data, Path(folder))
    counting.stop()
    return _totals(counting, sorted(modules))


def _totals(counting: Any, modules: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        # coverage says on standard output what it writes
        with contextlib.redirect_stdout(io.StringIO()):
            counting.json_report(morfs=modules, outfile=str(report))
        found = json.loads(report.read_text())
    totals = found["totals"]
    return {
        "lines": (totals["covered_lines"], totals["num_statements"]),
        "branches": (totals["covered_branches"], totals["num_branches"]),
        "modules": {
            str(Path(path).resolve().relative_to(ROOT).with_suffix("")): [
                *(one["summary"]["covered_lines"], one["summary"]["num_statements"]),
                *(one["summary"]["covered_branches"], one["summary"]["num_branches"]),
            ]
            for path, one in found["files"].items()
        },
    }


def main() -> None:
    """Print it as JSON; with ``--table`` as a table of modules."""
    told = [one for one in sys.argv[1:] if not one.startswith("--")]
    extra = [one.removeprefix("--work=") for one in sys.argv[1:] if one.startswith("--work=")]
    found = measure(told, Path(extra[0]) if extra else None)
    if "--table" not in sys.argv:
        print(json.dumps(found))
        return
    for name, (lines, of_lines, branches, of_branches) in found["modules"].items():
        print(f"| `{name}.py` | {lines}/{of_lines} | {branches}/{of_branches} |")
    (lines, of_lines), (branches, of_branches) = found["lines"], found["branches"]
    print(f"| all | {lines}/{of_lines} | {branches}/{of_branches} |")


if __name__ == "__main__":
    main()
