"""Standard error that cannot end the work: what it does not take is lost, and nothing else."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Unfailing(io.FileIO):
    """A file that takes every byte, whatever becomes of it."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write what can be written, and say that all of it was."""
        taken: int | None = None
        # A log on a full disk, a reader that has gone: there is nobody else to tell, and the
        # exit code tells as much as before. None: a pipe that may not be waited for is full.
        with contextlib.suppress(OSError):
            taken = super().write(data)
        return memoryview(data).nbytes if taken is None else taken


def unfailing(descriptor: int, encoding: str) -> TextIO:
    """Return a stream of lines on a descriptor, which stays open, that no write fails on.

    Parameters
    ----------
    descriptor
        Of standard error.
    encoding
        Signs that it has not are escaped.
    """
    raw = _Unfailing(descriptor, "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding, errors="backslashreplace", line_buffering=True
    )
