"""``docs/benchmarks.json``: what was measured, kept from run to run."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .rows import Growth, Outcome, Row

Record = dict[str, Any]


def record(row: Row, outcome: Outcome, when: datetime, before: Record) -> Record:
    """Return a measured row as it is kept; `before` is the `machine` it began on."""
    return {
        "name": row.name,
        "work": row.work,
        "beside": row.beside,
        "ratio": _rounded(outcome.ratio),
        "reach": row.reach,
        "at_least": row.at_least,
        "reached": row.reached(outcome),
        "measured_at": when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "command": f"BENCH_ROWS={row.name} make bench",
        "ours": _rounded(outcome.ours),
        "theirs": _rounded(outcome.theirs),
        "unit": outcome.unit,
        "runs": outcome.runs,
        "peak_mb": _rounded(outcome.peak_mb),
        "their_peak_mb": _rounded(outcome.their_peak_mb),
        "limits": [
            {"what": one.what, "value": _rounded(one.value), "at_most": _rounded(one.most)}
            for one in outcome.limits
        ],
        "details": {name: _rounded(value) for name, value in outcome.details.items()},
        "series": {
            name: [_rounded(value) for value in values]
            for name, values in outcome.series.items()
        },
        "growth": _growth(outcome.growth),
        "machine": before,
    }


def machine() -> Record:
    """Return what the figures depend on, now, and nothing that names the machine."""
    return {
        "cores": os.cpu_count() or 1,
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load_before": _rounded(os.getloadavg()[0]),
    }


def merged(
    kept: Sequence[Mapping[str, Any]], new: Sequence[Record], order: Sequence[str]
) -> list[Record]:
    """Put new records in the place of those of the same name; keep all others.

    They come in the given order of names; a row that is there no more is dropped.
    """
    found = {str(one["name"]): dict(one) for one in kept}
    found |= {str(one["name"]): one for one in new}
    return [found[name] for name in order if name in found]


def read_results(path: Path) -> list[Record]:
    """Return the records that are kept, none if there is no such file yet."""
    if not path.exists():
        return []
    rows: list[Record] = json.loads(path.read_text("utf-8"))["rows"]
    return rows


def write_results(path: Path, rows: Sequence[Record]) -> None:
    """Keep the records: those of before stay until the new ones are there."""
    text = json.dumps({"rows": list(rows)}, indent=2, ensure_ascii=False)
    beside = path.with_suffix(".new")
    beside.write_text(f"{text}\n", "utf-8")
    beside.replace(path)


def _growth(growth: Growth | None) -> Record | None:
    if growth is None:
        return None
    times = {str(size): _rounded(growth.seconds[size]) for size in sorted(growth.seconds)}
    return {"of": growth.of, "seconds": times, "exponent": _rounded(growth.exponent)}


def _rounded(value: Any) -> Any:
    """Cut a number to four digits: more would only be noise."""
    return float(f"{value:.4g}") if isinstance(value, float) else value
