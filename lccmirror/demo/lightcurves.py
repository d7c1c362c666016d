"""Light-curve files in the server's common format, LCC-CSVLC version 1.

A gzip of: the version, the comment character, the separator, then as comments the
object's metadata and the columns' definitions in JSON, then one line a point. The JSON
has bare ``NaN`` tokens, as the server's own files have.
"""

from __future__ import annotations

import gzip
import json
import math
from random import Random

from .observing import observe
from .surveys import CatalogObject, Survey

_FIXED_COLUMNS = (
    ("rjd", "f8", "time of observation in Reduced Julian date"),
    ("stf", "i8", "station ID"),
    ("flt", "U8", "filter name"),
)
_MAGNITUDES = {
    "aim": "instrumental magnitude in aperture %s",
    "aie": "instrumental magnitude error in aperture %s",
    "aep": "EPD magnitude in aperture %s",
    "atf": "TFA magnitude in aperture %s",
}


def light_curve_text(survey: Survey, target: CatalogObject) -> str:
    """Return the light curve of `target` as LCC-CSVLC text, the same at every call."""
    random = Random(f"{survey.seed}/{survey.collection}/{target.objectid}")
    points = observe(
        target.star, survey.cadence, target.npoints, survey.magnitude_columns, random
    )
    columns = [
        {"name": name, "dtype": dtype, "desc": description}
        for name, dtype, description in _FIXED_COLUMNS
    ] + [
        {"name": name, "dtype": "f8", "desc": _MAGNITUDES[name[:3]] % name[-3:]}
        for name in survey.magnitude_columns
    ]
    definitions = {
        c["name"]: {"colnum": i, "dtype": c["dtype"], "desc": c["desc"]}
        for i, c in enumerate(columns)
    }
    metadata = {
        key: {"val": math.nan if value is None else value, "desc": key.upper()}
        for key, value in {"objectid": target.objectid, **dict(target.values)}.items()
        if key != "lcfname"
    }
    lines = ["LCC-CSVLC-V1", "#", ",", "# OBJECT METADATA"]
    lines += _commented(metadata)
    lines += ["#", "# COLUMN DEFINITIONS"]
    lines += _commented(definitions)
    lines += ["#", "# LIGHTCURVE"]
    lines += [
        f"{p.rjd:.7f},{p.station},{p.filter}," + ",".join(f"{m:.5f}" for m in p.magnitudes)
        for p in points
    ]
    return "\n".join(lines) + "\n"


def light_curve_file(survey: Survey, target: CatalogObject) -> bytes:
    """Return the gzip of `light_curve_text`: the same bytes at every call."""
    text = light_curve_text(survey, target).encode()
    return gzip.compress(text, compresslevel=6, mtime=0)


def _commented(value: object) -> list[str]:
    return [f"# {line}" for line in json.dumps(value, indent=2).split("\n")]


def format_description(survey: Survey) -> bytes:
    """Return the light-curve format description of a survey (``/c/<id>/lcformat-…json``)."""
    apertures = sorted({name[-3:] for name in survey.magnitude_columns})
    kinds = list(dict.fromkeys(name[:3] for name in survey.magnitude_columns))
    description = {
        "lc_formatkey": f"demo-{survey.collection_id}",
        "lc_fileglob": "*-demolc.csv",
        "lc_readermodule": f"{{{{collection_dir}}}}/{survey.collection}_reader.py",
        "lc_readerfunc": "read_lc",
        "lc_readerfunc_kwargs": None,
        "lc_measurements_flux_or_mag": "mag",
        "unaffiliated_cols": [name for name, _, _ in _FIXED_COLUMNS],
        "mag_apertures": apertures,
        "aperture_joiner": "_",
        "per_aperture_cols": kinds,
        "metadata_keys": {
            f"objectinfo.{c.name}": [c.name.upper(), c.format, _python_type(c.dtype)]
            for c in survey.columns
            if c.name != "lcfname"
        },
        "column_keys": {
            **{name: [text, _format(dtype), dtype] for name, dtype, text in _FIXED_COLUMNS},
            **{kind: [_MAGNITUDES[kind], "%.5f", "f8"] for kind in kinds},
        },
    }
    return (json.dumps(description, indent=2) + "\n").encode()


def _format(dtype: str) -> str:
    return {"f": "%.7f", "i": "%i"}.get(dtype[0], "%s")


def _python_type(dtype: str) -> str:
    if "f" in dtype:
        return "float"
    return "int" if "i" in dtype else "str"
