"""Indexes behind a dataset that is larger than all before: built anew, and the same as ever."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from lccmirror.errors import FormatError
from tests.support.catalog import add_collection, add_dataset, column, fresh_catalog, put_rows

MANY = 6_000
INDEXES = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' ORDER BY name"
# By each of the two indexes, and without them.
BY_INDEX = (
    "SELECT setid, row FROM dataset_rows INDEXED BY dataset_rows_object "
    "WHERE collection = 'k' AND objectid BETWEEN 'o1' AND 'o2'",
    "SELECT objectid FROM objects INDEXED BY objects_sky WHERE zone = 546 AND ra < 100",
)
WITHOUT = (
    "SELECT setid, row FROM dataset_rows NOT INDEXED "
    "WHERE collection = 'k' AND objectid BETWEEN 'o1' AND 'o2'",
    "SELECT objectid FROM objects NOT INDEXED WHERE zone = 546 AND ra < 100",
)


@pytest.fixture
def conn() -> sqlite3.Connection:
    conn = fresh_catalog()
    add_collection(conn, "k", {"sdssr": "f8"})
    for day, setid in enumerate(("s1", "s2", "s3"), start=1):
        add_dataset(conn, setid, f"2026-01-0{day}")
    return conn


def put_many(conn: sqlite3.Connection, setid: str, count: int) -> list[str]:
    """Write a table; return the indexes that were dropped meanwhile."""
    dropped: list[str] = []
    conn.set_trace_callback(
        lambda sql: dropped.append(sql) if sql.startswith("DROP INDEX") else None
    )
    put_rows(
        conn,
        setid,
        [column("sdssr")],
        (
            ("k", f"o{number * 7919 % 10_007}", number % 360, number % 11, number / 7)
            for number in range(count)
        ),
    )
    conn.set_trace_callback(None)
    return dropped


def check(conn: sqlite3.Connection) -> None:
    assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    for by_index, without in zip(BY_INDEX, WITHOUT, strict=True):
        found = sorted(conn.execute(by_index).fetchall())
        assert found == sorted(conn.execute(without).fetchall())
        assert found


def test_the_indexes_are_as_before_and_whole(conn: sqlite3.Connection) -> None:
    schema = conn.execute(INDEXES).fetchall()
    cache = conn.execute("PRAGMA cache_size").fetchone()
    assert len(put_many(conn, "s1", MANY)) == 2
    assert conn.execute(INDEXES).fetchall() == schema
    assert conn.execute("PRAGMA cache_size").fetchone() == cache
    check(conn)


def test_a_dataset_smaller_than_what_is_there_leaves_the_indexes(
    conn: sqlite3.Connection,
) -> None:
    put_many(conn, "s1", 2 * MANY)
    assert put_many(conn, "s2", MANY) == []
    check(conn)


def test_a_small_dataset_leaves_the_indexes(conn: sqlite3.Connection) -> None:
    assert put_many(conn, "s1", 500) == []


def test_a_reader_on_the_same_connection_leaves_the_indexes(conn: sqlite3.Connection) -> None:
    reading = conn.execute("SELECT setid FROM datasets")
    reading.fetchone()
    put_many(conn, "s1", MANY)
    assert len(reading.fetchall()) == 2
    check(conn)


def test_a_table_that_cannot_be_read_leaves_the_indexes_as_they_were(
    conn: sqlite3.Connection,
) -> None:
    put_many(conn, "s1", MANY)
    schema = conn.execute(INDEXES).fetchall()

    def rows() -> Iterator[tuple[object, ...]]:
        for number in range(2 * MANY):
            yield ("k", f"x{number}", 1.0, 2.0, 3.0)
        assert len(conn.execute(INDEXES).fetchall()) == len(schema) - 2
        raise FormatError("it ends too early")

    with pytest.raises(FormatError):
        put_rows(conn, "s2", [column("sdssr")], rows())
    assert conn.execute(INDEXES).fetchall() == schema
    check(conn)
