"""What is told of tables and columns: the schema's own words, and the server's, with units."""

from __future__ import annotations

import contextlib

import pytest

from lccmirror.catalog.words import schema_words, words_in
from lccmirror.query.described import ColumnWords, describe, plain_text
from lccmirror.query.parquet_sources import TABLES
from tests.support.catalog import add_collection, add_dataset, column, fresh_catalog, put_rows


@pytest.mark.parametrize("table", TABLES)
def test_the_schema_says_what_every_exported_table_and_column_is_for(table: str) -> None:
    with contextlib.closing(fresh_catalog()) as conn:
        columns = [row[1] for row in conn.execute(f'PRAGMA table_info("{table}")')]
    words = schema_words()[table]
    assert words.words
    assert list(words.columns) == columns


def test_comments_of_several_lines_belong_together() -> None:
    script = """-- Two
-- lines.
CREATE TABLE t (
  a TEXT CHECK (a IN ('x',
                      'y')), -- first
                             -- second
  b REAL,                    -- other
  PRIMARY KEY (a)            -- said of no column
) WITHOUT ROWID;

-- Not of u.

CREATE TABLE u (a TEXT);
"""
    told = words_in(script)
    assert told["t"].words == "Two lines."
    assert told["t"].columns == {"a": "first second", "b": "other"}
    assert told["u"].words == ""


@pytest.mark.parametrize(
    ("title", "description", "dtype", "unit"),
    [
        ("<em>r</em> [mag]", "", "f8", "mag"),
        ("&mu; [mas yr<sup>-1</sup>]", "", "f8", "mas yr-1"),
        ("epoch [RJD]", "", "f8", "d"),
        ("&alpha;", "right ascension [J2000 decimal degrees]", "f8", "deg"),
        ("period", "best period in days", "f8", "d"),
        ("points", "number of observations", "i8", None),
        ("list [a, b, c; anything at all that is long]", "", "U9", None),
        (None, None, None, None),
    ],
)
def test_units_are_read_as_surveys_write_them(
    title: str | None, description: str | None, dtype: str | None, unit: str | None
) -> None:
    with contextlib.closing(fresh_catalog()) as conn:
        add_collection(conn, "field_a", {"x": "f8"})
        add_dataset(conn, "aaaa")
        put_rows(conn, "aaaa", [column("x")], [("field_a", "A", 1.0, 1.0, 2.0)])
        conn.execute(
            "UPDATE columns SET title = ?, description = ?, dtype = ?",
            (title, description, dtype),
        )
        assert describe(conn)["objects"].columns["x"].unit == unit


def test_a_sentence_says_nothing_twice() -> None:
    assert ColumnWords("a", "a", "mag").sentence() == "a [mag]"
    assert ColumnWords("text", "r [mag]", "mag").sentence() == "r [mag]: text"
    assert ColumnWords().sentence() == ""


def test_entities_come_after_tags() -> None:
    assert plain_text("a &lt;b&gt; <i>c</i>") == "a <b> c"


def test_a_comparison_is_no_tag() -> None:
    assert plain_text("0 < x and y > 1 <b>mag</b><br/>") == "0 < x and y > 1 mag"
    assert plain_text("a<!-- not for people -->b") == "ab"
