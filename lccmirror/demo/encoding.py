"""What HTTP adds to an answer of JSON: its entity tag, its 304, its compression."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from .messages import JSON_TYPE, Answer, FilePart, Request

_SMALL = 1024  # smaller answers are not worth compressing


def encoded(request: Request, answer: Answer) -> Answer:
    """Return a JSON answer with its tag, its 304 and its compression; others as they are."""
    if answer.header("Content-Type") != JSON_TYPE[1]:
        return answer
    body = answer.body
    if isinstance(body, FilePart):
        return answer
    if not isinstance(body, bytes):
        if not accepts_gzip(request):
            return answer
        return replace(
            answer.with_headers(("Content-Encoding", "gzip")), body=gzip_pieces(body)
        )
    if request.method == "GET" and answer.status == 200:
        tag = f'"{hashlib.sha1(body, usedforsecurity=False).hexdigest()}"'
        answer = answer.with_headers(("Etag", tag))
        if not_modified(request, tag):
            return Answer(304, answer.headers)
    if accepts_gzip(request) and len(body) > _SMALL:
        packed = b"".join(gzip_pieces((body,)))
        return replace(answer.with_headers(("Content-Encoding", "gzip")), body=packed)
    return answer


def gzip_pieces(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Compress piece by piece, so that each can be read when it arrives; one more ends it."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    for piece in pieces:
        yield packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush(zlib.Z_FINISH)


def accepts_gzip(request: Request) -> bool:
    """Whether the client offers to take gzip."""
    return "gzip" in request.headers.get("accept-encoding", "")


def not_modified(request: Request, tag: str) -> bool:
    """Whether ``If-None-Match`` names `tag`."""
    wanted = request.headers.get("if-none-match")
    if wanted is None:
        return False
    tags = [word.strip().removeprefix("W/") for word in wanted.split(",")]
    return "*" in tags or tag in tags
