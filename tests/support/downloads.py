"""A file that a scripted server has, and what an earlier run has left of it."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path

from lccmirror.server import Downloaded, lczip_path
from tests.support.scripted import (
    Answer,
    Received,
    file_answer,
)

PATH = lczip_path("N1tZWPOZyxk")
CONTENT = random.Random(1).randbytes(300_000)
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
ETAG = f'"{MD5}"'
DATE = "Mon, 23 Nov 2026 02:28:27 GMT"
LATER = "Mon, 23 Nov 2026 02:28:28 GMT"
Script = Callable[[Received], Answer]


def serving(content: bytes = CONTENT, etag: str = ETAG, last_modified: str = DATE) -> Script:
    return lambda request: file_answer(request, content, etag=etag, last_modified=last_modified)


def begun(part: Path, size: int, **changes: object) -> None:
    """Leave a part of `size` bytes, as an earlier run would."""
    part.write_bytes(CONTENT[:size])
    sidecar = {"path": PATH, "total": len(CONTENT), "etag": ETAG, "last_modified": DATE}
    Path(f"{part}.json").write_text(json.dumps({**sidecar, **changes}))


def check_whole(got: Downloaded, part: Path, content: bytes = CONTENT) -> None:
    assert part.read_bytes() == content
    assert got.size == len(content)
    assert got.sha256 == hashlib.sha256(content).hexdigest()
