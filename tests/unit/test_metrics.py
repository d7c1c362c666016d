"""The numbers for Prometheus, their documentation, and the health page."""

from __future__ import annotations

import http.client
import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lccmirror.clock import to_text
from lccmirror.daemon.metrics import Board, Exporter, TextFile
from lccmirror.daemon.numbers import METRICS, read_numbers
from tests.support.catalog import fresh_catalog

TOP = Path(__file__).parents[2]
NOW = datetime(2026, 1, 2, tzinfo=UTC)
STATS = {"requests": 7, "bytes_received": 1000, "retries": 1, "not_modified": 2, "renewals": 1}


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    conn = fresh_catalog()
    conn.executescript(
        """
        INSERT INTO datasets (setid, origin, state, first_seen, last_seen)
          VALUES ('a', 'listed', 'mirrored', '', ''), ('b', 'listed', 'failed', '', '');
        INSERT INTO work (setid, reason, since, attempts, not_before, last_error)
          VALUES ('b', 'new', '', 1, '2027', 'x');
        INSERT INTO files (path, kind, size, sha256, fetched_at, state)
          VALUES ('a', 'csv', 300, '', '', 'ok'), ('b', 'lczip', 700, '', '', 'missing');
        INSERT INTO gaps (detected, message) VALUES ('', '');
        INSERT INTO jobs (name, schedule, failures, next_run, last_finished)
          VALUES ('datasets', '', 2, '2026-01-02T00:15:00Z', '2026-01-02T00:00:00Z');
        INSERT INTO searches (name, kind, params, schedule, enabled, first_seen)
          VALUES ('movers', '', '', '', 1, '');
        INSERT INTO search_runs (search, started, finished, state, nobjects, params, data,
                                 deadline_s)
          VALUES ('movers', '', '2026-01-01T00:00:00Z', 'ok', 42, '', '', 1);
        """
    )
    yield conn
    conn.close()


def polled(conn: sqlite3.Connection, at: datetime) -> None:
    conn.execute(
        "INSERT OR REPLACE INTO polls (name, last_ok) VALUES ('datasets', ?)", (to_text(at),)
    )


def board(conn: sqlite3.Connection) -> Board:
    filled = Board()
    filled.numbers = read_numbers(conn, Path("/"), STATS, to_text(NOW))
    return filled


def shown(filled: Board) -> dict[str, float]:
    return {
        sample.name + "".join(f"/{value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(filled.text().decode())
        for sample in family.samples
    }


def test_the_numbers_are_those_of_the_catalog_and_the_client(conn: sqlite3.Connection) -> None:
    polled(conn, NOW)
    found = shown(board(conn))
    expected = {
        "datasets/mirrored": 1,
        "datasets/failed": 1,
        "datasets_due": 0,
        "datasets_postponed": 1,
        "files/csv": 1,
        "unsound_files": 1,
        "mirror_bytes": 1000,
        "gaps_total": 1,
        "job_failures/datasets": 2,
        "job_last_run_timestamp_seconds/datasets": NOW.timestamp(),
        "job_next_run_timestamp_seconds/datasets": NOW.timestamp() + 900,
        "search_objects/movers": 42,
        "search_last_good_run_timestamp_seconds/movers": NOW.timestamp() - 86_400,
        "last_good_poll_timestamp_seconds": NOW.timestamp(),
        "server_up": 1,
        "http_requests_total": 7,
        "http_received_bytes_total": 1000,
    }
    assert {name: found[f"lccmirror_{name}"] for name in expected} == expected
    conn.execute("INSERT INTO troubles VALUES ('server', '', '', '')")
    assert shown(board(conn))["lccmirror_server_up"] == 0


def test_every_metric_has_a_number_and_no_other_is_there(conn: sqlite3.Connection) -> None:
    polled(conn, NOW)
    numbers = read_numbers(conn, Path("/"), STATS, to_text(NOW))
    assert set(numbers.values) == {metric.name for metric in METRICS}


def test_names_and_units_are_as_prometheus_wants_them() -> None:
    for metric in METRICS:
        assert re.fullmatch(r"lccmirror_[a-z][a-z_]*", metric.full_name)
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        for unit in ("_ms", "_minutes", "_hours", "_kb", "_mb", "_gb"):
            assert not metric.name.removesuffix("_total").endswith(unit)


def test_the_documentation_has_exactly_the_metrics_there_are() -> None:
    rows = re.findall(
        r"^\| `(lccmirror_\w+)` \| (\w+) \| (?:`(\w+)`)? ?\| (.+) \|$",
        (TOP / "docs/metrics.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert rows == [(one.full_name, one.kind, one.label or "", one.help) for one in METRICS]


def test_the_text_file_is_replaced_whole_and_others_can_read_it(
    conn: sqlite3.Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "lccmirror.prom"
    filled = board(conn)
    file = TextFile(path, filled)
    file.write()
    file.write()
    assert path.read_bytes() == filled.text()
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]
    lost = TextFile(tmp_path / "no" / "where.prom", filled)
    lost.write()
    lost.write()
    assert len(caplog.records) == 1


def ask(port: int, path: str, method: str = "GET") -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read()
    finally:
        connection.close()


class Clock:
    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time


def test_the_pages(conn: sqlite3.Connection) -> None:
    polled(conn, NOW)
    clock, filled = Clock(), board(conn)
    exporter = Exporter(0, filled, clock, lambda: 3600.0)
    try:
        status, kind, body = ask(exporter.port, "/metrics")
        assert (status, body) == (200, filled.text())
        assert kind.startswith("text/plain; version=0.0.4")
        assert ask(exporter.port, "/metrics", "HEAD")[2] == b""
        assert ask(exporter.port, "/etc/passwd")[0] == 404
        assert ask(exporter.port, "/metrics", "POST")[0] == 501
        assert ask(exporter.port, "/healthz")[0] == 200
        clock.time += timedelta(hours=1, seconds=1)
        status, kind, body = ask(exporter.port, "/healthz")
        assert (status, kind) == (503, "application/json")
        said = json.loads(body)
        assert (said["status"], said["age_seconds"]) == ("stale", 3601.0)
        assert said["last_good_poll"] == to_text(NOW)
    finally:
        exporter.close()


def test_a_mirror_that_was_never_polled_is_not_well() -> None:
    assert Board().health(NOW, 3600.0)[0] is False
    assert Board().text().startswith(b"# HELP lccmirror_build_info")
