"""Files that hold a secret are read only if nobody else can read or swap them."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal

import pytest

from lccmirror.config import load_config
from lccmirror.daemon.deliver import read_address
from lccmirror.daemon.undelivered import NotDelivered
from lccmirror.errors import ConfigError
from lccmirror.private import who_else_writes
from lccmirror.server import ApiKey, KeyStore, Origin, Secret, read_key_file

ORIGIN = Origin.parse("https://data.example.org")
KEY = "AbCd-0123456789"
LEAST = '[server]\nurl = "https://data.example.org"\n[mirror]\nroot = "mirror"\nmin_free = 0\n'

GiveAway = Callable[[Path], None]


@pytest.fixture
def give_away(monkeypatch: pytest.MonkeyPatch) -> GiveAway:
    """Make a file or a link another user's: really, or as it looks to another user."""

    def give(path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, 4711, -1, follow_symlinks=False)
        else:
            mine = os.geteuid()
            monkeypatch.setattr(os, "geteuid", lambda: mine + 1)

    return give


def _key_file(folder: Path, name: str = "key.json") -> Path:
    path = folder / name
    path.touch(mode=0o600)
    path.write_text(KEY)
    return path


def test_a_key_file_of_another_user_is_refused(tmp_path: Path, give_away: GiveAway) -> None:
    path = _key_file(tmp_path)
    assert read_key_file(path, ORIGIN).value.reveal() == KEY
    give_away(path)
    with pytest.raises(ConfigError, match="belongs to another user") as caught:
        read_key_file(path, ORIGIN)
    assert KEY not in str(caught.value)


def test_a_key_file_may_be_a_link_of_our_own(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(_key_file(tmp_path))
    assert read_key_file(tmp_path / "link", ORIGIN).value.reveal() == KEY


def test_a_link_of_another_user_to_a_key_file_is_refused(
    tmp_path: Path, give_away: GiveAway
) -> None:
    (tmp_path / "link").symlink_to(_key_file(tmp_path))
    give_away(tmp_path / "link")
    with pytest.raises(ConfigError, match="somebody else's symbolic link"):
        read_key_file(tmp_path / "link", ORIGIN)


def test_a_link_to_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = _key_file(tmp_path)
    path.chmod(0o604)
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(ConfigError, match="others can read"):
        read_key_file(tmp_path / "link", ORIGIN)


def test_a_pipe_in_place_of_a_key_file_does_not_keep_us_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "key", 0o600)
    with pytest.raises(ConfigError, match="no plain file"):
        read_key_file(tmp_path / "key", ORIGIN)


def _stored(folder: Path) -> tuple[KeyStore, Path]:
    store = KeyStore(folder)
    key = ApiKey(Secret(KEY), datetime(2036, 1, 1, tzinfo=UTC), "anonymous", str(ORIGIN))
    return store, store.save(key, ORIGIN)


def test_a_link_in_place_of_a_stored_key_is_not_followed(tmp_path: Path) -> None:
    store, path = _stored(tmp_path / "keys")
    path.unlink()
    path.symlink_to(_key_file(tmp_path))
    with pytest.raises(ConfigError, match="symbolic link"):
        store.load(ORIGIN, "anonymous")


def test_a_stored_key_replaces_a_planted_link_and_writes_nothing_through_it(
    tmp_path: Path,
) -> None:
    _, path = _stored(tmp_path / "keys")
    victim = tmp_path / "victim"
    victim.write_text("as it was")
    path.unlink()
    path.symlink_to(victim)
    _, path = _stored(tmp_path / "keys")
    assert victim.read_text() == "as it was"
    assert path.is_file()
    assert not path.is_symlink()


@pytest.mark.parametrize("mode", [0o770, 0o702])
def test_a_key_from_a_folder_that_others_can_write_to_is_refused(
    tmp_path: Path, mode: int
) -> None:
    store, _ = _stored(tmp_path / "keys")
    store.folder.chmod(mode)
    with pytest.raises(ConfigError, match="chmod 700"):
        store.load(ORIGIN, "anonymous")


def test_a_folder_of_keys_of_another_user_is_refused(
    tmp_path: Path, give_away: GiveAway
) -> None:
    store, path = _stored(tmp_path / "keys")
    give_away(store.folder)
    with pytest.raises(ConfigError, match="belongs to another user"):
        store.load(ORIGIN, "anonymous")
    assert path.is_file()


def test_root_keeps_no_key_where_its_user_could_not_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in a folder that is still to be made below another user's."""
    state = tmp_path / "state"
    state.mkdir()
    if os.geteuid() == 0:
        os.chown(state, 4711, -1)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    for folder in (state, state / "keys"):
        store = KeyStore(folder)
        for work in (store.require_place, partial(store.save, _key(), ORIGIN)):
            with pytest.raises(ConfigError, match="closed to them") as caught:
                work()
            assert "run it as that user" in str(caught.value.hint)
    assert list(state.iterdir()) == []


@pytest.mark.parametrize("kind", ["anonymous", "account"])
def test_a_stored_key_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Literal["anonymous", "account"]
) -> None:
    """As one that root has made. The anonymous one is replaced; an account's is told."""
    store = KeyStore(tmp_path / "keys")
    path = store.save(_key(kind), ORIGIN)

    def closed(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", closed)
        if kind == "anonymous":
            assert store.load(ORIGIN, kind) is None
        else:
            with pytest.raises(ConfigError, match=f"cannot read the API key file {path}"):
                store.load(ORIGIN, kind)
    assert store.load(ORIGIN, kind) is not None


def _key(kind: Literal["anonymous", "account"] = "anonymous") -> ApiKey:
    return ApiKey(Secret(KEY), None, kind, str(ORIGIN))


def test_a_webhooks_address_is_as_private_as_a_key(tmp_path: Path, give_away: GiveAway) -> None:
    path = tmp_path / "address"
    path.touch(mode=0o600)
    path.write_text("https://hooks.example.org/secret-part")
    assert str(read_address(path)) == "(secret)"
    give_away(path)
    with pytest.raises(NotDelivered, match="another user") as caught:
        read_address(path)
    assert "secret-part" not in str(caught.value)


@pytest.mark.parametrize(
    ("mode", "who"),
    [(0o644, None), (0o600, None), (0o646, "everybody"), (0o602, "everybody")],
)
def test_a_configuration_that_others_can_change_is_warned_of(
    tmp_path: Path, mode: int, who: str | None
) -> None:
    path = tmp_path / "lccmirror.toml"
    path.write_text(LEAST)
    path.chmod(mode)
    said = [one for one in load_config(path).warnings if "can be changed by" in one]
    expected = f"{path}: can be changed by {who}, and with it what is done as you"
    assert said == ([] if who is None else [expected])


NAMES_A_KEY = LEAST.replace("[mirror]", 'api_key_file = "key.json"\n[mirror]')
NAMES_A_COMMAND = LEAST + '[[notify]]\ncommand = ["/bin/true"]\n'


@pytest.mark.parametrize("content", [NAMES_A_KEY, NAMES_A_COMMAND], ids=["key", "command"])
def test_no_key_is_sent_and_no_command_run_at_the_word_of_another_user(
    tmp_path: Path, give_away: GiveAway, content: str
) -> None:
    _key_file(tmp_path)
    path = tmp_path / "lccmirror.toml"
    path.write_text(content)
    load_config(path)
    path.chmod(0o606)
    with pytest.raises(ConfigError, match="not from a file that can be changed by everybody"):
        load_config(path)
    path.chmod(0o600)
    give_away(path)
    with pytest.raises(ConfigError, match="not from a file that can be changed by another"):
        load_config(path)
    # Who only reads the mirror does neither.
    load_config(path, thorough=False)


def test_a_configuration_of_another_user_is_warned_of(
    tmp_path: Path, give_away: GiveAway
) -> None:
    path = tmp_path / "lccmirror.toml"
    path.write_text(LEAST)
    give_away(path)
    assert any("another user, who owns it" in one for one in load_config(path).warnings)


@pytest.mark.parametrize("folder", ["mirror", "mirror/keys", "link/keys"])
def test_keys_inside_the_mirror_are_a_mistake(tmp_path: Path, folder: str) -> None:
    (tmp_path / "mirror").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "mirror")
    path = tmp_path / "lccmirror.toml"
    path.write_text(f'{LEAST}[keys]\ndir = "{folder}"\n')
    with pytest.raises(ConfigError, match="must be outside the mirror"):
        load_config(path)


def test_a_mirror_that_everybody_can_write_to_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "lccmirror.toml"
    path.write_text(LEAST)
    root = tmp_path / "mirror"
    root.mkdir(mode=0o750)
    assert not any("mirror.root" in one for one in load_config(path).warnings)
    root.chmod(0o757)
    (said,) = [one for one in load_config(path).warnings if "mirror.root" in one]
    assert "can be written to by everybody" in said


def test_a_group_that_is_not_the_users_own_is_somebody_else(tmp_path: Path) -> None:
    tmp_path.chmod(0o770)
    status = tmp_path.stat()
    fields = [int(one) for one in status]
    fields[5] = 4_000_111  # st_gid: no group that there is
    assert who_else_writes(os.stat_result(fields)) == "its group"
    fields[0] &= ~0o020
    assert who_else_writes(os.stat_result(fields)) is None


def test_a_folder_where_everybody_has_files_of_their_own_is_nobodys(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    assert who_else_writes(tmp_path.stat()) in (None, "its group")
