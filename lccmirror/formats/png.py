"""Is it a PNG picture, whole and no larger than it should be? Its pixels are not kept."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import FormatError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHUNK_BYTES = 1 << 20
# Samples per pixel, and the bit depths allowed, by colour type.
_COLOURS = {
    0: (1, (1, 2, 4, 8, 16)),
    2: (3, (8, 16)),
    3: (1, (1, 2, 4, 8)),
    4: (2, (8, 16)),
    6: (4, (8, 16)),
}
_CRITICAL = (b"PLTE", b"IDAT", b"IEND")
# Adam7: first column and row, and steps, of each pass.
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


@dataclass(frozen=True)
class Size:
    """Pixels across and down."""

    width: int
    height: int


def check_png(content: bytes, max_pixels: int) -> Size:
    """Check a PNG picture to its last byte: signature, every chunk's CRC, all its pixels.

    Parameters
    ----------
    content
        The file.
    max_pixels
        More are refused: a small file can become a huge picture in whatever shows it.

    Raises
    ------
    FormatError
        If it is none, is cut off, damaged, too large, or has something behind it.
    """
    chunks = _chunks(content)
    kind, header = next(chunks)
    if kind != b"IHDR" or len(header) != 13:
        raise FormatError("a PNG picture without a header")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(
        ">IIBBBBB", header
    )
    samples, depths = _COLOURS.get(colour, (0, ()))
    if depth not in depths or compression or filtering or interlace > 1:
        raise FormatError("a PNG picture of a kind that there is not")
    if not 0 < width < 2**31 or not 0 < height < 2**31:
        raise FormatError("a PNG picture without pixels")
    if width * height > max_pixels:
        raise FormatError(f"a picture of {width:,} × {height:,} pixels (limits.max_pixels)")
    bits = samples * depth
    wanted = sum(
        rows * (1 + (columns * bits + 7) // 8)
        for columns, rows in _passes(width, height, interlace)
        if columns
    )
    _check_pixels(_pixels(chunks), wanted)
    return Size(width, height)


def _chunks(content: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Yield kind and content of each chunk; the end has to be where the file ends."""
    if not content.startswith(_SIGNATURE):
        raise FormatError("not a PNG picture")
    view = memoryview(content)
    at, kind = len(_SIGNATURE), b""
    while kind != b"IEND":
        if at + 12 > len(content):
            raise FormatError("a PNG picture that is cut off")
        (length,) = struct.unpack_from(">I", content, at)
        end = at + 12 + length
        if end > len(content):
            raise FormatError("a PNG picture that is cut off")
        kind, body = bytes(view[at + 4 : at + 8]), view[at + 8 : end - 4]
        (crc,) = struct.unpack_from(">I", content, end - 4)
        if zlib.crc32(view[at + 4 : end - 4]) != crc:
            raise FormatError("a PNG picture that is damaged (a CRC is wrong)")
        yield kind, body
        at = end
    if at != len(content):
        raise FormatError("a PNG picture with something behind its end")


def _pixels(chunks: Iterator[tuple[bytes, memoryview]]) -> Iterator[memoryview]:
    """Yield the packed pixels; what nobody could show without knowing more is refused."""
    for kind, body in chunks:
        # A small first letter: who does not know it may pass over it.
        if not kind.isalpha() or (kind[:1].isupper() and kind not in _CRITICAL):
            raise FormatError("a PNG picture of a kind that there is not")
        if kind == b"IDAT":
            yield body


def _passes(width: int, height: int, interlace: int) -> Iterator[tuple[int, int]]:
    if not interlace:
        yield width, height
        return
    for left, top, across, down in _PASSES:
        columns = (width - left + across - 1) // across
        rows = (height - top + down - 1) // down
        yield max(columns, 0), max(rows, 0)


def _check_pixels(bodies: Iterator[memoryview], wanted: int) -> None:
    """Unpack the pixels, some at a time, and count them."""
    inflate = zlib.decompressobj()
    total = 0
    # To the last chunk, also when there is enough: each one's CRC is looked at.
    for body in bodies:
        data: bytes | memoryview = body
        while data and not inflate.eof and total <= wanted:
            try:
                total += len(inflate.decompress(data, _CHUNK_BYTES))
            except zlib.error:
                raise FormatError("a PNG picture whose pixels cannot be unpacked") from None
            data = inflate.unconsumed_tail
    if not inflate.eof or total != wanted:
        raise FormatError("a PNG picture that has more or fewer pixels than it says")
