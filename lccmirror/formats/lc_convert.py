"""A light curve as what other people's programs take. Each form needs a library of its own."""

from __future__ import annotations

import importlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import LccMirrorError, UsageError
from .lc_meaning import jd_offset

if TYPE_CHECKING:
    from .lightcurve import LightCurve


def to_pandas(curve: LightCurve) -> Any:
    """Return a `pandas.DataFrame`; missing integers make a nullable column."""
    pandas = library("pandas", "pandas", "a pandas table")
    columns = {}
    for column in curve.columns:
        values = curve.arrays[column.name]
        mask = curve.masks.get(column.name)
        if mask is not None and values.dtype.kind in "iub":
            columns[column.name] = pandas.array(values, dtype=_nullable(values.dtype))
            columns[column.name][mask] = pandas.NA
        else:
            columns[column.name] = values.astype(object) if values.dtype.kind == "S" else values
    table = pandas.DataFrame(columns)
    table.attrs = {
        "objectid": curve.objectid,
        "metadata": dict(curve.metadata),
        "units": {column.name: column.unit for column in curve.columns if column.unit},
        "descriptions": {column.name: column.description for column in curve.columns},
    }
    return table


def to_astropy(curve: LightCurve) -> Any:
    """Return an `astropy.table.Table`; missing integers are masked."""
    tables = library("astropy.table", "astro", "an Astropy table")
    table = tables.Table(meta={"objectid": curve.objectid, **plain_metadata(curve)})
    for column in curve.columns:
        values = curve.arrays[column.name]
        mask = curve.masks.get(column.name)
        kind = tables.Column
        described: dict[str, Any] = {"name": column.name, "description": column.description}
        if mask is not None and values.dtype.kind in "iub":
            kind = tables.MaskedColumn
            described["mask"] = mask
            # NumPy's own stand-in fits no short integer; this is what the reader has put there
            described["fill_value"] = values[mask][0] if mask.any() else None
        table.add_column(kind(values, unit=column.unit, **described))
    return table


def to_lightkurve(curve: LightCurve, magnitude: str | None) -> Any:
    """Return a `lightkurve.LightCurve` of one of the magnitudes, as flux."""
    lightkurve = library("lightkurve", "lightkurve", "a lightkurve light curve")
    astropy_time = library("astropy.time", "lightkurve", "a lightkurve light curve")
    chosen = magnitude or next(iter(curve.magnitudes), None)
    if chosen is None or curve.time is None:
        raise UsageError(
            f"{curve.objectid}: no column of {'times' if chosen else 'magnitudes'}"
        )
    import numpy as np

    if curve[chosen].dtype.kind not in "fiu":
        raise UsageError(f"{chosen} is text, not magnitudes")
    # lightkurve takes no point without a time
    timed = np.isfinite(np.asarray(curve[curve.time], float))
    if not timed.all():
        curve = _only(curve, timed)
    times, values = curve[curve.time or ""], curve[chosen].astype(float)
    offset = jd_offset(curve.column(curve.time or ""), float(times[0]) if len(times) else 0.0)
    there = np.isfinite(values)
    flux = 10 ** (-0.4 * (values - (np.median(values[there]) if there.any() else 0.0)))
    error = curve.error_of(chosen)
    table = to_astropy(curve)
    table.remove_column(curve.time)
    for name in set(table.colnames) & {"time", "flux", "flux_err"}:
        # lightkurve's own columns come first
        table.rename_column(name, _free(f"{name}_published", table.colnames))
    return lightkurve.LightCurve(
        data=table,
        time=astropy_time.Time(times, offset or 0.0, format="jd", scale=_scale(curve)),
        flux=flux,
        flux_err=None if error is None else flux * curve[error] * math.log(10) / 2.5,
        meta={"LABEL": curve.objectid, "OBJECT": curve.objectid, "MAGNITUDE": chosen},
    )


def _only(curve: LightCurve, rows: Any) -> LightCurve:
    """Return the light curve with these rows only."""
    return replace(
        curve,
        arrays={name: values[rows] for name, values in curve.arrays.items()},
        masks={name: mask[rows] for name, mask in curve.masks.items()},
    )


def _free(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _scale(curve: LightCurve) -> str:
    """Return the scale of the times: barycentric dates are in TDB unless they say UTC."""
    column = curve.column(curve.time or "")
    said = f"{column.name} {column.description}".lower()
    if "utc" in said:
        return "utc"
    return "tdb" if re.search(r"tdb|bjd|barycentric", said) else "utc"


def to_parquet(curve: LightCurve, path: Path) -> None:
    """Write a Parquet file."""
    parquet = library("pyarrow.parquet", "parquet", "a Parquet file")
    pyarrow = library("pyarrow", "parquet", "a Parquet file")
    fields, arrays = [], []
    for column in curve.columns:
        values = curve.arrays[column.name]
        mask = curve.masks.get(column.name)
        if values.dtype.kind in "US":
            arrays.append(pyarrow.array(values.tolist()))
        else:
            arrays.append(pyarrow.array(values, mask=mask))
        described = {"unit": column.unit or "", "description": column.description}
        fields.append(pyarrow.field(column.name, arrays[-1].type, metadata=described))
    described = {
        "objectid": curve.objectid or "",
        "metadata": json.dumps({key: _plain(value) for key, value in curve.metadata.items()}),
    }
    table = pyarrow.table(arrays, schema=pyarrow.schema(fields, metadata=described))
    parquet.write_table(table, path, compression="zstd")


def plain_metadata(curve: LightCurve) -> Mapping[str, Any]:
    """Return the metadata with NaN as None."""
    return {key: _plain(value) for key, value in curve.metadata.items() if key != "objectid"}


def library(module: str, extra: str, what: str) -> Any:
    """Import a library that only some installs have.

    Raises
    ------
    LccMirrorError
        If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise LccMirrorError(
            f"{what} needs {module.partition('.')[0]}, which is not installed",
            hint=f"pip install 'lccmirror[{extra}]'",
        ) from error


def _nullable(dtype: Any) -> str:
    if dtype.kind == "b":
        return "boolean"
    return f"{'U' if dtype.kind == 'u' else ''}Int{8 * dtype.itemsize}"


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
