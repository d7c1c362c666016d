"""What the configuration says of the server: its address, the way to it, and the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from lccmirror.config import load_config
from tests.support.configuration import MINIMAL, Write, mistakes
from tests.support.forward import self_signed


@pytest.mark.parametrize(
    "url",
    [
        "",
        "lcc.example.org",
        "ftp://lcc.example.org",
        "https://",
        "https://user:secret@lcc.example.org",
        "https://user:secret@lcc.example.org:99999",
        "https://user:sec/secret@lcc.example.org",
        "https://lcc.example.org/?key=x",
        "https://lcc.example.org/#x",
        "https://lcc.example.org?",
        "https://lcc.example.org/api",
        "https://lcc.example.org:99999",
        "https://lcc.example.org:0",
        "https://lcc example.org",
        "https://lcc.example.org\\u0000",
        "https://[::1",
    ],
)
def test_only_a_server_s_own_url_is_taken(write: Write, url: str) -> None:
    found = mistakes(write(MINIMAL.replace("https://lcc.example.org", url)))
    assert list(found) == ["2: server.url"]
    assert "secret" not in found["2: server.url"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("localhost:5000", "http://localhost:5000"),
        ("lcc.example.org", "https://lcc.example.org"),
    ],
)
def test_a_url_without_its_scheme_is_answered_with_the_one_that_is_meant(
    write: Write, written: str, meant: str
) -> None:
    found = mistakes(write(MINIMAL.replace("https://lcc.example.org", written)))
    assert found["2: server.url"].endswith(f"; did you mean {meant}?")


def test_proxy_and_certificates_are_read(write: Write, tmp_path: Path) -> None:
    certificate, _ = self_signed(tmp_path)
    lines = f'proxy = "http://proxy.example.org:3128/"\nca_file = "{certificate.name}"\n'
    config = load_config(write(MINIMAL.replace("[server]\n", f"[server]\n{lines}")))
    assert config.server.proxy == "http://proxy.example.org:3128"
    assert config.server.ca_file == certificate


def test_a_proxy_s_password_is_not_shown_and_a_file_without_certificates_not_taken(
    write: Write, tmp_path: Path
) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    lines = 'proxy = "http://me:secret@proxy:3128"\nca_file = "empty.pem"\n'
    found = mistakes(write(MINIMAL.replace("[server]\n", f"[server]\n{lines}")))
    assert list(found) == ["2: server.proxy", "3: server.ca_file"]
    assert "secret" not in found["2: server.proxy"]
    assert "no certificates" in found["3: server.ca_file"]


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://lcc.example.org", True),
        ("http://192.168.1.4:8080", True),
        ("http://127.0.0.1:5000", False),
        ("http://[::1]:5000", False),
        ("http://localhost", False),
        ("https://lcc.example.org", False),
    ],
)
def test_plain_http_beyond_this_machine_is_warned_of(
    write: Write, url: str, warned: bool
) -> None:
    config = load_config(write(MINIMAL.replace("https://lcc.example.org", url)))
    assert config.server.url == url
    assert any("plain http" in warning for warning in config.warnings) == warned


def test_a_key_file_must_be_there_and_should_be_private(write: Write, tmp_path: Path) -> None:
    path = write(MINIMAL.replace("[mirror]", 'api_key_file = "key.json"\n[mirror]'))
    assert list(mistakes(path)) == ["3: server.api_key_file"]
    key = tmp_path / "key.json"
    key.write_text("{}")
    for mode in (0o640, 0o604):
        key.chmod(mode)
        assert ["chmod 600" in warning for warning in load_config(path).warnings] == [True]
    key.chmod(0o600)
    assert load_config(path).warnings == ()
