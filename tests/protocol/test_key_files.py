"""Where keys are kept: who may read them, and what is no key."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lccmirror import errors
from lccmirror.server import (
    ApiKey,
    KeyStore,
    Origin,
    Secret,
    read_key_file,
)

ORIGIN = Origin.parse("https://data.example.org/lcc")
KEY = ApiKey(
    Secret("a-key-of-the-site"), datetime(2036, 1, 1, tzinfo=UTC), "anonymous", str(ORIGIN)
)


def test_a_stored_key_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "state" / "keys")
    before = os.umask(0)
    try:
        path = store.save(KEY, ORIGIN)
        store.save(KEY, ORIGIN)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert [one.name for one in store.folder.iterdir()] == [path.name]
    assert store.load(ORIGIN, "anonymous") == KEY
    assert store.load(ORIGIN, "account") is None
    assert store.load(Origin.parse("https://data.example.org"), "anonymous") is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_refused_with_a_hint(tmp_path: Path, mode: int) -> None:
    store = KeyStore(tmp_path)
    path = store.save(KEY, ORIGIN)
    path.chmod(mode)
    with pytest.raises(errors.ConfigError, match="chmod 600") as caught:
        store.load(ORIGIN, "anonymous")
    assert KEY.value.reveal() not in str(caught.value)


def test_a_folder_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(errors.ConfigError, match="chmod 700"):
        KeyStore(tmp_path).save(KEY, ORIGIN)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"apikey": 7}', "\0\0\0\0", '{"apikey": "a b"}']
)
def test_a_damaged_anonymous_key_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    store = KeyStore(tmp_path)
    store.save(KEY, ORIGIN).write_text(content)
    assert store.load(ORIGIN, "anonymous") is None


HANDED_OUT = {
    "message": "made",
    "result": {"apikey": "hat-hat-hat", "expires": "2036-01-01T00:00:00Z"},
}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({**HANDED_OUT, "status": "ok"}),
        json.dumps(HANDED_OUT["result"]),
        "hat-hat-hat\n",
    ],
)
def test_an_accounts_key_is_read_from_what_the_server_hands_out(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "hat-key.json"
    path.write_text(content)
    path.chmod(0o600)
    key = read_key_file(path, ORIGIN)
    assert (key.value.reveal(), key.kind) == ("hat-hat-hat", "account")
    assert key.expires == (None if "{" not in content else datetime(2036, 1, 1, tzinfo=UTC))
    assert path.read_text() == content


@pytest.mark.parametrize("content", ["", "not a key", "{}", '{"result": {"apikey": "x"}}'])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(errors.ConfigError, match="not an API key"):
        read_key_file(path, ORIGIN)


def test_an_accounts_key_file_that_others_can_read_or_that_is_not_there_is_refused(
    tmp_path: Path,
) -> None:
    path = tmp_path / "key.json"
    with pytest.raises(errors.ConfigError, match="cannot read"):
        read_key_file(path, ORIGIN)
    path.write_text("hat-hat-hat")
    path.chmod(0o644)
    with pytest.raises(errors.ConfigError, match="chmod 600"):
        read_key_file(path, ORIGIN)


def test_importing_an_accounts_key_leaves_file_and_anonymous_key_alone(tmp_path: Path) -> None:
    source = tmp_path / "mine.json"
    source.write_text("hat-hat-hat")
    source.chmod(0o600)
    store = KeyStore(tmp_path / "keys")
    store.save(KEY, ORIGIN)
    store.import_file(source, ORIGIN)
    assert source.read_text() == "hat-hat-hat"
    assert store.load(ORIGIN, "anonymous") == KEY
    imported = store.load(ORIGIN, "account")
    assert imported is not None
    assert imported.value.reveal() == "hat-hat-hat"
