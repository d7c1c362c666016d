"""`dataset_rows`: tables as published, identical ones kept once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from lccmirror.catalog.connection import transaction
from lccmirror.catalog.rows import write_table
from tests.support.catalog import add_collection, add_dataset, column, fresh_catalog, put_rows


@pytest.fixture
def conn() -> sqlite3.Connection:
    conn = fresh_catalog()
    add_collection(conn, "k", {"sdssr": "f8", "ndet": "i8"})
    for day, setid in enumerate(("s1", "s2", "s3"), start=1):
        add_dataset(conn, setid, f"2026-01-0{day}")
    return conn


TABLE = [("k", "o1", 1.0, 2.0, 12.5, 3), ("k", "o2", 1.5, 2.5, None, 4)]
COLUMNS = [column("sdssr"), column("ndet", "i8")]


def same_as(conn: sqlite3.Connection) -> dict[str, str | None]:
    return dict(conn.execute("SELECT setid, same_as FROM datasets"))


def rows(conn: sqlite3.Connection) -> list[tuple[str, int]]:
    return conn.execute("SELECT setid, row FROM dataset_rows ORDER BY setid, row").fetchall()


def test_values_keep_their_types_in_the_rows(conn: sqlite3.Connection) -> None:
    put_rows(conn, "s1", COLUMNS, TABLE)
    (data,) = conn.execute("SELECT data FROM dataset_rows WHERE row = 2").fetchone()
    assert json.loads(data) == {
        "collection": "k",
        "db_oid": "o2",
        "db_ra": 1.5,
        "db_decl": 2.5,
        "sdssr": None,
        "ndet": 4,
    }


def test_an_identical_table_is_kept_once_whatever_the_order_of_its_columns(
    conn: sqlite3.Connection,
) -> None:
    put_rows(conn, "s1", COLUMNS, TABLE)
    swapped = [(*row[:4], row[5], row[4]) for row in TABLE]
    assert put_rows(conn, "s2", COLUMNS[::-1], swapped).same_as == "s1"
    assert rows(conn) == [("s1", 1), ("s1", 2)]
    assert conn.execute("SELECT nrows FROM datasets WHERE setid = 's2'").fetchone() == (2,)


def test_tables_that_differ_in_order_type_or_value_are_not_identical(
    conn: sqlite3.Connection,
) -> None:
    put_rows(conn, "s1", COLUMNS, TABLE)
    assert put_rows(conn, "s2", COLUMNS, TABLE[::-1]).same_as is None
    assert (
        put_rows(conn, "s3", COLUMNS, [TABLE[0], ("k", "o2", 1.5, 2.5, None, 4.0)]).same_as
        is None
    )


def test_shared_rows_outlive_the_dataset_that_held_them(conn: sqlite3.Connection) -> None:
    for setid in ("s1", "s2", "s3"):
        put_rows(conn, setid, COLUMNS, TABLE)
    put_rows(conn, "s1", COLUMNS, TABLE[:1])
    assert same_as(conn) == {"s1": None, "s2": None, "s3": "s2"}
    assert rows(conn) == [("s1", 1), ("s2", 1), ("s2", 2)]
    kept = conn.execute("SELECT n FROM counts WHERE name = 'dataset_rows'").fetchone()
    assert kept == (3,)


def test_a_table_that_breaks_off_leaves_the_one_before(conn: sqlite3.Connection) -> None:
    put_rows(conn, "s1", COLUMNS, TABLE)
    before = conn.execute("SELECT * FROM dataset_rows").fetchall()

    def broken() -> Iterator[tuple[Any, ...]]:
        yield TABLE[0]
        raise OSError("the disk")

    with pytest.raises(OSError, match="the disk"):
        put_rows(conn, "s1", COLUMNS, broken())
    assert conn.execute("SELECT * FROM dataset_rows").fetchall() == before
    assert not conn.in_transaction


def test_an_inner_transaction_can_fail_alone(conn: sqlite3.Connection) -> None:
    def fail() -> None:
        with transaction(conn):
            conn.execute("INSERT INTO mirror VALUES ('b', '2')")
            raise ValueError("inner")

    with transaction(conn):
        conn.execute("INSERT INTO mirror VALUES ('a', '1')")
        with pytest.raises(ValueError, match="inner"):
            fail()
    assert conn.execute("SELECT * FROM mirror").fetchall() == [("a", "1")]


def test_any_name_of_a_column_can_be_kept(conn: sqlite3.Connection) -> None:
    names = ['say "so"', "back\\slash", "line\nfeed", "ünï", "null"]
    values = [1, None, 2.5, "x", "null"]
    put_rows(
        conn, "s1", [column(name, "U9") for name in names], [("k", "o", 1.0, 2.0, *values)]
    )
    (data,) = conn.execute("SELECT data FROM dataset_rows").fetchone()
    kept = json.loads(data)
    assert list(kept) == sorted(kept)
    assert [kept[name] for name in names] == values


def test_a_table_without_positions_or_objects_is_kept(conn: sqlite3.Connection) -> None:
    with transaction(conn):
        write_table(conn, "s1", [column("sdssr")], [(1.5,), (float("inf"),)])
    assert conn.execute("SELECT objectid, ra, data FROM dataset_rows").fetchall() == [
        (None, None, '{"sdssr":1.5}'),
        (None, None, '{"sdssr":null}'),
    ]
