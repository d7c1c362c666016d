"""Whether a folder can hold a mirror."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from pathlib import Path

import pytest

from lccmirror.errors import MirrorUnusable, NoRoom
from lccmirror.sync.filesystem import (
    NETWORK_FILESYSTEMS,
    Room,
    check_folder,
    filesystem_type,
    require_own,
)
from lccmirror.sync.mirror import held_folder, is_writable, open_mirror, open_to_read

AnotherS = Callable[[Path], None]

URL = "https://data.hatsurveys.org"


def line(point: str, kind: str, optional: str = "shared:1") -> str:
    return f"36 35 98:0 /mnt1 {point} rw,noatime {optional} - {kind} /dev/root rw"


MOUNTS = "\n".join(
    (
        line("/", "ext4"),
        line("/srv", "nfs4", optional=""),
        line("/srv/local", "xfs", optional="shared:1 master:2"),
        line(r"/mnt/two\040words", "cifs"),
        line("/data", "ext4"),
        line("/data", "nfs"),
        "nonsense",
        "",
    )
)


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/", "ext4"),
        ("/home/x", "ext4"),
        ("/srv/mirror", "nfs4"),
        ("/srv", "nfs4"),
        ("/srvother", "ext4"),
        ("/srv/local/mirror", "xfs"),
        ("/mnt/two words/m", "cifs"),
        ("/data/m", "nfs"),
    ],
)
def test_the_innermost_and_uppermost_mount_counts(folder: str, kind: str) -> None:
    assert filesystem_type(Path(folder), MOUNTS) == kind


def test_without_a_mount_the_type_is_not_known() -> None:
    assert filesystem_type(Path("/x"), "") is None


def test_names_outside_ascii_are_read() -> None:
    assert filesystem_type(Path("/mnt/sternwärte/m"), line("/mnt/sternwärte", "nfs")) == "nfs"


@pytest.mark.parametrize("kind", sorted(NETWORK_FILESYSTEMS))
def test_a_network_filesystem_is_refused(tmp_path: Path, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(line("/", "ext4") + "\n" + line(str(tmp_path), kind))
    root = tmp_path / "not" / "yet"
    with pytest.raises(MirrorUnusable) as caught:
        check_folder(root, mounts)
    assert caught.value.exit_code == 78
    assert str(root) in caught.value.message
    assert kind in caught.value.message
    assert "local disk" in str(caught.value.hint)
    assert not root.parent.exists()


def test_a_link_to_a_network_filesystem_is_one(tmp_path: Path) -> None:
    far, link, mounts = tmp_path / "far", tmp_path / "link", tmp_path / "mountinfo"
    far.mkdir()
    link.symlink_to(far)
    mounts.write_text(line("/", "ext4") + "\n" + line(str(far), "nfs"))
    with pytest.raises(MirrorUnusable, match="nfs"):
        check_folder(link / "mirror", mounts)


def test_a_local_disk_is_fine_and_so_is_a_system_without_mountinfo(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    check_folder(tmp_path / "mirror", mounts)
    mounts.write_text(line("/", "btrfs"))
    check_folder(tmp_path / "mirror", mounts)


def owned_by(uid: int) -> os.stat_result:
    return os.stat_result((0o40750, 2, 3, 2, uid, uid, 4096, 0, 0, 0))


@pytest.fixture
def another_s(monkeypatch: pytest.MonkeyPatch) -> AnotherS:
    """Make a folder another user's for us, who are root: really, or as it looks to root."""

    def make(folder: Path) -> None:
        if os.geteuid() == 0:
            os.chown(folder, no_user(), -1)
        else:
            monkeypatch.setattr(os, "geteuid", lambda: 0)

    return make


def a_user() -> pwd.struct_passwd:
    return next(one for one in pwd.getpwall() if one.pw_uid != 0)


def no_user() -> int:
    return max({one.pw_uid for one in pwd.getpwall() if one.pw_uid < 2**31}) + 1


def test_root_does_not_write_in_another_user_s_mirror() -> None:
    user = a_user()
    with pytest.raises(MirrorUnusable, match=f"belongs to {user.pw_name}") as caught:
        require_own(Path("/srv/m"), owned_by(user.pw_uid), 0)
    assert caught.value.exit_code == 78
    assert f"runuser -u {user.pw_name} -- lccmirror" in str(caught.value.hint)


def test_an_owner_without_a_name_is_told_by_number() -> None:
    uid = no_user()
    with pytest.raises(MirrorUnusable, match=f"belongs to the user {uid}:") as caught:
        require_own(Path("/srv/m"), owned_by(uid), 0)
    assert "runuser" not in str(caught.value.hint)


@pytest.mark.parametrize(("owner", "euid"), [(0, 0), (1000, 1000), (1000, 1001), (0, 1000)])
def test_others_are_left_to_the_permissions(owner: int, euid: int) -> None:
    require_own(Path("/srv/m"), owned_by(owner), euid)


@pytest.mark.parametrize("there", ["nothing", "a mirror"])
def test_root_leaves_nothing_in_another_user_s_mirror(
    tmp_path: Path, there: str, another_s: AnotherS
) -> None:
    root = tmp_path / "mirror"
    root.mkdir()
    if there == "a mirror":
        with open_mirror(root, URL):
            pass
    before = sorted(root.rglob("*"))
    another_s(root)
    with pytest.raises(MirrorUnusable, match="belongs to"), open_mirror(root, URL):
        pass
    # What --rebuild-catalog holds.
    with pytest.raises(MirrorUnusable, match="belongs to"), held_folder(root):
        pass
    assert sorted(root.rglob("*")) == before
    # So that `verify` reads it, and notes nothing.
    assert not is_writable(root)
    if there == "a mirror":
        with open_to_read(root, URL) as mirror:
            assert mirror.read_only


def test_root_makes_no_mirror_in_another_user_s_folder(
    tmp_path: Path, another_s: AnotherS
) -> None:
    """As in that of a service which has not synced yet."""
    state = tmp_path / "lccmirror" / "hat"
    state.mkdir(parents=True)
    another_s(state)
    with pytest.raises(MirrorUnusable, match=f"{state} belongs to"):
        check_folder(state / "below" / "mirror")
    with pytest.raises(MirrorUnusable, match="belongs to"), open_mirror(state / "m", URL):
        pass
    assert list(state.iterdir()) == []


def test_room_is_what_the_disk_and_the_limit_leave(tmp_path: Path) -> None:
    Room(tmp_path, 0, None).check("x", 1000, mirrored=10**15)
    Room(tmp_path, 0, 2000).check("x", 1000, mirrored=1000)
    with pytest.raises(NoRoom, match=r"1,000 bytes wanted.*mirror\.max_bytes") as limited:
        Room(tmp_path, 0, 2000).check("a file", 1000, mirrored=1001)
    with pytest.raises(NoRoom, match=r"a file.*mirror\.min_free") as full:
        Room(tmp_path, 10**18, None).check("a file", 1, mirrored=0)
    assert limited.value.exit_code == full.value.exit_code == 73
    assert limited.value.hint
    assert full.value.hint
