"""The dataset JSON: both dialects, damaged, hostile."""

from __future__ import annotations

import contextlib
import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.errors import FormatError
from lccmirror.formats import open_json
from lccmirror.formats.inflate import expand
from tests.support.published import PublishedDataset, gzipped

COLUMNS = [("name", "U20", "%s"), ("ra", "f8", "%.5f"), ("n", "i8", "%i")]
VALUES = st.one_of(
    st.none(),
    st.text(st.sampled_from('}{][,":\\ \né星x'), max_size=8),
    st.text(max_size=8).filter(lambda t: "nan" not in json.dumps(t) and "NaN" not in t),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**63), 2**63 - 1),
)


def written(tmp_path: Path, *documents: bytes) -> Path:
    path = tmp_path / "dataset-AbCdEfGhIjK.json.gz"
    path.write_bytes(gzipped(*documents))
    return path


def exactly(rows: Any) -> list[list[tuple[type, Any]]]:
    """With their types, so that 1, 1.0 and True differ."""
    return [[(type(value), value) for value in row] for row in rows]


@given(st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=8))
def test_values_of_both_dialects_are_those_of_the_json(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]
) -> None:
    tmp_path = tmp_path_factory.mktemp("json")
    published = PublishedDataset(COLUMNS, rows, rows_per_page=3)
    for documents in ([published.json()], published.pages()):
        table = open_json(written(tmp_path, *documents))
        assert table.nrows == len(rows)
        if not any("nan" in json.dumps(row) or "NaN" in json.dumps(row) for row in rows):
            assert exactly(table.iter_rows()) == exactly(rows)


def test_rows_are_in_the_order_of_the_columns_whatever_the_keys_order(tmp_path: Path) -> None:
    published = PublishedDataset(COLUMNS, [["a", 1.5, 2]])
    document = json.loads(published.json())
    document["result"] = [{"n": 2, "other": [1], "ra": 1.5, "name": "a"}]
    table = open_json(written(tmp_path, json.dumps(document).encode()))
    assert list(table.iter_rows()) == [("a", 1.5, 2)]


def test_many_rows_with_brackets_in_their_texts_cross_the_batches(tmp_path: Path) -> None:
    rows = [[f'}}, {{ "{i}" ] }}]' * (i % 7), i / 7, i] for i in range(30_000)]
    published = PublishedDataset(COLUMNS, rows, rows_per_page=9_000)
    for documents in ([published.json()], published.pages()):
        table = open_json(written(tmp_path, *documents))
        assert list(table.iter_rows()) == [tuple(row) for row in rows]


def test_indented_json_with_the_columns_behind_the_rows_is_read(tmp_path: Path) -> None:
    document = json.loads(PublishedDataset(COLUMNS, [["a", 1.5, 2], ["b", None, 3]]).json())
    del document["rows"]
    document = {"result": document.pop("result"), **document}
    table = open_json(written(tmp_path, json.dumps(document, indent=2).encode() + b"\n"))
    assert list(table.iter_rows()) == [("a", 1.5, 2), ("b", None, 3)]
    assert table.header["status"] == "complete"


def test_an_empty_dataset_has_no_rows(tmp_path: Path) -> None:
    published = PublishedDataset(COLUMNS, [])
    for documents in ([published.json()], published.pages()):
        assert list(open_json(written(tmp_path, *documents)).iter_rows()) == []


def test_names_that_the_damage_made_equal_are_taken_by_position(tmp_path: Path) -> None:
    columns = [("xnan", "i8", "%i"), ("xNaN", "i8", "%i")]
    published = PublishedDataset(columns, [[1, 2], [3, 4]])
    table = open_json(written(tmp_path, published.json()))
    assert [column.name for column in table.columns] == ["xnull", "xnull"]
    assert list(table.iter_rows()) == [(1, 2), (3, 4)]
    published.rows_per_page = 1
    path = written(tmp_path, published.json())
    with pytest.raises(FormatError, match="1 rows where"):
        list(open_json(path).iter_rows())


@pytest.mark.parametrize("page", [0, 2])
def test_pages_that_are_missing_or_twice_are_an_error(tmp_path: Path, page: int) -> None:
    published = PublishedDataset(COLUMNS, [["a", 1.5, i] for i in range(9)], rows_per_page=3)
    pages = published.pages()
    missing = written(tmp_path, *(p for i, p in enumerate(pages) if i != page))
    with pytest.raises(FormatError):
        list(open_json(missing).iter_rows())
    twice = written(tmp_path, *pages[: page + 1], *pages[page:])
    with pytest.raises(FormatError):
        list(open_json(twice).iter_rows())


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("NaN", "row 8"),
        ("Infinity", "row 8"),
        ("-Infinity", "row 8"),
        ("1e999", "row 8"),
        ("[1]", "row 8"),
        ('{"a": 1}', "row 8"),
        ("9223372036854775808", "row 8"),
        ('"\\ud800"', "row 8"),
        ("01", "row 8"),
        ('"a\nb"', "row 8"),
        ("", "row 8"),
        ("[" * 1000, "nested deeper"),
    ],
)
def test_a_value_no_table_has_is_an_error_with_its_row(
    tmp_path: Path, bad: str, said: str
) -> None:
    rows = [["a", 1.5, 424242 if i == 7 else 7] for i in range(12)]
    data = PublishedDataset(COLUMNS, rows).json().replace(b"424242", bad.encode(), 1)
    with pytest.raises(FormatError, match=rf"byte \d+: .*{said}"):
        list(open_json(written(tmp_path, data)).iter_rows())


def test_a_row_without_a_column_is_an_error(tmp_path: Path) -> None:
    data = PublishedDataset(COLUMNS, [["a", 1.5, 2]]).json().replace(b'"n": 2', b'"m": 2')
    with pytest.raises(FormatError, match="row 1"):
        list(open_json(written(tmp_path, data)).iter_rows())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"null",
        b"[]",
        b"{",
        b"{}",
        b'{"columns"',
        b'{"columns": ["a"], "a" 1}',
        b'{"columns": ["a"] "b": 1}',
        b"{1: 2}",
        b'{"columns": "abc"}',
        b'{"columns": ["a"], "x": ' + b"[" * 100_000,
        b'{"columns": ["a"], "x": ' + b"[" * 100 + b"]" * 100 + b"}",
        b'{"columns": ["a"], "x": NaN}',
        b'{"columns": ["a"], "x": "' + b"\xff" + b'"}',
        b"<html></html>",
    ],
)
def test_what_is_no_dataset_json_is_a_format_error(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(FormatError):
        list(open_json(written(tmp_path, data)).iter_rows())


@given(st.binary(max_size=60), st.integers(0, 2000))
def test_damaged_json_raises_nothing_but_a_format_error(
    tmp_path_factory: pytest.TempPathFactory, patch: bytes, at: int
) -> None:
    data = PublishedDataset(COLUMNS, [["a", 1.5, 2]] * 4, rows_per_page=2).json()
    at %= len(data)
    path = written(tmp_path_factory.mktemp("json"), data[:at] + patch + data[at + len(patch) :])
    with contextlib.suppress(FormatError):
        for row in open_json(path).iter_rows():
            assert all(isinstance(v, str | int | float | None) for v in row)


@pytest.mark.parametrize("cut", [1, 8, 20, 100])
def test_a_cut_gzip_is_an_error(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path, PublishedDataset(COLUMNS, [["a", 1.5, 2]] * 500).json())
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(FormatError, match="cut short"):
        list(open_json(path).iter_rows())


def test_a_flipped_bit_is_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, PublishedDataset(COLUMNS, [["a", 1.5, 2]] * 500).json())
    data = bytearray(path.read_bytes())
    data[-5] ^= 1  # in the CRC, which only the end of the file has
    path.write_bytes(data)
    with pytest.raises(FormatError, match="damaged gzip"):
        list(open_json(path).iter_rows())


def test_gzips_of_nothing_are_read_in_one_go() -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"") * 200_000 + gzip.compress(b"two")
    # to copy what is left with each of them would take a minute
    assert expand(packed, max_bytes=7, what="it") == b"one two"
    with pytest.raises(FormatError, match="expands to more than 6 bytes"):
        expand(packed, max_bytes=6, what="it")


def test_a_file_that_expands_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, PublishedDataset(COLUMNS, [["a" * 900, 1.5, 2]] * 1000).json())
    assert path.stat().st_size < 20_000
    with pytest.raises(FormatError, match="more than 100000 bytes"):
        list(open_json(path, max_bytes=100_000).iter_rows())


@pytest.mark.parametrize("piece", [b"x" * 12, b'\\"}\\"], {\\"'])
@pytest.mark.parametrize("where", ["header", "rows"])
def test_a_text_without_end_costs_neither_time_nor_memory(
    tmp_path: Path, piece: bytes, where: str
) -> None:
    start = b'{"x": "' if where == "header" else b'{"columns": ["a"], "result": [{"a": "'
    path = tmp_path / "dataset.json"
    path.write_bytes(start + piece * 2_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match="longer than"):
            list(open_json(path).iter_rows())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40 << 20


def test_a_header_of_many_large_values_is_refused(tmp_path: Path) -> None:
    members = b",".join(b'"k%d": "%b"' % (i, b"x" * 1_000_000) for i in range(20))
    with pytest.raises(FormatError, match="header is longer"):
        open_json(written(tmp_path, b"{" + members + b', "columns": ["a"]}'))


def test_memory_does_not_grow_with_the_number_of_rows(tmp_path: Path) -> None:
    document = PublishedDataset(COLUMNS, []).json()
    row = b'{"name": "%b", "ra": 1.5, "n": 2}' % (b"x" * 200)
    head, tail = document.replace(b'"actual_nrows": 0', b'"actual_nrows": 150000').split(
        b'"result": []'
    )
    path = tmp_path / "dataset.json.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(head + b'"result": [' + row)
        for _ in range(149_999):
            file.write(b", " + row)
        file.write(b"]" + tail)
    table = open_json(path)
    tracemalloc.start()
    try:
        count = sum(1 for _ in table.iter_rows())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 150_000
    assert peak < 4 << 20
