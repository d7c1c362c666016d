"""The units under a real systemd: everything works inside their walls, and the walls hold."""

from __future__ import annotations

import json
import shlex
import socket
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.misbehaving import MisbehavingServer
from tests.support.scripted import Answer, Received, ScriptedServer
from tests.support.systemd_box import SystemdBox

UNIT = "lccmirror-sync@hat.service"
CONFIG = """
[server]
url = "{url}"
{server}

[mirror]
root = "/var/lib/lccmirror/hat/mirror"
min_free = 0

[keys]
dir = "/var/lib/lccmirror/hat"
"""
ROOT = "/var/lib/lccmirror/hat/mirror"


@pytest.fixture
def server() -> Iterator[MisbehavingServer]:
    with MisbehavingServer(objects=8, points=(5, 9)) as server:
        server.make_dataset()
        yield server


@pytest.fixture
def box(tmp_path: Path, server: MisbehavingServer) -> SystemdBox:
    box = SystemdBox(tmp_path)
    box.etc("lccmirror/hat.toml", CONFIG.format(url=server.url, server=""))
    return box


def test_a_cycle_works_inside_the_walls(box: SystemdBox, server: MisbehavingServer) -> None:
    with box:
        box.systemctl("start", UNIT)
        assert box.show(UNIT, "Result") == "success"
        assert "1 mirrored" in box.said(UNIT)
        setid = server.datasets()[0].setid
        kept = f"{ROOT}/datasets/{setid[:2]}/{setid}/dataset-{setid}.csv"
        assert box.run("cat", kept).stdout.encode() == server.product(setid, "csv")


def test_the_group_reads_the_mirror_and_nobody_else_the_keys(box: SystemdBox) -> None:
    with box:
        box.systemctl("start", UNIT)
        query = ("/opt/lccmirror/bin/lccmirror", "-c", "/etc/lccmirror/hat.toml", "query")
        found = box.run(*query, "select state from datasets", user="reader").stdout
        assert json.loads(found) == [{"state": "mirrored"}]
        assert box.run("cat", f"{ROOT}/catalog.sqlite", user="stranger", check=False).returncode
        keys = box.run("find", "/var/lib/lccmirror/hat", "-name", "anonymous-*").stdout.split()
        assert len(keys) == 1
        for person in ("reader", "stranger"):
            assert box.run("cat", keys[0], user=person, check=False).returncode != 0


def test_an_account_key_comes_as_a_credential(
    box: SystemdBox, server: MisbehavingServer
) -> None:
    given = 'api_key_file = "$CREDENTIALS_DIRECTORY/key.json"\nanonymous_fallback = false'
    box.etc("lccmirror/hat.toml", CONFIG.format(url=server.url, server=given))
    key = server.account_key()
    box.etc("credstore/lccmirror-hat.json", json.dumps({"apikey": key, "expires": None}))
    with box:
        box.systemctl("start", UNIT)
        said = box.said(UNIT)
    assert any(one.with_key for one in server.requests)
    assert not [one for one in server.requests if one.target.startswith("/api/key")]
    assert key not in said


# Run with the unit's own walls around it in place of lccmirror.
PROBE = """
import ctypes, json, mmap, os, socket, sys
found = {}
def tried(name, what):
    try:
        what()
    except (OSError, PermissionError) as error:
        found[name] = error.strerror
    else:
        found[name] = "allowed"
tried("write /usr", lambda: open("/usr/x", "w"))
tried("write /etc", lambda: open("/etc/lccmirror/x", "w"))
tried("write /opt", lambda: open("/opt/lccmirror/x", "w"))
tried("list /root", lambda: os.listdir("/root"))
tried("mount", lambda: os.chroot("/"))
tried("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
tried("W+X memory", lambda: mmap.mmap(-1, 4096, prot=7))
tried("set-uid file", lambda: (open("/tmp/x", "w"), os.chmod("/tmp/x", 0o4755)))
tried("user namespace", lambda: os.unshare(0x10000000) if hasattr(os, "unshare")
      else (ctypes.CDLL(None, use_errno=True).unshare(0x10000000) and (_ for _ in ()).throw(
          OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno())))))
tried("write state", lambda: open(os.environ["STATE_DIRECTORY"] + "/x", "w"))
tried("write /tmp", lambda: open("/tmp/y", "w"))
tried("inet", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close())
found["uid"] = os.getuid() != 0
print(json.dumps(found))
"""


def test_the_walls_hold(box: SystemdBox) -> None:
    box.etc("lccmirror/probe.py", PROBE)
    box.drop_in(
        UNIT,
        "[Service]\nExecStart=\nExecStart=/opt/lccmirror/bin/python /etc/lccmirror/probe.py\n",
    )
    with box:
        box.systemctl("start", UNIT)
        found = json.loads(box.said(UNIT).splitlines()[-1])
    allowed = {name for name, what in found.items() if what == "allowed"}
    assert allowed == {"write state", "write /tmp", "inet"}
    assert found["uid"]


DAEMON = "lccmirror@hat.service"


def wait_for(box: SystemdBox, words: str, times: int = 1) -> None:
    """Wait until the daemon has said something so many times."""
    said = shlex.quote(str(box.out / DAEMON))
    # grep ends with the last of these lines; tail, which does not, ends with the box.
    box.run("bash", "-c", f"grep -m {times} {shlex.quote(words)} <(tail -n +1 -F {said})")


def wait_for_restart(box: SystemdBox) -> None:
    """Wait until the daemon has been started a second time."""
    wait_for(box, " mirrors http", times=2)
    assert int(box.show(DAEMON, "NRestarts")) >= 1


def test_the_daemon_runs_under_systemd(box: SystemdBox, server: MisbehavingServer) -> None:
    with box:
        # It returns when the daemon has said that it is ready.
        box.systemctl("start", DAEMON)
        assert box.show(DAEMON, "ActiveState") == "active"
        first = box.show(DAEMON, "MainPID")
        done = box.run(
            *("runuser", "-u", "reader", "--", "/opt/lccmirror/bin/lccmirror"),
            *("-c", "/etc/lccmirror/hat.toml", "sync"),
        )
        assert "mirrored" in done.stdout
        config = CONFIG.format(url=server.url, server="")
        wrong = config.replace("min_free = 0", "min_free = 0\nworkers = 0")
        box.run("sh", "-c", f"cat > /etc/lccmirror/hat.toml <<'END'\n{wrong}END\n")
        box.systemctl("reload", DAEMON)
        wait_for(box, "workers")
        assert box.show(DAEMON, "MainPID") == first
        box.systemctl("stop", DAEMON)
        assert box.show(DAEMON, "Result") == "success"
        assert "nothing is lost" in box.said(DAEMON)


def test_a_daemon_that_is_killed_is_started_again(box: SystemdBox) -> None:
    box.drop_in("lccmirror@hat.service", "[Service]\nRestartSec=100ms\n")
    with box:
        box.systemctl("start", DAEMON)
        first = box.show(DAEMON, "MainPID")
        box.systemctl("kill", "--signal=KILL", DAEMON)
        wait_for_restart(box)
        assert box.show(DAEMON, "MainPID") != first


def test_a_daemon_with_a_wrong_configuration_is_not_started_again(box: SystemdBox) -> None:
    box.etc("lccmirror/hat.toml", "[server]\nurl = 7\n")
    with box:
        box.systemctl("start", DAEMON, check=False)
        assert box.show(DAEMON, "ActiveState") == "failed"
        assert box.show(DAEMON, "ExecMainStatus") == "78"
        assert box.show(DAEMON, "NRestarts") == "0"
        assert "server.url" in box.said(DAEMON)


def test_a_daemon_that_hangs_is_killed_by_the_watchdog_and_started_again(
    box: SystemdBox,
) -> None:
    box.drop_in(DAEMON, "[Service]\nWatchdogSec=1s\nRestartSec=100ms\n")
    with box:
        box.systemctl("start", DAEMON)
        box.systemctl("kill", "--signal=STOP", DAEMON)
        wait_for_restart(box)


WATCHED = """
[metrics]
port = {port}

[[notify]]
events = ["account_key"]
url = "{webhook}"

[[notify]]
events = ["account_key"]
command = ["/bin/sh", "-c", "cat > /var/lib/lccmirror/hat/told"]
"""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 -- on loopback
        text: str = answer.read().decode()
        return text


def test_inside_the_walls_the_daemon_can_be_watched_and_tells_people(
    box: SystemdBox, server: MisbehavingServer
) -> None:
    came = threading.Event()

    def answer(request: Received) -> Answer:
        came.set()
        return Answer(200)

    port = free_port()
    with ScriptedServer(answer) as hook:
        given = 'api_key_file = "$CREDENTIALS_DIRECTORY/key.json"'
        watched = WATCHED.format(port=port, webhook=f"{hook.url}/hooks/7f3a9c")
        config = CONFIG.format(url=server.url, server=given) + watched
        box.etc("lccmirror/hat.toml", config)
        box.etc("credstore/lccmirror-hat.json", json.dumps({"apikey": "of-nobody-at-all"}))
        with box:
            box.systemctl("start", DAEMON)
            assert came.wait(60), box.said(DAEMON)
            told = "/var/lib/lccmirror/hat/told"
            box.run("bash", "-c", f"grep -m 1 account_refused <(tail -n +1 -F {told} 2>&-)")
            # What the first has changed is shown by the time the second begins.
            for _ in range(2):
                box.run("/opt/lccmirror/bin/lccmirror", "-c", "/etc/lccmirror/hat.toml", "sync")
            assert json.loads(fetched(f"http://127.0.0.1:{port}/healthz"))["status"] == "ok"
            assert 'lccmirror_datasets{state="mirrored"} 1.0' in fetched(
                f"http://127.0.0.1:{port}/metrics"
            )
            box.systemctl("stop", DAEMON)
            said = box.said(DAEMON)
        (request,) = hook.requests
    assert json.loads(request.body)["events"][0]["state"] == "account_refused"
    assert "7f3a9c" not in said
    assert "of-nobody-at-all" not in said
