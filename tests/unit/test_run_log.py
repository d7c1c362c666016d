"""What the daemon says where nobody can listen, and where a machine does."""

from __future__ import annotations

import json
import logging
import os
import socket
import struct
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lccmirror.daemon.logs import last_line
from lccmirror.daemon.metrics import Board, Exporter
from tests.support.daemon_process import until


def run(config: Path, *words: str, log: Path) -> subprocess.CompletedProcess[bytes]:
    """Run the daemon with a configuration that it refuses, its stderr a file as the journal."""
    config.write_text("[server]\nurl = 7\n")
    with log.open("wb") as stderr:
        status = os.fstat(stderr.fileno())
        return subprocess.run(
            [sys.executable, "-m", "lccmirror.cli.main", "-c", config, "run", *words],
            env={**os.environ, "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"},
            stderr=stderr,
            check=False,
            timeout=60,
        )


def test_a_wrong_configuration_is_told_to_the_journal_as_an_error(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert run(tmp_path / "c.toml", log=log).returncode == 78
    lines = log.read_text().splitlines()
    assert len(lines) >= 2
    assert all(line.startswith("<3>") for line in lines)
    assert "server.url" in lines[0]


def test_a_wrong_configuration_is_told_to_collectors_as_json(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert run(tmp_path / "c.toml", "--log-json", log=log).returncode == 78
    said = [json.loads(line) for line in log.read_text().splitlines()]
    assert {one["level"] for one in said} == {"error"}
    assert "server.url" in said[0]["message"]


def test_what_is_said_past_the_log_looks_like_it() -> None:
    assert last_line("journal", "leaving") == "<4>leaving"
    assert json.loads(last_line("json", "leaving"))["message"] == "leaving"
    assert last_line("terminal", "leaving").endswith(" warning: leaving")


def test_with_all_streams_closed_no_file_gets_their_numbers(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = f"""
import sys
from lccmirror.cli.failures import guarded
def work():
    with open({str(out)!r}, "w") as file:
        sys.stdout.write("to nobody")
        sys.stderr.write("to nobody")
        file.write(str(file.fileno()))
sys.exit(guarded(work, debug=False))
"""
    done = subprocess.run(
        ["/bin/sh", "-c", '"$@" <&- >&- 2>&-', "sh", sys.executable, "-c", code],
        check=False,
        timeout=60,
    )
    assert done.returncode == 1  # what was written to stdout is lost
    assert int(out.read_text()) > 2


def test_a_reader_of_the_metrics_that_hangs_up_leaves_no_traceback(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG, "lccmirror")
    exporter = Exporter(0, Board(), lambda: datetime(2026, 1, 1, tzinfo=UTC), lambda: 60.0)
    try:
        client = socket.create_connection(("127.0.0.1", exporter.port))
        client.sendall(b"GET /metr")
        # With no time to linger the end is a reset.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        until(lambda: "a reader of the metrics" in caplog.text)
    finally:
        exporter.close()
    assert capfd.readouterr().err == ""
