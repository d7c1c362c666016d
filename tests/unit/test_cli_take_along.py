"""`lccmirror snapshot` and `lccmirror export`, as people type them."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from click.testing import CliRunner, Result

from lccmirror.catalog.connection import close_writer, open_writer
from lccmirror.cli.app import cli
from tests.support.catalog import add_collection, add_dataset, column, put_rows

TOP = Path(__file__).parents[2]
Run = Callable[..., Result]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    with contextlib.closing(open_writer(tmp_path / "catalog.sqlite")) as conn:
        add_collection(conn, "field_a", {"sdssr": "<f8"})
        add_dataset(conn, "aaaa")
        put_rows(conn, "aaaa", [column("sdssr")], [("field_a", "A-1", 1.0, -1.0, 12.0)])
        close_writer(conn)
    path = tmp_path / "lccmirror.toml"
    path.write_text('[server]\nurl = "http://127.0.0.1:1"\n[mirror]\nroot = "."\n')
    return path


@pytest.fixture
def run(config: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("LCCMIRROR_CONFIG", str(config))
    return lambda *words: CliRunner().invoke(cli, words)


def test_snapshot_tells_what_it_made(run: Run, tmp_path: Path) -> None:
    done = run("snapshot", str(tmp_path / "copy.db"))
    assert done.exit_code == 0, done.stderr
    assert "1 datasets, 1 objects" in done.stdout
    told = json.loads(run("snapshot", str(tmp_path / "copy.db"), "--force", "--json").stdout)
    assert (told["datasets"], told["objects"], told["path"]) == (
        1,
        1,
        str(tmp_path / "copy.db"),
    )
    assert told["bytes"] == (tmp_path / "copy.db").stat().st_size
    assert run("snapshot", "-h").exit_code == 0


def test_snapshot_refuses_a_file_that_is_there(run: Run, tmp_path: Path) -> None:
    done = run("snapshot", str(tmp_path / "lccmirror.toml"))
    assert done.exit_code == 2
    assert "is there already" in done.stderr
    assert "--force" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["snapshot", "lccmirror.toml", "--force"],
        ["export", "--sql", "select 1", "--out", "lccmirror.toml", "--force"],
        ["lc", "A-1", "--format", "csv", "--out", "lccmirror.toml"],
    ],
)
def test_the_configuration_is_never_replaced(
    words: list[str], run: Run, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(config.parent)
    before = config.read_bytes()
    done = run(*words)
    assert (done.exit_code, "is the configuration" in done.stderr) == (2, True), done.stderr
    assert config.read_bytes() == before


def test_quiet_says_nothing(run: Run, tmp_path: Path) -> None:
    done = run("--quiet", "snapshot", str(tmp_path / "copy.db"))
    assert (done.exit_code, done.output) == (0, "")


def test_export_writes_a_folder_and_says_so(run: Run, tmp_path: Path) -> None:
    done = run("export", "--parquet", str(tmp_path / "out"))
    assert done.exit_code == 0, done.stderr
    assert "20 tables and views, 1 tables of datasets" in done.stdout
    made = json.loads(run("export", "--parquet", str(tmp_path / "out"), "--json").stdout)
    assert {table["name"] for table in made["tables"]} >= {"objects", "aaaa"}


def test_export_of_a_statement(run: Run, tmp_path: Path) -> None:
    words = (
        "select objectid, sdssr from objects where sdssr < cast(:m as real)",
        "-p",
        "m",
        "13",
    )
    done = run("export", "--sql", *words, "--out", str(tmp_path / "bright.parquet"))
    assert done.exit_code == 0, done.stderr
    assert pq.read_table(tmp_path / "bright.parquet").to_pylist() == [
        {"objectid": "A-1", "sdssr": 12.0}
    ]
    again = run("export", "--sql", *words, "--out", str(tmp_path / "bright.parquet"))
    assert again.exit_code == 2
    assert "there already" in again.stderr


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--parquet", "out", "--sql", "select 1", "--out", "x"),
        ("--sql", "select 1"),
        ("--out", "x.parquet"),
        ("--parquet", "out", "--force"),
        ("--parquet", "out", "-p", "a", "b"),
        ("--sql", "select 1", "--out", "x.parquet", "--table", "objects"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(
    run: Run, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert run("export", *words).exit_code == 2
    assert sorted(tmp_path.iterdir()) == before


def test_an_export_without_its_library_makes_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # as if it were not installed
    result = run("export", "--parquet", str(tmp_path / "p"))
    assert result.exit_code == 1
    assert "this needs pyarrow, which is not installed" in result.stderr
    assert "pip install 'lccmirror[parquet]'" in result.stderr
    assert not (tmp_path / "p").exists()


def test_a_wrong_statement_leaves_no_file(run: Run, tmp_path: Path) -> None:
    done = run("export", "--sql", "select * from object", "--out", str(tmp_path / "x.parquet"))
    assert done.exit_code == 2
    assert "objects" in done.stderr
    assert not (tmp_path / "x.parquet").exists()


def test_mixed_columns_are_named_on_stderr(run: Run, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as conn:
        conn.execute("UPDATE objects SET sdssr = 'bright'")
        conn.execute("INSERT INTO objects (collection, objectid, sdssr) VALUES ('a', 'b', 1.5)")
        conn.commit()
    done = run("export", "--parquet", str(tmp_path / "out"), "--table", "objects")
    assert done.exit_code == 0, done.stderr
    assert "objects.parquet: numbers and texts are mixed in sdssr" in done.stderr


# Stops itself, as Ctrl-C would, once something is copied.
_STOPPED = """
import os, signal, sys
from lccmirror.cli.making import Making
from lccmirror.cli.main import main
real = Making.progress
signals = [getattr(signal, sys.argv.pop())]
def stop(self, done, total):
    real(self, done, total)
    if signals:
        os.kill(os.getpid(), signals.pop())
Making.progress = stop
main()
"""


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_snapshot_that_is_interrupted_leaves_nothing(
    config: Path, tmp_path: Path, name: str, code: int
) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as conn:
        conn.execute("CREATE TABLE more AS SELECT zeroblob(12000000) AS much")
        conn.commit()
    before = sorted(tmp_path.iterdir())
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            _STOPPED,
            "-c",
            str(config),
            "snapshot",
            str(tmp_path / "c.db"),
            name,
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=TOP,
    )
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert "nothing is left of it" in done.stderr
    assert sorted(tmp_path.iterdir()) == before
