"""Filters: what people write, what the server reads, what it would refuse."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.errors import UsageError
from lccmirror.filter_tree import joined
from lccmirror.filters import (
    Comparison,
    Filter,
    Joined,
    Not,
    NullTest,
    parse_filter,
    to_server,
)


@pytest.mark.parametrize(
    ("written", "server"),
    [
        (
            "sdssr < 13.0 and propermotion > 50",
            "(sdssr lt 13.0) and (propermotion gt 50)",
        ),
        ("simbad_best_objtype contains 'RR'", "(simbad_best_objtype ct 'RR')"),
        ("a <= 1 OR b>=2", "(a le 1) or (b ge 2)"),
        (
            "a = 1 and b == 2 and c != 3 and d <> 4",
            "(a eq 1) and (b eq 2) and (c ne 3) and (d ne 4)",
        ),
        ("a lt 1 and b ct 'x'", "(a lt 1) and (b ct 'x')"),
        ("(a < 1 or b < 2) and c < 3", "((a lt 1) or (b lt 2)) and (c lt 3)"),
        ("a < 1 or b < 2 and c < 3", "(a lt 1) or ((b lt 2) and (c lt 3))"),
        ("((a < 1))", "(a lt 1)"),
        ("(a < 1 and b < 2) and c < 3", "(a lt 1) and (b lt 2) and (c lt 3)"),
        ("a is null", "(a is null)"),
        ("a IS NOT NULL", "(a is not null)"),
        ("not a < 1 and b < 2", "(not (a lt 1)) and (b lt 2)"),
        ("a not contains 'x'", "(not (a ct 'x'))"),
        ("a between -1 and 2.5e3", "(a ge -1) and (a le 2.5e3)"),
        ("name = 'O''Neill'", "(name eq 'O''Neill')"),
        ('name = "O\'Neill"', "(name eq 'O''Neill')"),
        ("a<-5", "(a lt -5)"),
        ("a ≥ .5", "(a ge .5)"),
    ],
)
def test_filters_are_written_as_the_server_reads_them(written: str, server: str) -> None:
    assert to_server(parse_filter(written)) == server


@pytest.mark.parametrize(
    ("written", "column", "message"),
    [
        ("objtype contains 'RR Lyr'", 18, "blank"),
        ("objtype contains 'a\tb'", 18, "blank"),
        ("objtype = 'a<b'", 11, "<"),
        ("objtype = 'a&b'", 11, "&"),
        ("objtype = ''", 11, "is null"),
        ("last_updated > 3", 1, "'update'"),
        ("objtype contains 'review'", 18, "upper case"),
        ("objtype contains 'vi(ew'", 18, "'view'"),
        ("a = null", 5, "is null"),
        ("a = b", 5, "quotes: 'b'"),
        ("a contains 5", 12, "quotes"),
        ("a like 'x%'", 3, "contains"),
        ("a in (1, 2)", 3, "or column"),
        ("a = 1)", 6, "no ( for this"),
        ("a = 1 b = 2", 7, "expected and, or"),
        ("a = 1 && b = 2", 7, "write and, or"),
        ("a = 'x", 5, "not closed"),
        ("= 1", 1, "column's name"),
        ("and = 1", 1, "column's name"),
        ("a is 1", 6, "expected null"),
        ("a between 1 or 2", 13, "expected and"),
        ("a not = 1", 7, "expected one of"),
        ("a - b < 1", 3, "cannot be understood"),
        ("a < 5x", 5, "cannot be understood"),
        ("größe < 5", 1, "letters, digits"),
        ("a ; drop", 3, "cannot be understood"),
    ],
)
def test_a_mistake_is_pointed_at(written: str, column: int, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_filter(written)
    where, text, caret = caught.value.message.splitlines()
    assert where.startswith(f"column {column}: ")
    assert message in where
    assert caret.index("^") == text.index(text.strip()) + column - 1


@pytest.mark.parametrize("written", ["", "a <", "(a < 1", "a < 1 and", "not", "a is"])
def test_a_filter_that_ends_too_early_says_so(written: str) -> None:
    with pytest.raises(UsageError, match="at the end"):
        parse_filter(written)


def test_a_filter_longer_than_the_server_reads_is_refused() -> None:
    fits = " and ".join(["abcdefghij < 1"] * 40)
    assert len(to_server(parse_filter(fits))) <= 1000
    with pytest.raises(UsageError, match="cut short"):
        parse_filter(" and ".join(["abcdefghij < 1"] * 60))


@pytest.mark.parametrize("word", ["(", "not "])
def test_deep_nesting_is_refused_and_not_a_crash(word: str) -> None:
    with pytest.raises(UsageError, match="nested"):
        parse_filter(word * 100_000 + "a < 1")


def test_the_columns_of_a_filter() -> None:
    parsed = parse_filter("a < 1 and not (b is null or c contains 'x') and a > 0")
    assert parsed.columns() == {"a", "b", "c"}


COLUMNS = ("sdssr", "kmag", "objtype", "c_1")
TEXTS = st.text(
    st.characters(min_codepoint=0x21, exclude_categories=["Cs"], exclude_characters='&<>"'),
    min_size=1,
    max_size=8,
)
NUMBERS = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.floats(-1e6, 1e6).map(repr),
)


def filters() -> st.SearchStrategy[Filter]:
    columns = st.sampled_from(COLUMNS)
    plain = st.builds(
        Comparison,
        columns,
        st.sampled_from(["lt", "gt", "le", "ge", "eq", "ne"]),
        NUMBERS,
        is_text=st.just(False),
    )
    texts = st.builds(
        Comparison,
        columns,
        st.sampled_from(["eq", "ne", "ct"]),
        TEXTS.filter(lambda text: _allowed(text)),
        is_text=st.just(True),
    )
    leaves = st.one_of(plain, texts, st.builds(NullTest, columns, st.booleans()))

    def extend(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Any]:
        parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(
            st.builds(Not, inner), st.builds(joined, st.sampled_from(["and", "or"]), parts)
        )

    return st.recursive(leaves, extend, max_leaves=8)


def _allowed(text: str) -> bool:
    try:
        parse_filter("a = '" + text.replace("'", "''") + "'")
    except UsageError:
        return False
    return True


@given(filters())
def test_what_is_written_for_the_server_is_read_back_the_same(filter_: Filter) -> None:
    assert parse_filter(to_server(filter_)) == filter_


@given(filters())
def test_the_server_can_take_its_form_apart_at_blanks(filter_: Filter) -> None:
    """As lccserver does it: every word is known, a number, or one whole quoted text."""
    known = {
        "lt",
        "gt",
        "le",
        "ge",
        "eq",
        "ne",
        "ct",
        "and",
        "or",
        "not",
        "is",
        "null",
        *COLUMNS,
    }
    written = to_server(filter_)
    for word in written.replace("(", "").replace(")", "").replace(",", "").split(" "):
        quoted = word.startswith("'") and word.endswith("'")
        assert quoted or word in known or float(word) is not None
    for column in filter_.columns():
        assert f"({column} " in written


@given(filters(), st.data())
def test_the_server_s_form_means_what_the_tree_means(
    filter_: Filter, data: st.DataObject
) -> None:
    """SQLite, given the server's translation, agrees with the tree."""
    value = st.one_of(st.none(), st.integers(-3, 3), st.floats(-3, 3), TEXTS)
    row = {column: data.draw(value, label=column) for column in COLUMNS}
    sql = to_server(filter_)
    words = {"lt": "<", "gt": ">", "le": "<=", "ge": ">=", "eq": "=", "ne": "!=", "ct": "like"}
    translated = " ".join(words.get(word, word) for word in sql.split(" "))
    columns = ", ".join(f":{column} as {column}" for column in COLUMNS)
    connection = sqlite3.connect(":memory:")
    try:
        (answer,) = connection.execute(
            f"select ({translated}) from (select {columns})", row
        ).fetchone()
        assert answer == _evaluate(connection, filter_, row)
    finally:
        connection.close()


def _evaluate(
    connection: sqlite3.Connection, filter_: Filter, row: dict[str, Any]
) -> int | None:
    """Three-valued logic on the tree; single comparisons are SQLite's."""
    match filter_:
        case Comparison(column, operator, value, is_text):
            words = {"lt": "<", "gt": ">", "le": "<=", "ge": ">=", "eq": "=", "ne": "!="}
            literal = "'" + value.replace("'", "''") + "'" if is_text else value
            (answer,) = connection.execute(
                f"select ? {words.get(operator, 'like')} {literal}", (row[column],)
            ).fetchone()
            return None if answer is None else int(answer)
        case NullTest(column, negated):
            return int((row[column] is None) != negated)
        case Not(operand):
            inner = _evaluate(connection, operand, row)
            return None if inner is None else 1 - inner
        case Joined(word, parts):
            answers = [_evaluate(connection, part, row) for part in parts]
            decisive = 0 if word == "and" else 1
            if decisive in answers:
                return decisive
            return None if None in answers else 1 - decisive
