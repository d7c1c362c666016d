"""`search run` and `prune`, done by a running daemon: the same output and exit codes."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lccmirror.cli.app import cli
from tests.support.daemon_process import DaemonProcess, until
from tests.support.misbehaving import MisbehavingServer

Run = Callable[..., Result]

SEARCHES = """
[[search]]
name = "bright"
kind = "columnsearch"
filters = "sdssr < 14"
columns = ["sdssr"]
every = "1d"
enabled = false
allow_frequent = true
[[search]]
name = "wrong"
kind = "columnsearch"
filters = "sdsr < 14"
every = "1d"
enabled = false
allow_frequent = true
[[search]]
name = "rare"
kind = "ftsquery"
text = "nova"
every = "1d"
enabled = false
"""
MAX_BYTES = 10_000_000


@dataclass
class Both:
    """Two mirrors of one server, of which one is held by a daemon."""

    server: MisbehavingServer
    folder: Path

    def config(self, name: str, more: str = "") -> Path:
        """Write the configuration of one of them."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        path = folder / "lccmirror.toml"
        path.write_text(
            f'[server]\nurl = "{self.server.url}"\nrequests_per_minute = 6000\n'
            'retry_total = "0s"\n[mirror]\nroot = "mirror"\nmin_free = 0\n'
            f"max_bytes = {MAX_BYTES}\n"
            f'[poll]\ndatasets = "1d"\n[keys]\ndir = "{folder / "keys"}"\n{more}{SEARCHES}'
        )
        return path

    def same(self, *arguments: str) -> Result:
        """Run a command on both; return the result, which is the same."""
        alone, handed = (
            CliRunner().invoke(
                cli, ["-c", str(self.folder / name / "lccmirror.toml"), *arguments]
            )
            for name in ("alone", "held")
        )
        assert handed.exit_code == alone.exit_code, (alone.output, handed.output)
        assert handed.stdout == alone.stdout
        assert handed.stderr.replace("/held/", "/alone/") == alone.stderr
        return handed


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    with MisbehavingServer(objects=10, points=(5, 9)) as server:
        yield Both(server, tmp_path)


def queried(config: Path, statement: str) -> list[str]:
    """Return the one column of a query's rows; none if there is no catalog yet."""
    result = CliRunner().invoke(cli, ["-c", str(config), "query", statement, "--csv"])
    return result.stdout.split()[1:]


def mirrored(config: Path) -> bool:
    """Whether one dataset is mirrored."""
    return queried(config, "SELECT state FROM datasets") == ["mirrored"]


def begin(both: Both, daemon: DaemonProcess) -> None:
    """Bring both mirrors to the same state."""
    until(lambda: mirrored(both.folder / "held" / "lccmirror.toml"))
    synced = CliRunner().invoke(
        cli, ["-c", str(both.folder / "alone" / "lccmirror.toml"), "sync"]
    )
    assert synced.exit_code == 0, synced.output
    daemon.until("mirrors")


def test_searches_are_handed_over(both: Both) -> None:
    both.server.make_dataset()
    both.config("alone")
    with DaemonProcess(both.config("held")) as daemon:
        begin(both, daemon)
        found = sum(
            isinstance(bright := one.values["sdssr"], float) and bright < 14
            for survey in both.server.surveys
            for one in survey.objects
        )
        good = both.same("search", "run", "bright", "--wait")
        assert (good.exit_code, good.stdout) == (0, f"bright: ok: {found} objects\n")
        daemon.until("asked for: search run bright")
        again = both.same("search", "run", "bright", "rare", "--wait")
        assert again.exit_code == 0
        assert again.stdout.splitlines()[1] == "rare: ok: nothing matches"
        failed = both.same("search", "run", "bright", "wrong", "--wait")
        assert failed.exit_code == 1
        assert 'no column "sdsr"; did you mean sdssr?' in failed.stdout
        unknown = both.same("search", "run", "brihgt")
        assert unknown.exit_code == 2
        assert "did you mean bright?" in unknown.stderr
        both.server.close()
        gone = both.same("search", "run", "bright", "--wait")
        assert gone.exit_code == 69
        daemon.send(signal.SIGTERM)
        assert daemon.ended(10) == 0


def test_pruning_is_handed_over(both: Both) -> None:
    setid = both.server.make_dataset()
    both.config("alone")
    held = both.config("held")
    with DaemonProcess(held) as daemon:
        begin(both, daemon)
        nothing = both.same("prune")
        assert (nothing.exit_code, nothing.stdout) == (0, "[]\n")
        # One byte less than there is: so the dataset has to go; unless it is kept.
        used = sum(int(one) for one in queried(held, "SELECT size FROM files"))
        room = f"[prune]\nheadroom = {MAX_BYTES - used + 1}\n"
        for name in ("alone", "held"):
            both.config(name, f"{room}keep = ['{setid}']\n")
        daemon.send(signal.SIGHUP)
        daemon.until("the configuration was read again")
        full = both.same("prune")
        assert (full.exit_code, full.stdout) == (73, "[]\n")
        assert mirrored(held)
        for name in ("alone", "held"):
            both.config(name, room)
        daemon.send(signal.SIGHUP)
        daemon.until("the configuration was read again")
        planned = both.same("prune", "--dry-run")
        assert setid in planned.stdout
        assert mirrored(held)
        done = both.same("prune")
        assert done.exit_code == 0
        assert setid in done.stdout
        assert not mirrored(held)
        assert both.same("prune").stdout == "[]\n"
        daemon.send(signal.SIGTERM)
        assert daemon.ended(10) == 0
