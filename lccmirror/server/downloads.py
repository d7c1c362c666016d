"""One file, fetched to a part on disk, resumed where it broke off.

The server ignores ``If-Range`` and answers a range of whatever the file is by now. So what
a part is the beginning of is kept beside it, and compared with every answer: total length,
Last-Modified, ETag. That makes a mix of two versions unlikely, not impossible (a file that
was replaced within a second, at the same length): once `Downloaded.resumed_from` is not 0,
only the check of the content proves the file.
"""

from __future__ import annotations

import hashlib
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .. import durable
from ..errors import (
    CutShort,
    FileChanged,
    NoRoom,
    ProtocolError,
    RateLimited,
    ServerFault,
    Stopped,
    TooLarge,
    Unreachable,
)
from ..linked import refuse_linked
from .budget import Bandwidth
from .classify import check_no_page
from .downloaded import MD5_ETAG, Downloaded
from .exchange import Exchange
from .keys import KeyRing
from .reply import CHUNK, Reply
from .sidecar import (
    Sidecar,
    content_range,
    load_sidecar,
    of_reply,
    same_version,
    save_sidecar,
    sidecar_path,
)
from .spool import is_full
from .transport import Request
from .wire import FileInfo

Progress = Callable[[int, int | None], None]
_RESTARTS = 4
# So much at a time goes on to the disk while the rest is still coming.
_STRETCH = 16 * 1024 * 1024


class Download:
    """The state of one download over its attempts; used by one thread.

    Parameters
    ----------
    path
        On the server.
    part
        Where the bytes go; what is there already, with a sidecar that fits, is kept.
    expect
        The version that is wanted, if it is known: another one is `FileChanged`.
    progress
        Called with the bytes on hand and the total, after each piece.
    admit
        Called with the bytes still to come, before they do; may raise `NoRoom`.
    stop
        Ends the download; the part stays.
    max_bytes
        The largest file.
    bandwidth
        Shared ceiling, if there is one.
    """

    def __init__(
        self,
        path: str,
        part: Path,
        *,
        expect: FileInfo | None,
        progress: Progress | None,
        admit: Callable[[int], None] | None,
        stop: threading.Event,
        max_bytes: int | None,
        bandwidth: Bandwidth | None,
    ) -> None:
        self.path = path
        self._part = part
        self._expect = expect
        self._progress = progress
        self._admit = admit
        self._stop = stop
        self._max_bytes = max_bytes
        self._bandwidth = bandwidth
        self._version: Sidecar | None = None
        self._size = 0
        self._received = 0
        self._resumed_from = 0
        self._furthest = 0
        self._forget_content()
        refuse_linked(part.parent)
        self._take_up()

    @property
    def position(self) -> int:
        """The furthest point reached so far, for the judgement whether it still moves."""
        return self._furthest

    def request(self) -> Request:
        """Return the next attempt's request."""
        what = f"file {self.path}"
        if self._complete():
            return Request("HEAD", self.path, what)
        headers = (("Range", f"bytes={self._size}-"),) if self._resumable() else ()
        return Request("GET", self.path, what, headers=headers)

    #: The statuses that `take` understands.
    good = frozenset({200, 206, 416})

    def take(self, reply: Reply) -> bool:
        """Take an attempt's reply; return whether the file is now whole.

        Returns
        -------
        bool
            False if what came fits nothing we have: the next request begins anew.

        Raises
        ------
        CutShort, FileChanged, TooLarge, NoRoom, ProtocolError, NotAnLccServer, Stopped
            The part stays as far as it came, except with the first two of another version.
        InTheWay
            Somebody has put a link in place of the part's folder.
        """
        with reply:
            # Somebody may have put a link there while this was asked for.
            refuse_linked(self._part.parent)
            if reply.status != 416:
                check_no_page(reply)
            if self._complete():
                if same_version(of_reply(self.path, reply, reply.length).info, self._known()):
                    return True
                self._restart()
                return False
            if reply.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise ProtocolError(f"{reply.what}: packed, although asked for as it is")
            if reply.status == 206 and self._resumable():
                return self._take_rest(reply)
            if reply.status == 200:
                # also the answer of a server, or proxy, that knows no ranges
                self._begin(reply)
                self._append(reply)
                return True
            self._restart()
            return False

    def result(self) -> Downloaded:
        """Flush the part and return what is known of it."""
        version = self._version
        if version is None:
            raise RuntimeError("the download is not done")
        if not self._flushed:
            with self._room(), durable.open_for_append(self._part) as file:
                self._flush(file)
        return Downloaded(
            size=self._size,
            sha256=self._sha256.hexdigest(),
            md5=None if self._md5 is None else self._md5.hexdigest(),
            etag=version.etag,
            last_modified=version.last_modified,
            received_bytes=self._received,
            resumed_from=self._resumed_from,
            declared=version.total is not None,
        )

    def _take_up(self) -> None:
        """Go on with a part of an earlier run, if it is of what is wanted now."""
        try:
            status = self._part.lstat()
        except FileNotFoundError:
            return
        sidecar = load_sidecar(self._part)
        size = status.st_size
        if (
            # anything else than a plain file of one name is not ours
            not stat.S_ISREG(status.st_mode)
            or status.st_nlink > 1
            or sidecar is None
            or sidecar.path != self.path
            or sidecar.total is None
            or size > sidecar.total
            or (self._expect is not None and not same_version(sidecar.info, self._expect))
        ):
            self._restart()
            return
        self._forget_content(sidecar)
        with self._part.open("rb") as file:
            while chunk := file.read(CHUNK):
                if self._stop.is_set():
                    raise Stopped(f"stopped while reading {self._part.name}")
                self._count(chunk)
        self._version = sidecar
        self._resumed_from = self._size

    def _complete(self) -> bool:
        return self._version is not None and 0 < self._size == self._version.total

    def _resumable(self) -> bool:
        # a file without a total (sent in chunks) cannot be told from another version of it
        return self._size > 0 and self._version is not None and self._version.total is not None

    def _known(self) -> FileInfo:
        return self._version.info if self._version else FileInfo(None, None, None)

    def _take_rest(self, reply: Reply) -> bool:
        span = content_range(reply)
        version = of_reply(self.path, reply, span[2] if span else None)
        fits = span is not None and span[:2] == (self._size, span[2] - 1)
        if not fits or not same_version(version.info, self._known()):
            self._restart()
            return False
        self._resumed_from = self._size
        self._append(reply)
        return True

    def _begin(self, reply: Reply) -> None:
        version = of_reply(self.path, reply, reply.length)
        if self._expect is not None and not same_version(version.info, self._expect):
            raise FileChanged(f"{reply.what}: the server has another version by now")
        if self._max_bytes is not None and (version.total or 0) > self._max_bytes:
            raise TooLarge(
                f"{reply.what}: {version.total:,} bytes, more than the limit of"
                f" {self._max_bytes:,}"
            )
        self._restart()
        # in this order a part never stands beside the sidecar of another version
        with self._room():
            save_sidecar(self._part, version)
        self._version = version
        self._forget_content(version)

    def _append(self, reply: Reply) -> None:
        assert self._version is not None
        total = self._version.total
        if self._admit is not None:
            self._admit(0 if total is None else total - self._size)
        with self._room(), durable.open_for_append(self._part) as file:
            begun = self._size
            for chunk in reply.raw_chunks():
                self._received += len(chunk)
                self._check_size(reply.what, self._size + len(chunk), total)
                self._write(file, chunk)
                if self._size - begun >= _STRETCH:
                    durable.begin_to_flush(file, begun, self._size)
                    begun = self._size
                if self._progress is not None:
                    self._progress(self._size, total)
                if self._stop.is_set():
                    raise Stopped(f"{reply.what}: stopped at {self._size:,} bytes")
                if self._bandwidth is not None:
                    self._bandwidth.spend(len(chunk), self._stop)
            if total is not None and self._size != total:
                raise CutShort(f"{reply.what}: {self._size:,} of {total:,} bytes came")
            self._flush(file)

    def _write(self, file: BinaryIO, chunk: bytes) -> None:
        rest = memoryview(chunk)
        while rest:
            written = file.write(rest)
            self._count(rest[:written])
            rest = rest[written:]

    def _count(self, content: bytes | memoryview) -> None:
        self._sha256.update(content)
        if self._md5 is not None:
            self._md5.update(content)
        self._size += len(content)
        self._furthest = max(self._furthest, self._size)

    def _check_size(self, what: str, size: int, total: int | None) -> None:
        if total is not None and size > total:
            raise ProtocolError(f"{what}: more bytes came than the {total:,} announced")
        if self._max_bytes is not None and size > self._max_bytes:
            raise TooLarge(f"{what}: more than the limit of {self._max_bytes:,} bytes")

    def _restart(self) -> None:
        """Empty the part, for good: whoever comes next must not go on with it."""
        with self._room():
            durable.make_empty(self._part)
        self._version = None
        self._resumed_from = 0
        self._forget_content()

    def _flush(self, file: BinaryIO) -> None:
        """Flush the part; where that fails, nobody knows what of it is on the disk.

        The system may still show all of it, and let a second flush succeed.
        """
        try:
            durable.flush_file(file)
        except OSError:
            # on a disk that has become read-only it is read again after that
            with suppress(OSError):
                discard(self._part)
            raise
        self._flushed = True

    def _forget_content(self, version: Sidecar | None = None) -> None:
        self._size = 0
        self._flushed = False
        self._sha256 = hashlib.sha256()
        # for comparing with the server's ETag, not for security; it takes longer than SHA-256
        compared = version is not None and MD5_ETAG.match(version.etag or "") is not None
        self._md5 = hashlib.md5(usedforsecurity=False) if compared else None

    @contextmanager
    def _room(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if not is_full(error):
                raise
            raise NoRoom(
                f"no room for {self.path} after {self._size:,} bytes",
                hint="what has come is kept; make room and start again",
            ) from error


def download_whole(
    exchange: Exchange, ring: KeyRing | None, download: Download, stop: threading.Event
) -> Downloaded:
    """Go on with `download` until it is whole or fails for good.

    Raises
    ------
    FileChanged
        If the server has not the version that is expected, or ever new ones.
    """
    for _ in range(_RESTARTS):
        whole = exchange.run(
            download.request,
            download.take,
            ring,
            stop,
            good=Download.good,
            # another version than the expected one does not go away by asking again
            retry_on=(CutShort, Unreachable, ServerFault, RateLimited),
            position=lambda: download.position,
        )
        if whole:
            return download.result()
    raise FileChanged(f"file {download.path}: the server sends ever other versions of it")


def discard(part: Path) -> None:
    """Remove a part and its sidecar."""
    durable.remove(part)
    durable.remove(sidecar_path(part))
