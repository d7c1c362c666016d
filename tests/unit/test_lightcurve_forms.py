"""Light curves as pandas, Astropy, lightkurve, Parquet, FITS, VOTable, CSV and JSON."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    assert table.attrs["descriptions"]["mag"] == "magnitude"
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


class Lightkurve:
    """As much of lightkurve as is needed: a time series of Astropy, and what it refuses.

    lightkurve itself is too large to be installed for the tests, and holds back pandas.
    """

    @staticmethod
    def LightCurve(data: Any, time: Any, meta: Any, **columns: Any) -> Any:
        from astropy.timeseries import TimeSeries  # type: ignore[import-untyped]  # has no types

        if given := set(columns) & set(data.colnames):
            raise TypeError(f"{given} given both in the data table and as keyword arguments")
        series = TimeSeries(data=data, time=time)
        for name, values in columns.items():
            if values is not None:
                series[name] = values
        series.meta.update(meta)
        return series


@pytest.fixture
def series(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setitem(sys.modules, "lightkurve", Lightkurve)

    def convert(
        columns: dict[str, str], rows: list[list[Any]], magnitude: str | None = None
    ) -> Any:
        published = [(name, "f8", "%s") for name in columns]
        text = lightcurve(published, rows, {"objectid": "HAT-1"})
        for name, description in columns.items():
            text = text.replace(f"the {name}".encode(), description.encode())
        return read_lightcurve(text).to_lightkurve(magnitude)

    return convert


def test_lightkurve_has_julian_dates_and_a_flux_of_1_at_the_median(
    series: Callable[..., Any],
) -> None:
    found = series(
        {"rjd": "Reduced Julian date", "mag": "magnitude", "mag_err": "magnitude error"},
        [[55000.25, 12.0, 0.01], [55001.25, 12.5, 0.02], [55002.25, 13.0, 0.01]],
    )
    assert found.time.jd.tolist() == [2455000.25, 2455001.25, 2455002.25]
    assert found.time.scale == "utc"
    assert found["flux"].tolist() == pytest.approx([10**0.2, 1, 10**-0.2])
    assert found["flux_err"][1] == pytest.approx(0.02 * math.log(10) / 2.5)
    assert found.meta["OBJECT"] == "HAT-1"


def test_lightkurve_keeps_columns_that_are_called_as_its_own(
    series: Callable[..., Any],
) -> None:
    found = series(
        {"bjd": "barycentric Julian date", "mag": "magnitude", "flux": "counts"},
        [[2455000.5, 12.0, 7.0], [2455001.5, 12.0, 8.0]],
    )
    assert found["flux"].tolist() == [1, 1]
    assert found["flux_published"].tolist() == [7, 8]
    assert found.time.scale == "tdb"


def test_points_without_a_time_are_not_for_lightkurve(series: Callable[..., Any]) -> None:
    columns = {"rjd": "Reduced Julian date", "mag": "magnitude"}
    found = series(columns, [[math.nan, 1.0], [55001.5, math.nan], [55002.5, 12.0]])
    assert found["mag"].value.tolist() == pytest.approx([math.nan, 12.0], nan_ok=True)
    assert len(series(columns, [[55001.5, math.nan]])) == 1
    with pytest.raises(UsageError, match="has no column nope"):
        series(columns, [[55001.5, 1.0]], "nope")


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
