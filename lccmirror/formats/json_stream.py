"""Walking through JSON documents with arrays too large for memory.

The members of a document's top object are read one at a time. An array of rows is handed
out in batches: the text up to some closing bracket is decoded as if it were an array, and
if that succeeds the bracket was the end of a row, because JSON before it can be read in
one way only. Where it fails (the bracket was inside a text, or beyond the array) the ends
of the rows are looked for bracket by bracket.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from ..errors import FormatError
from ..names import printable
from .expanded import Read

T = TypeVar("T")

MAX_VALUE_BYTES = 4 << 20
MAX_DEPTH = 64
_BATCH = 1 << 17

# A whole string, a bracket, or a quote whose string does not end in the buffer. Possessive:
# going back in a string without end would take minutes and gigabytes, and never help.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]|"', re.DOTALL)
_SCALAR = re.compile(rb'[^\s,\]}\[{":]+')
_SPACE = re.compile(rb"[ \t\r\n]*")
_ENDS = {b"}": re.compile(rb"}[ \t\r\n]*\]"), b"]": re.compile(rb"\][ \t\r\n]*\]")}
_BAD_JSON = (msgspec.MsgspecError, ValueError, RecursionError)


class JsonWalk:
    """A forward walk over one or several JSON objects, one after the other.

    Parameters
    ----------
    read
        ``read(n)`` returns up to ``n`` bytes, ``b""`` at the end.
    name
        What is read, for messages.
    """

    def __init__(self, read: Read, name: str) -> None:
        self._read = read
        self._name = name
        self._buffer = b""
        self._at = 0
        self._before = 0  # bytes that have left the buffer
        self._ended = False
        self.value_bytes = 0  # of all values that were taken whole

    @property
    def offset(self) -> int:
        """Bytes from the start of the JSON text."""
        return self._before + self._at

    def next_document(self) -> bool:
        """Enter the next document; False when there is none."""
        if self._peek() == b"":
            return False
        self._take(b"{")
        return True

    def members(self) -> Iterator[str]:
        """Yield the keys of the current object; take each one's value before the next."""
        if self._peek() == b"}":
            self._at += 1
            return
        while True:
            key = self.value()
            if not isinstance(key, str):
                raise self._wrong("a key that is not text")
            self._take(b":")
            yield key
            if self._peek() == b"}":
                self._at += 1
                return
            self._take(b",")

    def at_array(self) -> bool:
        """Say whether the next value is an array."""
        return self._peek() == b"["

    def value(self) -> Any:
        """Take the next value whole.

        Raises
        ------
        FormatError
            If it is not JSON, longer than 4 MiB, or nested deeper than 64.
        """
        self._peek()
        while (end := self._end_of_value()) is None:
            self._grow()
        try:
            value = msgspec.json.decode(self._buffer[self._at : end])
        except _BAD_JSON as error:
            raise self._wrong(str(error)) from error
        self.value_bytes += end - self._at
        self._at = end
        return value

    def batches(self, decoder: msgspec.json.Decoder[list[T]]) -> Iterator[list[T]]:
        """Yield the elements (objects or arrays) of the next value, an array, in batches.

        Parameters
        ----------
        decoder
            Decodes an array of them.

        Raises
        ------
        FormatError
            If it is not such an array, with the number of the first bad row.
        """
        self._take(b"[")
        count = 0
        if self._peek() == b"]":
            self._at += 1
            return
        while True:
            rows = self._some_rows(decoder, count)
            count += len(rows)
            yield rows
            if self._peek() == b"]":
                self._at += 1
                return
            self._take(b",")

    def skip_array(self) -> None:
        """Pass over the next value, an array of rows."""
        for _ in self.batches(msgspec.json.Decoder(list[msgspec.Raw])):
            continue

    def drain(self) -> None:
        """Read to the end without looking, for the checksum that may be there."""
        self._buffer, self._at = b"", 0
        while self._read(_BATCH):
            continue

    def _wrong(self, what: str) -> FormatError:
        # msgspec repeats names of what it was given
        return FormatError(f"{self._name}, byte {self.offset}: {printable(what, 300)}")

    def _fill(self, size: int) -> None:
        """Have `size` bytes before us, if the text has them."""
        parts = [self._buffer[self._at :]]
        self._before += self._at
        self._at = 0
        have = len(parts[0])
        while have < size and not self._ended:
            data = self._read(size - have)
            self._ended = not data
            parts.append(data)
            have += len(data)
        self._buffer = b"".join(parts)

    def _grow(self) -> None:
        """Have twice as much before us, or say why not."""
        have = len(self._buffer) - self._at
        if self._ended:
            raise self._wrong("the JSON ends within a value")
        if have > MAX_VALUE_BYTES:
            raise self._wrong(f"a value longer than {MAX_VALUE_BYTES} bytes")
        self._fill(max(2 * have, _BATCH))

    def _peek(self) -> bytes:
        """Return the next byte that is not white space; empty at the end."""
        while True:
            space = _SPACE.match(self._buffer, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._buffer) or self._ended:
                return self._buffer[self._at : self._at + 1]
            self._fill(_BATCH)

    def _take(self, byte: bytes) -> None:
        if (found := self._peek()) != byte:
            what = f"{found!r}" if found else "the end"
            raise self._wrong(f"{what} where {byte!r} should be")
        self._at += 1

    def _end_of_value(self) -> int | None:
        """Return where the value at our place ends, None if not in the buffer."""
        first = self._buffer[self._at : self._at + 1]
        if first in (b"{", b"["):
            return next(self._ends_of_values(self._at), None)
        if first == b'"':
            token = _TOKEN.match(self._buffer, self._at)
            return token.end() if token and len(token[0]) > 1 else None
        scalar = _SCALAR.match(self._buffer, self._at)
        if scalar is None:
            raise self._wrong("no value" if first else "the JSON ends too early")
        return scalar.end() if scalar.end() < len(self._buffer) or self._ended else None

    def _ends_of_values(self, start: int) -> Iterator[int]:
        """Yield where each bracketed value from `start` on ends, as far as the buffer goes."""
        depth = 0
        for token in _TOKEN.finditer(self._buffer, start):
            text = token[0]
            if text in (b"{", b"["):
                depth += 1
                if depth > MAX_DEPTH:
                    raise self._wrong(f"nested deeper than {MAX_DEPTH}")
            elif text in (b"}", b"]"):
                depth -= 1
                if depth < 0:
                    return
                if depth == 0:
                    yield token.end()
            elif len(text) == 1:
                return

    def _some_rows(self, decoder: msgspec.json.Decoder[list[T]], before: int) -> list[T]:
        self._peek()
        if len(self._buffer) - self._at < _BATCH:
            self._fill(_BATCH)
        close = {b"{": b"}", b"[": b"]"}.get(self._buffer[self._at : self._at + 1])
        if close is None:
            raise self._wrong(f"row {before + 1} is no object and no array")
        while True:
            last = self._buffer.rfind(close, self._at) + 1
            rows = self._decoded(decoder, last) if last else None
            if rows is None and (end := _ENDS[close].search(self._buffer, self._at)):
                last = end.start() + 1
                rows = self._decoded(decoder, last)
            if rows is None:
                ends = list(self._ends_of_values(self._at))
                if ends:
                    last = ends[-1]
                    rows = self._decoded(decoder, last)
                    if rows is None:
                        raise self._first_bad(decoder, ends, before)
            if rows is not None:
                self._at = last
                return rows
            self._grow()

    def _decoded(self, decoder: msgspec.json.Decoder[list[T]], end: int) -> list[T] | None:
        try:
            return decoder.decode(b"[%b]" % self._buffer[self._at : end])
        except _BAD_JSON:
            return None

    def _first_bad(
        self, decoder: msgspec.json.Decoder[list[T]], ends: list[int], before: int
    ) -> FormatError:
        for number, end in enumerate(ends, before + 1):
            try:
                decoder.decode(b"[%b]" % self._buffer[self._at : end].lstrip(b", \t\r\n"))
            except _BAD_JSON as error:
                return self._wrong(f"row {number}: {error}")
            self._at = end
        return self._wrong("rows that are not separated by commas")
