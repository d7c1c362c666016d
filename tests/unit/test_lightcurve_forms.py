"""Light curves as pandas, Astropy, lightkurve, Parquet, FITS, VOTable, CSV and JSON."""

from __future__ import annotations

import csv
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from lccmirror.errors import LccMirrorError, UsageError
from lccmirror.formats import LightCurve, read_lightcurve
from lccmirror.query.lc_write import FORMATS, file_name, format_of, write_lightcurve
from lccmirror.query.lightcurves import Copy
from tests.support.published import lightcurve

NAMES = ["rjd", "stf", "flt", "mag", "short"]


@pytest.fixture
def curve() -> LightCurve:
    columns = [
        ("rjd", "f8", "%.7f"),
        ("stf", "i8", "%i"),
        ("flt", "U8", "%s"),
        ("mag", "f8", "%.5f"),
        ("short", "f4", "%s"),
    ]
    rows = [[55000.25, 5, "r", 12.5, "0.1"], [55001.5, math.nan, "δ", math.nan, "2.5"]]
    metadata = {"objectid": "HAT-1", "sdssr": math.nan, "name": "δ Cep", "teff": 6000}
    text = lightcurve(columns, rows, metadata)
    described = text.replace(b"the rjd", b"Reduced Julian date").replace(
        b"the mag", b"magnitude"
    )
    return read_lightcurve(described)


def test_units_come_from_the_descriptions(curve: LightCurve) -> None:
    assert {column.name: column.unit for column in curve.columns} == {
        "rjd": "d", "stf": None, "flt": None, "mag": "mag", "short": None,
    }  # fmt: skip
    assert (curve.time, curve.filters, curve.magnitudes) == ("rjd", "flt", ("mag",))


def test_columns_are_selected_in_the_order_asked_for(curve: LightCurve) -> None:
    chosen = curve.select(["mag", "stf"])
    assert [column.name for column in chosen.columns] == ["mag", "stf"]
    assert chosen.missing == {"stf": 1}
    with pytest.raises(UsageError, match="no column nope"):
        curve.select(["nope"])


def test_pandas_has_missing_integers_units_and_metadata(curve: LightCurve) -> None:
    import pandas  # type: ignore[import-untyped]  # has no types

    table = curve.to_pandas()
    assert list(table.columns) == NAMES
    assert table["stf"].dtype == "Int64"
    assert table["stf"].isna().tolist() == [False, True]
    assert table["flt"].tolist() == ["r", "δ"]
    assert table.attrs["units"]["rjd"] == "d"
    assert table.attrs["metadata"]["teff"] == 6000
    assert isinstance(table, pandas.DataFrame)


def test_astropy_has_units_descriptions_and_masks(curve: LightCurve) -> None:
    table = curve.to_astropy()
    assert table.colnames == NAMES
    assert str(table["rjd"].unit) == "d"
    assert table["mag"].description == "magnitude"
    assert table["stf"].mask.tolist() == [False, True]
    assert table.meta["objectid"] == "HAT-1"
    assert table.meta["sdssr"] is None


def test_parquet_is_read_back_with_its_units(curve: LightCurve, tmp_path: Path) -> None:
    from pyarrow import parquet  # type: ignore[import-untyped]  # has no types

    curve.to_parquet(tmp_path / "lc.parquet")
    table = parquet.read_table(tmp_path / "lc.parquet")
    assert table.column("stf").to_pylist() == [5, None]
    assert table.column("flt").to_pylist() == ["r", "δ"]
    assert table.schema.field("rjd").metadata[b"unit"] == b"d"
    assert json.loads(table.schema.metadata[b"metadata"])["name"] == "δ Cep"


def test_fits_and_votable_are_read_back(curve: LightCurve, tmp_path: Path) -> None:
    from astropy import table as tables  # type: ignore[import-untyped]  # has no types

    for form, suffix in (("fits", "fits"), ("votable", "vot")):
        path = tmp_path / f"lc.{suffix}"
        write_lightcurve(curve, path, form)
        table = tables.Table.read(path, format=form)
        assert table.colnames == NAMES
        assert table["rjd"].tolist() == [55000.25, 55001.5]
        assert str(table["rjd"].unit) == "d"
        assert np.ma.filled(np.ma.masked_invalid(table["mag"]), -1).tolist() == [12.5, -1]
    header = tables.Table.read(tmp_path / "lc.fits").meta
    assert (header["OBJECTID"], header["TEFF"]) == ("HAT-1", 6000)


def test_csv_and_json_have_nothing_where_nothing_is(curve: LightCurve, tmp_path: Path) -> None:
    write_lightcurve(curve, tmp_path / "lc.csv", "csv")
    with (tmp_path / "lc.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [
            NAMES,
            ["55000.25", "5", "r", "12.5", "0.1"],
            ["55001.5", "", "δ", "", "2.5"],
        ]
    write_lightcurve(curve, tmp_path / "lc.json", "json")
    second = json.loads((tmp_path / "lc.json").read_text())[1]
    assert second == {"rjd": 55001.5, "stf": None, "flt": "δ", "mag": None, "short": 2.5}


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_that_cannot_be_written_leaves_what_was_there(
    form: str, curve: LightCurve, tmp_path: Path
) -> None:
    target = tmp_path / "there"
    target.mkdir()
    with pytest.raises(OSError, match="directory"):
        write_lightcurve(curve, target, form)
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


@pytest.mark.parametrize(
    ("method", "module", "extra"),
    [
        ("to_pandas", "pandas", "pandas"),
        ("to_astropy", "astropy.table", "astro"),
        ("to_lightkurve", "lightkurve", "lightkurve"),
        ("to_parquet", "pyarrow.parquet", "parquet"),
    ],
)
def test_a_missing_library_is_named_with_its_extra(
    method: str,
    module: str,
    extra: str,
    curve: LightCurve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    arguments = [tmp_path / "x"] if method == "to_parquet" else []
    with pytest.raises(LccMirrorError, match=rf"pip install 'lccmirror\[{extra}\]'"):
        getattr(curve, method)(*arguments)


def test_the_end_of_a_name_means_a_format() -> None:
    assert [format_of(Path(f"x.{end}")) for end in ("FITS", "vot", "xml", "pq", "csv")] == [
        "fits", "votable", "votable", "parquet", "csv",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="cannot tell a format"):
        format_of(Path("x.gif"))


def test_names_of_files_are_safe_and_differ_as_the_objects_do() -> None:
    odd = ["../../etc/passwd", "a b", "a%20b", "-rf", "\n", "δ Cep", "", "x" * 500, "x" * 501]
    names = [file_name(Copy("c", objectid, "", None), "csv") for objectid in odd]
    assert len(set(names)) == len(odd)
    for name in names:
        assert "/" not in name
        assert name.isascii()
        assert name.isprintable()
        assert len(name) < 255
        assert not name.startswith((".", "-"))
