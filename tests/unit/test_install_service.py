"""`lccmirror install-service`: what it writes, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from lccmirror.cli.app import cli
from lccmirror.errors import UsageError
from lccmirror.systemd.install import PLACES, Action, check_executable, install, render

COMMAND = Path("/opt/lccmirror/bin/lccmirror")


def actions(prefix: Path, **options: bool) -> set[Action]:
    return {one.action for one in install(COMMAND, prefix=prefix, **options)}


def test_every_file_is_put_in_its_place_with_the_command_s_path(tmp_path: Path) -> None:
    assert actions(tmp_path) == {Action.WRITTEN}
    for name, place in PLACES.items():
        assert (tmp_path / place[1:]).read_text() == render(name, COMMAND)
    unit = (tmp_path / "etc/systemd/system/lccmirror@.service").read_text()
    assert f"ExecStart={COMMAND} --config /etc/lccmirror/%i.toml run\n" in unit
    assert "/usr/bin/lccmirror" not in unit


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    install(COMMAND, prefix=tmp_path)
    assert actions(tmp_path) == {Action.UNCHANGED}


def test_what_we_wrote_for_another_command_is_updated(tmp_path: Path) -> None:
    install(Path("/usr/local/bin/lccmirror"), prefix=tmp_path)
    found = {one.name: one.action for one in install(COMMAND, prefix=tmp_path)}
    assert found["lccmirror@.service"] is Action.UPDATED
    assert found["lccmirror-sync@.timer"] is Action.UNCHANGED


def test_a_file_changed_by_hand_is_left_alone_unless_asked_for(tmp_path: Path) -> None:
    install(COMMAND, prefix=tmp_path)
    unit = tmp_path / "etc/systemd/system/lccmirror@.service"
    changed = unit.read_text().replace("WatchdogSec=10min", "WatchdogSec=1h")
    unit.write_text(changed)
    assert Action.KEPT in actions(tmp_path)
    assert unit.read_text() == changed
    assert Action.REPLACED in actions(tmp_path, overwrite=True)
    assert unit.read_text() == render("lccmirror@.service", COMMAND)
    assert unit.with_name("lccmirror@.service.old").read_text() == changed


def test_a_file_of_somebody_else_s_is_not_ours(tmp_path: Path) -> None:
    unit = tmp_path / "etc/systemd/system/lccmirror@.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    assert Action.KEPT in actions(tmp_path)
    assert unit.read_text() == "[Service]\nExecStart=/bin/true\n"


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    assert actions(tmp_path, dry_run=True) == {Action.WRITTEN}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "path",
    [
        "/root/venv/bin/lccmirror",
        "/home/eve/bin/lccmirror",
        "/tmp/lccmirror",  # noqa: S108 -- a name, nothing is written
        "/opt/my lccmirror/lccmirror",
        "/opt/%h/lccmirror",
        "lccmirror",
    ],
)
def test_a_command_that_the_service_could_not_start_is_refused(path: str) -> None:
    with pytest.raises(UsageError):
        check_executable(Path(path))


def test_the_command_says_what_it_did_and_what_to_do_next(tmp_path: Path) -> None:
    words = ["install-service", "--prefix", str(tmp_path), "--executable", str(COMMAND)]
    done = CliRunner().invoke(cli, words, standalone_mode=False)
    assert done.exception is None
    for place in PLACES.values():
        assert f"{tmp_path}{place}: written\n" in done.output
    assert "systemctl enable --now lccmirror@NAME.service" in done.output
    assert "chgrp lccmirror /etc/lccmirror/NAME.toml; chmod 640" in done.output


def test_a_file_left_alone_shows_in_the_exit_code(tmp_path: Path) -> None:
    words = ["install-service", "--prefix", str(tmp_path), "--executable", str(COMMAND)]
    install(COMMAND, prefix=tmp_path)
    (tmp_path / "etc/sysusers.d/lccmirror.conf").write_text("# ours\n")
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 1
    assert "left alone" in done.output
