"""Which files a verification reads: all, a sample, or what was not read for a time."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# A file was found good when it came.
FILE_COLUMNS = (
    "path, setid, kind, size, sha256, coalesce(verified_at, fetched_at) AS good_at, state"
)
_AT_A_TIME = 200
# Later than all times.
_ALL = "~"


@dataclass(frozen=True)
class Scope:
    """What is to be read, and how fast.

    Attributes
    ----------
    share, count
        A part of the files, or so many; all of them if both are None. At least one.
    seed
        Makes a sample by chance the same one again, as long as the files are the same.
    oldest
        The sample is what was not found good for the longest time, not by chance.
    not_since
        Only what was not found good since then, as the catalog writes times: so that a
        verification that was stopped goes on where it was.
    rate
        At most so many bytes of files a second.
    """

    share: float | None = None
    count: int | None = None
    seed: int | None = None
    oldest: bool = False
    not_since: str | None = None
    rate: int | None = None

    @property
    def sampled(self) -> bool:
        """Whether it is a part of the files only."""
        return self.share is not None or self.count is not None


EVERYTHING = Scope()

_COUNT = "SELECT count(*) FROM files WHERE coalesce(verified_at, '') < ?"
_BYTES = "SELECT coalesce(sum(size), 0) FROM files WHERE coalesce(verified_at, '') < ?"
_IN_ORDER = f"""
SELECT {FILE_COLUMNS} FROM files
WHERE path > ? AND coalesce(verified_at, '') < ? ORDER BY path LIMIT ?
"""
_OLDEST = """
SELECT path FROM files WHERE coalesce(verified_at, '') < ? ORDER BY verified_at, path LIMIT ?
"""
_ONE = f"SELECT {FILE_COLUMNS} FROM files WHERE path = ?"


def bytes_in(conn: sqlite3.Connection, scope: Scope) -> int | None:
    """Return how many bytes the files in a scope have; of a sample nobody knows."""
    if scope.sampled:
        return None
    total: int = conn.execute(_BYTES, (scope.not_since or _ALL,)).fetchone()[0]
    return total


def rows_in(conn: sqlite3.Connection, scope: Scope) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of the files in a scope, some at a time, in the order of their paths.

    What has been found good meanwhile does not come again, nor does it change a sample.
    """
    before = scope.not_since or _ALL
    (total,) = conn.execute(_COUNT, (before,)).fetchone()
    wanted = total
    if scope.count is not None:
        wanted = min(total, scope.count)
    elif scope.share is not None:
        wanted = min(total, max(1, round(total * scope.share)))
    if scope.oldest and scope.sampled:
        yield from _oldest(conn, before, wanted)
        return
    chance = random.Random(scope.seed)  # noqa: S311 -- a sample, no secret
    after, left = "", total
    while batch := conn.execute(_IN_ORDER, (after, before, _AT_A_TIME)).fetchall():
        chosen = []
        for row in batch:
            # Each set of so many files is as likely as any other, and none is held in memory.
            if chance.random() * left < wanted:
                chosen.append(row)
                wanted -= 1
            left -= 1
        yield chosen
        after = batch[-1][0]


def _oldest(
    conn: sqlite3.Connection, before: str, wanted: int
) -> Iterator[list[tuple[Any, ...]]]:
    paths = [path for (path,) in conn.execute(_OLDEST, (before, wanted))]
    for start in range(0, len(paths), _AT_A_TIME):
        found = [conn.execute(_ONE, (p,)).fetchone() for p in paths[start : start + _AT_A_TIME]]
        yield [row for row in found if row is not None]
