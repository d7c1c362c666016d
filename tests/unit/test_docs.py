"""The documentation: it is built strictly, is complete, and what it shows is what happens."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import duckdb
import msgspec
import pytest
from sitepages import completed
from sitepages.catalog import CONTRACT, schema_script, tables
from sitepages.commands import all_commands
from sitepages.demo_mirror import demo_mirror
from sitepages.examples import PICTURES, SESSION, cookbook_page, pictures, session_page
from sitepages.recording import Terminal, recorded

from lccmirror.config_model import TABLES
from lccmirror.formats import read_lightcurve
from lccmirror.query.cookbook import cookbook

DOCS = Path(__file__).parents[2] / "docs"
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """The folder of the mirror that the examples ask."""
    with demo_mirror() as made:
        yield made


def build(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """Build a site, with every way to the network closed."""
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    return subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "-n", "--keep-going", "-q", source, target],
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    done = build(DOCS, tmp_path / "site")
    assert done.stderr == ""
    assert done.returncode == 0
    pages = [path.read_text("utf-8") for path in (tmp_path / "site").rglob("*.html")]
    assert len(pages) > 20
    for made in pages:
        assert "&lt;!-- made" not in made
        # it can be read without a network, too
        assert not re.search(r"""(?:src=|<link [^>]*href=)["']?(?:https?:)?//""", made)


def test_a_link_to_nowhere_is_an_error(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text(f"exec(open({str(DOCS / 'conf.py')!r}).read())")
    text = f"__file__ = {str(DOCS / 'conf.py')!r}\n" + (source / "conf.py").read_text()
    (source / "conf.py").write_text(text)
    (source / "index.md").write_text("# Title\n\n[nowhere](nowhere.md)\n")
    done = build(source, tmp_path / "site")
    assert done.returncode != 0
    assert "nowhere.md" in done.stderr


# The catalog


def test_every_table_and_column_of_the_catalog_is_described() -> None:
    made = tables(schema_script())
    assert [table.name for table in made if not table.words] == []
    assert [
        f"{table.name}.{column.name}"
        for table in made
        for column in table.columns
        if not column.words and table.kind != "view"
    ] == []


def test_the_tables_to_build_on_are_there() -> None:
    assert {table.name for table in tables(schema_script())} >= CONTRACT


def test_words_are_found_above_beside_and_below() -> None:
    (one, other) = tables(
        "-- Lost: a line\n-- that is not above.\n\n"
        "-- Two lines\n-- above.\n"
        "CREATE TABLE one (\n"
        "  a TEXT CHECK (a IN ('x',\n    'y')), -- beside\n"
        "                 -- and below\n"
        "  b REAL,-- close\n"
        "  c,\n"
        "  PRIMARY KEY (a, b)\n) WITHOUT ROWID;\n"
        "CREATE INDEX one_b ON one (b);\n"
        "CREATE VIEW other AS SELECT a FROM one;\n"
    )
    assert one.words == "Two lines above."
    assert [(c.name, c.type, c.key, c.words) for c in one.columns] == [
        ("a", "TEXT", True, "beside and below"),
        ("b", "REAL", True, "close"),
        ("c", "", False, ""),
    ]
    assert one.indexes == ("one_b (b)",)
    assert (other.kind, other.words) == ("view", "")


# The commands and the configuration


def test_every_command_option_and_example_is_in_the_reference() -> None:
    made = completed(page("commands.md"))
    for path, command in all_commands():
        assert re.search(rf"^##+ {re.escape(path)}$", made, re.MULTILINE)
        for example in getattr(command, "examples", ()):
            assert f"$ {example}\n" in made
        for param in command.params:
            if isinstance(param, click.Option) and not param.hidden:
                assert f"`{param.opts[-1]}" in made or f", {param.opts[-1]}" in made


def test_the_exit_codes_are_those_of_the_help() -> None:
    made = completed(page("commands.md"))
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", made, re.MULTILINE)]
    assert codes == [0, 1, 2, 65, 69, 70, 73, 75, 78, 130, 141]


def test_every_setting_is_in_the_reference() -> None:
    made = completed(page("configuration.md"))
    for table, struct in TABLES.items():
        assert f"[{table}]" in made
        for field in msgspec.structs.fields(struct):
            assert re.search(rf"^#?{field.encode_name} = ", made, re.MULTILINE), field.name


def test_a_page_can_only_ask_for_what_is_made() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        completed("# Title\n\n<!-- made: nonsense -->\n")


# The examples


def test_the_cookbook_s_answers_are_those_of_a_new_mirror(folder: Path) -> None:
    assert page("cookbook.md") == cookbook_page(folder), "run make docs-examples"


def test_the_cookbook_answers_every_question() -> None:
    text = page("cookbook.md")
    assert len(cookbook()) >= 20
    for question in cookbook():
        assert f". {question.title}\n" in text


def test_a_new_session_shows_the_same(folder: Path) -> None:
    assert page("session.md") == session_page(folder), "run make docs-examples"
    names = pictures(SESSION.read_text("utf-8"))
    assert len(names) >= 2
    for name in names:
        assert (PICTURES / name).read_bytes()[:8] == (folder / name).read_bytes()[:8]


def test_commands_are_run_again_and_the_text_around_them_stays(tmp_path: Path) -> None:
    before = (
        "# Page\n\n```console\n$ echo one\nold\nolder\n"
        "$ printf 'two\n> three\\n'; exit 3\n$ echo $?; pwd\n```\n\n```sql\n$ echo\n```\n"
    )
    assert recorded(before, Terminal(tmp_path)) == (
        "# Page\n\n```console\n$ echo one\none\n"
        "$ printf 'two\n> three\\n'; exit 3\ntwo\nthree\n$ echo $?; pwd\n3\n~\n```\n\n"
        "```sql\n$ echo\n```\n"
    )


def test_a_recorded_command_has_a_terminal_of_a_fixed_size(tmp_path: Path) -> None:
    told = Terminal(tmp_path)(
        f"{sys.executable} -c 'import os; print(os.get_terminal_size(1))'"
    )
    assert told == "os.terminal_size(columns=100, lines=40)\n"


@pytest.mark.parametrize("name", ["other-tools.md"])
def test_the_page_s_python_runs_in_a_mirror(name: str, folder: Path) -> None:
    code = "\n".join(PYTHON.findall(page(name)))
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder / "mirror",
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "DMB-" in done.stdout


def test_the_page_s_shell_commands_and_duckdb_s_sql_work(folder: Path, tmp_path: Path) -> None:
    """What other-tools.md has for the `sqlite3` shell and for DuckDB, as it stands there."""
    text = page("other-tools.md")
    shell = re.findall(r"^\$ (sqlite3 .+)$", text, re.MULTILINE)
    (where,) = re.findall(r"^\$ lccmirror (lc --where .+ --out curves .+)$", text, re.MULTILINE)
    overview, curves = re.findall(r"^```sql\n(.*?);\n```$", text, re.MULTILINE | re.DOTALL)
    assert len(shell) == 3
    for command in shell:
        told = subprocess.run(
            ["/bin/sh", "-c", command.replace("> bright.csv", "")],
            cwd=folder / "mirror",
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout
        assert told.stderr == ""
    lccmirror = [
        sys.executable,
        "-m",
        "lccmirror.cli.main",
        "-c",
        str(folder / "lccmirror.toml"),
    ]
    for arguments in (["export", "--parquet", "."], shlex.split(where)):
        subprocess.run([*lccmirror, *arguments], cwd=tmp_path, capture_output=True, check=True)
    with closing(duckdb.connect()) as duck:
        duck.execute(f"SET file_search_path = '{tmp_path}'")
        duck.execute((tmp_path / "duckdb.sql").read_text("utf-8"))
        assert ("EA", 30) in [row[:2] for row in duck.execute(overview).fetchall()]
        found = duck.execute(curves).fetchall()
    assert len(found) == 2
    assert all(points > 100 and 9 < median < 12 for _, points, median in found)


def test_the_documented_reader_reads_what_ours_reads(folder: Path, tmp_path: Path) -> None:
    import sqlite3
    import zipfile

    here: dict[str, Any] = {}
    exec("\n".join(PYTHON.findall(page("formats.md"))), here)  # noqa: S102 -- our own page
    with closing(sqlite3.connect(folder / "mirror" / "catalog.sqlite")) as catalog:
        found = catalog.execute(
            "SELECT path, member FROM lightcurves WHERE newest = 1 ORDER BY objectid LIMIT 5"
        ).fetchall()
    assert len(found) == 5
    for path, member in found:
        with zipfile.ZipFile(folder / "mirror" / path) as archive:
            file = Path(archive.extract(member, tmp_path))
        metadata, names, rows = here["read"](file)
        curve = read_lightcurve(file)
        assert json.dumps({k: v["val"] for k, v in metadata.items()}) == json.dumps(
            dict(curve.metadata)
        )
        assert names == [column.name for column in curve.columns]
        assert [float(row[0]) for row in rows] == curve.arrays[names[0]].tolist()
