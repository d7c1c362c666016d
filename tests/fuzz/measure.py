"""How much of its modules a target's inputs reach: `python -m tests.fuzz.measure NAME`.

A process of its own, because the lines that run on import count, too.
"""

from __future__ import annotations

import importlib
import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def measure(name: str, extra: Path | None) -> dict[str, Any]:
    """Return lines and branches, reached and all, of a target's modules."""
    coverage: Any = importlib.import_module("coverage")
    counting = coverage.Coverage(data_file=None, branch=True, include=[f"{ROOT}/lccmirror/*"])
    counting.start()
    from .corpus import files, inputs
    from .judge import judge
    from .targets import TARGETS

    target = TARGETS[name]
    modules = [str(module.__file__) for module in target.loaded()]
    contents = list(inputs(target).values())
    if extra is not None:
        contents += [path.read_bytes() for path in files(extra)]
    with tempfile.TemporaryDirectory() as folder:
        for data in contents:
            try:
                judge(target, data, Path(folder))
            except Exception as error:  # noqa: BLE001 -- the replay of the corpus judges; here it is counted
                print(f"{name}: {error}", file=sys.stderr)
    counting.stop()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        # coverage says on standard output what it writes
        out, sys.stdout = sys.stdout, io.StringIO()
        try:
            counting.json_report(morfs=modules, outfile=str(report))
        finally:
            sys.stdout = out
        found = json.loads(report.read_text())
    totals = found["totals"]
    return {
        "lines": (totals["covered_lines"], totals["num_statements"]),
        "branches": (totals["covered_branches"], totals["num_branches"]),
        "modules": {
            Path(path).stem: round(one["summary"]["percent_covered"], 1)
            for path, one in found["files"].items()
        },
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]) if sys.argv[2:] else None)))
