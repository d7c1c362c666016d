"""Commands beside a running daemon: handed over to it, followed, interrupted."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path

from tests.support.daemon_process import (
    DaemonProcess,
    Run,
    followed,
    states,
    until,
    until_mirrored,
)
from tests.support.misbehaving import MisbehavingServer


def test_commands_are_handed_to_the_daemon_and_end_as_without_it(
    config: Path, server: MisbehavingServer, run: Run
) -> None:
    with DaemonProcess(config) as daemon:
        until_mirrored(config)
        server.make_dataset(columns=("ndet",))
        until(lambda: f"process {daemon.pid}: idle" in run("status").output)
        assert "every 1d" in run("status").output
        planned = run("sync", "--dry-run")
        assert [one["action"] for one in json.loads(planned.stdout)] == ["fetch"]
        synced = run("sync")
        assert synced.exit_code == 0, synced.output
        assert synced.stdout.startswith("1 new, 0 changed, 1 mirrored; ")
        (csv, *_) = (config.parent / "mirror").glob("datasets/*/*/*.csv")
        good = csv.read_bytes()
        csv.write_bytes(good.replace(b"|", b"!", 1))
        found = run("verify")
        assert found.exit_code == 65
        assert f"damaged: {csv.relative_to(config.parent / 'mirror')}" in found.stdout
        repaired = run("verify", "--repair")
        assert repaired.exit_code == 0, repaired.output
        assert csv.read_bytes() == good
        renewed = run("key", "renew")
        assert renewed.exit_code == 0
        assert renewed.stdout.startswith("a new anonymous key for ")
        (key,) = (config.parent / "keys").glob("*.json")
        daemon.until("asked for: key renew")
        assert daemon.stopped() == 0
        assert json.loads(key.read_text())["apikey"] not in "\n".join(daemon.lines)


def test_importing_a_key_tells_how_the_running_daemon_takes_it_up(
    config: Path, server: MisbehavingServer, run: Run
) -> None:
    key = config.parent / "account.json"
    key.touch(0o600)
    key.write_text(server.account_key())
    assert "daemon" not in run("key", "import", str(key)).output
    with DaemonProcess(config) as daemon:
        until_mirrored(config)
        imported = run("key", "import", str(key))
        assert f"kill -HUP {daemon.pid}" in imported.stderr
        assert daemon.stopped() == 0


def test_a_server_that_is_gone_ends_a_handed_over_sync_with_69(
    config: Path, server: MisbehavingServer, run: Run
) -> None:
    config.write_text(config.read_text().replace("[mirror]", 'retry_total = "0s"\n[mirror]'))
    with DaemonProcess(config) as daemon:
        until_mirrored(config)
        server.close()
        synced = run("sync")
        assert synced.exit_code == 69
        assert "ended early" in synced.stdout
        assert run("key", "renew").exit_code == 69
        assert daemon.stopped() == 0


def test_a_second_daemon_is_told_that_the_mirror_is_held(config: Path, run: Run) -> None:
    with DaemonProcess(config) as daemon:
        daemon.until("mirrors")
        with DaemonProcess(config) as other:
            assert other.ended() == 75


def test_a_follower_is_told_when_the_daemon_is_stopped(
    config: Path, server: MisbehavingServer
) -> None:
    with followed(config, server) as (daemon, follower):
        daemon.send(signal.SIGTERM)
        _, said = follower.communicate(timeout=30)
        assert follower.returncode == 1
        assert "the daemon is being stopped" in said
        assert daemon.ended() == 0


def test_a_follower_of_a_killed_daemon_ends_and_the_next_command_does_the_work(
    config: Path, server: MisbehavingServer, run: Run
) -> None:
    with followed(config, server) as (daemon, follower):
        daemon.send(signal.SIGKILL)
        _, said = follower.communicate(timeout=30)
        assert follower.returncode == 1
        assert "the daemon was lost before it was done" in said
        assert daemon.ended() == -signal.SIGKILL
    server.behave()
    assert run("sync").exit_code == 0
    assert states(config) == ["mirrored"] * 2


def test_whoever_interrupts_a_command_leaves_its_work_to_the_daemon(
    config: Path, server: MisbehavingServer
) -> None:
    released = threading.Event()
    with followed(config, server, released) as (daemon, follower):
        follower.send_signal(signal.SIGINT)
        _, said = follower.communicate(timeout=30)
        assert follower.returncode == 128 + signal.SIGINT
        assert "not followed any more; the daemon goes on with it" in said
        released.set()
        until_mirrored(config, 2)
        assert daemon.stopped() == 0
