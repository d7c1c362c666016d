"""`lccmirror query` in a real process: on a terminal of any kind, and in pipes."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from pathlib import Path

import pytest

from lccmirror.catalog.migrate import SCHEMA_VERSION


@pytest.fixture
def config(tmp_path: Path) -> Path:
    conn = sqlite3.connect(tmp_path / "catalog.sqlite")
    conn.execute(f"pragma user_version = {SCHEMA_VERSION}")
    conn.execute("create table t (n integer, text text)")
    conn.executemany(
        "insert into t values (?, ?)", [(1, "é"), (None, "\x1b[31mred"), (3, "x" * 300)]
    )
    conn.commit()
    conn.close()
    path = tmp_path / "lccmirror.toml"
    path.write_text('[server]\nurl = "http://127.0.0.1:9"\n[mirror]\nroot = "."\n')
    return path


def command(config: Path, *args: str) -> list[str]:
    return [sys.executable, "-m", "lccmirror.cli.main", "-c", str(config), *args]


def on_a_terminal(args: list[str], *, columns: int = 60, **environ: str) -> str:
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    keep = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "LINES", "NO_COLOR"}}
    with subprocess.Popen(
        args,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**keep, "TERM": "xterm", **environ},
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # how Linux says that the other end is closed
                break
            if not piece:
                break
            shown += piece
        process.wait(timeout=30)
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")


def test_a_terminal_shows_a_table_that_fits(config: Path) -> None:
    shown = on_a_terminal(command(config, "--no-color", "query", "select * from t"))
    lines = shown.splitlines()
    assert lines[0].split() == ["n", "text"]
    assert max(map(len, lines)) <= 60
    assert "\x1b" not in shown
    assert lines[3] == "NULL  \\x1b[31mred"
    assert lines[4].endswith("…")


def test_no_color_is_obeyed_and_colour_is_the_default(config: Path) -> None:
    args = command(config, "query", "select * from t")
    assert "\x1b[2mNULL" in on_a_terminal(args)
    assert "\x1b" not in on_a_terminal(args, NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(args, TERM="dumb")


def test_an_error_on_a_terminal_is_red_unless_told_otherwise(config: Path) -> None:
    args = command(config, "query", "selct")
    assert "\x1b[31m" in on_a_terminal(args)
    assert "\x1b" not in on_a_terminal(args, NO_COLOR="1")


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8", "en_US.ISO-8859-1"])
def test_a_pipe_gets_utf8_json_whatever_the_locale(config: Path, locale: str) -> None:
    done = subprocess.run(
        command(config, "query", "select * from t"),
        capture_output=True,
        check=True,
        timeout=60,
        env={**os.environ, "LC_ALL": locale, "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    )
    assert json.loads(done.stdout.decode("utf-8"))[0] == {"n": 1, "text": "é"}


def test_standard_input_and_parameters(config: Path) -> None:
    done = subprocess.run(
        command(config, "query", "-", "-p", "n", "3", "--raw"),
        input=b"select length(text) from t where n = :n",
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == b"300"


def test_a_wrong_statement_ends_with_2_and_writes_no_output(config: Path) -> None:
    done = subprocess.run(
        command(config, "query", "select * from tt"),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.splitlines() == [b"error: no such table: tt", b"hint: did you mean t?"]
