"""An answer of the site: status, headers, and a body read in bounded pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import requests

from ..closing import Closing
from ..errors import CutShort, ProtocolError, TooLarge
from .faults import TROUBLE, reading_fault
from .gunzip import gunzipped
from .stats import Stats

CHUNK = 1024 * 1024
_WITHOUT_BODY = frozenset({204, 304})
# More digits than this are the length of nothing.
_LONGEST_NUMBER = 18
# By so much, and a part in a thousand, gzip can be longer than what is in it.
_GZIP_OWN = CHUNK


@dataclass(eq=False)
class Reply(Closing):
    """An answer: status, headers, and a body still to be read; close it after use.

    Attributes
    ----------
    status
        The status code.
    headers
        The headers, in any case of letters.
    what
        What was asked for, in words.
    """

    _response: requests.Response
    what: str
    _stats: Stats
    _release: Callable[[], None]
    _open: bool = field(default=True, init=False)

    @property
    def status(self) -> int:
        return self._response.status_code

    @property
    def headers(self) -> requests.structures.CaseInsensitiveDict[str]:
        return self._response.headers

    @property
    def content_type(self) -> str:
        """The media type alone, in lower case."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def length(self) -> int | None:
        """Bytes of the body as they are sent, where the server says so."""
        text = self.headers.get("Content-Length", "")
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "").lower()
        number = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER
        return int(text) if number and not chunked else None

    def raw_chunks(self, size: int = CHUNK) -> Iterator[bytes]:
        """Yield the body as it comes, in pieces of at most `size` bytes.

        Raises
        ------
        CutShort
            If it ends before its end.
        """
        expected = self.length
        received = 0
        while expected is None or received < expected:
            try:
                data = self._response.raw.read1(size, decode_content=False)
            except TROUBLE as error:
                raise reading_fault(error, self.what) from None
            if not data:
                break
            received += len(data)
            self._stats.add(bytes_received=len(data))
            yield data
        if expected is not None and received < expected:
            raise CutShort(f"{self.what}: {received} of {expected} bytes came")

    def chunks(self, limit: int, size: int = CHUNK) -> Iterator[bytes]:
        """Yield the body's content, unpacked, and at most `limit` bytes of it.

        Raises
        ------
        CutShort, TooLarge, ProtocolError
            If it ends early, is too large, or is packed as we did not ask for.
        """
        encoding = self.headers.get("Content-Encoding", "").strip().lower()
        if encoding in {"", "identity"}:
            content: Iterable[bytes] = self.raw_chunks(size)
        elif encoding in {"gzip", "x-gzip"}:
            # What is packed can go on without end, and never give a byte.
            packed = self._within(self.raw_chunks(size), limit + limit // 1000 + _GZIP_OWN)
            content = gunzipped(packed, self.what)
        else:
            raise ProtocolError(f"{self.what}: packed in a way we did not ask for")
        return self._within(content, limit)

    def _within(self, content: Iterable[bytes], limit: int) -> Iterator[bytes]:
        total = 0
        for piece in content:
            total += len(piece)
            if total > limit:
                raise TooLarge(f"{self.what}: more than the limit of {limit:,} bytes")
            yield piece

    def close(self) -> None:
        """Give the connection back, or close it if the body was not read to its end."""
        if self._open:
            self._open = False
            if self.status in _WITHOUT_BODY or self._response.request.method == "HEAD":
                # Its end has come with its headers; urllib3 wants to be told, or it would
                # close the connection.
                self._response.raw.drain_conn()
            self._response.close()
            self._release()
