"""Checking the members of a ZIP: one by one, or in two threads where that is worth it.

zlib's CRC takes two thirds of the time that checking stored members takes, and lets other
threads run meanwhile. Each thread takes a stretch of some megabytes, so that a disk reads in
order.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from ..errors import FormatError
from .zip_directory import ZipEntry
from .zip_members import LOCAL_SIZE, MemberReader, has_fast_crc32

_STRETCH: Final = 8 << 20
_MOST_MEMBERS: Final = 1_000
_WORTH_THREADS: Final = 16 << 20
_THREADS: Final = 2


class Checked(NamedTuple):
    """A member that was read: its content if that was to be kept, or what is wrong with it."""

    entry: ZipEntry
    end: int
    content: bytes | None
    error: FormatError | None


def check_members(
    descriptor: int,
    entries: Sequence[ZipEntry],
    limit: int,
    keep: Callable[[ZipEntry], bool],
    stop: Callable[[], bool],
    *,
    threads: int | None = None,
) -> Generator[Checked, None, None]:
    """Check members, and yield them in their order.

    Parameters
    ----------
    descriptor
        Of the ZIP, open for reading.
    entries
        In the order of the file.
    limit
        The byte at which the members end.
    keep
        Whether a member's content is wanted.
    stop
        Asked, for each mebibyte, whether to give up; by any of the threads.
    threads
        How many; None for as many as are worth it.

    Raises
    ------
    Stopped
        If `stop` said so.
    """
    if threads is None:
        threads = _worth(entries)
    # Members that overlap may be a bomb: whether one is read depends on those before it.
    if threads > 1 and _are_apart(entries):
        return _in_threads(descriptor, entries, limit, keep, stop, threads)
    return _in_order(MemberReader(descriptor, stop), entries, limit, keep)


def _worth(entries: Sequence[ZipEntry]) -> int:
    if has_fast_crc32() or sum(entry.packed for entry in entries) < _WORTH_THREADS:
        return 1
    return min(os.cpu_count() or 1, _THREADS)


def _are_apart(entries: Sequence[ZipEntry]) -> bool:
    end = 0
    for entry in entries:
        if entry.offset < end:
            return False
        end = entry.offset + LOCAL_SIZE + len(entry.raw_name) + entry.packed
    return True


def _in_order(
    reader: MemberReader,
    entries: Sequence[ZipEntry],
    limit: int,
    keep: Callable[[ZipEntry], bool],
) -> Generator[Checked, None, None]:
    end = 0
    for entry in entries:
        if entry.offset < end:
            yield _overlapping(entry)
            continue
        try:
            end, content = reader.check(entry, limit, keep=keep(entry))
        except FormatError as error:
            yield Checked(entry, entry.offset, None, error)
        else:
            yield Checked(entry, end, content, None)


def _overlapping(entry: ZipEntry) -> Checked:
    error = FormatError("begins within the member before it")
    return Checked(entry, entry.offset, None, error)


def _in_threads(
    descriptor: int,
    entries: Sequence[ZipEntry],
    limit: int,
    keep: Callable[[ZipEntry], bool],
    stop: Callable[[], bool],
    threads: int,
) -> Generator[Checked, None, None]:
    given_up = threading.Event()

    def check(stretch: Sequence[ZipEntry]) -> list[Checked]:
        reader = MemberReader(descriptor, lambda: given_up.is_set() or stop())
        return list(_in_order(reader, stretch, limit, keep))

    stretches = _stretches(entries)
    end = 0
    with ThreadPoolExecutor(threads, "zip") as pool:
        try:
            ahead = itertools.islice(stretches, 2 * threads)
            waiting = deque(pool.submit(check, stretch) for stretch in ahead)
            while waiting:
                done = waiting.popleft().result()
                waiting += [pool.submit(check, more) for more in itertools.islice(stretches, 1)]
                for checked in done:
                    if checked.error is None and checked.entry.offset < end:
                        # the one before has a longer header than the directory tells of
                        yield _overlapping(checked.entry)
                    else:
                        end = checked.end
                        yield checked
        finally:
            given_up.set()
            pool.shutdown(cancel_futures=True)


def _stretches(entries: Sequence[ZipEntry]) -> Iterator[Sequence[ZipEntry]]:
    begin = size = 0
    for place, entry in enumerate(entries, 1):
        size += entry.packed
        if size >= _STRETCH or place - begin >= _MOST_MEMBERS or place == len(entries):
            yield entries[begin:place]
            begin, size = place, 0
