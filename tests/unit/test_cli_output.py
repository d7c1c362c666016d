"""Rows on paper: the forms of `sqlite-utils query`, exact in a pipe, safe on a terminal."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.cli.json_rows import distinct, write_json
from lccmirror.cli.output import OutputOptions, write_result
from lccmirror.cli.settings import Settings
from lccmirror.cli.tables import Look, write_table
from lccmirror.errors import UsageError
from lccmirror.query import Result, Value

NASTY = "a\x1b[2Jb\x9b\u202e\nnew|line\ttab"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def written(
    rows: list[tuple[Value, ...]],
    columns: tuple[str, ...] = ("a", "b"),
    options: OutputOptions = OutputOptions(),  # noqa: B008 -- frozen
    *,
    terminal: bool = False,
    settings: Settings = Settings(no_color=True),  # noqa: B008 -- frozen
) -> str:
    out = Terminal() if terminal else io.StringIO()
    write_result(Result(columns, iter(rows)), options, settings, out=out)
    return out.getvalue()


def test_no_rows_are_said_in_words_where_a_table_would_be_for_eyes() -> None:
    said: list[str] = []

    def output(options: OutputOptions, out: io.StringIO) -> str:
        rows: Result = Result(("a", "b"), iter([]))
        quiet = Settings(no_color=True)
        write_result(rows, options, quiet, out=out, say_empty=lambda: said.append("none"))
        return out.getvalue()

    assert output(OutputOptions(), Terminal()) == ""
    assert output(OutputOptions(), io.StringIO()) == "[]\n"
    assert output(OutputOptions(csv=True), io.StringIO()) == "a,b\r\n"
    assert output(OutputOptions(table=True), io.StringIO()) == "a  b\n─  ─\n"
    assert said == ["none"] * 4


def test_where_there_are_only_latin_letters_lines_are_of_dashes() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="latin-1", write_through=True)
    write_table(("a", "b"), [(1, "x")], out, Look())
    out.seek(0)
    assert out.read() == "a  b\n-  -\n1  x\n"


def test_where_there_are_only_latin_letters_a_cut_is_one_place_wide_too() -> None:
    for encoding, cut in (("latin-1", "a\nabcdefghijk~\n"), ("utf-8", "a\nabcdefghijk…\n")):
        out = io.TextIOWrapper(
            io.BytesIO(), encoding, errors="backslashreplace", write_through=True
        )
        write_table(("a",), [("abcdefghijklmnop",)], out, Look(width=12))
        out.seek(0)
        head, _, row = out.read().splitlines()
        assert f"{head}\n{row}\n" == cut


# --- JSON ----------------------------------------------------------------------------


def test_a_pipe_gets_one_json_array_of_objects() -> None:
    text = written([(1, "x"), (None, "é\n")])
    assert text == '[{"a": 1, "b": "x"},\n {"a": null, "b": "é\\n"}]\n'


def test_no_rows_are_an_empty_array_and_no_lines() -> None:
    assert written([]) == "[]\n"
    assert written([], options=OutputOptions(nl=True)) == ""


def test_nl_is_one_object_a_line_and_arrays_leave_names_out() -> None:
    rows: list[tuple[Value, ...]] = [(1, 2), (3, 4)]
    assert (
        written(rows, options=OutputOptions(nl=True)) == '{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n'
    )
    assert written(rows, options=OutputOptions(arrays=True)) == "[[1, 2],\n [3, 4]]\n"
    assert written(rows, options=OutputOptions(nl=True, arrays=True)) == "[1, 2]\n[3, 4]\n"


def test_binary_values_are_written_as_sqlite_utils_reads_them() -> None:
    (row,) = json.loads(written([(b"\0\xff", None)]))
    assert row["a"] == {"$base64": True, "encoded": "AP8="}


def test_a_name_that_comes_twice_loses_no_value() -> None:
    (row,) = json.loads(written([(1, 2, 3)], ("a", "a", "a_2")))
    assert sorted(row.values()) == [1, 2, 3]


@given(st.lists(st.sampled_from(["a", "b", "a_2", "a_2_2", "a_3"])))
def test_names_are_made_distinct_and_the_first_keeps_its_own(names: list[str]) -> None:
    found = distinct(names)
    assert len(set(found)) == len(names)
    assert all(found[names.index(name)] == name for name in names)


def test_json_cols_turns_texts_that_hold_json_into_json() -> None:
    options = OutputOptions(json_cols=True)
    (row,) = json.loads(written([('{"k": [1]}', "{not json")], options=options))
    assert row == {"a": {"k": [1]}, "b": "{not json"}


def test_json_cols_leaves_text_whose_json_would_not_be_valid() -> None:
    options = OutputOptions(json_cols=True)
    for text in ("[NaN]", "[1e999]", "[" * 100_000):
        (row,) = json.loads(written([(text, "[1]")], options=options))
        assert row == {"a": text, "b": [1]}


def test_infinity_is_valid_json_and_read_back_as_infinity() -> None:
    def refuse(name: str) -> object:
        raise AssertionError(name)

    (row,) = json.loads(written([(math.inf, -math.inf)]), parse_constant=refuse)
    assert row == {"a": math.inf, "b": -math.inf}


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"])),
            st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False),
        )
    ),
    st.booleans(),
)
def test_json_gives_every_value_back_and_no_control_character(
    rows: list[tuple[str, float | None]], ascii_only: bool
) -> None:
    out = io.StringIO()
    result = Result(("a", "b"), iter(rows))
    write_json(result, out, lines=True, arrays=True, json_cols=False, ascii_only=ascii_only)
    text = out.getvalue()
    assert [tuple(json.loads(line)) for line in text.split("\n") if line] == rows
    assert not any(c in text for c in "\x1b\x7f\x9b\u202e\u2028\r")
    assert text.isascii() or not ascii_only


# --- CSV, TSV ------------------------------------------------------------------------


def test_csv_in_a_pipe_holds_the_text_as_it_is() -> None:
    text = written([(NASTY, None), ('"q"', 1.5)], options=OutputOptions(csv=True))
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        ["a", "b"],
        [NASTY, ""],
        ['"q"', "1.5"],
    ]


def test_csv_on_a_terminal_is_for_eyes() -> None:
    text = written([(NASTY, 1)], options=OutputOptions(csv=True), terminal=True)
    assert text == "a,b\r\na\\x1b[2Jb\\x9b\\u202e\\nnew|line\\ttab,1\r\n"


def test_tsv_and_no_headers() -> None:
    assert written([(1, "x")], options=OutputOptions(tsv=True, no_headers=True)) == "1\tx\r\n"


# --- raw -----------------------------------------------------------------------------


def test_raw_is_the_first_value_and_nothing_else() -> None:
    options = OutputOptions(raw=True)
    assert written([(NASTY, 1), ("second", 2)], options=options) == NASTY
    assert written([(None, 1)], options=options) == ""
    assert written([], options=options) == ""


def test_raw_lines_is_the_first_value_of_each_row() -> None:
    assert written([("x", 1), (2, 2)], options=OutputOptions(raw_lines=True)) == "x\n2\n"


def test_raw_text_on_a_terminal_keeps_its_lines_but_moves_no_cursor() -> None:
    text = written([(NASTY, 1)], options=OutputOptions(raw=True), terminal=True)
    assert text == "a\\x1b[2Jb\\x9b\\u202e\nnew|line\ttab\n"


def test_raw_bytes_do_not_go_to_a_terminal() -> None:
    with pytest.raises(UsageError, match="binary"):
        written([(b"\0", 1)], options=OutputOptions(raw=True), terminal=True)


# --- tables --------------------------------------------------------------------------


def table(rows: list[tuple[Value, ...]], columns: tuple[str, ...], look: Look) -> list[str]:
    out = io.StringIO()
    write_table(columns, rows, out, look)
    return out.getvalue().splitlines()


def test_numbers_are_at_the_right_and_null_is_not_the_text_null() -> None:
    lines = table([(7, "x", 1.5), (10, "NULL", None)], ("n", "text", "real"), Look())
    assert lines == [
        " n  text    real",
        "──  ──────  ────",
        " 7  x        1.5",
        '10  "NULL"  NULL',
    ]


def test_a_table_fits_and_shortens_texts_but_never_numbers() -> None:
    row = (123456.789012, "t" * 100, "u" * 100, "short")
    lines = table([row], ("number", "one", "two", "last"), Look(width=50))
    assert max(map(len, lines)) <= 50
    assert "123456.789012" in lines[2]
    assert lines[2].count("…") == 2
    assert "short" in lines[2]


def test_a_time_is_not_shortened_to_less_than_its_seconds() -> None:
    time, exact = "2026-11-23T05:11:02Z", "2026-11-23T05:11:02.123456Z"
    rows: list[tuple[Value, ...]] = [("x" * 60, time, exact), ("y", None, exact)]
    line = table(rows, ("a", "b", "c"), Look(width=58))[2]
    assert len(line) == 58
    assert time in line
    assert line.endswith("  2026-11-23T05:11:02…")


def test_columns_that_cannot_fit_are_left_out_and_counted() -> None:
    out = io.StringIO()
    columns = tuple(f"column_{n}" for n in range(300))
    left_out = write_table(columns, [tuple(range(300))], out, Look(width=80))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines[0].split()) + left_out == 300


def test_names_are_whole_while_other_columns_can_be_left_out() -> None:
    columns = ("n", "objectid", "what", "note", "path")
    row = (
        1,
        "DMB-359-0000001",
        "a text of some length",
        "another text",
        "csvs/lcc-0001.csv.gz",
    )
    rows: list[tuple[Value, ...]] = [row]
    for width in range(38, 80):
        lines = table(rows, columns, Look(width=width))
        assert "DMB-359-0000001" in lines[2]
        assert lines[2].endswith("csvs/lcc-0001.csv.gz")
        assert max(map(len, lines)) <= width
    out = io.StringIO()
    assert write_table(columns, rows, out, Look(width=45)) == 2
    assert out.getvalue().splitlines()[0].split() == ["n", "objectid", "path"]


def test_of_names_too_wide_for_the_terminal_the_first_are_whole_and_the_others_cut() -> None:
    rows: list[tuple[Value, ...]] = [("field_a", "x" * 300, 5)]
    lines = table(rows, ("collection", "path", "n"), Look(width=40))
    assert lines[2].startswith("field_a     xxx")
    assert lines[2].endswith("…  5")
    assert len(lines[2]) == 40
    assert table(rows, ("collection", "path", "n"), Look(width=5))[2] == "fiel…"


def test_a_table_is_one_line_a_row_whatever_is_in_it() -> None:
    lines = table([(NASTY, 1)], ("a\x1b", "b"), Look(width=200))
    assert len(lines) == 3
    assert "".join(lines).isprintable()


def test_wide_characters_keep_columns_in_line() -> None:
    lines = table([("星星", "x"), ("ab", "y")], ("name", "other"), Look())
    assert lines[2] == "星星  x"
    assert lines[3] == "ab    y"


def test_null_is_dim_where_there_is_colour() -> None:
    assert "\x1b[2m" in table([(None,)], ("a",), Look(color=True))[2]
    assert "\x1b" not in "".join(table([(None,)], ("a",), Look(color=False)))


def test_a_table_in_a_pipe_has_every_row_and_every_character() -> None:
    text = written([("w" * 500, n) for n in range(3000)], options=OutputOptions(table=True))
    lines = text.splitlines()
    assert len(lines) == 3002
    assert "…" not in text


def test_a_terminal_gets_some_rows_and_hears_that_there_are_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    taken = []

    def rows() -> Iterator[tuple[Value, ...]]:
        for n in range(10**9):
            taken.append(n)
            yield n, n

    out = Terminal()
    write_result(Result(("a", "b"), rows()), OutputOptions(max_rows=5), Settings(), out=out)
    assert len(out.getvalue().splitlines()) == 7
    assert len(taken) == 6
    assert "more rows" in capsys.readouterr().err


def test_a_result_that_just_fits_is_not_said_to_have_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    written([(1, 2)] * 5, options=OutputOptions(max_rows=5), terminal=True)
    assert capsys.readouterr().err == ""


def test_fmt_is_one_of_tabulates() -> None:
    assert (
        written([(1, None)], options=OutputOptions(fmt="github")).splitlines()[2]
        == "| 1   |     |"
    )
    with pytest.raises(UsageError) as caught:
        written([(1, 2)], options=OutputOptions(fmt="nonsense"))
    assert "github" in str(caught.value.hint)


@pytest.mark.parametrize(
    "options",
    [
        OutputOptions(csv=True, tsv=True),
        OutputOptions(table=True, nl=True),
        OutputOptions(raw=True, csv=True),
    ],
)
def test_two_forms_at_once_are_refused(options: OutputOptions) -> None:
    with pytest.raises(UsageError, match="one form"):
        written([(1, 2)], options=options)
