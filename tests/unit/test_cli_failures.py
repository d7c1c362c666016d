"""Every way to fail has its message and its exit code."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lccmirror.cli.failures import guarded
from lccmirror.errors import (
    ConfigError,
    Damaged,
    FormatError,
    LccMirrorError,
    MirrorLocked,
    NoRoom,
    RequestRefused,
    Unreachable,
    UsageError,
)


def raising(error: BaseException) -> Callable[[], None]:
    def run() -> None:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LccMirrorError("x"), 1),
        (UsageError("x"), 2),
        (Damaged("x"), 65),
        (Unreachable("x"), 69),
        (NoRoom("x"), 73),
        (MirrorLocked("x"), 75),
        (ConfigError("x"), 78),
        (OSError(errno.ENOSPC, "No space left on device", "/data/x"), 73),
        (PermissionError(errno.EACCES, "Permission denied", "/data/x"), 1),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("oops"), 70),
    ],
)
def test_each_failure_has_its_exit_code(error: BaseException, code: int) -> None:
    assert guarded(raising(error), debug=False) == code


def test_a_message_and_its_hint_stand_on_lines_of_their_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    guarded(raising(MirrorLocked("held by process 7", hint="wait")), debug=False)
    assert capsys.readouterr().err == "error: held by process 7\nhint: wait\n"


@pytest.mark.parametrize("kind", [RequestRefused, FormatError])
def test_words_of_a_server_cannot_move_the_cursor_or_forge_a_line(
    kind: type[LccMirrorError], capsys: pytest.CaptureFixture[str]
) -> None:
    guarded(raising(kind("it said: \x1b[2J\nerror: all is lost\u202e")), debug=False)
    assert capsys.readouterr().err == "error: it said: \\x1b[2J\\nerror: all is lost\\u202e\n"


def test_every_mistake_of_a_config_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    guarded(raising(ConfigError("c.toml:1: a\nc.toml:2: b")), debug=False)
    assert capsys.readouterr().err == "error: c.toml:1: a\nc.toml:2: b\n"


def test_a_bug_is_one_line_and_says_how_to_see_more(capsys: pytest.CaptureFixture[str]) -> None:
    guarded(raising(ZeroDivisionError("oo\nps")), debug=False)
    first, hint = capsys.readouterr().err.splitlines()
    assert first == "error: this is a bug in lccmirror: ZeroDivisionError: oo\\nps"
    assert "--debug" in hint


def test_a_bug_under_debug_shows_where(capsys: pytest.CaptureFixture[str]) -> None:
    guarded(raising(ZeroDivisionError("oops")), debug=True)
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "in run" in shown


def test_the_machine_saying_no_is_not_called_a_bug(capsys: pytest.CaptureFixture[str]) -> None:
    guarded(raising(PermissionError(errno.EACCES, "Permission denied", "/data/x")), debug=False)
    assert capsys.readouterr().err == "error: /data/x: Permission denied\n"


# --- in real processes ---------------------------------------------------------------

ENDLESS = "with recursive c(x) as (values (1) union all select x + 1 from c) select x from c"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "catalog.sqlite").touch()
    path = tmp_path / "lccmirror.toml"
    path.write_text('[server]\nurl = "http://127.0.0.1:9"\n[mirror]\nroot = "."\n')
    return path


def command(config: Path, *args: str) -> list[str]:
    return [sys.executable, "-m", "lccmirror.cli.main", "-c", str(config), *args]


def test_a_closed_pipe_ends_quietly(config: Path) -> None:
    with subprocess.Popen(
        command(config, "query", ENDLESS), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b'[{"x": 1},\n'
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 141


def test_ctrl_c_reaches_a_statement_that_runs_inside_sqlite(config: Path) -> None:
    # The first line comes as soon as SQLite has found the second; there is no third.
    sql = f"{ENDLESS} where x < 3"
    with subprocess.Popen(
        command(config, "query", "--nl", sql),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        # Whoever runs the tests in the background has it ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline() == b'{"x": 1}\n'
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 130
            assert process.stderr.read().split() == [b"interrupted"]
        finally:
            process.kill()


def test_a_full_disk_behind_the_output_is_said(config: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command(config, "query", "select 1"),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 73
    assert done.stderr == (
        "error: writing the output: No space left on device\n"
        "hint: free some space where the output goes, or send it to another disk\n"
    )


def test_a_full_disk_behind_a_file_is_said_with_its_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "/data/x")
    assert guarded(raising(full), debug=False) == 73
    told = capsys.readouterr().err
    assert told.startswith("error: writing /data/x: No space left on device\nhint: free some")


def test_no_room_for_what_a_statement_sorts_is_said(config: Path) -> None:
    numbers = "with recursive c(x) as (select 1 union all select x + 1 from c where x < 200000)"
    done = subprocess.run(
        command(
            config,
            "query",
            f"{numbers} select count(*) from "
            "(select randomblob(100) as r from c order by r limit 199999 offset 5)",
        ),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)),
    )
    assert done.returncode == 73, done.stderr
    assert "no room for what SQLite has to sort" in done.stderr
    assert "SQLITE_TMPDIR" in done.stderr


@pytest.mark.parametrize("words", [["query", "select 1"], ["--version"], ["--help"]])
def test_what_is_said_to_a_closed_standard_output_is_lost_and_that_is_an_error(
    config: Path, words: list[str]
) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", '"$@" >&-', "sh", *command(config, *words)],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr == "error: writing the output: Bad file descriptor\n"


@pytest.mark.parametrize("debug", [[], ["--debug"]])
@pytest.mark.parametrize("place", ["a full disk", "a pipe without a reader", "a full pipe"])
def test_the_exit_code_is_the_same_when_the_message_cannot_be_written(
    config: Path, place: str, debug: list[str]
) -> None:
    if place == "a full disk":
        stderr = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, stderr = os.pipe()
        if place == "a full pipe":
            os.set_blocking(stderr, False)
            with contextlib.suppress(BlockingIOError):
                while os.write(stderr, b"x"):
                    pass
        else:
            os.close(reader)
    try:
        done = subprocess.run(
            command(config, *debug, "query", "selec"), stderr=stderr, check=False, timeout=60
        )
    finally:
        os.close(stderr)
        if place == "a full pipe":
            os.close(reader)
    assert done.returncode == 2


@pytest.mark.parametrize("words", [["query", "-"], ["xmatch", "-"]])
def test_a_closed_standard_input_is_an_empty_one(config: Path, words: list[str]) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", '"$@" <&-', "sh", *command(config, *words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2, done.stderr
    assert "bug" not in done.stderr


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [("é".encode(), 0, '[{"é": "é"}]\n'), ("é".encode("latin-1"), 2, "is not valid UTF-8\n")],
)
def test_a_statement_in_a_pipe_is_utf_8_whatever_the_locale(
    config: Path, typed: bytes, code: int, said: str
) -> None:
    done = subprocess.run(
        command(config, "query", "-"),
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        input=b"select '" + typed + b"' as \"" + typed + b'"',
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == code, done.stderr
    assert (done.stdout + done.stderr).decode().endswith(said)


# This machine may have a configuration of its own.
WITHOUT_A_SYSTEM_S = """\
import functools, pathlib
from lccmirror import config
from lccmirror.cli.main import main
nowhere = pathlib.Path("nowhere")
config.find_config = functools.partial(config.find_config, system_file=nowhere)
main()
"""


def test_no_config_anywhere_says_how_to_begin(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_A_SYSTEM_S, "query", "select 1"],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 78
    assert "lccmirror init" in done.stderr


def without_root_s_eyes() -> None:
    """Have permissions count for root, too, in the child that is to be started."""
    for cap_dac in (1, 2):
        # PR_CAPBSET_DROP: fails for others than root, for whom permissions count anyway.
        ctypes.CDLL(None).prctl(24, cap_dac, 0, 0, 0)


@pytest.mark.parametrize("words", [["run"], ["status"], ["query", "select 1"]])
def test_a_config_that_is_closed_to_us_is_a_matter_of_configuration(
    words: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "hat.toml"
    path.write_text("[server]\n")
    path.chmod(0)
    done = subprocess.run(
        command(path, *words),
        preexec_fn=without_root_s_eyes,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    # What the units' RestartPreventExitStatus= waits for.
    assert done.returncode == 78, done.stderr
    assert "hat.toml: cannot read the configuration: Permission denied" in done.stderr
    assert "chmod 640" in done.stderr


def test_a_config_that_is_not_there_is_a_matter_of_configuration(tmp_path: Path) -> None:
    done = subprocess.run(
        command(tmp_path / "hat.toml", "run"),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 78
    assert "does not exist" in done.stderr
