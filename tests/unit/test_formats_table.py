"""The dataset CSV, whole, broken and hostile."""

from __future__ import annotations

import contextlib
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.errors import FormatError
from lccmirror.formats import Problems, iter_rows, read_header
from lccmirror.formats.columns import checked_format, kind_of, null_text, typed
from lccmirror.formats.table import rows_of_lines
from tests.support.published import PublishedDataset

LF = b"\n"
TEXT_FIRST = [("name", "U20", "%s"), ("ra", "f8", "%.5f"), ("collection", "U60", "%s")]


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "dataset-AbCdEfGhIjK.csv"
    path.write_bytes(data)
    return path


def rows_of(path: Path, problems: Problems | None = None) -> list[tuple[str, ...]]:
    return list(iter_rows(path, read_header(path), problems))


def dataset(rows: list[list[Any]], columns: list[tuple[str, str, str]] | None = None) -> bytes:
    return PublishedDataset(columns or TEXT_FIRST, rows).csv()


def test_the_header_says_columns_and_number_of_rows(tmp_path: Path) -> None:
    path = written(tmp_path, dataset([["a", 1.25, "synth_alpha"]]))
    header = read_header(path)
    assert [(c.name, c.kind, c.format) for c in header.columns] == [
        ("name", "text", "%s"),
        ("ra", "real", "%.5f"),
        ("collection", "text", "%s"),
    ]
    assert header.columns[1].title == "RA"
    assert (header.setid, header.nrows) == ("AbCdEfGhIjK", 1)
    assert header.collections == ("synth_alpha", "synth_beta")
    assert header.raw["searchtype"] == "sqlite_column_search"
    assert path.read_bytes()[header.offset :] == b"a|1.25000|synth_alpha\n"


def test_a_first_value_with_a_hash_is_no_header(tmp_path: Path) -> None:
    path = written(tmp_path, dataset([["# }", 1.0, "synth_alpha"], ["#", 2.0, "synth_beta"]]))
    assert [row[0] for row in rows_of(path)] == ["# }", "#"]


@pytest.mark.parametrize(
    "odd", ["a\rb", "a\r\nb", "a\x0bb", "a\x85b", "a\u2028b", "a\x1cb", "\r"]
)
def test_only_a_line_feed_ends_a_line(tmp_path: Path, odd: str) -> None:
    problems = Problems()
    path = written(tmp_path, dataset([[odd, 1.0, "synth_alpha"]]))
    assert rows_of(path, problems) == [(odd, "1.00000", "synth_alpha")]
    assert not problems


def test_lines_broken_in_any_column_are_put_together(tmp_path: Path) -> None:
    columns = [("a", "U5", "%s"), ("b", "U5", "%s"), ("c", "U5", "%s"), ("n", "i8", "%i")]
    rows = [["x\n\ny", "b", "c", 1], ["a", "\n", "\nc\n", 2], ["\n", "b", "c", 3]]
    problems = Problems()
    got = rows_of(written(tmp_path, dataset(rows, columns)), problems)
    assert got == [tuple(map(str, row)) for row in rows]
    assert not problems


def test_a_line_that_can_belong_to_either_row_is_a_problem_with_its_place(
    tmp_path: Path,
) -> None:
    columns = [("a", "U5", "%s"), ("z", "U5", "%s")]
    path = written(tmp_path, dataset([["a", "z\ntail"], ["b", "y"]], columns))
    problems = Problems()
    rows = rows_of(path, problems)
    assert len(rows) == 2
    last = len(path.read_bytes().splitlines())
    assert [f"line {last}:" in problem for problem in problems] == [True]


def test_the_collection_in_the_last_column_settles_whose_line_it_is(tmp_path: Path) -> None:
    rows = [["a", 1.0, "synth_alpha"], ["two\nlines", 2.0, "synth_beta"]]
    problems = Problems()
    got = rows_of(written(tmp_path, dataset(rows)), problems)
    assert [row[0] for row in got] == ["a", "two\nlines"]
    assert not problems


def test_a_line_after_the_last_row_belongs_to_it(tmp_path: Path) -> None:
    columns = [("n", "i8", "%i"), ("z", "U5", "%s")]
    rows = rows_of(written(tmp_path, dataset([[1, "a\nb"], [2, "c\n\nd"]], columns)))
    assert rows == [("1", "a\nb"), ("2", "c\n\nd")]


@given(
    st.lists(
        st.tuples(
            st.text(st.sampled_from("a\n#;\ré星"), max_size=6),
            st.floats(allow_nan=False, allow_infinity=False, width=32),
            st.sampled_from(["synth_alpha", "synth_beta"]),
        ),
        max_size=12,
    )
)
def test_any_texts_in_the_first_column_come_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, float, str]]
) -> None:
    path = written(tmp_path_factory.mktemp("csv"), dataset([list(row) for row in rows]))
    assert [row[0] for row in rows_of(path)] == [row[0] for row in rows]


@pytest.mark.parametrize("cut", [1, 12, 30, 60])
def test_a_cut_file_is_an_error_or_a_problem(tmp_path: Path, cut: int) -> None:
    data = dataset([[f"object {i}", float(i), "synth_alpha"] for i in range(20)])
    problems = Problems()
    path = written(tmp_path, data[:-cut])
    try:
        rows_of(path, problems)
    except FormatError:
        return
    assert "cut short" in problems[0]


@pytest.mark.parametrize(("change", "said"), [(-1, "more rows"), (1, "3 rows where")])
def test_another_number_of_rows_than_the_header_says_is_an_error(
    tmp_path: Path, change: int, said: str
) -> None:
    published = PublishedDataset(TEXT_FIRST, [["a", 1.0, "synth_alpha"]] * 3)
    published.extra["actual_nrows"] = 3 + change
    with pytest.raises(FormatError, match=said):
        rows_of(written(tmp_path, published.csv()))


def test_a_row_of_too_many_values_is_an_error_with_its_line(tmp_path: Path) -> None:
    data = dataset([["a", 1.0, "synth_alpha"]]).replace(b"a|1.0", b"a|b|1.0")
    with pytest.raises(FormatError, match=rf"line {data.count(LF)}: 4 values in 3"):
        rows_of(written(tmp_path, data))


def test_bytes_that_are_not_utf8_are_a_problem_and_can_be_stored(tmp_path: Path) -> None:
    data = dataset([["aXb", 1.0, "synth_alpha"], ["é", 2.0, "synth_alpha"]])
    problems = Problems()
    rows = rows_of(written(tmp_path, data.replace(b"aXb", b"a\xffb")), problems)
    assert [row[0] for row in rows] == ["a\\xffb", "é"]
    assert json.dumps(rows).encode()
    assert [f"line {data.count(LF) - 1}" in problem for problem in problems] == [True]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 100,
        b"<html>no</html>\n",
        b"# {\n",
        b"# {\n# }",
        b"# {\n# }\n",
        b"# {\n# nonsense\n# }\n",
        b'# {\n#   "columns": "abc"\n# }\n',
        b'# {\n#   "columns": [1]\n# }\n',
        b'# {\n#   "columns": []\n# }\n',
        b'# {\n#   "columns": ["\xff"]\n# }\n',
        b"# [\n# ]\n",
        b"# {\nx\n# }\n",
        b'# {\n#   "a": ' + b"[" * 100_000 + b"\n# }\n",
    ],
)
def test_what_is_no_dataset_csv_is_a_format_error(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(FormatError):
        read_header(written(tmp_path, data))


@given(st.binary(max_size=300))
def test_no_bytes_after_the_header_raise_anything_but_a_format_error(
    tmp_path_factory: pytest.TempPathFactory, tail: bytes
) -> None:
    path = written(tmp_path_factory.mktemp("csv"), dataset([["a", 1.0, "synth_alpha"]]) + tail)
    with contextlib.suppress(FormatError):
        rows_of(path)


def test_a_header_without_end_is_refused_before_it_fills_memory(tmp_path: Path) -> None:
    path = written(tmp_path, b"# {\n")
    with path.open("r+b") as file:
        file.seek(1 << 32)  # a sparse file of 4 GB of NUL, without a line feed
        file.write(b"x")
    with pytest.raises(FormatError, match="longer than"):
        read_header(path)


def test_a_row_without_end_is_refused_before_it_fills_memory(tmp_path: Path) -> None:
    path = written(tmp_path, dataset([["a", 1.0, "synth_alpha"]]))
    with path.open("r+b") as file:
        file.seek(1 << 32)
        file.write(b"x")
    with pytest.raises(FormatError, match="longer than"):
        rows_of(path)


@pytest.mark.parametrize("beginning", ["", "b|"], ids=["after a row", "within a row"])
def test_lines_without_end_are_refused_before_they_fill_memory(
    tmp_path: Path, beginning: str
) -> None:
    header = read_header(written(tmp_path, dataset([["a", 1.0, "synth_alpha"]])))
    more = itertools.chain(["a|1.0|other", beginning], itertools.repeat("x" * 100_000, 1000))
    rows = rows_of_lines(more, header, "table", Problems())
    with pytest.raises(FormatError, match="longer than"):
        list(rows)
    assert sum(1 for _ in more) > 800


def test_a_row_of_many_lines_is_put_together_in_one_go(tmp_path: Path) -> None:
    header = read_header(written(tmp_path, dataset([["a", 1.0, "synth_alpha"]])))
    text = "x" * 1_000_000 + "\n" * 100_000
    lines = iter(f"{text}|1.0|synth_alpha".split("\n"))
    # joined with each of its lines, it would be copied a hundred thousand times
    assert list(rows_of_lines(lines, header, "table", Problems())) == [
        (text, "1.0", "synth_alpha")
    ]


def test_long_rows_of_several_lines_may_follow_each_other(tmp_path: Path) -> None:
    values = [[f"{'x' * 5_000_000}\n{place}", 1.0, "synth_alpha"] for place in range(5)]
    assert len(rows_of(written(tmp_path, dataset(values)))) == 5


def test_columns_without_end_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="columns"):
        read_header(written(tmp_path, dataset([[1] * 100_001], [("x", "i8", "%i")] * 100_001)))


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        ("<f8", "real"),
        ("f4", "real"),
        ("float64", "real"),
        ("d", "real"),
        ("|S10", "text"),
        ("<U17", "text"),
        ("U80", "text"),
        ("i8", "integer"),
        (">i2", "integer"),
        ("u4", "integer"),
        ("int64", "integer"),
        ("bool", "integer"),
        ("|b1", "integer"),
        ("object", "text"),
        ("O", "text"),
        ("c16", "text"),
        ("M8[s]", "text"),
        ("", "text"),
        ("nonsense", "text"),
    ],
)
def test_the_kind_of_a_dtype(dtype: str, kind: str) -> None:
    assert kind_of(dtype) == kind


def test_values_of_the_csv_alone_keep_what_only_looks_missing() -> None:
    assert typed("nan", "real") is None
    assert typed("None", "integer") is None
    assert typed("-9999", "integer") == -9999
    assert typed("None", "text") == "None"
    assert typed("nan", "text") == "nan"
    assert typed("1e3", "real") == 1000.0
    assert typed("-inf", "real") is None
    assert typed("5.0", "integer") == 5
    assert [typed(odd, "integer") for odd in ("1_0", "٣", "x", "", "1.5", "inf")] == [
        "1_0",
        "٣",
        "x",
        "",
        "1.5",
        "inf",
    ]


@pytest.mark.parametrize(
    "fmt", ["%9999999999s", "%(x)s", "%s%s", "%c", "", "s", "%*d", "%.5000f"]
)
def test_a_format_that_is_not_one_bounded_conversion_is_refused(fmt: str) -> None:
    with pytest.raises(FormatError):
        checked_format(fmt)


def test_null_is_written_by_the_letters_of_the_format() -> None:
    assert [null_text(fmt) for fmt in ("%.5f", "%i", "%s", "%7s", "%d")] == [
        "nan",
        "-9999",
        "None",
        "   None",
        "None",
    ]
