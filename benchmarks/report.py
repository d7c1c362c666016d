"""``docs/benchmarks.md``, made from what was measured.

    python -m benchmarks.report

makes it anew without measuring anything, where a note has changed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from .results import read_results

NOTES: Final = Path(__file__).resolve().parent / "notes"
"""What a profile says of a row, for people: ``<row>.md``, put at the end of its section."""

_HEAD = """\
# Benchmarks

Made by `make bench` from [benchmarks.json](benchmarks.json); do not edit. One row alone:
`BENCH_ROWS=idle_poll make bench`. Each row does the same work on both sides, and checks
that they came to the same result. The two sides run by turns, after one turn that is not
counted; figures are medians, but of bytes the most of ours and the least of theirs, and of
readers the 99th percentile of all answers. Memory beside a fixed limit and an idle hour have
one side. Peak memory is the largest resident set of the process that does the work, as the
kernel counted it, started by a process of 10 MB.

Where a ratio has to be at least so much (≥), it is of times, theirs through ours: 2 is twice
as fast. Where it may be at most so much (≤), it is ours through theirs.
"""
_TABLE = """
| row | work | beside | ratio | reach | ours | theirs | peak memory | reached |
|---|---|---|---|---|---|---|---|---|
"""


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the whole page."""
    table = "".join(_line(row) for row in rows)
    return _HEAD + _TABLE + table + "".join(_section(row) for row in rows)


def _line(row: Mapping[str, Any]) -> str:
    sign = "≥" if row["at_least"] else "≤"
    cells = (
        f"[{row['name']}](#{row['name']})",
        row["work"],
        row["beside"],
        f"{row['ratio']:g}",
        f"{sign} {row['reach']:g}",
        _amount(row["ours"], row["unit"]),
        _amount(row["theirs"], row["unit"]),
        _peaks(row),
        "yes" if row["reached"] else "**no**",
    )
    return f"| {' | '.join(cells)} |\n"


def _section(row: Mapping[str, Any]) -> str:
    machine = row["machine"]
    lines = [
        f"\n## {row['name']}\n",
        f"`{row['command']}`, {row['measured_at']}, {row['runs']} runs of each side,"
        f" {machine['cores']} cores ({machine['architecture']}), CPython"
        f" {machine['python']}, SQLite {machine['sqlite']}; load before:"
        f" {machine['load_before']:g}.\n",
        f"![{row['name']}](benchmarks/{row['name']}.svg)\n",
    ]
    items = [
        f"- {limit['what']}: {_number(limit['value'])} (at most {_number(limit['at_most'])})"
        for limit in row["limits"]
    ]
    items += [f"- {name}: {_number(value)}" for name, value in row["details"].items()]
    if items:
        lines.append("\n".join(items) + "\n")
    if row.get("growth"):
        lines.append(_growth(row["growth"]))
    note = NOTES / f"{row['name']}.md"
    if note.exists():
        lines.append(note.read_text("utf-8"))
    return "\n".join(lines)


def _growth(growth: Mapping[str, Any]) -> str:
    steps = ", ".join(
        f"{int(size):,} {growth['of']} in {_number(seconds)} s"
        for size, seconds in growth["seconds"].items()
    )
    power = growth["exponent"]
    told = f"Growth: {steps}; the time follows the size to the power of {power:.2f}"
    # What is fixed makes the first step small, and would hide that the last one is not.
    powers = [_power(*step) for step in itertools.pairwise(growth["seconds"].items())]
    if len(powers) > 1:
        told += f" (from one size to the next: {', '.join(f'{one:.2f}' for one in powers)})"
    return f"{told}.\n"


def _power(small: tuple[str, float], large: tuple[str, float]) -> float:
    return math.log(large[1] / small[1]) / math.log(int(large[0]) / int(small[0]))


def _amount(value: float, unit: str) -> str:
    return f"{_number(value)} {unit}"


def _number(value: object) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def _peaks(row: Mapping[str, Any]) -> str:
    ours, theirs = row["peak_mb"], row["their_peak_mb"]
    if ours is None:
        return ""
    return f"{ours:.0f} MB" + ("" if theirs is None else f"; theirs {theirs:.0f} MB")


def main(docs: Path) -> None:
    """Make the page from what is kept in a folder."""
    page = markdown(read_results(docs / "benchmarks.json"))
    (docs / "benchmarks.md").write_text(page, "utf-8")


if __name__ == "__main__":
    main(Path(__file__).resolve().parent.parent / "docs")
