"""The daemon in numbers: which there are, and how they are read."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from .. import __version__
from ..clock import from_text


@dataclass(frozen=True)
class Metric:
    """A metric: its name without ``lccmirror_``, as Prometheus wants it, and what it says.

    A counter's name ends in ``_total``; a unit that is not a plain number is in the name.
    """

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    label: str | None = None

    @property
    def full_name(self) -> str:
        """The name that Prometheus sees."""
        return f"lccmirror_{self.name}"


METRICS = (
    Metric("build_info", "gauge", "Always 1; which version runs.", "version"),
    Metric("server_up", "gauge", "1 while the server answers us, 0 while it is gone."),
    Metric(
        "last_good_poll_timestamp_seconds",
        "gauge",
        "When the dataset list was last read well.",
    ),
    Metric("datasets", "gauge", "Datasets in each state.", "state"),
    Metric("datasets_due", "gauge", "Datasets to be fetched now."),
    Metric("datasets_postponed", "gauge", "Datasets that failed and are tried again later."),
    Metric("dataset_rows", "gauge", "Rows of all mirrored tables."),
    Metric("objects", "gauge", "Objects in the mirror."),
    Metric("light_curves", "gauge", "Light curves in the mirror, copies counted."),
    Metric("files", "gauge", "Mirrored files of each kind.", "kind"),
    Metric("unsound_files", "gauge", "Files found damaged or missing, and not mended yet."),
    Metric("mirror_bytes", "gauge", "Bytes of all mirrored files, as mirror.max_bytes counts."),
    Metric("disk_free_bytes", "gauge", "Bytes free on the mirror's disk."),
    Metric("gaps_total", "counter", "Times at which datasets may have been missed."),
    Metric("job_last_run_timestamp_seconds", "gauge", "When a job last ended.", "job"),
    Metric("job_next_run_timestamp_seconds", "gauge", "When a job is next run.", "job"),
    Metric("job_failures", "gauge", "Failures of a job in a row.", "job"),
    Metric(
        "search_last_good_run_timestamp_seconds",
        "gauge",
        "When a saved search last had a result that is believed.",
        "search",
    ),
    Metric("search_objects", "gauge", "Objects in that result.", "search"),
    Metric("http_requests_total", "counter", "Requests to the server since the start."),
    Metric("http_not_modified_total", "counter", "Of these, answered with 304."),
    Metric("http_retries_total", "counter", "Requests that had to be repeated."),
    Metric("http_received_bytes_total", "counter", "Bytes of bodies since the start."),
    Metric("key_renewals_total", "counter", "API keys fetched since the start."),
)
"""All metrics, in the order shown."""

Values = Mapping[str, Mapping[str, float]]
"""Name of a metric → value of its label (or "") → number."""

_STATS = {
    "http_requests_total": "requests",
    "http_not_modified_total": "not_modified",
    "http_retries_total": "retries",
    "http_received_bytes_total": "bytes_received",
    "key_renewals_total": "renewals",
}
_COUNTS = {
    "dataset_rows": "dataset_rows",
    "objects": "objects",
    "lightcurves": "light_curves",
    "file_bytes": "mirror_bytes",
}
_LABELLED = {
    "datasets": (
        "SELECT substr(name, 10), n FROM counts "
        "WHERE name GLOB 'datasets:*' AND name <> 'datasets:vanished' AND n > 0"
    ),
    "files": "SELECT substr(name, 7), n FROM counts WHERE name GLOB 'files:*' AND n > 0",
    "job_failures": "SELECT name, failures FROM jobs",
    "search_objects": (
        "SELECT search, nobjects FROM search_runs WHERE nobjects IS NOT NULL AND id IN "
        "(SELECT max(id) FROM search_runs WHERE state = 'ok' GROUP BY search)"
    ),
}
_TIMES = {
    "job_last_run_timestamp_seconds": "SELECT name, last_finished FROM jobs",
    "job_next_run_timestamp_seconds": "SELECT name, next_run FROM jobs",
    "search_last_good_run_timestamp_seconds": (
        "SELECT search, max(finished) FROM search_runs WHERE state = 'ok' GROUP BY search"
    ),
}
_SINGLE = {
    "datasets_due": (
        "SELECT n - (SELECT count(*) FROM work WHERE not_before > :now) "
        "FROM counts WHERE name = 'work'"
    ),
    "datasets_postponed": "SELECT count(*) FROM work WHERE not_before > :now",
    "unsound_files": (
        "SELECT count(*) FROM files WHERE state IN ('damaged', 'missing') AND state <> 'ok'"
    ),
    "gaps_total": "SELECT count(*) FROM gaps",
    "server_up": "SELECT NOT EXISTS (SELECT 1 FROM troubles WHERE key = 'server')",
}


@dataclass(frozen=True)
class Numbers:
    """The numbers at one moment.

    Attributes
    ----------
    last_good_poll
        When the dataset list was last read well, if it ever was.
    """

    values: Values
    last_good_poll: datetime | None


def read_numbers(
    conn: sqlite3.Connection, root: Path, stats: Mapping[str, int], now: str
) -> Numbers:
    """Read all numbers from the catalog, and the client's from `stats`."""
    row = conn.execute("SELECT last_ok FROM polls WHERE name = 'datasets'").fetchone()
    polled = from_text(row[0]) if row is not None and row[0] else None
    values: dict[str, Mapping[str, float]] = {
        "build_info": {__version__: 1.0},
        "disk_free_bytes": {"": float(shutil.disk_usage(root).free)},
    }
    if polled is not None:
        values["last_good_poll_timestamp_seconds"] = {"": polled.timestamp()}
    for name, n in conn.execute("SELECT name, n FROM counts"):
        if name in _COUNTS:
            values[_COUNTS[name]] = {"": float(n)}
    for name, sql in _SINGLE.items():
        (number,) = conn.execute(sql, {"now": now} if ":now" in sql else {}).fetchone()
        values[name] = {"": float(number)}
    for name, sql in _LABELLED.items():
        values[name] = {label: float(number) for label, number in conn.execute(sql)}
    for name, sql in _TIMES.items():
        values[name] = dict(_times(conn.execute(sql)))
    for name, stat in _STATS.items():
        values[name] = {"": float(stats.get(stat, 0))}
    return Numbers(values, polled)


def _times(rows: sqlite3.Cursor) -> Iterator[tuple[str, float]]:
    for label, moment in rows:
        if moment:
            yield label, from_text(moment).timestamp()
