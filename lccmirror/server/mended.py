"""JSON whose numbers are more than our parser takes, made harmless for a look at its outline.

Python writes ``NaN`` and ``Infinity`` into JSON, and whole numbers of any size. A table may
hold such a cell; what it says is then up to those who read the table. Here only the
members around it matter, and how many rows there are.
"""

from __future__ import annotations

import math
import re
from collections import deque
from typing import IO

from ..errors import ProtocolError
from .jsonfile import LONGEST_VALUE

_CHUNK = 1 << 17
# A text, also one that goes on beyond the buffer, or a word or number. Possessive: going
# back in a text would take long and never help.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[-+.\w]++', re.DOTALL)
_WORDS = frozenset({b"NaN", b"Infinity", b"-Infinity"})
_NUMBER = re.compile(rb"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
# Every whole number of fewer characters fits into 64 bits, every other number of fewer
# is finite or has an exponent.
_SHORT = 19


class Mended:
    """A file of JSON, read with ``null`` for each number that has no place in JSON or 64 bits.

    Parameters
    ----------
    file
        The JSON; it is not changed.
    what
        For messages.
    """

    def __init__(self, file: IO[bytes], what: str) -> None:
        self._file = file
        self._what = what
        self._rest = b""

    def seek(self, at: int) -> None:
        """Begin anew; `at` can only be 0."""
        self._file.seek(at)
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """Return the next piece, of whatever size; empty at the end only.

        Raises
        ------
        ProtocolError
            If a text or a number is longer than any in a dataset.
        """
        while size != 0:
            data = self._file.read(_CHUNK)
            text = self._rest + data
            end = self._whole(text) if data else len(text)
            self._rest = text[end:]
            if len(self._rest) > LONGEST_VALUE:
                raise ProtocolError(
                    f"{self._what}: a value longer than {LONGEST_VALUE:,} bytes"
                )
            if end or not data:
                return _TOKEN.sub(_harmless, text[:end])
        return b""

    @staticmethod
    def _whole(text: bytes) -> int:
        """Return how far `text` holds whole tokens."""
        last = deque(_TOKEN.finditer(text), maxlen=1)
        return last[0].start() if last and last[0].end() == len(text) else len(text)


def _harmless(match: re.Match[bytes]) -> bytes:
    token = match[0]
    if token in _WORDS:
        return b"null"
    if token.startswith(b'"') or (len(token) < _SHORT and b"e" not in token.lower()):
        return token
    number = _NUMBER.fullmatch(token)
    if number is None:
        return token
    whole = number[1] is None and number[2] is None
    fits = not whole and math.isfinite(float(token))
    if whole and len(token) <= _SHORT + 1:
        fits = -(2**63) <= int(token) < 2**63
    return token if fits else b"null"
