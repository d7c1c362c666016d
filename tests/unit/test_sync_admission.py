"""Room given out: to all workers together, and to each file once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from lccmirror.errors import NoRoom
from lccmirror.sync.admission import Admission, TooLargeForUs, Watch
from lccmirror.sync.filesystem import Room
from lccmirror.sync.progress import Silent


class Usage(NamedTuple):
    free: int


class Disk:
    """A disk of which the test says how much is free."""

    def __init__(self, free: int) -> None:
        self.free = free

    def usage(self, root: Path) -> Usage:
        return Usage(self.free)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk(1000)
    monkeypatch.setattr(shutil, "disk_usage", disk.usage)
    return disk


def admission(min_free: int = 0, max_bytes: int | None = None, mirrored: int = 0) -> Admission:
    return Admission(Room(Path("/"), min_free, max_bytes), mirrored)


def test_what_one_worker_will_write_is_not_free_for_another(disk: Disk) -> None:
    room = admission(min_free=100)
    room.ask("a.zip", 600, 0)
    with pytest.raises(NoRoom, match="400 free"):
        room.ask("b.zip", 301, 0)
    room.ask("b.zip", 300, 0)


def test_what_has_come_is_not_asked_for_again(disk: Disk) -> None:
    room = admission()
    room.ask("a.zip", 900, 0)
    disk.free = 200
    # Cut after 800 bytes; the rest fits, though all of it would not.
    room.ask("a.zip", 900, 800)
    room.came("a.zip", 850)
    room.ask("b.zip", 150, 0)
    with pytest.raises(NoRoom):
        room.ask("c.zip", 1, 0)


def test_the_limit_counts_a_resumed_file_whole(disk: Disk) -> None:
    room = admission(max_bytes=100, mirrored=95)
    with pytest.raises(NoRoom, match=r"10 bytes wanted.*max_bytes"):
        room.ask("a.zip", 10, 8)
    room.ask("b.zip", 5, 0)
    room.came("b.zip", 5)
    with pytest.raises(NoRoom):
        room.ask("c.zip", 1, 0)


def test_what_does_not_come_leaves_its_room_to_others(disk: Disk) -> None:
    room = admission(max_bytes=100)
    room.ask("a.zip", 100, 0)
    room.give_back("a.zip")
    room.ask("b.zip", 100, 0)


def test_files_of_one_name_in_two_folders_are_two(disk: Disk) -> None:
    room = admission(max_bytes=100)
    room.ask("lightcurves/north/star.gz", 60, 0)
    with pytest.raises(NoRoom, match=r"no room for star\.gz"):
        room.ask("lightcurves/south/star.gz", 60, 0)


def test_a_file_that_is_in_the_mirror_counts_there_and_once(disk: Disk) -> None:
    room = admission(max_bytes=100)
    room.ask("a.csv", 40, 0)
    room.came("a.csv", 40)
    room.settle("a.csv")
    room.settle("a.csv")
    room.settle("never asked for")
    room.give_back("a.csv")
    with pytest.raises(NoRoom, match=r"61 bytes wanted.*max_bytes"):
        room.ask("b.csv", 61, 0)
    room.ask("b.csv", 60, 0)


def test_sums_over_many_files_stay_right(disk: Disk) -> None:
    room = admission(max_bytes=1000)
    for number in range(100):
        name = f"{number}.csv"
        # Twice: a second attempt counts in place of the first.
        room.ask(name, 500, 0)
        room.ask(name, 8, 2)
        room.came(name, 5)
        (room.settle if number % 2 else room.give_back)(name)
    room.ask("z.zip", 600, 0)
    with pytest.raises(NoRoom, match=r"1 bytes wanted.*max_bytes"):
        room.ask("y.zip", 1, 0)


def test_the_largest_size_is_that_of_the_whole_file(disk: Disk, tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.write_bytes(b"12345678")
    watch = Watch(admission(), Silent(), 10, "lightcurves/a.zip", part)
    watch.admit(2)
    with pytest.raises(TooLargeForUs, match=r"a\.zip has 11 bytes"):
        watch.admit(3)


def test_a_file_of_unknown_length_is_asked_for_as_it_comes(disk: Disk, tmp_path: Path) -> None:
    watch = Watch(admission(min_free=500), Silent(), None, "a", tmp_path / "part")
    watch.admit(0)
    watch(100, None)
    disk.free = 499
    with pytest.raises(NoRoom):
        watch(501, None)
