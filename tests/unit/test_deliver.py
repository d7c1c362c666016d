"""Commands and webhooks that behave badly: each ends in time, and harms nobody else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lccmirror.daemon.by_command import run_command
from lccmirror.daemon.by_webhook import Way, post
from lccmirror.daemon.undelivered import NotDelivered
from tests.support.scripted import Answer, ScriptedServer

PATIENCE_S = 20.0
MUCH = b"x" * 1_000_000


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_a_child_that_left_its_group_with_our_input_does_not_keep_us(tmp_path: Path) -> None:
    left = tmp_path / "pid"
    code = f"""
import os, signal, sys
told, tell = os.pipe()
if os.fork() == 0:
    os.setsid()
    os.write(tell, b"%d" % os.getpid())
    signal.pause()
open({str(left)!r}, "wb").write(os.read(told, 20))
sys.exit(5)
"""
    try:
        with pytest.raises(NotDelivered, match="ended with 5"):
            run_command(python(code), MUCH, PATIENCE_S)
    finally:
        os.kill(int(left.read_text()), signal.SIGKILL)


def test_a_command_that_writes_without_end_is_ended_and_fills_no_disk() -> None:
    # What a file of ours would take shows as blocks written by a process of its own.
    code = """
import resource, sys
from lccmirror.daemon.by_command import run_command
from lccmirror.daemon.undelivered import NotDelivered
endless = "import os\\nwhile True: os.write(2, b'no ' * 20000)"
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    run_command((sys.executable, "-c", endless), b"{}", 0.5)
except NotDelivered as failed:
    print(failed.message)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert "took longer than 0.5 s" in done.stdout


def test_only_the_last_of_what_a_command_says_is_kept() -> None:
    code = "import sys; sys.stderr.write('a' * 1_000_000 + ' the\\x1breason'); sys.exit(4)"
    with pytest.raises(NotDelivered, match=r"ended with 4: a+ the\\x1breason$") as failed:
        run_command(python(code), b"{}", PATIENCE_S)
    assert len(str(failed.value)) < 500


def test_a_child_that_goes_on_writing_does_not_keep_us() -> None:
    code = """
import os, sys
if os.fork() == 0:
    while True:
        try:
            os.write(2, b"still here")
        except BrokenPipeError:
            os._exit(0)
"""
    run_command(python(code), b"{}", PATIENCE_S)


def test_a_command_that_closes_its_stderr_and_stays_is_ended() -> None:
    with pytest.raises(NotDelivered, match="took longer"):
        run_command(python("import os, signal; os.close(2); signal.pause()"), b"{}", 0.3)


def test_the_command_gets_none_of_what_systemd_tells_us(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x")
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/x")
    code = (
        "import os, sys\n"
        "sys.exit(bool({'NOTIFY_SOCKET', 'CREDENTIALS_DIRECTORY'} & os.environ.keys()))"
    )
    run_command(python(code), b"{}", PATIENCE_S)


SECRET = "/hooks/7f3a9c-secret"


def test_a_webhook_that_sends_a_byte_now_and_then_is_given_up_in_time() -> None:
    slow = Answer(200, headers=(("X-Slow", "a" * 4000),), drip_head_s=0.05)
    with (
        ScriptedServer((slow,)) as server,
        pytest.raises(NotDelivered, match="it took too long") as failed,
    ):
        post(server.url + SECRET, b"{}", 0.5)
    assert "secret" not in str(failed.value)


def test_the_body_of_an_answer_is_not_read() -> None:
    with ScriptedServer((Answer(200, b"a" * 100, drip_s=0.5),)) as server:
        post(server.url + SECRET, b"{}", 5.0)


def test_a_webhook_that_sends_in_circles_is_left() -> None:
    circle = Answer(307, b"", headers=(("Location", "/again"),))
    with ScriptedServer(lambda request: circle) as server:
        with pytest.raises(NotDelivered, match="circles"):
            post(server.url + SECRET, b"{}", PATIENCE_S)
        assert len(server.requests) == 5


def test_a_proxy_is_the_configured_one_and_never_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with ScriptedServer((Answer(200),)) as server:
        post(server.url + SECRET, b"{}", PATIENCE_S)
    with ScriptedServer((Answer(200), Answer(403))) as proxy:
        way = Way(proxy=proxy.url)
        post("http://chat.invalid" + SECRET, b"{}", PATIENCE_S, way)
        with pytest.raises(NotDelivered, match="the proxy does not connect us"):
            post("https://chat.invalid" + SECRET, b"{}", PATIENCE_S, way)
        plain, tunnel = proxy.requests
    assert (plain.method, plain.target) == ("POST", f"http://chat.invalid{SECRET}")
    assert plain.headers["host"] == "chat.invalid"
    assert (tunnel.method, tunnel.target) == ("CONNECT", "chat.invalid:443")


def test_what_is_on_this_machine_is_reached_without_the_proxy() -> None:
    with ScriptedServer((Answer(200),)) as server:
        post(server.url + SECRET, b"{}", PATIENCE_S, Way(proxy="http://127.0.0.1:1"))


def test_a_password_in_the_address_is_used_and_not_shown() -> None:
    with ScriptedServer((Answer(200), Answer(500))) as server:
        url = server.url.replace("http://", "http://lcc:p%40ss@") + SECRET
        post(url, b"{}", PATIENCE_S)
        with pytest.raises(NotDelivered) as failed:
            post(url, b"{}", PATIENCE_S)
        assert server.requests[0].headers["authorization"] == "Basic bGNjOnBAc3M="
    assert "p%40ss" not in str(failed.value)


def test_certificates_that_cannot_be_read_are_named_as_the_reason(tmp_path: Path) -> None:
    with pytest.raises(NotDelivered, match="No such file"):
        post("https://127.0.0.1:1/", b"", 1.0, Way(ca_file=tmp_path / "none.pem"))
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    with pytest.raises(NotDelivered, match=r"TLS: \w+"):
        post("https://127.0.0.1:1/", b"", 1.0, Way(ca_file=broken))
