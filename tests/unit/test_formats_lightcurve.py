"""LCC-CSVLC light curves."""

from __future__ import annotations

import contextlib
import gzip
import io
import math
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.errors import FormatError, LccMirrorError
from lccmirror.formats import read_lightcurve, read_lightcurve_header
from tests.support.published import lightcurve

COLUMNS = [
    ("rjd", "f8", "%.7f"),
    ("stf", "i8", "%i"),
    ("flt", "U8", "%s"),
    ("mag", "f4", "%.5f"),
]
ROWS: list[list[Any]] = [[55000.25, 5, "r", 12.5], [55001.5, 6, "nan", math.nan]]


def test_columns_metadata_and_values(tmp_path: Path) -> None:
    metadata = {"objectid": "HAT-1", "sdssr": math.nan, "starname": "δ Cep", "none": None}
    path = tmp_path / "HAT-1-csvlc.gz"
    path.write_bytes(gzip.compress(lightcurve(COLUMNS, ROWS, metadata)))
    curve = read_lightcurve(path)
    assert curve.objectid == "HAT-1"
    assert curve.metadata["starname"] == "δ Cep"
    assert math.isnan(curve.metadata["sdssr"])
    assert curve.descriptions["sdssr"] == "the sdssr"
    first = curve.columns[0]
    assert (first.name, first.dtype, first.description) == ("rjd", "f8", "the rjd")
    assert curve.arrays["rjd"].tolist() == [55000.25, 55001.5]
    assert curve.arrays["stf"].dtype == np.int64
    assert curve.arrays["flt"].tolist() == ["r", "nan"]
    assert curve.arrays["mag"].dtype == np.float32
    assert math.isnan(curve.arrays["mag"][1])
    assert (len(curve), curve.problems, curve.missing) == (2, (), {})


def test_bytes_and_open_files_are_read_and_the_file_stays_open() -> None:
    data = gzip.compress(lightcurve(COLUMNS, ROWS))
    file = io.BytesIO(data)
    assert len(read_lightcurve(data)) == len(read_lightcurve(file)) == 2
    assert not file.closed
    assert len(read_lightcurve(lightcurve(COLUMNS, ROWS))) == 2


@pytest.mark.parametrize(
    ("dtype", "fmt", "values", "expected"),
    [
        ("f8", "%.3f", [1.5, math.inf], [1.5, math.inf]),
        ("<f4", "%.3f", [1.5, 2.0], [1.5, 2.0]),
        ("i8", "%i", [2**62, -3], [2**62, -3]),
        ("i2", "%i", [1, -3], [1, -3]),
        ("u4", "%i", [1, 2**32 - 1], [1, 2**32 - 1]),
        ("U3", "%s", ["longer than declared", " x "], ["longer than declared", "x"]),
        ("|S10", "%s", ["abc", "é"], [b"abc", "é".encode()]),
        ("bool", "%s", [True, False], [True, False]),
        ("object", "%s", ["a", "1"], ["a", "1"]),
        ("unheard of", "%s", ["a", "1"], ["a", "1"]),
        ("i999", "%s", ["a", "1"], ["a", "1"]),
    ],
)
def test_every_dtype(dtype: str, fmt: str, values: list[Any], expected: list[Any]) -> None:
    curve = read_lightcurve(lightcurve([("x", dtype, fmt)], [[value] for value in values]))
    assert curve.arrays["x"].tolist() == expected
    assert curve.missing == {}


def test_missing_values_are_as_the_reference_reader_has_them() -> None:
    columns = [("i", "i8", "%i"), ("f", "f8", "%s"), ("u", "u2", "%s"), ("s", "U5", "%s")]
    rows = [[math.nan, "", 70000, ""], [5, "1.5", 3, "x"]]
    curve = read_lightcurve(lightcurve(columns, rows))
    assert curve.arrays["i"].tolist() == [-1, 5]
    assert math.isnan(curve.arrays["f"][0])
    assert curve.arrays["u"].tolist() == [65535, 3]
    assert curve.arrays["s"].tolist() == ["", "x"]
    assert curve.missing == {"i": 1, "f": 1, "u": 1}


def test_a_broken_line_is_reported_and_left_out() -> None:
    rows = [ROWS[0], [55001.0, 5, "with\nnewline", 1.0], [55002.0, 5, "a,b", 1.0], ROWS[1]]
    data = lightcurve(COLUMNS, rows)
    curve = read_lightcurve(data)
    assert curve.arrays["rjd"].tolist() == [55000.25, 55001.5]
    last = data.count(b"\n")
    assert [problem.split(":")[0] for problem in curve.problems] == [
        f"line {last - 3}",
        f"line {last - 2}",
        f"line {last - 1}",
    ]


@pytest.mark.parametrize(("comment", "separator"), [(";", "|"), ("//", "\t"), ("#", " ")])
def test_other_comments_and_separators(comment: str, separator: str) -> None:
    data = lightcurve(COLUMNS, ROWS, comment=comment, separator=separator)
    assert read_lightcurve(data).arrays["stf"].tolist() == [5, 6]


def test_a_row_that_begins_like_a_comment_is_a_row() -> None:
    columns = [("name", "U8", "%s"), ("x", "i8", "%i")]
    curve = read_lightcurve(lightcurve(columns, [["# LIGHTCURVE", 1], ["#", 2]]))
    assert curve.arrays["name"].tolist() == ["# LIGHTCURVE", "#"]


def test_columns_are_found_by_their_number() -> None:
    data = lightcurve([("a", "i8", "%i"), ("b", "i8", "%i")], [[1, 2]])
    swapped = data.replace(b'"colnum": 0', b'"colnum": 9').replace(
        b'"colnum": 1', b'"colnum": 0'
    )
    curve = read_lightcurve(swapped.replace(b'"colnum": 9', b'"colnum": 1'))
    assert [column.name for column in curve.columns] == ["b", "a"]
    assert {name: array.tolist() for name, array in curve.arrays.items()} == {
        "b": [1],
        "a": [2],
    }


def test_no_rows_are_empty_arrays_of_their_type() -> None:
    curve = read_lightcurve(lightcurve(COLUMNS, []))
    assert len(curve) == 0
    assert curve.arrays["rjd"].dtype == np.float64


def test_a_file_cut_short_says_so() -> None:
    data = lightcurve(COLUMNS, ROWS)
    assert "cut short" in read_lightcurve(data[:-1]).problems[0]
    with pytest.raises(FormatError, match="cut short"):
        read_lightcurve(gzip.compress(data)[:-9])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"LCC-CSVLC-V1",
        b"LCC-CSVLC-V2\n#\n,\n",
        b"LCC-CSVLC-V1\n\n,\n",
        b"LCC-CSVLC-V1\n#\n,\n",
        b"LCC-CSVLC-V1\n#\n,\n# LIGHTCURVE\n",
        b"LCC-CSVLC-V1\n#\n,\nno comment\n# LIGHTCURVE\n",
        b"LCC-CSVLC-V1\n#\n,\n# OBJECT METADATA\n# {}\n# COLUMN DEFINITIONS\n# {}\n"
        b"# LIGHTCURVE\n",
        b"LCC-CSVLC-V1\n#\n,\n# OBJECT METADATA\n# [" + b"[" * 100_000,
        b"LCC-CSVLC-V1\n#\n,\n# OBJECT METADATA\n# "
        + b"[" * 100_000
        + b"\n# COLUMN DEFINITIONS\n# {}\n# LIGHTCURVE\n",
        b"<html>",
        b"\x1f\x8b" + b"x" * 50,
    ],
)
def test_what_is_no_light_curve_is_a_format_error(data: bytes) -> None:
    with pytest.raises(FormatError):
        read_lightcurve(data)


@pytest.mark.parametrize("colnum", ["-1", "2", "1", "true", "null", "1e300", '"0"'])
def test_column_numbers_that_fit_no_line_are_a_format_error(colnum: str) -> None:
    data = lightcurve([("a", "i8", "%i"), ("b", "i8", "%i")], [[1, 2]])
    with pytest.raises(FormatError, match="colnum"):
        read_lightcurve(data.replace(b'"colnum": 0', b'"colnum": ' + colnum.encode()))


def test_a_light_curve_that_expands_beyond_the_limit_is_refused() -> None:
    data = gzip.compress(lightcurve(COLUMNS, ROWS * 10_000))
    with pytest.raises(FormatError, match="more than 100000 bytes"):
        read_lightcurve(data, max_bytes=100_000)


@given(st.binary(max_size=40), st.integers(0, 3000))
def test_damage_raises_nothing_but_a_format_error(patch: bytes, at: int) -> None:
    data = lightcurve(COLUMNS, ROWS)
    at %= len(data)
    with contextlib.suppress(FormatError):
        read_lightcurve(data[:at] + patch + data[at + len(patch) :])


def test_without_numpy_the_person_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(LccMirrorError, match=r"pip install 'lccmirror\[lc\]'"):
        read_lightcurve(lightcurve(COLUMNS, ROWS))


def test_what_is_kept_of_headers_does_not_grow_with_them() -> None:
    def read(number: int) -> None:
        columns = [(f"{number}_{place}", "f8", "%s") for place in range(10_000)]
        read_lightcurve_header(lightcurve(columns, []))

    read(0)
    tracemalloc.start()
    try:
        for number in range(1, 6):
            read(number)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 3_000_000
