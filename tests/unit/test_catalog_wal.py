"""The catalog's log stays short, whoever reads."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lccmirror.catalog.connection import open_writer, transaction
from lccmirror.catalog.wal import LogKeeper, empty_log

_LONGEST = 256 * 1024
_TEXT = "x" * 50_000
_COUNT = "SELECT count(*) FROM mirror"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.sqlite"


@pytest.fixture
def conn(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_writer(path)) as opened:
        assert empty_log(opened)
        yield opened


@pytest.fixture
def write(conn: sqlite3.Connection) -> Callable[[int], None]:
    written = 0

    def write(count: int) -> None:
        nonlocal written
        for _ in range(count):
            written += 1
            with transaction(conn):
                conn.execute("INSERT INTO mirror VALUES (?, ?)", (str(written), _TEXT))

    return write


def log_size(path: Path) -> int:
    return path.with_name(f"{path.name}-wal").stat().st_size


def reader(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )


def overlap(path: Path, begun: threading.Event, ended: threading.Event) -> None:
    """Read without a break: each begins before the one before has ended."""
    with closing(reader(path)) as one, closing(reader(path)) as other:
        one.execute("BEGIN")
        one.execute(_COUNT).fetchone()
        begun.set()
        now, then = other, one
        while not ended.is_set():
            now.execute("BEGIN")
            now.execute(_COUNT).fetchone()
            then.execute("COMMIT")
            now, then = then, now


def test_readers_who_always_overlap_do_not_make_the_log_grow(
    path: Path, conn: sqlite3.Connection, write: Callable[[int], None]
) -> None:
    begun, ended = threading.Event(), threading.Event()
    reading = threading.Thread(target=overlap, args=(path, begun, ended))
    reading.start()
    try:
        assert begun.wait(30)
        keeper = LogKeeper(conn, path, _LONGEST)
        longest = 0
        for _ in range(200):
            write(1)
            longest = max(longest, log_size(path))
            keeper.look()
    finally:
        ended.set()
        reading.join()
    # What came last is on top of it, and what came while a reader was kept from ending by
    # other work of the machine; without a keeper these are 10 MB.
    assert _LONGEST <= longest < 10 * _LONGEST


def test_a_short_log_is_left_alone(
    path: Path, conn: sqlite3.Connection, write: Callable[[int], None]
) -> None:
    write(2)
    before = log_size(path)
    LogKeeper(conn, path, _LONGEST).look()
    assert log_size(path) == before > 0


def test_a_reader_who_stays_is_waited_for_once_and_not_after_every_dataset(
    path: Path, conn: sqlite3.Connection, write: Callable[[int], None]
) -> None:
    keeper = LogKeeper(conn, path, _LONGEST)
    tried: list[str] = []
    with closing(reader(path)) as staying:
        staying.execute("BEGIN")
        assert staying.execute(_COUNT).fetchone() == (0,)
        write(6)
        conn.set_trace_callback(lambda sql: tried.append(sql) if "checkpoint" in sql else None)
        for _ in range(3):
            keeper.look()
            write(1)
        assert len(tried) == 1
        write(6)
        keeper.look()
        assert len(tried) == 2
        # He still reads what was there when he began.
        assert staying.execute(_COUNT).fetchone() == (0,)
    write(12)
    keeper.look()
    assert log_size(path) == 0
    assert conn.execute("PRAGMA busy_timeout").fetchone() == (60_000,)


def test_a_catalog_without_a_log_needs_nothing(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as conn:
        LogKeeper(conn, tmp_path / "catalog.sqlite", 1).look()
