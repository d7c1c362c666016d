"""`lccmirror search`: list, run, changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lccmirror.cli.app import cli
from lccmirror.demo import DemoServer

Run = Callable[..., Result]

SEARCHES = """
[[search]]
name = "bright"
kind = "columnsearch"
filters = "sdssr < 15"
columns = ["sdssr"]
every = "6h"
allow_frequent = true
[[search]]
name = "off"
kind = "ftsquery"
text = "nova"
cron = "0 4 * * *"
timezone = "UTC"
enabled = false
"""


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer(objects=5, points=(5, 9)) as served:
        yield served


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: DemoServer) -> Run:
    """Run a command on a mirror in tmp_path that has two saved searches."""
    config = tmp_path / "lccmirror.toml"
    config.write_text(
        f'[server]\nurl = "{server.url}"\n[mirror]\nroot = "m"\nmin_free = 0\n{SEARCHES}'
    )
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setenv("LCCMIRROR_CONFIG", str(config))

    def invoke(*args: str) -> Result:
        return CliRunner().invoke(cli, args)

    return invoke


def listed(run: Run) -> dict[str, dict[str, object]]:
    result = run("search", "list")
    assert result.exit_code == 0, result.output
    return {one["name"]: one for one in json.loads(result.stdout)}


def test_a_search_is_run_listed_and_its_changes_told(run: Run, server: DemoServer) -> None:
    assert run("sync").exit_code == 0
    before = listed(run)["bright"]
    assert (before["state"], before["last_run"]) == ("never ran", None)
    result = run("search", "run", "bright", "--wait")
    assert result.exit_code == 0, result.output
    found = json.loads(run("query", "select count(*) as n from latest_bright").stdout)[0]["n"]
    assert result.stdout == f"bright: ok: {found} objects\n"
    after = listed(run)["bright"]
    assert (after["state"], after["nobjects"], after["added"]) == ("ok", found, found)
    assert after["next_run"] is not None
    changes = json.loads(run("search", "changes", "bright").stdout)
    assert len(changes) == found
    assert {one["change"] for one in changes} == {"added"}
    assert {"time", "run", "collection", "objectid", "ra", "decl"} <= changes[0].keys()
    assert json.loads(run("search", "changes", "bright", "--since", "1h").stdout) == changes
    assert json.loads(run("search", "changes", "bright", "--since", "2999-01-01").stdout) == []


def test_a_disabled_search_runs_only_when_asked_for(run: Run) -> None:
    run("sync")
    assert listed(run)["off"]["schedule"] == "cron 0 4 * * * (UTC) (disabled)"
    assert listed(run)["off"]["next_run"] is None
    result = run("search", "run", "off", "--wait")
    assert result.exit_code == 0
    assert result.stdout == "off: ok: nothing matches\n"


def test_where_there_is_nothing_words_say_why(run: Run, tmp_path: Path) -> None:
    run("sync")
    never = run("search", "changes", "bright")
    assert (json.loads(never.stdout), never.stderr) == ([], "bright has not run yet\n")
    run("search", "run", "bright", "--wait")
    later = run("search", "changes", "bright", "--since", "2999-01-01")
    said = "bright: nothing came, went or changed since 2999-01-01\n"
    assert (json.loads(later.stdout), later.stderr) == ([], said)
    config = tmp_path / "lccmirror.toml"
    config.write_text(config.read_text().replace(SEARCHES, ""))
    none = run("search", "list")
    assert (none.exit_code, json.loads(none.stdout)) == (0, [])
    assert f"{config} has no [[search]]" in none.stderr


def test_several_searches_are_run_side_by_side(run: Run) -> None:
    result = run("search", "run", "bright", "off", "--wait")
    assert result.exit_code == 0, result.output
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == ["bright", "off"]


def test_an_unknown_name_is_refused_with_the_nearest(run: Run) -> None:
    run("sync")
    for arguments in (("run", "brigth"), ("changes", "brigth")):
        result = run("search", *arguments)
        assert result.exit_code == 2
        assert "did you mean bright?" in result.stderr
        assert "hint: there are: bright, off" in result.stderr


def test_a_name_that_is_not_utf_8_is_refused_before_a_daemon_is_asked(run: Run) -> None:
    result = run("search", "run", "\udce9")
    assert result.exit_code == 2
    assert "not valid UTF-8" in result.stderr


def test_a_failed_search_is_exit_code_1(run: Run, server: DemoServer, tmp_path: Path) -> None:
    run("sync")
    config = tmp_path / "lccmirror.toml"
    config.write_text(config.read_text().replace("sdssr < 15", "sdsr < 15"))
    result = run("search", "run", "bright", "--wait")
    assert result.exit_code == 1
    assert result.stdout.startswith('bright: failed: not sent: filters: no column "sdsr"')
    assert [one.target for one in server.requests if one.method == "POST"] == []


def test_status_tells_how_the_searches_are(run: Run, tmp_path: Path) -> None:
    run("sync")
    assert "saved searches" not in run("status").stdout
    run("search", "run", "bright", "--wait")
    [good] = json.loads(run("status", "--json").stdout)["searches"]
    assert (good["name"], good["state"], good["failures"]) == ("bright", "ok", 0)
    assert good["last_good"] == good["finished"]
    assert good["next_run"] > good["started"]
    status = json.loads(run("status", "--json").stdout)
    assert status["week_bytes"] == status["file_bytes"] > 0
    config = tmp_path / "lccmirror.toml"
    config.write_text(config.read_text().replace("sdssr < 15", "sdsr < 15"))
    for _ in range(2):
        run("search", "run", "bright", "--wait")
    [bad] = json.loads(run("status", "--json").stdout)["searches"]
    assert (bad["state"], bad["failures"], bad["nobjects"]) == ("failed", 2, None)
    assert bad["last_good"] == good["finished"]
    assert 'no column "sdsr"' in bad["message"]
    shown = run("status").stdout
    assert "saved searches" in shown
    assert 'bright: failed, 2 times in a row: not sent: filters: no column "sdsr"' in shown
