"""Secrets that systemd hands to the service."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lccmirror.config import load_config
from lccmirror.errors import ConfigError
from lccmirror.server import read_key_file
from lccmirror.server.urls import Origin

ORIGIN = Origin.parse("https://lcc.example.org")
CONFIG = """
[server]
url = "https://lcc.example.org"
api_key_file = "$CREDENTIALS_DIRECTORY/key.json"
[mirror]
root = "mirror"
min_free = 0
"""


@pytest.fixture
def handed(tmp_path: Path) -> Path:
    """A credential with the access list that systemd makes, as its mode shows it."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    key = folder / "key.json"
    key.write_text(json.dumps({"apikey": "abcdefgh1234"}))
    key.chmod(0o440)
    return key


def config_file(folder: Path) -> Path:
    path = folder / "lccmirror.toml"
    path.write_text(CONFIG)
    return path


def test_inside_the_service_the_key_is_systemd_s(
    tmp_path: Path, handed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed.parent))
    config = load_config(config_file(tmp_path))
    assert config.server.api_key_file == handed
    assert config.warnings == ()
    assert read_key_file(handed, ORIGIN).value.reveal() == "abcdefgh1234"


def test_any_other_key_must_still_be_its_owner_s_alone(
    tmp_path: Path, handed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(ConfigError, match="others can read"):
        read_key_file(handed, ORIGIN)


def test_outside_the_service_the_configuration_is_good_but_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    config = load_config(config_file(tmp_path))
    assert any("only the service itself" in warning for warning in config.warnings)
