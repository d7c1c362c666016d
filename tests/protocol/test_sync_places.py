"""Bad places for a mirror: a clear error, and nothing lost."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from lccmirror.errors import MirrorLocked, MirrorUnusable
from lccmirror.sync import layout
from lccmirror.sync.mirror import open_mirror, open_to_read
from lccmirror.sync.progress import Silent
from lccmirror.sync.verify import verify
from tests.support.confined import Limits, Told, confined
from tests.support.kept import Kept, assert_told
from tests.support.site import Site, make_small
from tests.support.sites import site_fixture

QUICK = '[server]\nretry_total = "1s"'

site = site_fixture(QUICK)


def place(site: Site, root: Path) -> None:
    mirror = msgspec.structs.replace(site.config.mirror, root=root)
    site.config = msgspec.structs.replace(site.config, mirror=mirror)


ODD_ROOTS: dict[str, Callable[[Path], Path]] = {
    "a file": lambda at: at,
    "below a file": lambda at: at / "mirror",
    "a link to nowhere": lambda at: at.with_name("link"),
    "a name too long": lambda at: at.with_name("n" * 300),
}


@pytest.mark.parametrize("what", sorted(ODD_ROOTS))
def test_a_root_that_is_no_folder(site: Site, tmp_path: Path, what: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"precious")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    place(site, ODD_ROOTS[what](file))
    for job in (site.sync, site.verify):
        with pytest.raises(MirrorUnusable) as caught:
            job()
        assert caught.value.exit_code == 78
        assert_told(caught.value, str(tmp_path))
    assert file.read_bytes() == b"precious"
    assert not (tmp_path / "nowhere").exists()
    assert site.server.requests == []


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can get to, which pytest's own is not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for parent, folders, _ in os.walk(folder):
        for name in folders:
            (Path(parent) / name).chmod(0o755)
    shutil.rmtree(folder)


NOBODY = 65_534


def as_nobody(site: Site, *steps: str) -> list[Told]:
    """Run as a user who owns nothing (as root, permissions say nothing)."""
    uid = NOBODY if os.geteuid() == 0 else None
    if uid is not None:
        site.config.path.chmod(0o644)
        shutil.chown(site.config.path.parent / "keys", uid, uid)
        for path in (site.config.path.parent / "keys").iterdir():
            shutil.chown(path, uid, uid)
    return confined(site.config.path, site.root, site.clock(), Limits(uid=uid), *steps)


def hand_over(path: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(path, NOBODY, NOBODY)


def test_a_root_that_cannot_be_written(open_folder: Path) -> None:
    with Site(open_folder, QUICK) as site:
        site.server.make_dataset()
        site.sync()
        kept = Kept(site)
        (site.root / "datasets").chmod(0o555)
        site.root.chmod(0o555)
        (told,) = as_nobody(site, "sync")
        assert (told.exit_code, told.error) == (78, "MirrorUnusable")
        assert_told(told, str(site.root), "not writable")
        site.root.chmod(0o755)
        kept.check()
        site.check()


def test_a_catalog_that_cannot_be_read_is_not_taken_for_one_that_is_lost(
    open_folder: Path,
) -> None:
    with Site(open_folder, QUICK) as site:
        site.server.make_dataset()
        site.sync()
        for path in (site.root, *site.root.rglob("*")):
            hand_over(path)
        catalog = site.root / "catalog.sqlite"
        before = catalog.read_bytes()
        catalog.chmod(0)
        (told,) = as_nobody(site, "rebuild")
        assert (told.exit_code, told.error) == (78, "MirrorUnusable")
        assert_told(told, str(catalog), "Permission denied")
        assert catalog.read_bytes() == before
        catalog.chmod(0o640)
        assert as_nobody(site, "rebuild") == [Told(0, message="the catalog itself")]


def test_a_folder_of_the_mirror_that_cannot_be_written(open_folder: Path) -> None:
    with Site(open_folder, QUICK) as site:
        site.sync()
        site.server.make_dataset()
        for path in (site.root, *site.root.rglob("*")):
            hand_over(path)
        (site.root / "datasets").mkdir(mode=0o555)
        first, second = as_nobody(site, "sync", "verify")
        assert (first.exit_code, first.error) == (78, "MirrorUnusable")
        assert_told(first, str(site.root / "datasets"), "Permission denied")
        assert second.exit_code == 0
        (site.root / "datasets").chmod(0o755)
        hand_over(site.root / "datasets")
        assert [one.exit_code for one in as_nobody(site, "sync", "verify")] == [0, 0]


def test_a_folder_of_backups_that_is_closed_is_no_reason_to_fail(open_folder: Path) -> None:
    with Site(open_folder, QUICK) as site:
        site.sync()
        setid = site.server.make_dataset()
        for path in (site.root, *site.root.rglob("*")):
            hand_over(path)
        (site.root / "backups").chmod(0)
        assert as_nobody(site, "sync") == [Told(0)]
        assert site.states()[setid] == "mirrored"
        ((what,),) = site.sql("SELECT message FROM troubles")
        assert "backups: Permission denied" in what
        (site.root / "backups").chmod(0o750)


def test_who_may_only_read_can_verify_and_ask_what_would_be_done(open_folder: Path) -> None:
    with Site(open_folder, QUICK) as site:
        held = site.server.make_dataset()
        site.sync()
        new = site.server.make_dataset(columns=("ndet",))
        there = sorted(site.root.rglob("*"), reverse=True)
        for path in (*there, site.root):
            path.chmod(0o555 if path.is_dir() else 0o444)
        before = (site.root / "catalog.sqlite").read_bytes()
        sound, planned = as_nobody(site, "verify", "plan")
        assert sound == Told(0, message="[]")
        assert planned == Told(0, message=f"fetch {new}")
        cut = site.file(held, "csv")
        cut.chmod(0o644)
        os.truncate(cut, 10)
        (damaged,) = as_nobody(site, "verify")
        assert damaged.exit_code == 65
        assert "10 bytes instead of" in damaged.message
        assert (site.root / "catalog.sqlite").read_bytes() == before
        assert sorted(site.root.rglob("*"), reverse=True) == there
        (site.root / "catalog.sqlite").chmod(0)
        for told in as_nobody(site, "verify", "plan"):
            assert (told.exit_code, told.error) == (78, "MirrorUnusable")
            assert_told(told, str(site.root), "cannot be opened")
        for path in (site.root, *reversed(there)):
            path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.mark.parametrize("mode", [0o000, 0o555])
def test_a_dataset_s_folder_that_is_closed_to_us_is_in_no_other_s_way(
    open_folder: Path, mode: int
) -> None:
    with Site(open_folder, QUICK) as site:
        closed = site.server.make_dataset()
        site.sync()
        for path in (site.root, *site.root.rglob("*")):
            hand_over(path)
        folder = site.file(closed, "csv").parent
        site.file(closed, "lczip").unlink()
        folder.chmod(mode)
        new = site.server.make_dataset(columns=("ndet",))
        first, repaired, synced = as_nobody(site, "verify", "repair", "sync")
        assert first.exit_code == repaired.exit_code == 65
        assert ("cannot be entered" in first.message) == (mode == 0)
        assert "cannot be entered or written by this user" in repaired.message
        assert (synced.error, site.states()[new]) == (None, "mirrored")
        folder.chmod(0o755)
        (mended,) = as_nobody(site, "repair")
        assert mended.exit_code == 0, mended.message
        site.check()


def test_what_a_reader_may_not_read_is_not_called_damaged(open_folder: Path) -> None:
    with Site(open_folder, QUICK) as site:
        setid = site.server.make_dataset()
        site.sync()
        there = sorted(site.root.rglob("*"), reverse=True)
        for path in (*there, site.root):
            path.chmod(0o555 if path.is_dir() else 0o444)
        site.file(setid, "csv").chmod(0)
        (told,) = as_nobody(site, "verify")
        assert told.exit_code == 65
        assert "what='unreadable'" in told.message
        assert "what='damaged'" not in told.message
        site.root.chmod(0)
        for step in ("verify", "plan"):
            (told,) = as_nobody(site, step)
            assert (told.exit_code, told.error) == (78, "MirrorUnusable")
            assert_told(told, str(site.root), "cannot be read")
        site.root.chmod(0o755)


def test_a_reader_does_not_take_for_damage_what_is_being_replaced(site: Site) -> None:
    setid = site.server.make_dataset()
    site.sync()
    before = site.file(setid, "csv").read_bytes()
    other = before + b"more"
    row = "UPDATE files SET size = ?, sha256 = ? WHERE kind = 'csv'"

    class Replacing(Silent):
        def advance(self, key: str, n: int) -> None:
            site.file(setid, "csv").write_bytes(other)
            with site.writing() as conn:
                conn.execute(row, (len(other), hashlib.sha256(other).hexdigest()))

    with open_to_read(site.root, site.server.url) as mirror:
        formats = len(site.sql("SELECT * FROM files WHERE path < 'datasets'"))
        assert formats > 0
        assert verify(mirror, site.now, progress=Replacing()).damage == []
        site.file(setid, "csv").write_bytes(before)
        assert len(verify(mirror, site.now).damage) == 1


def large_zip(folder: Path, size: int) -> Path:
    path = folder / "large.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("demo-field-a-x-csvlc.gz", os.urandom(size))
    return path


def test_a_file_that_does_not_fit_goes_on_when_there_is_room(
    site: Site, tmp_path: Path
) -> None:
    limit = 2_000_000
    large = make_small(site, large_zip(tmp_path, 3 * limit))
    small = site.server.make_dataset()
    limits = Limits(file_bytes=limit)
    first, sound, _, second = confined(
        site.config.path, site.root, site.clock(), limits, "sync", "verify", "free", "sync"
    )
    assert (first.exit_code, first.error) == (73, "NoRoom")
    assert_told(first, large)
    assert sound == Told(0, message="[]")
    assert second.exit_code == 0
    assert site.states() == {large: "mirrored", small: "mirrored"}
    asked = [one for one in site.server.requests if "/p/" in one.target]
    ranges = [one.headers.get("range") for one in asked if large in one.target]
    assert f"bytes={limit}-" in ranges
    site.clock.forward(86_400)
    assert site.verify().exit_code == 0


@pytest.mark.parametrize("kilobytes", [4, 60, 120, 200, 300, 400, 600])
def test_a_disk_that_is_full(site: Site, tmp_path: Path, kilobytes: int) -> None:
    make_small(site, large_zip(tmp_path, 500_000))
    site.server.make_dataset()
    site.root.mkdir()
    steps = ("sync", "sync", "free", "sync", "verify")
    limits = Limits(disk_bytes=kilobytes * 1024)
    told = confined(site.config.path, site.root, site.clock(), limits, *steps)
    first, again, _, last, verified = told
    assert {first.exit_code, again.exit_code} == {73}, told
    assert_told(first)
    assert (last.exit_code, verified) == (0, Told(0, message="[]"))


# Whose mirror it is


def test_the_mirror_of_another_server(site: Site, tmp_path: Path) -> None:
    site.server.make_dataset()
    site.sync()
    kept = Kept(site)
    other = "http://127.0.0.1:1"
    site.configure(QUICK, url=other)
    with pytest.raises(MirrorUnusable) as caught:
        site.sync()
    assert caught.value.exit_code == 78
    assert_told(caught.value, site.server.url, other)
    assert "formerly" in str(caught.value.hint)
    kept.check()


def test_the_same_server_at_a_new_address(site: Site) -> None:
    site.server.make_dataset()
    site.sync()
    moved = site.server.url.replace("127.0.0.1", "localhost")
    site.configure(f'{QUICK}\nformerly = ["{site.server.url}"]', url=moved)
    site.server.make_dataset(columns=("ndet",))
    report = site.sync()
    assert (report.exit_code, report.mirrored) == (0, 1)
    assert site.sql("SELECT value FROM mirror WHERE key = 'server_url'") == [(moved,)]
    site.check()


def test_two_at_once(site: Site) -> None:
    site.server.make_dataset()
    site.sync()
    with open_mirror(site.root, site.config.server.url):
        # A dry run only reads, and so it may.
        assert site.plan() == []
        for job in (site.sync, site.verify, site.repair):
            with pytest.raises(MirrorLocked) as caught:
                job()
            assert caught.value.exit_code == 75
            assert_told(caught.value, str(site.root), f"process {os.getpid()}")
    assert site.sync().exit_code == 0
    site.check()


def test_two_at_once_although_somebody_has_removed_the_lock(site: Site) -> None:
    site.server.make_dataset()
    site.sync()
    with open_mirror(site.root, site.config.server.url):
        (site.root / layout.LOCK).unlink()
        for _ in range(2):
            with pytest.raises(MirrorLocked) as caught:
                site.sync()
            assert_told(caught.value, str(site.root), "was removed")
    assert site.sync().exit_code == 0
    site.check()


@pytest.mark.parametrize("kind", ["a pipe", "a folder", "a link", "one file with another"])
def test_something_else_lies_where_the_lock_is(site: Site, tmp_path: Path, kind: str) -> None:
    site.server.make_dataset()
    site.sync()
    kept = Kept(site)
    lock, precious = site.root / layout.LOCK, tmp_path / "precious"
    lock.unlink()
    precious.write_bytes(b"precious")
    put: dict[str, Callable[[], None]] = {
        "a pipe": lambda: os.mkfifo(lock),
        "a folder": lock.mkdir,
        "a link": lambda: lock.symlink_to(precious),
        "one file with another": lambda: lock.hardlink_to(precious),
    }
    put[kind]()
    if kind == "one file with another":
        assert site.sync().exit_code == 0
    else:
        with pytest.raises(MirrorUnusable) as caught:
            site.sync()
        assert_told(caught.value, str(lock))
    assert precious.read_bytes() == b"precious"
    precious.unlink()
    lock.rmdir() if lock.is_dir() else lock.unlink()
    kept.check()
    assert site.sync().exit_code == 0
    site.check()
