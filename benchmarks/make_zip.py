"""Make light-curve ZIPs: members stored, the manifest last, as the server writes them."""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Sequence
from pathlib import Path

_DISTINCT = 16


def objectids(count: int) -> list[str]:
    """Return the objects whose light curves a ZIP of `count` members has."""
    return [f"BENCH-{number:06d}" for number in range(count)]


def make_zip(path: Path, collection_id: str, members: int, member_bytes: int) -> None:
    """Write a ZIP of `members` light curves of about `member_bytes` to `path`."""
    write_zip(path, collection_id, objectids(members), member_bytes)


def write_zip(path: Path, collection_id: str, names: Sequence[str], member_bytes: int) -> None:
    """Write a ZIP of the light curves of these objects to `path`.

    They are bytes that do not compress, as gzip is: what a ZIP's reader sees of them are
    their lengths and checksums.
    """
    rng = random.Random(2)  # noqa: S311 (made-up bytes)
    bodies = [rng.randbytes(member_bytes) for _ in range(_DISTINCT)]
    with zipfile.ZipFile(path, "w") as archive:
        for number, objectid in enumerate(names):
            content = objectid.encode() + bodies[number % _DISTINCT]
            archive.writestr(f"{collection_id}-{objectid}-csvlc.gz", content)
        archive.writestr(
            "lczip-manifest.json", json.dumps([f"{name}-csvlc.gz" for name in names], indent=2)
        )
