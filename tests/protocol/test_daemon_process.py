"""The daemon as a real process: signals, the socket, systemd."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lccmirror.daemon.control import short_name
from tests.support.daemon_process import (
    DaemonProcess,
    Run,
    states,
    until,
    until_mirrored,
)
from tests.support.misbehaving import MisbehavingServer, hang


def journal_mode(config: Path) -> int:
    """Return the read version in the header: 1 is a rollback journal, 2 a WAL."""
    return (config.parent / "mirror" / "catalog.sqlite").read_bytes()[19]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_a_download_leaves_soon_and_the_next_start_continues(
    config: Path, server: MisbehavingServer, number: signal.Signals
) -> None:
    half = 100_000
    rule = server.add(r"/p/.*zip", hang(after=half), method="GET")
    incoming = config.parent / "mirror" / "incoming"

    def arrived() -> int:
        return sum(part.stat().st_size for part in incoming.glob("*lightcurves*.part"))

    with DaemonProcess(config) as daemon:
        until(lambda: arrived() >= half)
        asked = time.monotonic()
        daemon.send(number)
        assert daemon.ended(10) == 0
        assert time.monotonic() - asked < 10
        assert "nothing is lost" in daemon.lines[-1]
    assert rule.fired == 1
    assert arrived() >= half
    assert journal_mode(config) == 1
    assert not (config.parent / "mirror" / "control").exists()
    server.behave()
    before = len(server.requests)
    with DaemonProcess(config):
        until_mirrored(config)
    zips = [one for one in server.requests[before:] if one.path.startswith("/p/")]
    got = [one for one in zips if one.method == "GET"]
    assert [one.headers["range"] for one in got] == [f"bytes={half}-"]


def test_a_second_signal_does_not_wait_and_neither_does_the_clock() -> None:
    stuck = (
        "import queue, sys, threading\n"
        "from lccmirror.daemon.pulse import Pulse, Stop\n"
        "from lccmirror.daemon.signals import heard\n"
        "inbox = queue.SimpleQueue()\n"
        "with heard(inbox.put, Stop(Pulse()), within_s=float(sys.argv[1])):\n"
        "    print('ready', flush=True)\n"
        "    inbox.get()\n"
        "    print('asked', flush=True)\n"
        "    threading.Event().wait(60)\n"
    )
    for deadline, signals in (("60", 2), ("0.1", 1)):
        with subprocess.Popen(
            [sys.executable, "-c", stuck, deadline],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            child.send_signal(signal.SIGTERM)
            if signals == 2:
                # Two of a kind that are pending at once would be one.
                assert child.stdout.readline() == b"asked\n"
                child.send_signal(signal.SIGTERM)
            assert child.wait(20) == 0


def test_sighup_with_mistakes_goes_on_with_the_old_config_and_then_takes_the_new(
    config: Path, server: MisbehavingServer
) -> None:
    good = config.read_text()
    with DaemonProcess(config) as daemon:
        until_mirrored(config)
        config.write_text(good.replace("min_free = 0", "min_free = 0\nworkers = 99\nhuh = 1"))
        daemon.send(signal.SIGHUP)
        assert "lccmirror.toml:7: mirror.workers" in daemon.until("mirror.workers")
        daemon.until("lccmirror.toml:8: mirror.huh")
        daemon.until("going on with the old one")
        config.write_text(good.replace('root = "mirror"', 'root = "elsewhere"'))
        daemon.send(signal.SIGHUP)
        daemon.until("mirror.root cannot change while the daemon runs")
        daemon.until("restart it for that")
        server.make_dataset(columns=("ndet",))
        daemon.send(signal.SIGUSR1)
        until_mirrored(config, 2)
        setid = server.make_dataset(filters="(ndet gt 6)")
        config.write_text(good + f'[select]\ndeny = ["{setid}"]\n')
        daemon.send(signal.SIGHUP)
        daemon.until("the configuration was read again")
        daemon.send(signal.SIGUSR1)
        until(lambda: sorted(states(config)) == ["mirrored", "mirrored", "skipped"])


def test_sighup_where_the_working_folder_is_gone_is_no_end(config: Path) -> None:
    folder, log = config.parent / "gone", config.parent / "log"
    folder.mkdir()
    with (
        log.open("wb") as stream,
        subprocess.Popen(
            [sys.executable, "-m", "lccmirror.cli.main", "-c", str(config), "run"],
            stderr=stream,
            cwd=folder,
        ) as process,
    ):
        until(lambda: b"mirrors" in log.read_bytes())
        folder.rmdir()
        process.send_signal(signal.SIGHUP)
        until(lambda: b"going on with the old one" in log.read_bytes())
        process.terminate()
        assert process.wait(20) == 0


def test_what_a_killed_daemon_leaves_behind_is_in_nobodys_way(config: Path, run: Run) -> None:
    control = config.parent / "mirror" / "control"
    with DaemonProcess(config) as daemon:
        until_mirrored(config)
        assert stat.S_IMODE(control.stat().st_mode) == 0o660
        daemon.send(signal.SIGKILL)
        assert daemon.ended() == -signal.SIGKILL
    assert control.exists()
    assert run("sync").exit_code == 0
    with DaemonProcess(config) as daemon:
        daemon.until("mirrors")
        assert daemon.stopped() == 0
    assert not control.exists()


def test_clients_that_talk_nonsense_or_go_away_disturb_nobody(
    config: Path, server: MisbehavingServer, run: Run
) -> None:
    control = config.parent / "mirror" / "control"

    def say(data: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX) as client, short_name(control) as name:
            client.settimeout(20)
            client.connect(name)
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := client.recv(65536):
                answer += piece
            return answer

    with DaemonProcess(config) as daemon:
        until_mirrored(config)
        for nonsense in (
            b"",
            b"\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"\xff\xfe\n",
            b"[" * 60_000 + b"\n",
            b'{"say": "rm -rf"}\n',
            b'{"say": "sync", "more": 1}\n',
            b'{"say": "sync", "dry_run": "yes"}\n',
        ):
            assert json.loads(say(nonsense))["say"] == "refused"
        server.make_dataset(columns=("ndet",))
        with socket.socket(socket.AF_UNIX) as client, short_name(control) as name:
            client.connect(name)
            client.sendall(b'{"say": "sync"}\n')
        until_mirrored(config, 2)
        pong = json.loads(say(b'{"say": "ping"}\n'))
        assert pong["result"]["pid"] == daemon.pid
        assert run("sync").exit_code == 0


def test_systemd_is_told(config: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.settimeout(30)
        with short_name(tmp_path / "notify") as name:
            notified.bind(name)
            address = str(tmp_path / "notify") if len(name) > 90 else name
            with DaemonProcess(config, NOTIFY_SOCKET=address, WATCHDOG_USEC="400000") as daemon:

                def until_told(what: str) -> str:
                    while True:
                        message = notified.recv(4096).decode()
                        if message.startswith(what):
                            return message

                until_told("READY=1")
                until_told("WATCHDOG=1")
                assert "idle" in until_told("STATUS=idle")
                daemon.send(signal.SIGHUP)
                reloading = until_told("RELOADING=1\n")
                usec = int(reloading.partition("MONOTONIC_USEC=")[2])
                assert 0 < usec <= time.monotonic() * 1e6
                until_told("READY=1")
                daemon.send(signal.SIGTERM)
                until_told("STOPPING=1")
                assert daemon.ended() == 0


def test_the_log_has_priorities_in_the_journal_and_json_for_collectors(config: Path) -> None:
    with DaemonProcess(config, "--log-json") as daemon:
        line = json.loads(daemon.until("mirrors"))
        assert line["level"] == "info"
        assert line["message"].startswith("lccmirror ")
        assert daemon.stopped() == 0
    log = config.parent / "journal"
    with log.open("wb") as stream:
        status = os.fstat(stream.fileno())
        with subprocess.Popen(
            [sys.executable, "-m", "lccmirror.cli.main", "-c", str(config), "run"],
            stderr=stream,
            env={**os.environ, "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"},
        ) as process:
            until(lambda: b"mirrors" in log.read_bytes())
            process.terminate()
            assert process.wait(20) == 0
    assert all(line.startswith("<6>") for line in log.read_text().splitlines())
