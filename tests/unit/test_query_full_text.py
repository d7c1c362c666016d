"""Full-text search in SQL, on any connection of ours, and what is said of wrong ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lccmirror.catalog.connection import open_writer, transaction
from lccmirror.catalog.texts import index_objects, note_all
from lccmirror.query import ReadOnlyCatalog, open_readonly
from lccmirror.query.with_functions import switch
from tests.support.statements import refusal, rows


@pytest.fixture(params=[False, True], ids=["sqlite3", "apsw"])
def searchable(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[ReadOnlyCatalog]:
    with closing(open_writer(tmp_path / "catalog.sqlite")) as conn:
        conn.execute("INSERT INTO objects VALUES ('k', 'HAT-199-0000123', 1, 2, 3)")
        with transaction(conn):
            note_all(conn)
        index_objects(conn)
    with open_readonly(tmp_path) as opened:
        if request.param:
            switch(opened)
        yield opened


def test_any_connection_of_ours_searches_full_text(searchable: ReadOnlyCatalog) -> None:
    asked = (
        "SELECT o.objectid, o.ra, highlight(objects_fts, 1, '[', ']') "
        "FROM objects_fts JOIN objects AS o USING (collection, objectid) "
        "WHERE objects_fts MATCH :words ORDER BY rank"
    )
    assert rows(searchable, asked, words='"hat-199-00"*') == [
        ("HAT-199-0000123", 1.0, "[HAT-199-0000123]")
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("HAT-199-0000123", "199 stands where the name of a column would"),
        ("mag:12", "mag stands where"),
        ('"HAT', "a double quote that is not closed"),
        ("hat AND", "syntax error at its end"),
        ("", "syntax error at its end, or it is empty"),
        ("hat ) lyr", "syntax error near )"),
        ("*", "unknown special query"),
    ],
)
def test_a_wrong_full_text_search_is_explained(
    searchable: ReadOnlyCatalog, words: str, said: str
) -> None:
    bound = refusal(searchable, "select * from objects_fts where objects_fts match :w", w=words)
    literal = words.replace("'", "''")
    inside = refusal(
        searchable, f"select * from objects_fts where objects_fts match '{literal}'"
    )
    for error in (bound, inside):
        assert said in error.message
        assert "lccmirror find" in str(error.hint)


@pytest.mark.parametrize(
    "sql",
    [
        "select * from objects where objectid match 'x'",
        "select * from objects where objects match 'x'",
        "select * from objects where ra = 1 or objects match 'x'",
    ],
)
def test_match_where_it_cannot_be_shows_where_it_can(
    searchable: ReadOnlyCatalog, sql: str
) -> None:
    assert "FROM objects_fts WHERE objects_fts MATCH" in str(refusal(searchable, sql).hint)


def test_an_unknown_column_beside_a_search_is_still_that(searchable: ReadOnlyCatalog) -> None:
    error = refusal(
        searchable, "select objectidd from objects_fts where objects_fts match :w", w="a-b"
    )
    assert error.message == "no such column: objectidd"
    assert "objectid" in str(error.hint)
