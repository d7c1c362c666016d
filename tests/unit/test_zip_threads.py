"""Checking a ZIP's members in threads: the same is found as without them."""

from __future__ import annotations

import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from lccmirror.errors import Stopped
from lccmirror.formats import check_lczip
from tests.support.published import lczip

# more than two stretches of a thread
COUNT = 2_500
SIZE = 60


def sound() -> bytearray:
    return bytearray(lczip({f"HAT-{i}": bytes([i % 251]) * SIZE for i in range(COUNT)}))


def with_a_wrong_byte(data: bytearray) -> None:
    data[data.index(b"HAT-1234-csvlc.gz") + 30] ^= 1


def with_another_name(data: bytearray) -> None:
    data[data.index(b"HAT-2000-csvlc.gz")] ^= 1


def with_one_that_begins_in_another(data: bytearray) -> None:
    at = data.index(b"PK\x01\x02")
    for _ in range(1_500):
        at = data.index(b"PK\x01\x02", at + 1)
    (offset,) = struct.unpack_from("<L", data, at + 42)
    struct.pack_into("<L", data, at + 42, offset - 20)


def with_a_longer_header_where_a_stretch_ends(data: bytearray) -> None:
    """Let a member's own header reach into the next member, which the directory hides."""
    at = 0
    for _ in range(1_000):
        begin = at
        at = data.index(b"PK\x03\x04", at + 1)
    # "begin" is the thousandth, the last of its stretch
    struct.pack_into("<H", data, begin + 28, 40)


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: None,
        with_a_wrong_byte,
        with_another_name,
        with_one_that_begins_in_another,
        with_a_longer_header_where_a_stretch_ends,
    ],
)
def test_threads_find_what_one_finds(tmp_path: Path, harm: Callable[[bytearray], None]) -> None:
    data = sound()
    harm(data)
    path = tmp_path / "lightcurves.zip"
    path.write_bytes(data)
    alone = check_lczip(path, threads=1)
    assert check_lczip(path, threads=2) == alone
    assert check_lczip(path, threads=3) == alone
    assert len(alone.members) >= COUNT - 2


def test_a_member_that_a_longer_header_hides_is_told_of(tmp_path: Path) -> None:
    first, second = b"a" * 200, b"b" * 200
    path = tmp_path / "lightcurves.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(COUNT):
            archive.writestr(f"x-{number}-csvlc.gz", second if number % 2 else first)
    data = bytearray(path.read_bytes())
    begin = 0
    for _ in range(999):
        begin = data.index(b"PK\x03\x04", begin + 1)
    # Its content is now the same bytes of the next member and a few of its own, with the CRC
    # that both headers then say: only the place gives it away.
    size, name = 200, len("x-999-csvlc.gz")
    struct.pack_into("<H", data, begin + 28, 40)
    content = bytes(data[begin + 30 + name + 40 :][:size])
    crc = zlib.crc32(content)
    struct.pack_into("<L", data, begin + 14, crc)
    entry = data.index(b"PK\x01\x02")
    for _ in range(999):
        entry = data.index(b"PK\x01\x02", entry + 1)
    struct.pack_into("<L", data, entry + 16, crc)
    path.write_bytes(data)
    told = [check_lczip(path, threads=threads).problems for threads in (1, 2)]
    assert told[0] == told[1]
    assert "x-1000-csvlc.gz" in told[0][0]
    assert "begins within the member before it" in told[0][0]


def test_all_threads_end_when_it_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "lightcurves.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(12):
            archive.writestr(f"x-{number}-csvlc.gz", bytes(1 << 20))
    with pytest.raises(Stopped):
        check_lczip(path, stop=lambda: True, threads=2)


def test_without_the_fast_crc_the_same_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = sound()
    with_a_wrong_byte(data)
    path = tmp_path / "lightcurves.zip"
    path.write_bytes(data)
    fast = check_lczip(path)
    monkeypatch.setitem(sys.modules, "isal", None)
    assert check_lczip(path) == fast
    assert len(fast.problems) == 2  # what it is, and that the manifest has it
