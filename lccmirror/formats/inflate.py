"""Expanding a light curve: whole, or only its beginning; with ISA-L where it is installed."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import FormatError

_GZIP = b"\x1f\x8b"
# zlib's way to say: a gzip header and trailer around it, and its CRC checked
GZIP_BITS = 31
_FIRST = 1 << 13
_PIECE = 1 << 20
# Deflate cannot do more.
_MOST_EXPANSION = 1032


def expand(source: Path | bytes | BinaryIO, *, max_bytes: int, what: str) -> bytes:
    """Return all that `source` holds, expanded if it is gzip (of any number of members).

    Parameters
    ----------
    source
        A path, the bytes themselves, or a binary file (which stays open).
    max_bytes
        How many expanded bytes may come out; a few kilobytes of gzip can hold gigabytes.
    what
        What it is, for the messages.

    Raises
    ------
    FormatError
        For damaged or cut gzip, or more than `max_bytes`.
    """
    data = packed_bytes(source, max_bytes)
    if not data.startswith(_GZIP):
        _bound(len(data), max_bytes, what)
        return data
    library = inflater()
    member = library.decompressobj(GZIP_BITS)
    # one more than allowed, so that "exactly as many" and "more" differ
    most = max_bytes + 1
    try:
        # a gzip of one member ends with its size: a buffer that fits saves half the time
        first: bytes = member.decompress(data, min(most, _claimed(data) + 1))
        if not member.eof and len(first) < most:
            first += member.decompress(member.unconsumed_tail, most - len(first))
    except (zlib.error, library.error) as error:
        raise FormatError(f"{what}: damaged gzip after 0 bytes: {error}") from error
    given = len(first)
    _bound(given, max_bytes, what)
    if not member.eof:
        raise FormatError(f"{what}: gzip is cut short after {given} bytes")
    rest = member.unused_data
    if rest.startswith(_GZIP):
        return first + _members(rest, max_bytes - given, max_bytes, what)
    # zeros are the padding of tapes and some archives
    if rest.strip(b"\0"):
        raise FormatError(f"{what}: damaged gzip: {len(rest)} bytes that are none follow it")
    return first


def _members(data: bytes, left: int, max_bytes: int, what: str) -> bytes:
    """Expand any number of members, in time that does not grow with their number squared."""
    from .expanded import open_expanded  # which needs this module

    content = io.BytesIO()
    with open_expanded(data, max_bytes=max_bytes, what=what) as read:
        while piece := read(_PIECE):
            left -= len(piece)
            if left < 0:
                _bound(max_bytes + 1, max_bytes, what)
            content.write(piece)
    return content.getvalue()


def expand_until(source: Path | bytes | BinaryIO, end: bytes, *, max_bytes: int) -> bytes:
    """Return the beginning of `source` expanded: at least until the bytes `end` are in it.

    All of it, or `max_bytes` if that is less, where they are not. Only what is read is
    checked: damage further on, and the CRC at the end of a gzip, are not seen.

    Raises
    ------
    FormatError
        If the gzip is damaged where it was read.
    """
    data = packed_bytes(source, max_bytes)
    if not data.startswith(_GZIP):
        return data
    # not ISA-L's, which expands more than it is asked for
    member = zlib.decompressobj(GZIP_BITS)
    found = b""
    step = _FIRST
    left = data
    while end not in found and left and not member.eof and len(found) < max_bytes:
        try:
            found += member.decompress(left, step)
        except zlib.error as error:
            raise FormatError(f"damaged gzip after {len(found)} bytes: {error}") from error
        left = member.unconsumed_tail
        step *= 4
    return found


def packed_bytes(source: Path | bytes | BinaryIO, max_bytes: int) -> bytes:
    """Return the bytes of `source` as they are, a few more than `max_bytes` at most."""
    if isinstance(source, bytes):
        return source
    # what is incompressible grows by a few bytes a kilobyte
    most = max_bytes + (max_bytes >> 8) + (1 << 16)
    if isinstance(source, Path):
        with source.open("rb") as file:
            return file.read(most)
    return source.read(most)


def _claimed(data: bytes) -> int:
    """Return how large the last member claims to be, as far as that is possible."""
    return min(int.from_bytes(data[-4:], "little"), len(data) * _MOST_EXPANSION)


def _bound(given: int, max_bytes: int, what: str) -> None:
    if given > max_bytes:
        raise FormatError(f"{what}: expands to more than {max_bytes} bytes")


def inflater() -> Any:
    """Return ISA-L's counterpart of `zlib`, three times as fast, or `zlib` itself."""
    try:
        from isal import isal_zlib  # the extra `fast`
    except ImportError:
        return zlib
    return isal_zlib
