"""What is known of a download in flight: beside the part, for whoever goes on with it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from .. import durable
from .fields import integer, text
from .reply import Reply
from .wire import FileInfo

_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})\Z")
_LARGEST = 64 * 1024


@dataclass(frozen=True)
class Sidecar:
    """Which version of which file a part is the beginning of.

    Parameters
    ----------
    path
        On the server.
    total
        The whole file's size, if the server told it: without it nothing is resumed.
    etag, last_modified
        Verbatim.
    """

    path: str
    total: int | None
    etag: str | None
    last_modified: str | None

    @property
    def info(self) -> FileInfo:
        """The same as a `FileInfo`."""
        return FileInfo(self.total, self.etag, self.last_modified)


def sidecar_path(part: Path) -> Path:
    """Return where the sidecar of `part` is."""
    return part.with_name(f"{part.name}.json")


def load_sidecar(part: Path) -> Sidecar | None:
    """Return the sidecar of `part`, or None if there is none that makes sense."""
    try:
        with sidecar_path(part).open("rb") as file:
            told = json.loads(file.read(_LARGEST))
    except (OSError, ValueError):
        return None
    if not isinstance(told, dict) or not isinstance(told.get("path"), str):
        return None
    return Sidecar(
        told["path"],
        integer(told.get("total")),
        text(told.get("etag")),
        text(told.get("last_modified")),
    )


def save_sidecar(part: Path, sidecar: Sidecar) -> None:
    """Write the sidecar of `part`, whole or not at all."""
    content = {
        "path": sidecar.path,
        "total": sidecar.total,
        "etag": sidecar.etag,
        "last_modified": sidecar.last_modified,
    }
    durable.write_note(sidecar_path(part), json.dumps(content).encode())


def of_reply(path: str, reply: Reply, total: int | None) -> Sidecar:
    """Return the version of the file that `reply` is about."""
    headers = reply.headers
    return Sidecar(path, total, headers.get("ETag"), headers.get("Last-Modified"))


def same_version(one: FileInfo, other: FileInfo) -> bool:
    """Whether two tellings can be of the same bytes.

    The running server's ETag says little, since a changed file keeps it: so it may agree,
    and length and Last-Modified must.
    """
    return (
        one.size == other.size
        and one.last_modified == other.last_modified
        and (one.etag is None or other.etag is None or one.etag == other.etag)
    )


def content_range(reply: Reply) -> tuple[int, int, int] | None:
    """Return first byte, last byte and total of a 206, or None if it does not tell."""
    match = _RANGE.match(reply.headers.get("Content-Range", "").strip())
    if match is None:
        return None
    first, last, total = (int(one) for one in match.groups())
    return (first, last, total) if first <= last < total else None
