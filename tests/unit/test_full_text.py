"""Full-text search: the indexes are always those of the tables, and people's words find."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lccmirror.catalog import texts
from lccmirror.catalog.connection import close_writer, open_writer, transaction
from lccmirror.catalog.objects import refresh_collection
from lccmirror.catalog.prune import forget_dataset
from lccmirror.catalog.texts import (
    INDEXES,
    broken_indexes,
    index_objects,
    is_due,
    note_all,
    rebuild_index,
)
from tests.support.catalog import (
    NOW,
    add_collection,
    add_dataset,
    column,
    fresh_catalog,
    put_rows,
)


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    with closing(fresh_catalog()) as opened:
        add_collection(opened, "k", {"kind": "U8", "name": "U20", "mag": "f8"})
        yield opened


def put(conn: sqlite3.Connection, setid: str, *rows: tuple[Any, ...], at: str = NOW) -> None:
    """Ingest a table of objects of collection k: objectid, kind, name."""
    if not conn.execute("SELECT 1 FROM datasets WHERE setid = ?", (setid,)).fetchone():
        add_dataset(conn, setid, at)
    columns = [column("kind", "U8"), column("name", "U20")]
    put_rows(conn, setid, columns, [("k", row[0], 1.0, 2.0, *row[1:]) for row in rows])


def found(conn: sqlite3.Connection, words: str, kind: str = "objects") -> list[str]:
    key = {"objects": "objectid", "datasets": "setid", "collections": "collection"}
    return [
        row[0]
        for row in conn.execute(
            f"SELECT {key.get(kind, 'name')} FROM {kind}_fts WHERE {kind}_fts MATCH ? "
            "ORDER BY 1",
            (words,),
        )
    ]


def as_it_should_be(conn: sqlite3.Connection) -> set[tuple[str, str, str | None]]:
    """Return what of every object is to be found, worked out without SQL."""
    return {
        (
            collection,
            objectid,
            "\n".join(one for one in texts if one and one != objectid) or None,
        )
        for collection, objectid, *texts in conn.execute(
            "SELECT collection, objectid, kind, name FROM objects"
        )
    }


def copied(conn: sqlite3.Connection) -> set[tuple[str, str, str | None]]:
    return set(conn.execute("SELECT collection, objectid, words FROM objects_text"))


# --- the small tables, by triggers ----------------------------------------------------


def test_a_dataset_is_found_by_each_of_its_texts_and_by_their_change(
    conn: sqlite3.Connection,
) -> None:
    add_dataset(conn, "aB3-x_9")
    conn.execute(
        "UPDATE datasets SET name = 'Bright stars', description = 'of the Lyra field', "
        "citation = 'Müller 2026', query_params = ?",
        ('{"conditions": "(objtype = \'RRab\')", "getcolumns": ["sdssr"], "limit": 7,'
         ' "visibility": "public", "inputdata": {"data": {"objectid": ["HD 1"]},'
         ' "types": ["float"]}}',),
    )  # fmt: skip
    for words in ("bright", "lyr*", "muller", "rrab", '"aB3-x_9"', '"hd 1"', "name:stars"):
        assert found(conn, words, "datasets") == ["aB3-x_9"], words
    for words in ("sdssr", "public", "float", "7", "conditions"):
        assert found(conn, words, "datasets") == [], words
    conn.execute("UPDATE datasets SET name = 'Faint', query_params = 'no JSON'")
    assert found(conn, "bright OR rrab", "datasets") == []
    assert found(conn, "faint json", "datasets") == ["aB3-x_9"]
    conn.execute("DELETE FROM datasets")
    assert found(conn, "faint", "datasets") == []
    assert broken_indexes(conn) == []


def test_an_update_that_leaves_the_texts_alone_writes_no_index(
    conn: sqlite3.Connection,
) -> None:
    add_dataset(conn, "aa")
    before = conn.total_changes
    conn.execute("UPDATE datasets SET reason = 'none', name = name, citation = NULL")
    assert conn.total_changes == before + 1


def test_collections_and_columns_are_found(conn: sqlite3.Connection) -> None:
    conn.execute("UPDATE collections SET name = 'Kepler field', project = 'HATNet'")
    conn.execute("UPDATE columns SET title = 'R magnitude' WHERE name = 'mag'")
    assert found(conn, "hatnet", "collections") == ["k"]
    assert found(conn, "magnitude", "columns") == ["mag"]
    conn.execute("DELETE FROM columns WHERE name = 'mag'")
    conn.execute("UPDATE columns SET description = 'Art' WHERE name = 'kind'")
    assert found(conn, "magnitude", "columns") == []
    assert found(conn, "art", "columns") == ["kind"]
    conn.execute("DELETE FROM columns")
    conn.execute("DELETE FROM collections")
    assert found(conn, "hatnet", "collections") == []
    assert broken_indexes(conn) == []


# --- objects, after they were written --------------------------------------------------


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ('"HAT-199-0000123"', ["HAT-199-0000123"]),
        ('"hat-199-00"*', ["HAT-199-0000123"]),
        ("0000123", ["HAT-199-0000123"]),
        ('"V* RR Lyr"', ["V* RR Lyr"]),
        ("rr lyr*", ["V* RR Lyr"]),
        ('"2MASS J19252790+4247037"', ["2MASS J19252790+4247037"]),
        ("J1925*", ["2MASS J19252790+4247037"]),
        ("rrab", ["HAT-199-0000123", "V* RR Lyr"]),
        ("etoile", ["2MASS J19252790+4247037"]),
        ("objectid:rrab", []),
    ],
)
def test_names_as_the_field_writes_them_are_found(
    conn: sqlite3.Connection, words: str, names: list[str]
) -> None:
    put(
        conn,
        "aa",
        ("HAT-199-0000123", "RRab", None),
        ("V* RR Lyr", "RRab", "x"),
        ("2MASS J19252790+4247037", None, "Étoile"),
    )
    index_objects(conn)
    assert found(conn, words) == names


def test_what_was_written_is_noted_until_it_is_indexed(conn: sqlite3.Connection) -> None:
    assert not is_due(conn)
    put(conn, "aa", ("a", "EA", None))
    assert is_due(conn)
    assert found(conn, "EA") == []
    index_objects(conn)
    assert not is_due(conn)
    assert found(conn, "EA") == ["a"]


def test_what_is_rolled_back_is_not_noted(conn: sqlite3.Connection) -> None:
    add_dataset(conn, "aa")
    conn.execute("BEGIN")
    put(conn, "aa", ("a", "EA", None))
    conn.execute("ROLLBACK")
    assert not is_due(conn)


def test_objects_change_and_go(conn: sqlite3.Connection) -> None:
    put(conn, "aa", ("a", "EA", "one"), ("b", "EB", "two"))
    put(conn, "bb", ("a", "RRc", None), at="2026-11-24T00:00:00Z")
    index_objects(conn)
    assert copied(conn) == {("k", "a", "RRc"), ("k", "b", "EB\ntwo")}
    with transaction(conn):
        forget_dataset(conn, "bb", "a rule")
    index_objects(conn)
    assert copied(conn) == {("k", "a", "EA\none"), ("k", "b", "EB\ntwo")}
    with transaction(conn):
        forget_dataset(conn, "aa", "a rule")
    index_objects(conn)
    assert copied(conn) == set()
    assert broken_indexes(conn) == []


def test_the_objects_of_a_dataset_that_shares_rows_are_indexed(
    conn: sqlite3.Connection,
) -> None:
    put(conn, "aa", ("a", "EA", None))
    put(conn, "bb", ("a", "EB", None), at="2026-11-24T00:00:00Z")
    index_objects(conn)
    put(conn, "cc", ("a", "EA", None), at="2026-11-25T00:00:00Z")
    assert conn.execute("SELECT same_as FROM datasets WHERE setid = 'cc'").fetchone() == ("aa",)
    index_objects(conn)
    assert copied(conn) == {("k", "a", "EA")}


def test_a_column_described_only_now_is_found(conn: sqlite3.Connection) -> None:
    add_dataset(conn, "aa")
    put_rows(conn, "aa", [column("remarks", "U20")], [("k", "a", 1.0, 2.0, "odd one")])
    index_objects(conn)
    assert found(conn, "odd") == []
    conn.execute(
        "INSERT INTO columns (collection, name, position, first_seen, last_seen) "
        "VALUES ('k', 'remarks', 9, '', '')"
    )
    with transaction(conn):
        refresh_collection(conn, "k", {"remarks"})
    index_objects(conn)
    assert found(conn, "odd") == ["a"]
    assert broken_indexes(conn) == []


def test_a_thousand_text_columns_are_no_expression_too_deep(conn: sqlite3.Connection) -> None:
    names = [f"t{number}" for number in range(1000)]
    add_collection(conn, "wide", dict.fromkeys(names, "U9"))
    add_dataset(conn, "aa")
    put_rows(
        conn,
        "aa",
        [column(name, "U9") for name in names],
        [("wide", "a", 1.0, 2.0, *(f"word{name}" for name in names))],
    )
    index_objects(conn)
    assert found(conn, "wordt0 wordt500 wordt999") == ["a"]
    assert broken_indexes(conn) == []


def test_a_stop_or_a_crash_between_two_parts_loses_nothing(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "_BATCH", 3)
    put(conn, "aa", *((f"o-{number}", "EA", None) for number in range(10)))
    with transaction(conn):
        note_all(conn)

    class StopAfterTwo(threading.Event):
        looks = 0

        def is_set(self) -> bool:
            self.looks += 1
            return self.looks > 2

    seen = set()
    while is_due(conn):
        index_objects(conn, StopAfterTwo())
        seen.add(len(copied(conn)))
    assert copied(conn) == as_it_should_be(conn)
    assert len(seen) > 1


def test_what_fits_no_longer_is_found_and_made_again(conn: sqlite3.Connection) -> None:
    put(conn, "aa", ("a", "EA", None), ("b", "EB", None))
    index_objects(conn)
    conn.execute("INSERT INTO objects_fts (objects_fts) VALUES ('delete-all')")
    conn.execute("UPDATE objects SET kind = 'RRc' WHERE objectid = 'a'")
    conn.execute("DELETE FROM objects WHERE objectid = 'b'")
    assert broken_indexes(conn) == ["objects_fts", "objects_text"]
    with transaction(conn):
        for name in ("objects_fts", "objects_text"):
            rebuild_index(conn, name)
    index_objects(conn)
    assert broken_indexes(conn) == []
    assert (found(conn, "RRc"), found(conn, "EB")) == (["a"], [])


def test_vacuum_changes_nothing(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path / "catalog.sqlite")) as conn:
        add_collection(conn, "k", {"kind": "U8", "name": "U20"})
        put(conn, "aa", *((f"o-{number}", f"word{number}", None) for number in range(9)))
        index_objects(conn)
        conn.execute("DELETE FROM objects_text WHERE objectid < 'o-4'")
        conn.execute("DELETE FROM objects WHERE objectid < 'o-4'")
        conn.execute("VACUUM")
        assert broken_indexes(conn) == []
        assert found(conn, "word7") == ["o-7"]
        close_writer(conn)


# Which of few datasets is ingested or pruned, and with which of few rows.
_KINDS = st.sampled_from(["EA", "RR Lyr", "é-1", "", "a", None])
_ROWS = st.lists(
    st.tuples(st.sampled_from("abcd"), _KINDS, _KINDS), max_size=5, unique_by=lambda row: row[0]
)
_STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "prune", "index"]), st.integers(0, 4), _ROWS),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60)
@given(_STEPS)
def test_whatever_comes_and_goes_the_index_is_that_of_the_tables(
    steps: list[tuple[str, int, list[tuple[Any, ...]]]],
) -> None:
    with closing(fresh_catalog()) as conn:
        add_collection(conn, "k", {"kind": "U8", "name": "U20"})
        for what, number, rows in steps:
            setid = f"set{number}"
            if what == "put":
                put(conn, setid, *rows, at=f"2026-11-{20 + number}T00:00:00Z")
            elif what == "prune":
                with transaction(conn):
                    forget_dataset(conn, setid, "a rule")
            else:
                index_objects(conn)
        put(conn, "last", ("z", "EA", None), at="2026-12-01T00:00:00Z")
        index_objects(conn)
        assert copied(conn) == as_it_should_be(conn)
        assert broken_indexes(conn) == []
        for name in INDEXES:
            rows_of = conn.execute(f"SELECT count(*) FROM {name}").fetchone()
            assert conn.execute(f"SELECT count(*) FROM {name}_text").fetchone() == rows_of


@pytest.mark.parametrize("table", INDEXES)
def test_datasettes_question_has_the_rows_of_the_table_itself(
    conn: sqlite3.Connection, table: str
) -> None:
    put(conn, "aa", ("a", "kappa", None), ("kappa", "EA", None), ("c", "EA", None))
    index_objects(conn)
    conn.execute("UPDATE datasets SET name = 'kappa'")
    conn.execute("UPDATE collections SET name = 'kappa'")
    conn.execute("UPDATE columns SET title = 'kappa' WHERE name = 'mag'")
    key = {"datasets": "setid", "collections": "collection", "columns": "name"}
    asked = (
        f"SELECT {key.get(table, 'objectid')} FROM [{table}] WHERE rowid IN "
        f"(SELECT rowid FROM [{table}_search] WHERE [{table}_search] MATCH 'kappa')"
    )
    rows = {row[0] for row in conn.execute(asked)}
    assert (
        rows
        == {
            "datasets": {"aa"},
            "collections": {"k"},
            "columns": {"mag"},
            "objects": {"a", "kappa"},
        }[table]
    )


DOCUMENT = Path(__file__).parents[2] / "docs" / "full-text.md"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("datasets", ["aa"]),
        ("objects", ["HAT-199-0000123"]),
        ("columns", ["k"]),
        ("datasets that asked for an object", ["aa"]),
    ],
)
def test_the_sql_of_the_documentation_finds(
    conn: sqlite3.Connection, name: str, expected: list[str]
) -> None:
    put(conn, "aa", ("HAT-199-0000123", "RRab", None), ("HAT-199-0000124", "RRc", None))
    index_objects(conn)
    conn.execute(
        "UPDATE datasets SET name = 'RR Lyrae', query_params = ?",
        ('{"inputdata": {"data": {"objectid": ["HD 12345"]}}}',),
    )
    text = DOCUMENT.read_text("utf-8")
    statement = re.search(rf"```sql\n-- name: {name}\n(.*?)```", text, re.DOTALL)
    assert statement is not None
    assert [row[0] for row in conn.execute(statement[1])] == expected
