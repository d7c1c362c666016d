"""CSV and JSON together: every value as in the server's database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lccmirror.errors import FormatError
from lccmirror.formats import ExactTable, exact_table
from tests.support.published import PublishedDataset, gzipped

COLUMNS = [
    ("name", "U20", "%s"),
    ("ra", "f8", "%.5f"),
    ("n", "i8", "%i"),
    ("remark", "U20", "%s"),
    ("collection", "U60", "%s"),
]
ROWS: list[list[Any]] = [
    ["Fernando-42", 10.1234567, 5, "banana|split", "synth_alpha"],
    [None, None, None, None, "synth_alpha"],
    ["None", -9999.0, -9999, "nan; nan|NaN", "synth_beta"],
    ["one\nand\n", 1e-9, 0, "\nnan", "synth_beta"],
    ["", 0.1 + 0.2, 2**53 + 1, "null", "synth_beta"],
    ["# }", 359.9999999, -1, 'é 星 \\nan "q"', "synth_beta"],
]


def files(tmp_path: Path, published: PublishedDataset) -> tuple[Path, Path]:
    csv, document = tmp_path / "dataset.csv", tmp_path / "dataset.json.gz"
    csv.write_bytes(published.csv())
    document.write_bytes(gzipped(published.json()))
    return csv, document


def read(csv: Path | None, document: Path | None) -> tuple[ExactTable, list[tuple[Any, ...]]]:
    table = exact_table(csv, document)
    return table, list(table.rows)


def exactly(rows: Any) -> list[list[tuple[type, Any]]]:
    return [[(type(value), value) for value in row] for row in rows]


@pytest.mark.parametrize("rows_per_page", [500, 2])
def test_every_value_is_the_databases(tmp_path: Path, rows_per_page: int) -> None:
    published = PublishedDataset(COLUMNS, ROWS, rows_per_page=rows_per_page)
    table, rows = read(*files(tmp_path, published))
    assert exactly(rows) == exactly(ROWS)
    assert (table.values_from, list(table.problems), table.nrows) == ("both", [], 6)


def test_pages_of_the_documented_server_do_as_well(tmp_path: Path) -> None:
    published = PublishedDataset(COLUMNS, ROWS, rows_per_page=2)
    csv, document = files(tmp_path, published)
    document.write_bytes(gzipped(*published.pages()))
    table, rows = read(csv, document)
    assert exactly(rows) == exactly(ROWS)
    assert table.values_from == "both"


TEXT = st.none() | st.text(
    st.one_of(st.sampled_from('naNul;| \n\\"é星\t#'), st.characters(codec="utf-8")), max_size=12
)
REAL = st.none() | st.floats(allow_nan=False, allow_infinity=False)
INTEGER = st.none() | st.integers(-(2**63), 2**63 - 1)


@settings(max_examples=300)
@given(st.lists(st.tuples(TEXT, REAL, INTEGER, TEXT, TEXT), max_size=6))
def test_any_table_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]
) -> None:
    published = PublishedDataset(COLUMNS, rows)
    table, got = read(*files(tmp_path_factory.mktemp("exact"), published))
    assert exactly(got) == exactly(rows)
    assert (table.values_from, list(table.problems)) == ("both", [])


@given(st.lists(TEXT, max_size=6))
def test_a_table_of_one_text_column_comes_back(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str | None]
) -> None:
    rows = [[text] for text in texts]
    published = PublishedDataset([("name", "U20", "%s")], rows)
    table, got = read(*files(tmp_path_factory.mktemp("exact"), published))
    assert exactly(got) == exactly(rows)
    assert table.values_from == "both"


def test_the_columns_names_and_the_setid_are_the_csvs(tmp_path: Path) -> None:
    columns = [("xnan", "i8", "%i"), ("xNaN", "i8", "%i"), ("nancy", "U9", "%s")]
    published = PublishedDataset(columns, [[1, 2, "nan"]], setid="anaNananan1")
    table, rows = read(*files(tmp_path, published))
    assert [column.name for column in table.columns] == ["xnan", "xNaN", "nancy"]
    assert rows == [(1, 2, "nan")]
    assert table.values_from == "both"


def test_the_csv_alone_is_typed_and_keeps_what_only_looks_missing(tmp_path: Path) -> None:
    csv, _ = files(tmp_path, PublishedDataset(COLUMNS, ROWS))
    table, rows = read(csv, None)
    assert table.values_from == "csv"
    assert rows[:3] == [
        ("Fernando-42", 10.12346, 5, "banana; split", "synth_alpha"),
        ("None", None, -9999, "None", "synth_alpha"),
        ("None", -9999.0, -9999, "nan; nan; NaN", "synth_beta"),
    ]


def test_the_json_alone_is_as_it_is(tmp_path: Path) -> None:
    _, document = files(tmp_path, PublishedDataset(COLUMNS, ROWS))
    table, rows = read(None, document)
    assert table.values_from == "json"
    assert rows[0] == ("Fernulldo-42", 10.1234567, 5, "banulla|split", "synth_alpha")
    assert rows[1] == (None, None, None, None, "synth_alpha")


def test_another_number_in_the_csv_ends_the_pairing_and_says_where(tmp_path: Path) -> None:
    csv, document = files(tmp_path, PublishedDataset(COLUMNS, ROWS))
    csv.write_bytes(csv.read_bytes().replace(b"0.30000", b"0.30001"))
    table, rows = read(csv, document)
    assert table.values_from == "json"
    assert "row 5, column ra" in table.problems[0]
    assert exactly(rows[:4]) == exactly(ROWS[:4])
    assert [row[1:3] for row in rows] == [tuple(row[1:3]) for row in ROWS]


def test_rows_in_another_order_are_never_paired(tmp_path: Path) -> None:
    columns = [("a", "U5", "%s"), ("b", "U5", "%s")]
    rows = [["banana|1", "x"], ["banana|2", "y"], ["banana|3", "z"]]
    csv, document = files(tmp_path, PublishedDataset(columns, rows))
    csv.write_bytes(PublishedDataset(columns, rows[::-1]).csv())
    table, got = read(csv, document)
    assert table.values_from == "json"
    assert [row[1] for row in got] == ["x", "y", "z"]


def test_a_csv_that_lacks_a_row_or_has_one_more_is_not_used(tmp_path: Path) -> None:
    csv, document = files(tmp_path, PublishedDataset(COLUMNS, ROWS))
    whole = csv.read_bytes()
    for damaged, why in [
        (whole[: whole.rindex(b"\n", 0, -1) + 1], "row 6: the CSV ends"),
        (whole + b"a|1.0|2|b|c\n", "goes on after row 6"),
    ]:
        csv.write_bytes(damaged)
        table, rows = read(csv, document)
        assert table.values_from == "json"
        assert why in table.problems[0]
        assert [row[1:3] for row in rows] == [tuple(row[1:3]) for row in ROWS]


@pytest.mark.parametrize("what", ["setid", "rows", "columns", "format"])
def test_files_of_two_datasets_are_not_paired(tmp_path: Path, what: str) -> None:
    csv, document = files(tmp_path, PublishedDataset(COLUMNS, ROWS))
    other = PublishedDataset(COLUMNS, ROWS)
    if what == "setid":
        other.setid = "ZyXwVuTsRqP"
    elif what == "rows":
        other.rows = ROWS[:4]
    elif what == "columns":
        other.columns = [("other", "U20", "%s"), *COLUMNS[1:]]
    else:
        other.columns = [("name", "U20", "%9s"), *COLUMNS[1:]]
    data = other.csv()
    csv.write_bytes(data.replace(b"%9s", b"%9999999999s"))
    table, rows = read(csv, document)
    assert table.values_from == "json"
    assert len(table.problems) == 1
    assert len(rows) == len(ROWS)


def test_a_json_that_breaks_off_leaves_the_rest_to_the_csv(tmp_path: Path) -> None:
    rows = [[f"Fernando\n{i}", i / 7, i, None, "synth_alpha"] for i in range(8000)]
    csv, document = files(tmp_path, PublishedDataset(COLUMNS, rows))
    data = PublishedDataset(COLUMNS, rows).json()
    document.write_bytes(gzipped(data.replace(b'"n": 7000', b'"n": Infinity', 1)))
    table, got = read(csv, document)
    assert len(got) == len(rows)
    assert table.values_from == "csv"
    assert exactly(got[:1000]) == exactly(rows[:1000])
    assert got[7000][2] == 7000
    assert "row 7001" in table.problems[0]


def test_a_row_of_lines_without_end_is_not_put_together(tmp_path: Path) -> None:
    row = ["one\n" * 30, 1.0, 1, None, "synth_alpha"]
    csv, document = files(tmp_path, PublishedDataset(COLUMNS, [row]))
    csv.write_bytes(csv.read_bytes().replace(b"\none", b"\n" + b"x" * 1_000_000))
    table, got = read(csv, document)
    assert exactly(got) == exactly([row])
    assert "longer than" in table.problems[0]


@pytest.mark.parametrize("broken", ["csv", "json"])
def test_one_file_that_cannot_be_read_leaves_the_other(tmp_path: Path, broken: str) -> None:
    csv, document = files(tmp_path, PublishedDataset(COLUMNS, ROWS))
    (csv if broken == "csv" else document).write_bytes(b"<html>")
    table, rows = read(csv, document)
    assert table.values_from == ("json" if broken == "csv" else "csv")
    assert len(table.problems) == 1
    assert len(rows) == len(ROWS)


def test_two_files_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    csv, document = files(tmp_path, PublishedDataset(COLUMNS, ROWS))
    csv.write_bytes(b"<html>")
    document.write_bytes(b"<html>")
    for pair in [(csv, document), (None, document), (csv, None), (None, None)]:
        with pytest.raises(FormatError):
            exact_table(*pair)


def test_a_text_that_fits_neither_is_a_problem_naming_row_and_column(tmp_path: Path) -> None:
    csv, document = files(tmp_path, PublishedDataset(COLUMNS, ROWS))
    data = PublishedDataset(COLUMNS, ROWS).json().replace(b"banulla|split", b"banulla split")
    document.write_bytes(gzipped(data))
    table, rows = read(csv, document)
    assert table.values_from == "both"
    assert rows[0][3] == "banana; split"
    assert ["row 1, column remark" in problem for problem in table.problems] == [True]


def test_values_can_be_stored_as_json(tmp_path: Path) -> None:
    csv, document = files(tmp_path, PublishedDataset(COLUMNS, ROWS))
    csv.write_bytes(csv.read_bytes().replace(b"banana", b"ban\xffna"))
    for pair in [(csv, document), (csv, None), (None, document)]:
        assert json.dumps(read(*pair)[1]).encode()
