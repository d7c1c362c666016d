"""The commands that make, fill, show and check a mirror, against a small server inside."""

from __future__ import annotations

import json
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lccmirror.catalog.connection import close_writer, open_writer
from lccmirror.cli.app import cli
from lccmirror.config import load_config
from lccmirror.demo import DemoServer
from lccmirror.server import client
from tests.support.timing import FakeTime

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the mirror in tmp_path/m, with a state folder of its own."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setenv("LCCMIRROR_CONFIG", str(tmp_path / "m" / "lccmirror.toml"))

    def invoke(*args: str) -> Result:
        return CliRunner().invoke(cli, args)

    return invoke


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer(objects=5, points=(5, 9)) as served:
        served.make_dataset("columnsearch", filters="(ndet gt 0)")
        yield served


@pytest.fixture
def mirror(tmp_path: Path, run: Run, server: DemoServer) -> Path:
    result = run("init", str(tmp_path / "m"), "--url", server.url)
    assert result.exit_code == 0, result.output
    return tmp_path / "m"


# --- init, config check ----------------------------------------------------------------


def test_init_makes_a_config_and_a_mirror_that_can_be_asked(tmp_path: Path, run: Run) -> None:
    result = run("init", str(tmp_path / "m"), "--url", "https://data.example.org/")
    assert result.exit_code == 0
    config = load_config(tmp_path / "m" / "lccmirror.toml")
    assert config.server.url == "https://data.example.org"
    assert config.mirror.root == tmp_path / "m"
    assert run("query", "select count(*) as n from datasets").output == '[{"n": 0}]\n'


def test_init_never_touches_a_config_that_is_there(tmp_path: Path, run: Run) -> None:
    (tmp_path / "lccmirror.toml").write_text("mine")
    result = run("init", str(tmp_path))
    assert result.exit_code == 2
    assert (tmp_path / "lccmirror.toml").read_text() == "mine"
    assert [entry.name for entry in tmp_path.iterdir()] == ["lccmirror.toml"]


def test_init_does_not_write_through_a_symlink(tmp_path: Path, run: Run) -> None:
    (tmp_path / "lccmirror.toml").symlink_to(tmp_path / "elsewhere")
    assert run("init", str(tmp_path)).exit_code == 2
    assert not (tmp_path / "elsewhere").exists()


def test_init_with_a_wrong_url_makes_nothing(tmp_path: Path, run: Run) -> None:
    result = run("init", str(tmp_path / "m"), "--url", "data.example.org")
    assert result.exit_code == 2
    assert "--url" in result.stderr
    assert not (tmp_path / "m").exists()


def test_init_where_a_file_is_says_so(tmp_path: Path, run: Run) -> None:
    (tmp_path / "m").write_text("")
    result = run("init", str(tmp_path / "m"))
    assert result.exit_code == 78
    assert "not a folder" in result.stderr


def test_config_check_names_every_mistake_with_its_line(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('[server]\nurl = "nonsense"\n[mirror]\nroot = "."\nworkers = 0\n')
    result = run("-c", str(path), "config", "check")
    assert result.exit_code == 78
    assert f"{path}:2: server.url" in result.stderr
    assert f"{path}:5: mirror.workers" in result.stderr


def test_config_check_online_asks_the_server_for_the_names(mirror: Path, run: Run) -> None:
    config = mirror / "lccmirror.toml"
    assert run("config", "check", "--online").exit_code == 0
    text = config.read_text()
    assert "\n[select]\n" in text
    wanted = '\n[select]\ncollections = ["no_such_*"]\n'
    config.write_text(text.replace("\n[select]\n", wanted, 1))
    assert run("config", "check").exit_code == 0
    result = run("config", "check", "--online")
    assert result.exit_code == 78
    assert "no_such_*" in result.stderr


# --- sync, status, verify --------------------------------------------------------------


def test_a_sync_ends_with_one_line_and_the_next_has_nothing_to_do(
    mirror: Path, run: Run
) -> None:
    first = run("sync")
    assert first.exit_code == 0, first.stderr
    assert first.stdout.startswith("1 new, 0 changed, 1 mirrored; ")
    assert len(first.stdout.splitlines()) == 1
    assert "2 requests, 0 bytes" in run("sync").stdout
    nothing = run("sync", "--dry-run")
    assert json.loads(nothing.stdout) == []
    assert nothing.stderr.startswith("dry run: nothing to fetch: all that is chosen")


def test_a_dry_run_tells_what_and_why_and_changes_nothing(mirror: Path, run: Run) -> None:
    before = (mirror / "catalog.sqlite").read_bytes()
    result = run("sync", "--dry-run")
    (row,) = json.loads(result.stdout)
    assert (row["action"], row["reason"], row["size"]) == ("fetch", "new", "unknown")
    assert "1 to fetch" in result.stderr
    assert run("query", "select count(*) from datasets", "-r").output == "0"
    assert len((mirror / "catalog.sqlite").read_bytes()) == len(before)


def test_a_server_that_is_no_lcc_server_ends_with_69(mirror: Path, run: Run) -> None:
    config = mirror / "lccmirror.toml"
    text = config.read_text().replace("[server]", '[server]\nretry_total = "0s"', 1)
    config.write_text(text.replace(load_config(config).server.url, "http://127.0.0.1:9"))
    result = run("sync")
    assert result.exit_code == 69
    assert "127.0.0.1:9" in result.output


def test_status_tells_what_is_here(mirror: Path, run: Run, server: DemoServer) -> None:
    assert "none yet" in run("status").output
    run("sync")
    shown = run("status").output
    assert "1 mirrored" in shown
    assert server.url in shown
    status = json.loads(run("status", "--json").stdout)
    assert status["datasets"] == {"mirrored": 1}
    assert status["rows"] == 10
    assert status["last_cycle"]["outcome"] == "ok"
    assert status["problems"] == status["gaps"] == status["unsound"] == []


def test_status_names_what_failed_and_when_it_is_tried_again(mirror: Path, run: Run) -> None:
    conn = open_writer(mirror / "catalog.sqlite")
    conn.execute(
        "INSERT INTO datasets (setid, origin, state, first_seen, last_seen) "
        "VALUES ('bad', 'listed', 'failed', '2026', '2026')"
    )
    conn.execute(
        "INSERT INTO work (setid, reason, since, attempts, not_before, last_error) VALUES "
        "('bad', 'new', '2026', 3, '2999-01-02T03:04:05.000000Z', 'it said \x1b[2J')"
    )
    conn.execute("INSERT INTO gaps VALUES (1, '2026-01-02T03:04:05Z', NULL, NULL, 'a gap')")
    close_writer(conn)
    shown = run("status").output
    assert "1 later, the first at 2999-01-02T03:04:05Z" in shown
    assert "it said \\x1b[2J" in shown
    assert "a gap" in shown
    assert json.loads(run("status", "--json").stdout)["problems"][0]["attempts"] == 3


def test_status_refuses_a_catalog_of_a_newer_version(mirror: Path, run: Run) -> None:
    conn = sqlite3.connect(mirror / "catalog.sqlite")
    conn.execute("PRAGMA user_version = 999")
    conn.close()
    result = run("status")
    assert result.exit_code == 78
    assert "newer" in str(result.stderr)


def test_verify_names_what_is_damaged_and_repair_mends_it(mirror: Path, run: Run) -> None:
    run("sync")
    assert run("verify").exit_code == 0
    (csv,) = mirror.glob("datasets/*/*/*.csv")
    good = csv.read_bytes()
    csv.unlink()
    csv.write_bytes(good.replace(b"|", b"!", 1))
    found = run("verify")
    assert found.exit_code == 65
    assert "hint: `lccmirror verify --repair`" in found.stderr.splitlines()[-1]
    assert f"damaged: {csv.relative_to(mirror)}" in found.stdout
    assert "verify --repair" in run("status").output
    mended = run("verify", "--repair")
    assert mended.exit_code == 0
    assert "hint" not in mended.output
    assert csv.read_bytes() == good
    assert run("verify").exit_code == 0


# --- key -------------------------------------------------------------------------------


def test_no_key_at_first_then_an_anonymous_one_that_is_never_printed(
    mirror: Path, run: Run, tmp_path: Path
) -> None:
    for flag in ([], ["--online"]):
        assert "no key for" in run("key", "show", *flag).output
        assert not list((tmp_path / "state").glob("*.json"))
    before = run("key", "renew")
    assert before.exit_code == 0
    (file,) = (tmp_path / "state").glob("*.json")
    secret = json.loads(file.read_text())["apikey"]
    shown = run("key", "show", "--online")
    assert "anonymous key for" in shown.output
    assert "the server says: good" in shown.output
    for output in (before.output, shown.output, run("--debug", "key", "show").output):
        assert secret not in output
    run("key", "renew")
    assert json.loads(file.read_text())["apikey"] != secret


def test_a_key_that_cannot_be_kept_is_not_asked_for(
    mirror: Path, run: Run, tmp_path: Path
) -> None:
    run("key", "renew")
    (file,) = (tmp_path / "state").glob("*.json")
    before = file.read_bytes()
    file.parent.chmod(0o770)
    refused = run("key", "renew")
    assert refused.exit_code == 78
    assert "others can write to the folder of API keys" in refused.output
    assert file.read_bytes() == before


def test_an_imported_key_is_kept_for_its_owner_only(
    mirror: Path, run: Run, tmp_path: Path
) -> None:
    brought = tmp_path / "hat-key.json"
    brought.write_text('{"apikey": "an-account-key-000", "expires": "2001-01-01T00:00:00Z"}')
    brought.chmod(0o600)
    assert run("key", "import", str(brought)).exit_code == 0
    (kept,) = (tmp_path / "state").glob("account-*.json")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    shown = run("key", "show")
    assert "account key for" in shown.output
    assert "2001-01-01T00:00:00.000000Z (past)" in shown.output
    assert "an-account-key-000" not in shown.output
    (described,) = json.loads(run("key", "show", "--json").stdout)["keys"]
    assert described["expired"] is True


def test_a_key_that_the_server_refuses_is_shown_all_the_same(run: Run, mirror: Path) -> None:
    file = mirror / "account.json"
    file.touch(mode=0o600)
    file.write_text("refused-" * 8)
    assert run("key", "import", str(file)).exit_code == 0
    shown = run("key", "show", "--online")
    assert shown.exit_code == 69
    assert "account key for" in shown.stdout


def test_a_key_file_that_others_can_read_is_refused(
    mirror: Path, run: Run, tmp_path: Path
) -> None:
    brought = tmp_path / "hat-key.json"
    brought.write_text("an-account-key-000")
    brought.chmod(0o644)
    result = run("key", "import", str(brought))
    assert result.exit_code == 78
    assert "chmod 600" in result.stderr
    assert not list(tmp_path.glob("state/*"))


# --- without a server ------------------------------------------------------------------


def test_a_log_on_a_full_disk_does_not_keep_a_sync_from_its_work(mirror: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "lccmirror.cli.main", "-c", str(mirror), "sync"],
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
            check=False,
            timeout=60,
        )
    assert (done.returncode, done.stdout[:29]) == (0, "1 new, 0 changed, 1 mirrored;")


def test_a_sync_without_its_server_says_the_error_and_then_what_to_do(
    mirror: Path, run: Run, server: DemoServer
) -> None:
    config = mirror / "lccmirror.toml"
    text = config.read_text("utf-8")
    config.write_text(text.replace("[server]", '[server]\nretry_total = "0s"'), "utf-8")
    url = server.url
    server.close()
    result = run("sync")
    assert result.exit_code == 69
    error, hint = result.stderr.splitlines()
    assert error.startswith(f"error: {url}: cannot connect")
    assert hint.startswith("hint: ")
    (summary,) = result.stdout.splitlines()
    assert "ended early" in summary


def test_a_quiet_sync_says_nothing_when_nothing_has_happened(mirror: Path, run: Run) -> None:
    assert "1 mirrored" in run("--quiet", "sync").stdout
    result = run("--quiet", "sync")
    assert (result.exit_code, result.output) == (0, "")
    assert "0 new" in run("sync").stdout


@pytest.mark.parametrize(
    "command", [["config", "check", "--online"], ["key", "show", "--online"], ["key", "renew"]]
)
def test_a_question_to_a_server_that_is_away_is_soon_given_up(
    mirror: Path,
    run: Run,
    server: DemoServer,
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run("key", "renew")
    time = FakeTime()
    monkeypatch.setattr(client, "Timing", time.timing)
    server.close()
    assert run(*command).exit_code == 69
    assert 0 < sum(time.waits) <= 10
