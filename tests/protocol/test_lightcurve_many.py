"""`lccmirror lc` of many: files, processes, pipes, and how it ends early."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lccmirror.query import open_readonly
from lccmirror.query.lc_many import copies_where, read_many
from tests.support.daemon_process import until
from tests.support.lc_command import RR_LYRAE, STAR, Run, newest, runner


@pytest.fixture
def run(demo_mirror: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    return runner(demo_mirror, monkeypatch)


@pytest.fixture
def own(demo_mirror: Path, tmp_path: Path) -> Path:
    """Return a copy of the mirror that the test may damage."""
    return Path(shutil.copytree(demo_mirror, tmp_path / "own"))


def test_many_are_written_each_into_a_file(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "curves"
    result = run("--where", "sdssr < 11", "--out", str(out), "--format", "csv")
    assert result.exit_code == 0, result.output
    files = sorted(out.iterdir())
    assert f"{len(files)} light curves" in result.stdout
    assert len(files) > 3
    one = next(path for path in files if RR_LYRAE in path.name)
    assert one.name == f"demo_field_b-{RR_LYRAE}.csv"
    assert one.read_text() == run(RR_LYRAE, "--csv").stdout.replace("\r\n", "\n")


def test_processes_write_the_same_files(run: Run, tmp_path: Path) -> None:
    for processes in ("1", "2"):
        run("--where", "ndet > 400", "--out", str(tmp_path / processes),
            "--processes", processes)  # fmt: skip
    contents = [
        {path.name: path.read_bytes() for path in (tmp_path / processes).iterdir()}
        for processes in ("1", "2")
    ]
    assert contents[0] == contents[1]
    assert len(contents[0]) > 20


def test_many_go_on_after_one_that_is_damaged(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own / "mirror" / newest(own).path).write_bytes(b"no ZIP")
    result = runner(own, monkeypatch)("--where", "1", "--out", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert f"failed: {STAR}: " in result.stderr
    assert len(list((tmp_path / "out").iterdir())) > 100


def test_light_curves_are_read_in_processes_in_the_same_order(demo_mirror: Path) -> None:
    root = demo_mirror / "mirror"
    with open_readonly(root) as catalog:
        copies = copies_where(catalog, "sdssr < 12")
    alone = list(read_many(root, copies, processes=1))
    several = list(read_many(root, copies, processes=2))
    assert [copy for copy, _ in several] == copies == [copy for copy, _ in alone]
    for (_, one), (_, other) in zip(alone, several, strict=True):
        assert not isinstance(one, Exception)
        assert not isinstance(other, Exception)
        assert one["rjd"].tolist() == other["rjd"].tolist()


def _shell(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    program = f"{sys.executable} -m lccmirror.cli.main -c {folder / 'lccmirror.toml'} lc"
    return subprocess.run(
        ["/bin/bash", "-c", command.format(lc=program)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("processes", ["1", "2"])
def test_ctrl_c_ends_many_soon_and_keeps_what_is_written(
    processes: str, demo_mirror: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "lccmirror.cli.main", "lc", "--where", "1", "--format",
               "votable", "--out", str(out), "--processes", processes]  # fmt: skip
    environ = {**os.environ, "LCCMIRROR_CONFIG": str(demo_mirror / "lccmirror.toml")}
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, text=True,
    ) as running:  # fmt: skip
        until(lambda: out.is_dir() and any(out.glob("*.vot")))
        # as a terminal does it: to all processes of the group
        os.killpg(running.pid, signal.SIGINT)
        stdout, stderr = running.communicate(timeout=60)
    assert running.returncode == 130, stderr
    assert "the files that are written are kept" in stderr
    assert "Traceback" not in stderr
    files = [path.name for path in out.iterdir()]
    assert all(name.endswith(".vot") and not name.startswith(".") for name in files)
    assert 0 < len(files) < 245
    assert "light curves with" in stdout


def test_a_closed_pipe_is_no_error_to_speak_of(demo_mirror: Path) -> None:
    done = _shell(demo_mirror, "{lc} " + STAR + " --csv | head -n 1")
    assert done.stdout.startswith("rjd,")
    assert done.stderr == ""


@pytest.mark.parametrize("form", ["csv", "fits"])
def test_a_full_disk_is_said(form: str, demo_mirror: Path) -> None:
    done = _shell(demo_mirror, "{lc} " + f"{STAR} --format {form} > /dev/full")
    assert done.returncode == 73
    assert "No space left" in done.stderr


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_disk_that_fills_up_ends_many_and_is_said_once(
    processes: str, demo_mirror: Path, tmp_path: Path
) -> None:
    options = f"--where 'sdssr < 11' --out {tmp_path / 'out'} --processes {processes}"
    done = _shell(demo_mirror, "ulimit -f 8; {lc} " + options)
    assert done.returncode == 73
    assert done.stderr.startswith("error: writing the output: File too large\n")
    assert "Traceback" not in done.stderr
