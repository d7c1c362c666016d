"""Files over HTTP: entity tags, conditions, ranges and compression as the server has them.

Tags of ``/d/``, ``/p/`` and ``/l/`` are the MD5 of the first content that was asked for
under that name and stay for the life of the server, whatever becomes of the file.
``If-Range`` is not read at all. A CSV is compressed when the client offers that, even a
range of it, under the same tag.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

from .backend import ServedFile
from .encoding import accepts_gzip, not_modified
from .messages import Answer, Body, FilePart, Request

_RANGE = re.compile(r"bytes=(\d*)-(\d*)\Z")
_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".gz": "application/gzip",
    ".zip": "application/zip",
}


class StickyTags:
    """The entity tags of files, each computed once."""

    def __init__(self) -> None:
        self._tags: dict[str, str] = {}
        self._lock = threading.Lock()

    def of(self, path: str, file: ServedFile) -> str:
        """Return the tag of the file at URL path `path`."""
        with self._lock:
            if path not in self._tags:
                self._tags[path] = f'"{_digest(file.content, "md5")}"'
            return self._tags[path]


def strong_tag(file: ServedFile) -> str:
    """Return the tag of a static file (``/c/``): it follows the content."""
    return f'"{_digest(file.content, "sha512")}"'


def answer_file(request: Request, file: ServedFile, tag: str) -> Answer:
    """Answer a GET or HEAD for a file."""
    size = len(file.content) if isinstance(file.content, bytes) else file.content.stat().st_size
    modified = file.modified.replace(tzinfo=UTC, microsecond=0)
    headers: tuple[tuple[str, str], ...] = (
        ("Content-Type", _TYPES.get(Path(request.path).suffix, "application/octet-stream")),
        ("Accept-Ranges", "bytes"),
        ("Etag", tag),
        ("Last-Modified", format_datetime(modified, usegmt=True)),
        ("Vary", "Accept-Encoding"),
    )
    if _unchanged(request, tag, modified):
        return Answer(304, headers)
    start, end = 0, size
    status = 200
    asked = _asked_range(request, size)
    if asked is not None:
        start, end = asked
        if start >= size or start >= end:
            return Answer(416, (*headers, ("Content-Range", f"bytes */{size}")))
        if (start, end) != (0, size):
            status = 206
            headers = (*headers, ("Content-Range", f"bytes {start}-{end - 1}/{size}"))
    body: Body
    if isinstance(file.content, bytes):
        body = file.content[start:end]
    else:
        body = FilePart(file.content, start, end - start)
    if request.path.endswith(".csv") and accepts_gzip(request) and request.method == "GET":
        return Answer(status, (*headers, ("Content-Encoding", "gzip")), _compressed(body))
    return Answer(status, headers, body)


def _unchanged(request: Request, tag: str, modified: datetime) -> bool:
    if "if-none-match" in request.headers:
        return not_modified(request, tag)
    since = request.headers.get("if-modified-since")
    try:
        return since is not None and modified <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False


def _asked_range(request: Request, size: int) -> tuple[int, int] | None:
    found = _RANGE.match(request.headers.get("range", ""))
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        return max(0, size - int(found[2])), size
    return int(found[1]), min(size, int(found[2]) + 1) if found[2] else size


def _compressed(body: bytes | FilePart) -> Iterator[bytes]:
    whole = body if isinstance(body, bytes) else b"".join(body.pieces())
    yield gzip.compress(whole, mtime=0)


def _digest(content: bytes | Path, kind: str) -> str:
    if isinstance(content, bytes):
        return hashlib.new(kind, content, usedforsecurity=False).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()
