"""Light curves as FITS, VOTable, CSV and JSON files: every type, and odd metadata."""

from __future__ import annotations

import csv
import errno
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits, votable  # type: ignore[import-untyped]  # has no types
from astropy.table import Table  # type: ignore[import-untyped]  # has no types

from lccmirror.formats import LightCurve, read_lightcurve
from lccmirror.query.lc_write import FORMATS, write_lightcurve
from tests.support.published import lightcurve
from tests.support.small_disk import files_at_most

# name, type, a value, and what it is read back as where it is not itself
TYPES: list[tuple[str, str, Any, Any]] = [
    ("f8", "f8", 55000.25, None), ("f4", "f4", 2.25, None), ("f2", "f2", 1.5, None),
    ("i8", "i8", -(2**63), None), ("i4", "i4", 7, None), ("i2", "i2", -3, None),
    ("i1", "i1", -7, None), ("u8", "u8", 2**63 - 1, None), ("u4", "u4", 2**32 - 1, None),
    ("u2", "u2", 65535, None), ("u1", "u1", 200, None), ("b1", "b1", True, None),
    ("U8", "U8", "r<&>", None), ("S5", "S5", "abc", None), ("c16", "c16", "1+2j", None),
    ("huge", "u8", 2**64 - 1, str(2**64 - 1)),
]  # fmt: skip
NUMBERS = [name for name, dtype, _, _ in TYPES if dtype[0] in "fiub"]


def curve_of_all_types(*, missing: bool = False) -> LightCurve:
    columns = [(name, dtype, "%s") for name, dtype, _, _ in TYPES]
    rows = [[value for _, _, value, _ in TYPES]]
    if missing:
        rows.append(["nan" if name in NUMBERS else "" for name, *_ in TYPES])
    return read_lightcurve(lightcurve(columns, rows))


def read_back(path: Path, form: str) -> Any:
    """Return the table; text as text, whatever the format makes of it."""
    table = Table.read(path, format=form)
    table.convert_bytestring_to_unicode()
    return table


@pytest.mark.parametrize("form", ["fits", "votable"])
def test_every_type_is_read_back_as_it_was(form: str, tmp_path: Path) -> None:
    write_lightcurve(curve_of_all_types(), tmp_path / "lc", form)
    table = read_back(tmp_path / "lc", form)
    for name, _, value, other in TYPES:
        assert table[name].tolist() == [value if other is None else other], name


@pytest.mark.parametrize("form", ["fits", "votable"])
def test_missing_numbers_of_every_type_are_missing_there_too(form: str, tmp_path: Path) -> None:
    write_lightcurve(curve_of_all_types(missing=True), tmp_path / "lc", form)
    table = read_back(tmp_path / "lc", form)
    for name, _, value, other in TYPES:
        first, second = table[name].tolist()
        assert first == (value if other is None else other), name
        if name in NUMBERS and name != "huge":
            assert second is None or math.isnan(second), name


@pytest.mark.parametrize("form", ["fits", "votable"])
def test_a_light_curve_without_points_is_a_file_without_rows(form: str, tmp_path: Path) -> None:
    columns = [(name, dtype, "%s") for name, dtype, _, _ in TYPES]
    write_lightcurve(read_lightcurve(lightcurve(columns, [])), tmp_path / "lc", form)
    table = read_back(tmp_path / "lc", form)
    assert (len(table), table.colnames) == (0, [name for name, *_ in TYPES])


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("dtype", [">f8", "<f4", ">i4", "f16", "g", "q", "float128", ">u8"])
def test_whatever_a_server_calls_its_numbers_they_are_written(
    dtype: str, form: str, tmp_path: Path
) -> None:
    curve = read_lightcurve(lightcurve([("x", dtype, "%s")], [["3"], ["nan"]]))
    write_lightcurve(curve, tmp_path / "lc", form)
    assert curve["x"].dtype.isnative
    assert curve["x"].tolist()[0] == 3
    assert curve.to_pandas()["x"].sum() == 3


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_is_written_beside_its_place_and_through_no_link(
    form: str, tmp_path: Path
) -> None:
    other, mine = tmp_path / "other", tmp_path / ".lc.part"
    other.write_text("not to be written")
    (tmp_path / "lc").symlink_to(other)
    mine.symlink_to(other)
    write_lightcurve(curve_of_all_types(), tmp_path / "lc", form)
    assert other.read_text() == "not to be written"
    assert mine.is_symlink()
    assert not (tmp_path / "lc").is_symlink()
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("form", FORMATS)
def test_what_the_disk_refuses_is_told_as_it_is(form: str, tmp_path: Path) -> None:
    rows = [[math.sqrt(n)] for n in range(2000)]
    curve = read_lightcurve(lightcurve([("x", "f8", "%r")], rows))
    with files_at_most(8192), pytest.raises(OSError, match="File too large") as refused:
        write_lightcurve(curve, tmp_path / "lc", form)
    assert refused.value.errno == errno.EFBIG
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("letter", ["n", "\N{RINGED PLANET}"])
def test_a_file_may_have_the_longest_name_that_there_is(letter: str, tmp_path: Path) -> None:
    name = letter * (255 // len(letter.encode()))
    write_lightcurve(curve_of_all_types(), tmp_path / name, "csv")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_integers_of_any_length_are_exact_in_text(tmp_path: Path) -> None:
    write_lightcurve(curve_of_all_types(), tmp_path / "lc.csv", "csv")
    write_lightcurve(curve_of_all_types(), tmp_path / "lc.json", "json")
    with (tmp_path / "lc.csv").open(newline="") as file:
        assert next(csv.DictReader(file))["huge"] == str(2**64 - 1)
    assert json.loads((tmp_path / "lc.json").read_text())[0]["huge"] == 2**64 - 1


def test_an_astropy_table_of_short_integers_can_be_filled() -> None:
    table = curve_of_all_types(missing=True).to_astropy()
    assert table["i2"].filled().tolist() == [-3, -1]


ODD = {
    "naxis": 3, "ttype1": "x", "end": 1, "comment": "y", "history": "z", "extname": "E",
    "teff": 6000, "mag": 12.5, "gone": math.nan, "big": 2**70, "flag": True,
    "name": "δ <Cep>\x01", "list": [1, 2], "nothing": None, "a long name": "v",
}  # fmt: skip


@pytest.fixture
def odd() -> LightCurve:
    curve = curve_of_all_types()
    return replace(curve, metadata={**curve.metadata, **ODD}, descriptions={"teff": "in K\x02"})


def test_the_objects_metadata_never_stand_in_for_those_of_a_fits_table(
    odd: LightCurve, tmp_path: Path
) -> None:
    write_lightcurve(odd, tmp_path / "lc.fits", "fits")
    with fits.open(tmp_path / "lc.fits") as files:
        files.verify("exception")
        header = files[1].header
        assert (header["NAXIS"], header["TTYPE1"]) == (2, "f8")
        assert (header["TEFF"], header["MAG"], header["FLAG"]) == (6000, 12.5, True)
        assert {"naxis = 3", "ttype1 = x", "end = 1", "a long name = v"} <= {*header["COMMENT"]}
    assert np.all(read_back(tmp_path / "lc.fits", "fits")["i4"] == 7)


def test_a_votable_has_the_metadata_with_its_table(odd: LightCurve, tmp_path: Path) -> None:
    write_lightcurve(odd, tmp_path / "lc.vot", "votable")
    table = votable.parse(tmp_path / "lc.vot", verify="exception").get_first_table()
    params = {param.name: param for param in table.params}
    assert {name: params[name].value for name in ("teff", "mag", "flag")} == {
        "teff": 6000, "mag": 12.5, "flag": True,
    }  # fmt: skip
    assert params["teff"].description == "in K\\x02"
    infos = {info.name: info.value for info in table.infos}
    assert (infos["name"], infos["big"]) == ("δ <Cep>\\x01", str(2**70))
    assert not {"gone", "nothing"} & {*params, *infos}
    units = {field.name: str(field.unit) for field in table.fields if field.unit}
    assert units == {column.name: column.unit for column in odd.columns if column.unit}
