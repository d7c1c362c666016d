"""Print light curves as astrobase's own reader reads them, a line of JSON each.

Run with the Python of the server's environment::

    python -m tests.real.dump_lightcurves LISTED OUTPUT

``LISTED`` has a path a line. Values are written so that they are read back exactly; what is
printed says how long the reading alone took.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path
from typing import Any


def main(listed: Path, output: Path) -> None:
    """Read what is listed, and write it."""
    # only that environment has it, without types
    from astrobase.hatsurveys.hatlc import read_lcc_csvlc  # type: ignore[import-not-found]

    logging.disable(logging.CRITICAL)
    spent = 0.0
    points = 0
    with output.open("w") as out:
        for path in listed.read_text().splitlines():
            begin = time.perf_counter()
            curve = read_lcc_csvlc(path)
            spent += time.perf_counter() - begin
            out.write(json.dumps(_plain(path, curve)) + "\n")
            points += curve[curve["columns"][0]].size
    print(json.dumps({"seconds": spent, "points": points}))


def _plain(path: str, curve: dict[str, Any]) -> dict[str, Any]:
    columns = curve["columns"]
    return {
        "path": path,
        "objectid": curve["objectid"],
        "objectinfo": curve["objectinfo"],
        "columns": columns,
        "dtypes": [curve[name].dtype.str for name in columns],
        # one row alone is a scalar there
        "values": [curve[name].reshape(-1).tolist() for name in columns],
        "descriptions": [curve["coldefs"][name]["desc"] for name in columns],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
