"""Bring a file to ``incoming/``, checked as far as it can be alone.

What is done here needs the server and the disk, not the catalog: several workers do it
side by side, and hand the result to the one writer.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..catalog.files import DISPUTED, FileRow
from ..durable import remove, remove_note
from ..errors import FormatError, Stopped
from ..server.urls import csv_path, lczip_path, pickle_path
from . import layout
from .admission import Admission, Watch
from .first_look import check_beginning, is_whole_gzip

if TYPE_CHECKING:
    from ..config import Config, LimitsConfig
    from ..server import Downloaded, FileInfo, LccClient
    from .progress import Progress

_COPY_BYTES = 1 << 20


@dataclass(frozen=True)
class Product:
    """A file in ``incoming/``, whole and hashed, and where it is to go.

    Attributes
    ----------
    proven
        Its length is the one announced, and its MD5 the server's ETag where that is one.
        The server computes an ETag once per process and file name, so another one may be
        that of an earlier version, or of a ZIP that was still growing: the content decides.
    certain
        It is proven, and the ETag is an MD5: what is wrong with it is wrong on the server.
    vouched
        Its length was announced or its ETag is its MD5, and neither speaks against it.
    disputed
        It is a CSV or pickle whose ETag has an MD5's form, of other bytes that is; and it has
        not come so before. Of a ZIP each member's CRC tells.
    """

    kind: str
    path: str
    part: Path
    size: int
    sha256: str
    etag: str | None = None
    last_modified: str | None = None
    proven: bool = True
    certain: bool = True
    vouched: bool = True
    disputed: bool = False

    def named(self, text: str) -> str:
        """Return a message with the file's own name in place of that in ``incoming/``."""
        return text.replace(self.part.name, self.path.rpartition("/")[2])

    @property
    def note(self) -> str | None:
        """What the catalog should say of it."""
        if self.disputed:
            return DISPUTED
        return None if self.proven else "length or ETag did not prove it; its content did"


@dataclass(frozen=True)
class Fetcher:
    """What every worker needs: the server, the places, the limits, and who watches.

    Attributes
    ----------
    admission
        Asked before each download.
    """

    client: LccClient
    root: Path
    config: Config
    progress: Progress
    stop: threading.Event
    admission: Admission


def server_path(setid: str, kind: str) -> str:
    """Return where the server publishes a dataset's product."""
    return {"csv": csv_path, "pickle": pickle_path, "lczip": lczip_path}[kind](setid)


def unchanged(held: FileRow, info: FileInfo) -> bool:
    """Whether the server's file is still the one we have.

    By length and Last-Modified, never by ETag: the server computes that once per file
    name and keeps it when the file changes.
    """
    return held.size == info.size and held.last_modified == info.last_modified


def sidecar(part: Path) -> Path:
    """Return where a download's state is noted."""
    return part.with_name(part.name + ".json")


def fetch_file(
    fetcher: Fetcher, source: str, path: str, kind: str, *, anew: bool = False
) -> Product:
    """Download one file to ``incoming/``, or finish a download begun earlier.

    Parameters
    ----------
    anew
        It was begun anew because what had come earlier was damaged.

    Raises
    ------
    TooLargeForUs
        If the configuration does not want a file that large.
    FormatError
        If something else came; it is removed.
    """
    part = fetcher.root / layout.arriving(path)
    limits = fetcher.config.limits
    # What describes a collection's light curves is no light curve, and small.
    largest = None if kind == "lcformat" else fetcher.config.select.max_size
    watch = Watch(fetcher.admission, fetcher.progress, largest, path, part)
    ok = False
    try:
        got = fetcher.client.download(
            source,
            part,
            progress=watch,
            admit=watch.admit,
            stop=fetcher.stop,
            max_bytes=limits.max_csv if kind == "csv" else limits.max_file,
        )
        ok = True
    finally:
        watch.end(ok=ok)
    proven = got.declared and got.etag_agrees is not False
    try:
        check_beginning(kind, part, path)
    except FormatError:
        discard(part)
        raise
    # Of what an earlier run wrote, a power cut may have left holes, and a disk may have turned
    # bits. In ZIPs and light curves they are found when those are read, in the rows of a table,
    # too; but not in what stands above them, and nobody reads a pickle.
    if got.resumed_from and not anew and _is_doubtful(kind, part, got, limits):
        discard(part)
        return fetch_file(fetcher, source, path, kind, anew=True)
    return Product(
        kind,
        path,
        part,
        got.size,
        got.sha256,
        got.etag,
        got.last_modified,
        proven=proven,
        certain=proven and got.etag_agrees is True,
        vouched=proven or got.etag_agrees is True,
        disputed=kind in ("csv", "pickle") and got.etag_agrees is False,
    )


def _is_doubtful(kind: str, part: Path, got: Downloaded, limits: LimitsConfig) -> bool:
    """Whether a file that came in pieces may have another beginning than the server's."""
    if kind == "csv":
        return got.etag_agrees is False
    unproven = kind == "pickle" and got.etag_agrees is not True
    return unproven and not is_whole_gzip(part, limits.max_zip_expanded)


def discard(part: Path) -> None:
    """Remove a download that is of no use, with what was noted beside it."""
    remove(part)
    remove_note(sidecar(part))


def sha256_of(
    path: Path,
    stop: threading.Event | None = None,
    pace: Callable[[int], None] | None = None,
) -> str:
    """Return the SHA-256 of a file, read in pieces.

    Parameters
    ----------
    pace
        Called with the bytes of each piece; waits where that was too fast.

    Raises
    ------
    Stopped
        When `stop` is set meanwhile.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_COPY_BYTES):
            if stop is not None and stop.is_set():
                raise Stopped(f"stopped while reading {path.name}")
            digest.update(piece)
            if pace is not None:
                pace(len(piece))
    return digest.hexdigest()
