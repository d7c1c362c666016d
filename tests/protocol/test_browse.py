"""Datasette on a catalog: served to one's own browser, explained, and read-only."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lccmirror.browse.app import SETTINGS, datasette_for
from lccmirror.browse.metadata import DATABASE, metadata
from lccmirror.browse.serving import listening, url_of
from lccmirror.catalog.connection import close_writer, open_writer
from lccmirror.cli.app import cli
from lccmirror.errors import LocalError
from lccmirror.query import open_readonly
from tests.support.catalog import add_collection, add_dataset, column, put_rows

TOP = Path(__file__).parents[2]
HOSTILE = "<script>alert('&')</script>"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A mirror in a folder whose name a URL would have to escape."""
    folder = tmp_path / "a?b#c%20d"
    folder.mkdir()
    with contextlib.closing(open_writer(folder / "catalog.sqlite")) as conn:
        add_collection(conn, "field_a", {"sdssr": "<f8", "remarks": "U99"})
        conn.execute(
            "UPDATE columns SET title = '<em>r</em> [mag]', description = ? "
            "WHERE name = 'sdssr'",
            (f"SDSS r &lt;b&gt; {HOSTILE}",),
        )
        add_dataset(conn, "aaaa")
        conn.execute(
            "UPDATE datasets SET name = 'HAT-199 and RRab', description = ?", (HOSTILE,)
        )
        put_rows(
            conn,
            "aaaa",
            [column("sdssr"), column("remarks", "U99")],
            [("field_a", f"A-{n}", float(n), -1.0, 12.0, HOSTILE) for n in range(5)],
        )
        close_writer(conn)
    return folder


@contextlib.contextmanager
def datasette(root: Path, **options: Any) -> Iterator[Any]:
    with open_readonly(root) as catalog:
        made = datasette_for(catalog.path, metadata(catalog.connection), **options)
    try:
        yield made
    finally:
        made.get_database(DATABASE).close()


def ask(made: Any, path: str) -> Any:
    return asyncio.run(made.client.get(path))


def rows(made: Any, sql: str) -> Any:
    from urllib.parse import quote

    return ask(made, f"/{DATABASE}.json?_shape=arrays&sql={quote(sql)}").json()


def test_the_first_page_has_the_questions_of_the_cookbook(root: Path) -> None:
    with contextlib.closing(sqlite3.connect(root / "catalog.sqlite")) as conn, conn:
        address = "INSERT OR REPLACE INTO mirror VALUES ('server_url', ?)"
        conn.execute(address, ("http://<script>/",))
    with datasette(root) as made:
        page = ask(made, "/").text
        links = re.findall(rf'<li><a href="(/{DATABASE}/[^"]+)">', page)
        assert ask(made, links[0]).status_code == 200
    assert len(links) > 10
    assert "<li><a" in page
    assert "http://<script>" not in page


def test_without_datasette_it_says_what_to_install(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "lccmirror.toml"
    config.write_text(f'[server]\nurl = "http://127.0.0.1:9"\n[mirror]\nroot = "{root}"\n')
    monkeypatch.setitem(sys.modules, "datasette", None)  # as if it were not installed
    done = CliRunner().invoke(cli, ["-c", str(config), "browse", "--no-open"])
    assert done.exit_code == 1
    assert "this needs datasette, which is not installed" in done.stderr
    assert "pip install 'lccmirror[browse]'" in done.stderr


def test_columns_are_explained_in_the_servers_words_with_their_units(root: Path) -> None:
    with datasette(root) as made:
        page = ask(made, f"/{DATABASE}/objects").text
    assert "<dt>sdssr</dt><dd>r [mag]: SDSS r &lt;b&gt;" in page
    assert "<dt>ra</dt><dd>degrees [deg]</dd>" in page
    assert "Every object of which a mirrored dataset has a row" in page


def test_nothing_that_the_server_wrote_is_markup(root: Path) -> None:
    with datasette(root) as made:
        for path in (
            "/",
            f"/{DATABASE}",
            *(f"/{DATABASE}/{t}" for t in ("objects", "datasets", "columns")),
        ):
            assert "<script>alert" not in ask(made, path).text, path


def test_every_table_of_the_contract_can_be_opened_and_no_other_is_listed(root: Path) -> None:
    with datasette(root) as made:
        listed = ask(made, f"/{DATABASE}.json").json()
        shown = {table["name"] for table in listed["tables"] if not table["hidden"]}
        views = {view["name"] for view in listed["views"]}
        assert {"objects", "datasets", "lightcurves", "search_changes"} <= shown
        assert not {"announcements", "mirror", "counts", "datasets_text"} & shown
        assert views == set()
        for name in shown:
            assert ask(made, f"/{DATABASE}/{name}").status_code == 200


@pytest.mark.parametrize("words", ["RRab", "HAT-199", "rrab AND", "rrab NOTHING*"])
def test_the_search_box_takes_what_people_write(root: Path, words: str) -> None:
    from urllib.parse import quote

    with datasette(root) as made:
        answer = ask(made, f"/{DATABASE}/datasets.json?_shape=array&_search={quote(words)}")
    assert answer.status_code == 200
    found = [row["setid"] for row in answer.json()]
    assert found == ([] if "NOTHING" in words else ["aaaa"])


def test_the_functions_of_lccmirror_query_are_there(root: Path) -> None:
    with datasette(root) as made:
        answer = rows(
            made, "SELECT angular_distance_arcsec(0, 0, 0, 1), in_cone(0, 0, 0, 1, 61)"
        )
    assert answer["rows"] == [[pytest.approx(3600.0), 1]]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO mirror VALUES ('x', 'y')",
        "ATTACH '/etc/passwd' AS p",
        "SELECT load_extension('x')",
        "PRAGMA journal_mode = DELETE",
        "WITH x AS (SELECT 1) DELETE FROM mirror",
    ],
)
def test_no_statement_changes_or_reaches_anything(root: Path, statement: str) -> None:
    before = (root / "catalog.sqlite").read_bytes()
    with datasette(root) as made:
        answer = rows(made, statement)
    assert answer["ok"] is False
    assert (root / "catalog.sqlite").read_bytes() == before


def test_the_file_itself_and_the_machine_are_not_for_download(root: Path) -> None:
    with datasette(root) as made:
        assert ask(made, f"/{DATABASE}.db").status_code == 403
        assert made.setting("allow_download") is SETTINGS["allow_download"] is False
        assert made.setting("template_debug") is False
        assert [one["name"] for one in ask(made, "/-/databases.json").json()] == [DATABASE]


def test_a_plugin_that_happens_to_be_installed_is_not_loaded(root: Path) -> None:
    from datasette.plugins import pm  # type: ignore[import-untyped]

    foreign = types.ModuleType("foreign_plugin")
    pm.register(foreign, name="foreign_plugin")
    try:
        with datasette(root, plugins=True) as made:
            names = [one["name"] for one in ask(made, "/-/plugins.json").json()]
            assert names == ["foreign_plugin"]
        with datasette(root) as made:
            assert ask(made, "/-/plugins.json").json() == []
    finally:
        if pm.has_plugin("foreign_plugin"):
            pm.unregister(name="foreign_plugin")


def test_settings_in_the_working_directory_are_not_read(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "metadata.json").write_text('{"title": "somebody else"}')
    (tmp_path / "settings.json").write_text('{"allow_download": true}')
    monkeypatch.chdir(tmp_path)
    with datasette(root) as made:
        assert "somebody else" not in ask(made, "/").text
        assert made.setting("allow_download") is False


def test_questions_about_columns_that_are_not_here_are_not_offered(root: Path) -> None:
    with datasette(root) as made:
        offered = {query["name"] for query in ask(made, f"/{DATABASE}.json").json()["queries"]}
    assert "bright_objects" in offered
    assert not {"red_objects", "periodic_variables"} & offered


def test_what_is_written_meanwhile_is_shown(root: Path) -> None:
    with datasette(root) as made:
        asked = "SELECT count(*) FROM objects"
        assert rows(made, asked)["rows"] == [[5]]
        with contextlib.closing(open_writer(root / "catalog.sqlite")) as conn:
            conn.execute("DELETE FROM objects WHERE objectid = 'A-1'")
            assert conn.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert rows(made, asked)["rows"] == [[4]]


# --- the command --------------------------------------------------------------------------


@pytest.fixture
def config(root: Path, tmp_path: Path) -> Path:
    path = tmp_path / "lccmirror.toml"
    path.write_text(
        f'[server]\nurl = "http://127.0.0.1:1"\n[mirror]\nroot = {json.dumps(str(root))}\n'
    )
    return path


@contextlib.contextmanager
def browsing(config: Path, *before: str) -> Iterator[tuple[str, Any]]:
    """Run the command until the block ends; gives its URL."""
    program = "from lccmirror.cli.main import main; main()"
    command = [sys.executable, "-c", program, "-c", str(config), "browse", "--no-open"]
    process = subprocess.Popen(
        [*before, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=TOP,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, process.communicate()[1]
        yield url, process
    finally:
        process.kill()
        process.communicate()


def get(url: str, path: str, **headers: str) -> tuple[int, str]:
    with contextlib.closing(
        http.client.HTTPConnection(url[7:].rstrip("/"), timeout=60)
    ) as http_:
        http_.request("GET", path, headers=headers)
        answer = http_.getresponse()
        return answer.status, answer.read().decode()


def test_browse_serves_on_loopback_until_it_is_interrupted(config: Path) -> None:
    with browsing(config) as (url, process):
        assert url.startswith("http://127.0.0.1:")
        status, text = get(url, f"/{DATABASE}/what_is_here.json?_shape=arrays")
        assert (status, json.loads(text)["rows"]) == (200, [["field_a", None, None, 5, 0]])
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, "")
        assert "Traceback" not in err


def test_a_mistake_in_sql_is_told_to_the_browser_and_not_to_the_terminal(config: Path) -> None:
    with browsing(config) as (url, process):
        status, text = get(url, f"/{DATABASE}.json?sql=SELECT+colour+FROM+objects")
        assert (status, json.loads(text)["error"]) == (400, "no such column: colour")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert out == ""
    assert "Traceback" not in err


def test_another_sites_name_for_this_machine_is_refused(config: Path) -> None:
    with browsing(config) as (url, _):
        assert get(url, "/", Host="evil.example.org")[0] == 421
        assert get(url, "/", Host=f"localhost:{url.rstrip('/').rpartition(':')[2]}")[0] == 200


# Runs what follows where nothing below the folder can be written, not even by root.
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'


@pytest.mark.parametrize("writer", ["stopped", "running"])
def test_browse_needs_nothing_to_be_writable(root: Path, config: Path, writer: str) -> None:
    own = ["/usr/bin/env", "unshare", "--map-root-user", "--mount", "/bin/sh", "-c"]
    with contextlib.ExitStack() as stack:
        if writer == "running":
            conn = stack.enter_context(contextlib.closing(open_writer(root / "catalog.sqlite")))
            conn.execute("INSERT INTO mirror VALUES ('x', 'y')")
        url, _ = stack.enter_context(browsing(config, *own, READ_ONLY, str(root)))
        status, text = get(url, f"/{DATABASE}/mirror.json?_shape=array")
        assert status == 200
        assert ("x" in {row["key"] for row in json.loads(text)}) == (writer == "running")
        assert get(url, f"/{DATABASE}/objects")[0] == 200


def test_a_port_that_is_taken_is_said(config: Path) -> None:
    with (
        listening("127.0.0.1", 0) as taken,
        pytest.raises(LocalError, match="cannot listen on 127"),
        listening("127.0.0.1", taken.getsockname()[1]),
    ):
        pass


class OfSix(socket.socket):
    """Listens, as it says, on an address of six: this machine may have none."""

    def getsockname(self) -> tuple[str, int, int, int]:
        return ("::1", 8001, 0, 0)


def test_an_address_of_six_has_brackets_in_its_url() -> None:
    with OfSix() as listener:
        assert url_of(listener) == "http://[::1]:8001/"


def test_the_catalog_is_untouched_by_being_looked_at(root: Path, config: Path) -> None:
    before = (root / "catalog.sqlite").read_bytes()
    with browsing(config) as (url, _):
        assert get(url, "/")[0] == 200
    assert (root / "catalog.sqlite").read_bytes() == before
    with contextlib.closing(sqlite3.connect(root / "catalog.sqlite")) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
