"""Messages by a command or a webhook: they arrive, or it is said why; no address is shown."""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path

import pytest

from lccmirror.config import NotifyConfig
from lccmirror.config_values import SecretText
from lccmirror.daemon.announce import Carrier, Delivered, Delivery
from lccmirror.daemon.by_webhook import Way
from lccmirror.daemon.deliver import deliver
from lccmirror.daemon.undelivered import NotDelivered
from tests.support.scripted import Answer, ScriptedServer


def by_command(*words: str, limit_s: float = 30.0) -> NotifyConfig:
    return NotifyConfig(command=words, time_limit_s=limit_s)


def test_a_command_gets_the_json_on_its_standard_input(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = f"import sys; open({str(out)!r}, 'wb').write(sys.stdin.buffer.read())"
    deliver(by_command(sys.executable, "-c", code), b'{"a": "$(id); `id`"}')
    assert out.read_bytes() == b'{"a": "$(id); `id`"}'


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(NotDelivered, match="ended with 3: no mail today"):
        deliver(
            by_command(
                sys.executable,
                "-c",
                "import sys; print('no mail today', file=sys.stderr); sys.exit(3)",
            ),
            b"{}",
        )
    with pytest.raises(NotDelivered, match="cannot be started"):
        deliver(by_command("/nowhere/at/all"), b"{}")


def test_a_command_without_end_is_killed_with_its_children() -> None:
    # Its child has our pipe, too: it must not outlive its parent.
    wait = "import threading; threading.Event().wait()"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {wait!r}])"
    with pytest.raises(NotDelivered, match="took longer"):
        deliver(by_command(sys.executable, "-c", code, limit_s=0.3), b"{}")


def test_a_command_that_does_not_read_is_no_failure() -> None:
    deliver(by_command("/bin/true"), b"x" * 1_000_000)


def by_webhook(url: str, limit_s: float = 5.0) -> NotifyConfig:
    return NotifyConfig(url=SecretText(url), time_limit_s=limit_s)


SECRET = "/hooks/7f3a9c-secret"


def test_a_webhook_gets_the_json_by_post() -> None:
    with ScriptedServer((Answer(200, b"ok"),)) as server:
        deliver(by_webhook(server.url + SECRET), b'{"a": 1}')
        (request,) = server.requests
    assert (request.method, request.target) == ("POST", SECRET)
    assert request.headers["content-type"].startswith("application/json")
    assert request.body == b'{"a": 1}'


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (500, (), "answers 500"),
        (404, (), "answers 404"),
        (302, (("Location", "/elsewhere"),), "answers 302"),
        (307, (("Location", "http://127.0.0.2:9/hooks"),), "answers 307"),
        (307, (("Location", "http://127.0.0.1:9/hooks"),), "answers 307"),
    ],
)
def test_a_webhook_that_refuses_or_sends_elsewhere_has_failed(
    status: int, headers: tuple[tuple[str, str], ...], words: str
) -> None:
    with ScriptedServer((Answer(status, b"", headers=headers),)) as server:
        with pytest.raises(NotDelivered, match=words) as refused:
            deliver(by_webhook(server.url + SECRET), b"{}")
        assert len(server.requests) == 1
    assert "secret" not in str(refused.value)


def test_a_redirect_on_the_same_host_keeps_the_post() -> None:
    with ScriptedServer(
        (
            Answer(307, b"", headers=(("Location", "/other"),)),
            Answer(204, b""),
        )
    ) as server:
        deliver(by_webhook(server.url + SECRET), b"{}")
        assert [(one.method, one.target) for one in server.requests] == [
            ("POST", SECRET),
            ("POST", "/other"),
        ]


def test_no_message_and_no_log_has_a_webhook_s_address(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with ScriptedServer((Answer(500, b""),)) as server:
        gone = server.url
        one = by_webhook(gone + SECRET)
        assert SECRET not in repr(one)
        with pytest.raises(NotDelivered):
            deliver(one, b"{}")
    with pytest.raises(NotDelivered, match="cannot be reached") as refused:
        deliver(one, b"{}")
    said = capfd.readouterr()
    for text in (str(refused.value), caplog.text, said.out, said.err):
        assert SECRET not in text


def test_an_address_in_a_file_must_be_its_owner_s_alone(tmp_path: Path) -> None:
    file = tmp_path / "webhook"
    with ScriptedServer((Answer(200, b""),)) as server:
        file.write_text(f"{server.url}{SECRET}\n")
        file.chmod(0o644)
        with pytest.raises(NotDelivered, match="others can read"):
            deliver(NotifyConfig(url_file=file), b"{}")
        file.chmod(0o600)
        deliver(NotifyConfig(url_file=file), b"{}")
        assert len(server.requests) == 1


def test_the_carrier_never_makes_its_caller_wait() -> None:
    free = threading.Event()

    def bring(one: NotifyConfig, content: bytes, way: Way) -> None:
        assert free.wait(10)
        raise ValueError(SECRET)

    carrier = Carrier(bring)
    delivery = Delivery(by_command("/bin/true"), "a", "gap", (1,), 0, b"{}")
    carrier.send(delivery)
    assert carrier.done() == []
    free.set()
    carrier.close(10)
    assert carrier.done() == [Delivered(delivery, "ValueError")]
