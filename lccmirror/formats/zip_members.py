"""Reading the members of a ZIP and comparing them with its directory."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from io import BufferedReader, FileIO

from ..errors import FormatError, Stopped
from .zip_directory import ZipEntry, big_numbers

STORED, DEFLATED = 0, 8
_LOCAL = struct.Struct("<4s5H3L2H")
_SIZES_BEHIND = 1 << 3
_CHUNK = 1 << 20


class MemberReader:
    """Reads members in the order of the file, a mebibyte at a time.

    Parameters
    ----------
    file
        The ZIP, with a buffer that makes many small members cheap.
    progress
        Called with the number of bytes passed since the last call.
    stop
        Asked whether to give up.
    """

    def __init__(
        self,
        file: BufferedReader[FileIO],
        progress: Callable[[int], None],
        stop: Callable[[], bool],
    ) -> None:
        self._file = file
        self._piece = memoryview(bytearray(_CHUNK))
        self._progress = progress
        self._stop = stop
        self._passed = 0

    def check(self, entry: ZipEntry, limit: int, *, keep: bool) -> tuple[int, bytes | None]:
        """Read a member whole; return where it ends and, if `keep`, its content.

        Raises
        ------
        FormatError
            If it is not what the directory says, or reaches beyond the byte `limit`.
        """
        begin = self._local_header(entry, limit)
        end = begin + entry.packed
        if end > limit:
            raise FormatError("reaches into the directory")
        pieces: list[bytes] = []
        crc = size = 0
        for piece in self._stored(entry) if entry.method == STORED else self._inflated(entry):
            crc = zlib.crc32(piece, crc)
            size += len(piece)
            if keep:
                pieces.append(bytes(piece))
        if size != entry.size:
            raise FormatError(f"has {size} bytes where the directory says {entry.size}")
        if crc != entry.crc32:
            raise FormatError(f"has CRC {crc:08x} where the directory says {entry.crc32:08x}")
        self._pass(end - entry.offset)
        return end, b"".join(pieces) if keep else None

    def _local_header(self, entry: ZipEntry, limit: int) -> int:
        if entry.offset >= limit:
            raise FormatError("begins beyond the members")
        self._file.seek(entry.offset)
        head = self._file.read(_LOCAL.size)
        if len(head) < _LOCAL.size or not head.startswith(b"PK\x03\x04"):
            raise FormatError("no member begins there")
        _, _, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL.unpack(
            head
        )
        name = self._file.read(name_length)
        extra = self._file.read(extra_length)
        if packed == 0xFFFFFFFF or size == 0xFFFFFFFF:
            size, packed = big_numbers(extra, (size, packed))
        same = name == entry.raw_name and (flags, method) == (entry.flags, entry.method)
        if not flags & _SIZES_BEHIND:
            same = same and (crc, packed, size) == (entry.crc32, entry.packed, entry.size)
        if not same:
            raise FormatError("its own header differs from the directory")
        return entry.offset + _LOCAL.size + len(name) + len(extra)

    def _stored(self, entry: ZipEntry) -> Iterator[memoryview]:
        left = entry.packed
        while left:
            got = self._file.readinto(self._piece[: min(left, _CHUNK)])
            if not got:
                raise FormatError("is cut short")
            left -= got
            yield self._piece[:got]
            self._ask()

    def _inflated(self, entry: ZipEntry) -> Iterator[bytes]:
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        given = 0
        try:
            for packed in self._stored(entry):
                left: bytes | memoryview = packed
                while left and not inflate.eof:
                    piece = inflate.decompress(left, _CHUNK)
                    left = inflate.unconsumed_tail
                    given += len(piece)
                    if given > entry.size:
                        raise FormatError("expands to more than the directory says")
                    yield piece
            if not inflate.eof:
                yield inflate.flush()
        except zlib.error as error:
            raise FormatError(f"cannot be expanded: {error}") from error
        if not inflate.eof:
            raise FormatError("its packed bytes end too early")

    def _pass(self, size: int) -> None:
        self._passed += size
        if self._passed >= _CHUNK:
            self._progress(self._passed)
            self._passed = 0
            self._ask()

    def _ask(self) -> None:
        if self._stop():
            raise Stopped("checking a light-curve ZIP was stopped")
