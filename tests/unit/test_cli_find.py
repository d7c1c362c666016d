"""`lccmirror find`: words as people type them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.catalog.connection import close_writer, open_writer
from lccmirror.catalog.texts import index_objects
from lccmirror.cli.app import cli
from lccmirror.query import open_readonly
from lccmirror.query.find import find, match_expression
from tests.support.catalog import (
    add_collection,
    add_dataset,
    column,
    fresh_catalog,
    put_rows,
)

Run = Callable[..., Result]

STARS = [
    ("HAT-199-0000123", "RRab", "V* RR Lyr"),
    ("HAT-199-0000124", "RRc", "Barnard's star"),
    ("2MASS J19252790+4247037", None, "α \x1b[2J \x02Cen\x03"),
]


def make_mirror(root: Path, *, index: bool = True) -> None:
    conn = open_writer(root / "catalog.sqlite")
    with closing(conn):
        add_collection(conn, "hatnet_keplerfield", {"kind": "U8", "name": "U30"})
        add_dataset(conn, "aB3-x_9")
        conn.execute("UPDATE datasets SET name = 'RR Lyrae stars', description = 'all RRab'")
        conn.execute("UPDATE columns SET title = 'Kind of variable' WHERE name = 'kind'")
        conn.execute("UPDATE collections SET name = 'Kepler field'")
        rows = [("hatnet_keplerfield", one, 1.0, 2.0, *more) for one, *more in STARS]
        put_rows(conn, "aB3-x_9", [column("kind", "U8"), column("name", "U30")], rows)
        if index:
            index_objects(conn)
        close_writer(conn)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "lccmirror.toml"
    path.write_text('[server]\nurl = "https://data.example.org"\n[mirror]\nroot = "."\n')
    return path


@pytest.fixture
def run(config: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("LCCMIRROR_CONFIG", str(config))
    return lambda *args: CliRunner().invoke(cli, ("find", *args))


def names(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [row["name"] for row in json.loads(result.stdout)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("rrab",), ["aB3-x_9", "HAT-199-0000123"]),
        (("RR", "Lyr*"), ["aB3-x_9", "HAT-199-0000123"]),
        (("lyr rr",), ["HAT-199-0000123"]),
        (('"lyr rr"',), []),
        (("V* RR Lyr",), ["HAT-199-0000123"]),
        (("HAT-199-0000123",), ["HAT-199-0000123"]),
        (("hat-199-00*", "--in", "objects"), ["HAT-199-0000123", "HAT-199-0000124"]),
        (("Barnard's",), ["HAT-199-0000124"]),
        (("2MASS J19252790+4247037",), ["2MASS J19252790+4247037"]),
        (("α",), ["2MASS J19252790+4247037"]),
        (("variable",), ["kind"]),
        (("kepler*",), ["hatnet_keplerfield"]),
        (("aB3-x_9",), ["aB3-x_9"]),
        (("rrab", "--in", "datasets"), ["aB3-x_9"]),
    ],
)
def test_words_find_what_has_all_of_them(
    tmp_path: Path, run: Run, words: tuple[str, ...], expected: list[str]
) -> None:
    make_mirror(tmp_path)
    assert names(run(*words)) == expected


@pytest.mark.parametrize(
    "words", ['"', '""', "(", "*", "***", "a*b", "NOT", "rr AND", "'", "^", "é:"]
)
def test_no_words_are_a_wrong_search(tmp_path: Path, run: Run, words: str) -> None:
    make_mirror(tmp_path)
    result = run(words)
    assert result.exit_code == 0, result.output
    assert f"nothing found in datasets, collections, columns, objects with all of: {words}" in (
        result.stderr
    )


@given(st.text(st.characters(codec="utf-8") | st.sampled_from('"*-()^: \0{}+'), max_size=30))
def test_whatever_is_typed_sqlite_takes_it(typed: str) -> None:
    with closing(fresh_catalog()) as conn:
        if expression := match_expression(typed):
            conn.execute("SELECT * FROM objects_fts WHERE objects_fts MATCH ?", (expression,))


def test_thousands_of_words_are_no_search_too_large(tmp_path: Path) -> None:
    make_mirror(tmp_path)
    with open_readonly(tmp_path) as catalog:
        assert list(find(catalog, "rr " * 5000, ["objects"]))


def test_nothing_found_says_where_it_looked_and_what_helps(tmp_path: Path, run: Run) -> None:
    make_mirror(tmp_path)
    result = run("keple", "--in", "collections")
    assert (result.exit_code, result.stdout) == (0, "[]\n")
    assert "nothing found in collections with all of: keple\n" in result.stderr
    assert "keple*" in result.stderr


def test_an_empty_mirror_says_so(tmp_path: Path, run: Run) -> None:
    open_writer(tmp_path / "catalog.sqlite").close()
    result = run("x")
    assert result.exit_code == 0
    assert "empty so far" in result.stderr


def test_objects_that_are_not_indexed_yet_are_said_to_be_missing(
    tmp_path: Path, run: Run
) -> None:
    make_mirror(tmp_path, index=False)
    result = run("rrab")
    assert names(result) == ["aB3-x_9"]
    assert "not indexed yet" in result.stderr
    assert "not indexed yet" not in run("rrab", "--in", "datasets").stderr


def test_a_limit_says_that_there_is_more(tmp_path: Path, run: Run) -> None:
    make_mirror(tmp_path)
    one = run("hat*", "--limit", "1")
    assert len([name for name in names(one) if name.startswith("HAT")]) == 1
    assert "more objects than these 1" in one.stderr
    every = run("hat*", "--limit", "0")
    assert len([name for name in names(every) if name.startswith("HAT")]) == 2
    assert "more" not in every.stderr


def test_other_forms_of_output_and_a_blank_search(tmp_path: Path, run: Run) -> None:
    make_mirror(tmp_path)
    result = run("rrc", "--csv")
    assert result.stdout.splitlines()[0] == "kind,name,collection,title,text"
    assert "HAT-199-0000124,hatnet_keplerfield,,RRc · Barnard's star" in result.stdout
    assert run(" ").exit_code == 2
    assert run().exit_code == 2
    assert run("x", "--in", "stars").exit_code == 2


def on_a_terminal(config: Path, *args: str, color: bool) -> str:
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "LCCMIRROR_CONFIG": str(config)}
    env.pop("NO_COLOR", None)
    if not color:
        env["NO_COLOR"] = "1"
    subprocess.run(
        [sys.executable, "-m", "lccmirror.cli.main", "find", *args],
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env=env,
        check=True,
        timeout=60,
    )
    os.close(theirs)
    shown = b""
    with open(ours, "rb", buffering=0) as terminal:  # noqa: PTH123 -- a descriptor
        try:
            while piece := terminal.read(4096):
                shown += piece
        except OSError:
            # how Linux says that nobody has the other end any more
            pass
    return shown.decode().replace("\r\n", "\n")


def test_a_terminal_shows_the_matches_marked_and_nothing_of_the_server_acts(
    tmp_path: Path, config: Path
) -> None:
    make_mirror(tmp_path)
    assert on_a_terminal(config, "rrab", color=False) == (
        "datasets\n"
        "  aB3-x_9  RR Lyrae stars\n"
        "      all [RRab]\n"
        "objects\n"
        "  HAT-199-0000123  hatnet_keplerfield\n"
        "      [RRab] · V* RR Lyr\n"
    )
    shown = on_a_terminal(config, "α", "cen", color=False)
    assert "[α] \\x1b[2J [Cen]\\x03" in shown
    assert "\x1b" not in shown
    assert "\x1b[1;33mRRab\x1b[0m" in on_a_terminal(config, "rrab", color=True)
