"""PNG pictures for tests: good ones, and ones that lie about themselves."""

from __future__ import annotations

import base64
import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk with its length and CRC."""
    crc = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + crc


def header(
    width: int, height: int, depth: int = 8, colour: int = 0, interlace: int = 0
) -> bytes:
    """Return the first chunk."""
    return chunk(
        b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    )


def picture(first: bytes, pixels: bytes) -> bytes:
    """Return a picture of a header and unpacked pixels."""
    packed = chunk(b"IDAT", zlib.compress(pixels))
    return SIGNATURE + first + packed + chunk(b"IEND", b"")


def liar(width: int, height: int) -> str:
    """Return, in base64, a picture that claims a size and has one byte of pixels."""
    return base64.b64encode(picture(header(width, height), b"\0")).decode()
