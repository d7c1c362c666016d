"""Reading the members of a ZIP and comparing them with its directory."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Iterator

from ..errors import FormatError, Stopped
from .zip_directory import ZipEntry, big_numbers

STORED, DEFLATED = 0, 8
_LOCAL = struct.Struct("<4s5H3L2H")
LOCAL_SIZE = _LOCAL.size
_SIZES_BEHIND = 1 << 3
# What is read at once: it has to hold any header, and stays in a processor's cache until its
# CRC is worked out.
_PIECE = 1 << 18
# Of a member's own header, beyond what the directory says: a ZIP64 field, at most.
_MORE_HEADER = 32
_ASK = 1 << 20


class MemberReader:
    """Reads members, most of them with one call each.

    Several may read the same file at the same time: none of them moves its position.

    Parameters
    ----------
    descriptor
        Of the ZIP, open for reading.
    stop
        Asked, for each mebibyte, whether to give up.
    """

    def __init__(self, descriptor: int, stop: Callable[[], bool]) -> None:
        self._descriptor = descriptor
        self._piece = memoryview(bytearray(_PIECE))
        self._crc32 = crc32_function()
        self._stop = stop
        self._unasked = 0

    def check(self, entry: ZipEntry, limit: int, *, keep: bool) -> tuple[int, bytes | None]:
        """Read a member whole; return where it ends and, if `keep`, its content.

        Raises
        ------
        FormatError
            If it is not what the directory says, or reaches beyond the byte `limit`.
        Stopped
            If `stop` said so.
        """
        if entry.offset >= limit:
            raise FormatError("begins beyond the members")
        expected = LOCAL_SIZE + len(entry.raw_name) + _MORE_HEADER + entry.packed
        got = self._read(entry.offset, min(expected, _PIECE))
        head = self._local_header(entry, got)
        if head > got:
            # an extra field longer than any that is needed
            got = self._read(entry.offset, min(head + entry.packed, _PIECE))
        end = entry.offset + head + entry.packed
        if end > limit:
            raise FormatError("reaches into the directory")
        first = self._piece[head : min(got, head + entry.packed)]
        stored = self._stored(first, entry.offset + head + len(first), end)
        crc32 = self._crc32
        pieces: list[bytes] = []
        crc = size = 0
        for piece in stored if entry.method == STORED else _inflated(stored, entry.size):
            crc = crc32(piece, crc)
            size += len(piece)
            if keep:
                pieces.append(bytes(piece))
        if size != entry.size:
            raise FormatError(f"has {size} bytes where the directory says {entry.size}")
        if crc != entry.crc32:
            raise FormatError(f"has CRC {crc:08x} where the directory says {entry.crc32:08x}")
        return end, b"".join(pieces) if keep else None

    def _read(self, at: int, size: int) -> int:
        """Read into the piece as much as there is, and return how much that was."""
        got = 0
        while got < size:
            more = os.preadv(self._descriptor, [self._piece[got:size]], at + got)
            if not more:
                break
            got += more
        self._unasked += got
        if self._unasked >= _ASK:
            self._unasked = 0
            if self._stop():
                raise Stopped("checking a light-curve ZIP was stopped")
        return got

    def _local_header(self, entry: ZipEntry, got: int) -> int:
        """Compare a member's own header with the directory; return how long it is."""
        piece = self._piece
        if got < LOCAL_SIZE:
            raise FormatError("no member begins there")
        magic, _, flags, method, _, _, crc, packed, size, name_length, extra_length = (
            _LOCAL.unpack_from(piece)
        )
        if magic != b"PK\x03\x04":
            raise FormatError("no member begins there")
        name_end: int = LOCAL_SIZE + name_length
        head: int = name_end + extra_length
        same = (
            piece[LOCAL_SIZE : min(name_end, got)] == entry.raw_name
            and flags == entry.flags
            and method == entry.method
        )
        if packed == 0xFFFFFFFF or size == 0xFFFFFFFF:
            if head > got:
                got = self._read(entry.offset, min(head, _PIECE))
            size, packed = big_numbers(bytes(piece[name_end : min(head, got)]), (size, packed))
        if not flags & _SIZES_BEHIND:
            same = same and (crc, packed, size) == (entry.crc32, entry.packed, entry.size)
        if not same:
            raise FormatError("its own header differs from the directory")
        return head

    def _stored(self, first: memoryview, at: int, end: int) -> Iterator[memoryview]:
        """Yield the packed bytes: those that are there already, then those from `at` on."""
        if first:
            yield first
        while at < end:
            got = self._read(at, min(end - at, _PIECE))
            if not got:
                raise FormatError("is cut short")
            at += got
            yield self._piece[:got]


def _inflated(stored: Iterator[memoryview], most: int) -> Iterator[bytes]:
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    given = 0
    try:
        for packed in stored:
            left: bytes | memoryview = packed
            while left and not inflate.eof:
                piece = inflate.decompress(left, _PIECE)
                left = inflate.unconsumed_tail
                given += len(piece)
                if given > most:
                    raise FormatError("expands to more than the directory says")
                yield piece
        if not inflate.eof:
            yield inflate.flush()
    except zlib.error as error:
        raise FormatError(f"cannot be expanded: {error}") from error
    if not inflate.eof:
        raise FormatError("its packed bytes end too early")


def crc32_function() -> Callable[[bytes | memoryview, int], int]:
    """Return ISA-L's `crc32`, eight times as fast, if it is installed; else zlib's."""
    try:
        from isal import isal_zlib  # the extra `fast`
    except ImportError:
        return zlib.crc32
    function: Callable[[bytes | memoryview, int], int] = isal_zlib.crc32
    return function


def has_fast_crc32() -> bool:
    """Say whether the CRC takes less time than reading."""
    return crc32_function() is not zlib.crc32
