"""The module with which the server reads the synthetic light curves.

Each collection gets a copy of it under a name of its own, because the server imports such
modules by their bare name and keeps the first one it finds.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

_TYPES = {"stf": np.int64, "flt": np.str_}


def read_lc(lcfile: str) -> dict[str, Any]:
    """Return a light curve as the dictionary that astrobase wants.

    Raises
    ------
    ValueError
        If the file is not one of ours: the server then counts it as missing.
    """
    with Path(lcfile).open(encoding="utf-8", newline="\n") as file:
        info = json.loads(file.readline().removeprefix("# "))
        columns = file.readline().strip().split(",")
        rows = [line.strip().split(",") for line in file]
    curve: dict[str, Any] = {
        "objectid": info["objectid"],
        "objectinfo": info,
        "columns": columns,
    }
    for name, values in zip(columns, zip(*rows, strict=True), strict=True):
        curve[name] = np.array(values).astype(_TYPES.get(name, np.float64))
    return curve
