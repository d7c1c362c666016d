"""What befalls files on a disk."""

from __future__ import annotations

import os
from pathlib import Path


def flip(path: Path) -> None:
    """Change one bit, and neither length nor times: what a bad disk does."""
    status = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def truncate(path: Path) -> None:
    """Leave the first half."""
    os.truncate(path, path.stat().st_size // 2)
