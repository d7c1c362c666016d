"""The smallest PNG encoder that makes valid pictures: grey, eight bits, no filter."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence


def grey_png(rows: Sequence[bytes]) -> bytes:
    """Encode a grey picture.

    Parameters
    ----------
    rows
        One byte a pixel, the top row first, all of one length.
    """
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", pixels),
            _chunk(b"IEND", b""),
        )
    )


def scatter_png(points: Sequence[tuple[float, float]], width: int, height: int) -> bytes:
    """Draw points (x and y from 0 to 1, y upwards) as black squares on white."""
    canvas = [bytearray(b"\xff" * width) for _ in range(height)]
    for x, y in points:
        column = min(width - 2, max(0, int(x * (width - 1))))
        row = min(height - 2, max(0, int((1.0 - y) * (height - 1))))
        canvas[row][column : column + 2] = b"\0\0"
        canvas[row + 1][column : column + 2] = b"\0\0"
    return grey_png([bytes(row) for row in canvas])


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
