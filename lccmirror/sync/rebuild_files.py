"""The files of a mirror, read one by one for a catalog that is made anew.

A file is what it was if it has the bytes that an older copy of the catalog says, and else if it
is sound by itself: it may be newer than that copy.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path

from ..catalog.files import FileRow, put_file
from ..catalog.restore import old_file
from ..clock import to_text
from .compare import Wrong, compare_file
from .fetch import sha256_of
from .verify import Damage, VerifyReport

# What keeps the server's Last-Modified as its own time (`durable.set_modified`).
_DATED = frozenset(("csv", "lczip", "pickle", "lc", "lcformat"))
ALTERED = "other bytes than were fetched"


@dataclass(frozen=True)
class Seen:
    """A file that was read.

    Attributes
    ----------
    known
        What the older copy of the catalog says of it, if that has a row for it.
    proven
        It has the bytes that the row says.
    """

    path: str
    file: Path
    size: int
    sha256: str
    modified: float
    known: FileRow | None

    @property
    def proven(self) -> bool:
        """Whether it has the very bytes that the older copy says."""
        return self.known is not None and self.known.sha256 == self.sha256

    @property
    def altered(self) -> bool:
        """Whether it has other bytes than the older copy says, and is no newer version.

        That has a time of its own, the server's, in whole seconds. A disk that turns a bit
        leaves the time as it is; who writes to a file leaves the moment of that.
        """
        if self.known is None or self.known.last_modified is None or self.proven:
            return False
        return self.last_modified in (None, self.known.last_modified)

    @property
    def last_modified(self) -> str | None:
        """The server's time of it, as an HTTP date; None where the file does not tell."""
        whole = self.modified == int(self.modified)
        return formatdate(self.modified, usegmt=True) if whole else None

    @property
    def written(self) -> str:
        """The file's own time."""
        return to_text(datetime.fromtimestamp(self.modified, UTC))


class FileReader:
    """Reads files, those with several names once, and writes their rows.

    Parameters
    ----------
    with_old
        An older copy of the catalog is attached as ``old``.
    now
        The time, as the catalog has it.
    advance
        Called with the bytes of each file as it has been read.
    """

    def __init__(
        self,
        conn: sqlite3.Connection,
        root: Path,
        report: VerifyReport,
        *,
        with_old: bool,
        now: str,
        advance: Callable[[int], None] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.conn = conn
        self.root = root
        self.report = report
        self.now = now
        self.stop = stop
        self._with_old = with_old
        self._advance = advance
        self._read: dict[tuple[int, int], str] = {}

    def old(self, path: str) -> FileRow | None:
        """Return what the older copy of the catalog says of a file."""
        return old_file(self.conn, path) if self._with_old else None

    def see(self, path: str) -> Seen | None:
        """Read a file; None if it is no plain file, or cannot be read."""
        file = self.root / path
        if not _is_plain(file):
            return None
        status = file.stat()
        inode = (status.st_dev, status.st_ino)
        try:
            sha256 = self._read.get(inode) or sha256_of(file, self.stop)
        except OSError:
            return None
        if status.st_nlink > 1:
            self._read[inode] = sha256
        if self._advance is not None:
            self._advance(status.st_size)
        modified = status.st_mtime_ns / 1e9
        return Seen(path, file, status.st_size, sha256, modified, self.old(path))

    def put(
        self,
        seen: Seen,
        kind: str,
        why_not: str | None,
        *,
        setid: str | None = None,
        collection: str | None = None,
        fetched_at: str | None = None,
        state: str | None = None,
    ) -> None:
        """Write a file's row, and if it is not sound, the damage.

        Parameters
        ----------
        why_not
            What is wrong with it.
        fetched_at
            When it came, where no copy of the catalog says.
        """
        if seen.altered and kind in _DATED:
            why_not = why_not or ALTERED
        known = seen.known if seen.proven else None
        self.report.files += 1
        self.report.bytes += seen.size
        etag = last_modified = note = None
        if known is not None:
            etag, last_modified, note = known.etag, known.last_modified, known.note
            fetched_at = known.fetched_at
        elif kind in _DATED:
            last_modified = seen.last_modified
        before = seen.known
        # A damaged file's row says what it must be, if that is known.
        is_known_damaged = why_not is not None and before is not None
        put_file(
            self.conn,
            FileRow(
                path=seen.path,
                setid=setid,
                collection=collection,
                kind=kind,
                size=before.size if is_known_damaged and before else seen.size,
                sha256=before.sha256 if is_known_damaged and before else seen.sha256,
                etag=etag,
                last_modified=last_modified,
                fetched_at=fetched_at or seen.written,
                verified_at=self.now if why_not is None else None,
                state=state or ("ok" if why_not is None else "damaged"),
                note=why_not or note,
            ),
        )
        if why_not is not None:
            last_good = None if before is None else before.verified_at or before.fetched_at
            self.report.add(Damage("damaged", seen.path, why_not, setid, kind, last_good))

    def put_missing(self, known: FileRow) -> None:
        """Write the row of a file that the older copy of the catalog has, and the disk not."""
        wrong = self.lacking(known.path)
        put_file(self.conn, _with_state(known, wrong.what))
        self.report.files += 1
        about = (known.setid, known.kind, known.verified_at or known.fetched_at, False)
        self.report.add(Damage(wrong.what, known.path, wrong.detail, *about, wrong.first))

    def lacking(self, path: str) -> Wrong:
        """Say what is in the place of a file that `see` has not read."""
        file = self.root / path
        plain = Wrong("damaged", "it cannot be read")
        return plain if _is_plain(file) else compare_file(file, 0, "") or plain


def _is_plain(file: Path) -> bool:
    return file.is_file() and not file.is_symlink()


def _with_state(row: FileRow, state: str) -> FileRow:
    values = {name: getattr(row, name) for name in FileRow.__dataclass_fields__}
    return FileRow(**{**values, "state": state})
