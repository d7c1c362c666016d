"""Changes to files: whole or not at all, through no link, with the modes that are meant."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from lccmirror import durable


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture(params=[0o022, 0o077, 0o000])
def umask(request: pytest.FixtureRequest) -> object:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.parametrize("open_", [durable.open_for_append, durable.open_for_write])
def test_a_link_is_never_written_through(
    tmp_path: Path, open_: Callable[[Path], BinaryIO]
) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"precious")
    link.symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        open_(link)
    assert target.read_bytes() == b"precious"


def test_what_is_written_to_a_file_of_two_names_comes_to_one_alone(tmp_path: Path) -> None:
    other, path = tmp_path / "other", tmp_path / "path"
    other.write_bytes(b"precious")
    path.hardlink_to(other)
    with pytest.raises(FileExistsError, match="one file with another"):
        durable.open_for_append(path)
    with durable.open_for_write(path) as file:
        file.write(b"new")
    assert (path.read_bytes(), other.read_bytes()) == (b"new", b"precious")


@pytest.mark.parametrize("open_", [durable.open_for_append, durable.open_for_write])
def test_a_pipe_is_refused_and_nobody_waits_for_its_reader(
    tmp_path: Path, open_: Callable[[Path], BinaryIO]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match=r"No such device|no plain file"):
        open_(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(FileExistsError, match="no plain file"):
        open_(tmp_path / "pipe")
    os.close(reader)


@pytest.mark.parametrize("write", [durable.write_file, durable.write_note])
def test_a_link_is_replaced_by_a_file(
    tmp_path: Path, write: Callable[[Path, bytes], None]
) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"precious")
    link.symlink_to(target)
    write(link, b"new")
    assert (target.read_bytes(), link.read_bytes()) == (b"precious", b"new")
    assert not link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "target"]


def test_nobody_else_can_write_what_is_made(tmp_path: Path, umask: int) -> None:
    durable.make_folder(tmp_path / "a" / "b")
    durable.write_file(tmp_path / "a" / "b" / "file", b"")
    durable.write_file(tmp_path / "a" / "b" / "secret", b"", mode=0o600)
    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "b") == 0o750 & ~umask
    assert mode(tmp_path / "a" / "b" / "file") == 0o640 & ~umask
    assert mode(tmp_path / "a" / "b" / "secret") == 0o600


def test_a_folder_that_is_there_is_fine_and_a_file_is_not(tmp_path: Path) -> None:
    durable.make_folder(tmp_path / "a")
    durable.make_folder(tmp_path / "a")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileExistsError):
        durable.make_folder(tmp_path / "file")


def test_appending_goes_on_and_writing_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"one", b"two"):
        with durable.open_for_append(path) as file:
            file.write(content)
    assert path.read_bytes() == b"onetwo"
    with durable.open_for_write(path) as file:
        file.write(b"three")
        durable.flush_file(file)
        assert path.read_bytes() == b"three"


def test_renaming_replaces_and_links_share(tmp_path: Path) -> None:
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    one.write_bytes(b"1")
    two.write_bytes(b"2")
    durable.put_in_place(one, two)
    durable.link(two, three)
    assert two.read_bytes() == b"1"
    assert not one.exists()
    assert two.samefile(three)
    with pytest.raises(FileExistsError):
        durable.link(two, three)


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, list[str]]]:
    """What is flushed: the inode, and the names in it if it is a folder."""
    calls: list[tuple[int, list[str]]] = []
    flush = os.fsync

    def noted(descriptor: int) -> None:
        flush(descriptor)
        status = os.fstat(descriptor)
        names = sorted(os.listdir(descriptor)) if stat.S_ISDIR(status.st_mode) else []
        calls.append((status.st_ino, names))

    monkeypatch.setattr(os, "fsync", noted)
    return calls


def put(folder: Path) -> None:
    durable.put_in_place(folder / "old", folder / "new")


def put_elsewhere(folder: Path) -> None:
    (folder.parent / "old").write_bytes(b"")
    durable.put_in_place(folder.parent / "old", folder / "new")


CHANGES: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "a rename": (put, ["new"]),
    "a rename from another folder": (put_elsewhere, ["new", "old"]),
    "a link": (lambda folder: durable.link(folder / "old", folder / "new"), ["new", "old"]),
    "a removal": (lambda folder: durable.remove(folder / "old"), []),
    "a new folder": (lambda folder: durable.make_folder(folder / "new"), ["new", "old"]),
}


@pytest.mark.parametrize("what", sorted(CHANGES))
def test_a_change_of_names_is_flushed_after_it_is_made(
    tmp_path: Path, flushed: list[tuple[int, list[str]]], what: str
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "old").write_bytes(b"")
    change, names = CHANGES[what]
    change(folder)
    assert flushed[-1] == (folder.stat().st_ino, names)


def test_many_renames_share_the_flush_of_a_folder(
    tmp_path: Path, flushed: list[tuple[int, list[str]]]
) -> None:
    later: set[Path] = set()
    for name in ("a", "b"):
        (tmp_path / f"{name}.part").write_bytes(b"")
        durable.put_in_place(tmp_path / f"{name}.part", tmp_path / name, later=later)
    assert (flushed, later) == ([], {tmp_path})


@pytest.mark.parametrize(("before", "times"), [(None, 0), (b"", 0), (b"content", 1)])
def test_what_is_emptied_is_flushed_if_there_was_anything(
    tmp_path: Path,
    flushed: list[tuple[int, list[str]]],
    before: bytes | None,
    times: int,
) -> None:
    path = tmp_path / "file"
    if before is not None:
        path.write_bytes(before)
    durable.make_empty(path)
    assert path.read_bytes() == b""
    assert flushed == [(path.stat().st_ino, [])] * times


def test_a_file_of_two_names_is_emptied_under_one_alone(tmp_path: Path) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    other.write_bytes(b"content")
    path.hardlink_to(other)
    durable.make_empty(path)
    assert (path.read_bytes(), other.read_bytes()) == (b"", b"content")


def test_what_goes_to_the_disk_early_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with durable.open_for_append(path) as file:
        for number in range(4):
            file.write(bytes([number]) * 100_000)
            durable.begin_to_flush(file, number * 100_000, (number + 1) * 100_000)
    assert path.read_bytes() == b"".join(bytes([number]) * 100_000 for number in range(4))


def test_a_file_is_flushed_before_it_gets_its_name(
    tmp_path: Path, flushed: list[tuple[int, list[str]]]
) -> None:
    durable.write_file(tmp_path / "file", b"content")
    inode = (tmp_path / "file").stat().st_ino
    assert flushed == [(inode, []), (tmp_path.stat().st_ino, ["file"])]


@pytest.mark.parametrize("remove", [durable.remove, durable.remove_note])
def test_removing_twice_is_fine(tmp_path: Path, remove: Callable[[Path], None]) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    remove(path)
    remove(path)
    assert not path.exists()


@pytest.mark.parametrize("moment", [0.0, 1_800_000_000.0, 253_402_300_799.0, -62_135_596_800.0])
def test_any_time_can_be_a_files(tmp_path: Path, moment: float) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    durable.set_modified(path, moment)
    if moment >= 0:
        assert path.stat().st_mtime <= moment
