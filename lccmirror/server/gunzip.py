"""gzip bodies, unpacked a bounded piece at a time."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from ..errors import CutShort, ProtocolError

_PIECE = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS
# Servers send one. Each begins anew, and can hold nothing.
_MOST_MEMBERS = 1_000


def gunzipped(chunks: Iterable[bytes], what: str) -> Iterator[bytes]:
    """Yield the content of a gzip body in pieces of at most 64 KiB.

    urllib3 unpacks a chunk whole before anyone can count it, so that a small body of zeros
    would fill the memory; here the reader stops as soon as it has had enough.

    Raises
    ------
    CutShort
        If the body ends early or is damaged.
    ProtocolError
        If it is of more than a thousand gzips, one after the other.
    """
    unpacker = zlib.decompressobj(_GZIP)
    begun = False
    members = 1
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(_GZIP)
                    members += 1
                    if members > _MOST_MEMBERS:
                        raise ProtocolError(f"{what}: packed in too many pieces")
                begun = True
                piece = unpacker.decompress(rest, _PIECE)
                if piece:
                    yield piece
                rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
                # the last piece can be full without any input being left over
                while not rest and not unpacker.eof and len(piece) == _PIECE:
                    piece = unpacker.decompress(b"", _PIECE)
                    if piece:
                        yield piece
    except zlib.error:
        raise CutShort(f"{what}: the compressed body is damaged") from None
    if begun and not unpacker.eof:
        raise CutShort(f"{what}: the compressed body ended early")
