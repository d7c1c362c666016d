"""Changes to files: whole or not at all, through no link, with the modes that are meant."""

from __future__ import annotations

import os
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
