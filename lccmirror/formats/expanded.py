"""Reading a file that may be gzipped, with a bound on what comes out of it."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from ..errors import FormatError

Read = Callable[[int], bytes]

_GZIP = b"\x1f\x8b"


@contextmanager
def open_expanded(
    source: Path | bytes | BinaryIO, *, max_bytes: int, what: str
) -> Iterator[Read]:
    """Open `source` for reading, expanding it if it is gzip.

    Parameters
    ----------
    source
        A path, the bytes themselves, or a seekable binary file (which stays open).
    max_bytes
        How many expanded bytes may come out; a few kilobytes of gzip can hold gigabytes.
    what
        What it is, for the messages.

    Yields
    ------
    callable
        ``read(n)`` returns up to ``n`` bytes, ``b""`` at the end.

    Raises
    ------
    FormatError
        From ``read``: damaged or cut gzip, or more than `max_bytes`.
    """
    opened: BinaryIO
    if isinstance(source, Path):
        opened = source.open("rb")
    elif isinstance(source, bytes):
        opened = io.BytesIO(source)
    else:
        opened = source
    try:
        start = opened.read(2)
        opened.seek(-len(start), io.SEEK_CUR)
        if start == _GZIP:
            with gzip.GzipFile(fileobj=opened, mode="rb") as unzipped:
                yield _bounded(cast(BinaryIO, unzipped), max_bytes, what)
        else:
            yield _bounded(opened, max_bytes, what)
    finally:
        if opened is not source:
            opened.close()


def _bounded(stream: BinaryIO, max_bytes: int, what: str) -> Read:
    given = 0

    def read(size: int) -> bytes:
        nonlocal given
        try:
            data = stream.read(size)
        except EOFError as error:
            raise FormatError(f"{what}: gzip is cut short after {given} bytes") from error
        except (zlib.error, gzip.BadGzipFile) as error:
            raise FormatError(f"{what}: damaged gzip after {given} bytes: {error}") from error
        given += len(data)
        if given > max_bytes:
            raise FormatError(f"{what}: expands to more than {max_bytes} bytes")
        return data

    return read
