"""Measure rows, one after the other, and write down each as soon as it is there."""

from __future__ import annotations

import tempfile
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from .measure import BenchmarkFailed
from .plots import plot
from .report import markdown
from .results import Record, machine, merged, read_results, record, write_results
from .rows import Row


def run_rows(
    rows: Sequence[Row], order: Sequence[str], docs: Path, say: Callable[[str], None]
) -> list[Record]:
    """Measure `rows`; keep what the others had. One that fails leaves the others alone.

    Parameters
    ----------
    rows
        To be measured now.
    order
        Names of all rows there are, in the order of the table.
    docs
        The folder of ``benchmarks.json``, ``benchmarks.md`` and ``benchmarks/``.
    say
        Takes lines for the person who waits.

    Returns
    -------
    list
        What was measured now.

    Raises
    ------
    BenchmarkFailed
        At the end, if some could not be measured.
    """
    plots = docs / "benchmarks"
    plots.mkdir(parents=True, exist_ok=True)
    path = docs / "benchmarks.json"
    measured: list[Record] = []
    failed: list[str] = []
    for row in rows:
        say(f"{row.name}: {row.work}, beside {row.beside} …")
        before = machine()
        try:
            with tempfile.TemporaryDirectory(prefix="lccmirror-bench-") as folder:
                new = record(row, row.measure(Path(folder)), datetime.now(UTC), before)
        except Exception as error:  # noqa: BLE001 (told; the other rows are not lost)
            failed.append(f"{row.name}: {error or type(error).__name__}")
            say(f"  NOT MEASURED: {''.join(traceback.format_exception(error))}")
            continue
        measured.append(new)
        kept = merged(read_results(path), [new], order)
        write_results(path, kept)
        plot(new, plots)
        (docs / "benchmarks.md").write_text(markdown(kept), "utf-8")
        sign = "at least" if row.at_least else "at most"
        said = "reached" if new["reached"] else "NOT REACHED"
        say(f"  ratio {new['ratio']:g}, {sign} {row.reach:g} wanted: {said}")
        for limit in new["limits"]:
            say(f"  {limit['what']}: {limit['value']:g}, at most {limit['at_most']:g} wanted")
    if failed:
        told = "\n".join(failed)
        raise BenchmarkFailed(f"{len(failed)} of {len(rows)} rows not measured:\n{told}")
    return measured
