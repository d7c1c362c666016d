"""Reading a file that may be gzipped, with a bound on what comes out of it."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import FormatError
from .inflate import GZIP_BITS, inflater

Read = Callable[[int], bytes]

_GZIP = b"\x1f\x8b"
_PACKED = 1 << 16


@contextmanager
def open_expanded(
    source: Path | bytes | BinaryIO, *, max_bytes: int, what: str
) -> Iterator[Read]:
    """Open `source` for reading, expanding it if it is gzip (of any number of members).

    Parameters
    ----------
    source
        A path, the bytes themselves, or a seekable binary file (which stays open).
    max_bytes
        How many expanded bytes may come out; a few kilobytes of gzip can hold gigabytes.
    what
        What it is, for the messages.

    Yields
    ------
    callable
        ``read(n)`` returns up to ``n`` bytes, ``b""`` at the end.

    Raises
    ------
    FormatError
        From ``read``: damaged or cut gzip, or more than `max_bytes`.
    """
    opened: BinaryIO
    if isinstance(source, Path):
        opened = source.open("rb")
    elif isinstance(source, bytes):
        opened = io.BytesIO(source)
    else:
        opened = source
    try:
        start = opened.read(2)
        opened.seek(-len(start), io.SEEK_CUR)
        read = _Gunzip(opened, what).read if start == _GZIP else opened.read
        yield _bounded(read, max_bytes, what)
    finally:
        if opened is not source:
            opened.close()


class _Gunzip:
    """Expands gzip with fewer copies, and fewer calls, than the standard library's file does.

    Between and behind members there may be zeros, the padding of tapes and some archives.
    """

    def __init__(self, stream: BinaryIO, what: str) -> None:
        self._stream = stream
        self._what = what
        self._library = inflater()
        self._member: Any = self._library.decompressobj(GZIP_BITS)
        self._packed = b""
        self._given = 0

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; none at the end."""
        while True:
            if self._member.eof and not self._next_member():
                return b""
            packed = self._packed or self._stream.read(_PACKED)
            try:
                data: bytes = self._member.decompress(packed, size)
            except (zlib.error, self._library.error) as error:
                raise FormatError(
                    f"{self._what}: damaged gzip after {self._given} bytes: {error}"
                ) from error
            self._packed = self._member.unconsumed_tail
            if data:
                self._given += len(data)
                return data
            if not packed and not self._member.eof:
                raise FormatError(f"{self._what}: gzip is cut short after {self._given} bytes")

    def _next_member(self) -> bool:
        rest = self._member.unused_data.lstrip(b"\0")
        while not rest:
            block = self._stream.read(_PACKED)
            if not block:
                return False
            rest = block.lstrip(b"\0")
        self._member = self._library.decompressobj(GZIP_BITS)
        self._packed = rest
        return True


def _bounded(stream: Read, max_bytes: int, what: str) -> Read:
    given = 0

    def read(size: int) -> bytes:
        nonlocal given
        data = stream(size)
        given += len(data)
        if given > max_bytes:
            raise FormatError(f"{what}: expands to more than {max_bytes} bytes")
        return data

    return read
