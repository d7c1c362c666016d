"""``python -m benchmarks``: measure all rows, or those named in ``BENCH_ROWS``."""

from __future__ import annotations

import os
import sys

from .measure import PROJECT, BenchmarkFailed
from .registry import ROWS, chosen
from .runner import run_rows


def main() -> int:
    """Return 0 if every row could be measured; reaching a goal is for people to judge."""
    try:
        rows = chosen(os.environ.get("BENCH_ROWS", ""))
        run_rows(rows, [row.name for row in ROWS], PROJECT / "docs", _say)
    except BenchmarkFailed as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
