"""The directory at the end of a ZIP file, read one entry at a time.

The standard library makes an object of half a kilobyte for each member before the first
can be looked at; a file that claims a million members would cost half a gigabyte. This
reads what the checks of `lccmirror.formats.lczip` need and nothing else.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from ..errors import FormatError

_END = struct.Struct("<4s4H2LH")
_END64_PLACE = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_MAX_COMMENT = 0xFFFF
_TOO_BIG = 0xFFFFFFFF
_UTF8 = 1 << 11
_BLOCK = 1 << 16
# its fixed part, and name, extra field and comment as long as two bytes can say
_MOST_OF_ENTRY = _ENTRY.size + 3 * 0xFFFF


class ZipEntry(NamedTuple):
    """A member as the directory describes it."""

    name: str
    raw_name: bytes
    flags: int
    method: int
    crc32: int
    packed: int
    size: int
    offset: int
    mode: int


@dataclass(frozen=True, slots=True)
class ZipDirectory:
    """Where the directory is and how many members it claims."""

    count: int
    offset: int
    size: int


def find_directory(file: BinaryIO, name: str) -> ZipDirectory:
    """Find the directory of the ZIP `file`.

    Raises
    ------
    FormatError
        If `file` is no whole ZIP: no end record (a file that was cut short, or is still
        being written), one in the wrong place, or one of several disks.
    """
    total = file.seek(0, os.SEEK_END)
    tail_at = max(0, total - _MAX_COMMENT - _END.size)
    file.seek(tail_at)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(tail):
        raise FormatError(
            f"{name}: not a whole ZIP: no end record in its last {len(tail)} bytes"
        )
    _, disk, first_disk, here, count, size, offset, comment = _END.unpack_from(tail, at)
    end_at = tail_at + at
    if end_at + _END.size + comment != total:
        raise FormatError(f"{name}, byte {end_at}: the ZIP's end record is not its end")
    if disk or first_disk or here != count:
        raise FormatError(f"{name}, byte {end_at}: a ZIP of several disks")
    if count == 0xFFFF or _TOO_BIG in (size, offset):
        found = _find_end64(file, end_at, name)
        if found is not None:
            directory, end_at = found
            count, size, offset = directory.count, directory.size, directory.offset
    if offset + size != end_at:
        raise FormatError(
            f"{name}, byte {end_at}: the ZIP's directory is not where it should be"
        )
    return ZipDirectory(count, offset, size)


def _find_end64(file: BinaryIO, end_at: int, name: str) -> tuple[ZipDirectory, int] | None:
    place_at = end_at - _END64_PLACE.size
    if place_at < 0:
        return None
    file.seek(place_at)
    magic, disk, record_at, disks = _END64_PLACE.unpack(file.read(_END64_PLACE.size))
    if magic != b"PK\x06\x07":
        return None
    if disk or disks > 1 or record_at + _END64.size > place_at:
        raise FormatError(f"{name}, byte {place_at}: a bad ZIP64 end record")
    file.seek(record_at)
    magic, *_, here, count, size, offset = _END64.unpack(file.read(_END64.size))
    if magic != b"PK\x06\x06" or here != count:
        raise FormatError(f"{name}, byte {record_at}: a bad ZIP64 end record")
    return ZipDirectory(count, offset, size), record_at


def read_directory(file: BinaryIO, directory: ZipDirectory, name: str) -> Iterator[ZipEntry]:
    """Yield the entries of `directory` in its own order.

    Raises
    ------
    FormatError
        If an entry is damaged, or there are more or fewer than the end record says.
    """
    file.seek(directory.offset)
    left = directory.size
    begin, block, at = directory.offset, b"", 0
    count = 0
    while left or at < len(block):
        if len(block) - at < _MOST_OF_ENTRY and left:
            more = file.read(min(left, _BLOCK))
            # a file that became shorter has no more, and the entry below says so
            left = left - len(more) if more else 0
            begin, block, at = begin + at, block[at:] + more, 0
            continue
        count += 1
        entry, at = read_entry(block, at, f"{name}, byte {begin + at}", count)
        yield entry
    if count != directory.count:
        raise FormatError(
            f"{name}: {count} members where its end record says {directory.count}"
        )


def read_entry(block: bytes, at: int, where: str, number: int) -> tuple[ZipEntry, int]:
    """Read the directory's entry at `at` in `block`; return it and where it ends.

    Raises
    ------
    FormatError
        If there is none, or it is cut short; `where` and its `number` are for the message.
    """
    if not block.startswith(b"PK\x01\x02", at) or at + _ENTRY.size > len(block):
        raise FormatError(f"{where}: no directory entry for member {number}")
    (
        _,
        _made,
        _needs,
        flags,
        method,
        _time,
        _date,
        crc,
        packed,
        size,
        name_length,
        extra_length,
        comment_length,
        _disk,
        _internal,
        external,
        offset,
    ) = _ENTRY.unpack_from(block, at)
    at += _ENTRY.size
    name_end = at + name_length
    end = name_end + extra_length + comment_length
    if end > len(block):
        raise FormatError(f"{where}: the directory entry of member {number} is cut short")
    raw = block[at:name_end]
    if _TOO_BIG in (size, packed, offset):
        extra = block[name_end : name_end + extra_length]
        size, packed, offset = big_numbers(extra, (size, packed, offset))
    if raw.isascii():
        name = raw.decode("ascii")
    else:
        name = raw.decode("utf-8" if flags & _UTF8 else "cp437", "backslashreplace")
    return ZipEntry(name, raw, flags, method, crc, packed, size, offset, external >> 16), end


def big_numbers(extra: bytes, numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Replace those of `numbers` that are at their 32-bit limit by the ZIP64 ones in `extra`.

    What is not there stays as it is, and fails the checks on it.
    """
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            body = extra[at + 4 : at + 4 + length]
            found = iter(struct.unpack(f"<{len(body) // 8}Q", body[: len(body) // 8 * 8]))
            return tuple(next(found, n) if n == _TOO_BIG else n for n in numbers)
        at += 4 + length
    return numbers
