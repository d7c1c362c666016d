"""Read a ZIP's light curves with astrobase's reader, which takes files.

Run with the Python of the reference server's environment::

    python -m benchmarks.reference_lightcurves ZIP FOLDER

Taking them out of the ZIP is a part of the work, and of the time.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import zipfile
from pathlib import Path


def main(path: str, folder: str) -> None:
    """Do it, and print the time and what was read."""
    # only that environment has it, without types
    import numpy as np
    from astrobase.hatsurveys.hatlc import read_lcc_csvlc  # type: ignore[import-not-found]

    logging.disable(logging.CRITICAL)
    points = 0
    total = 0.0
    seconds = 0.0
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.endswith("-csvlc.gz"):
                continue
            begin = time.perf_counter()
            curve = read_lcc_csvlc(archive.extract(name, folder))
            seconds += time.perf_counter() - begin
            points += len(curve["rjd"])
            total += float(curve["rjd"].sum() + np.nansum(curve["atf_008"]))
            (Path(folder) / name).unlink()
    print(json.dumps({"seconds": seconds, "points": points, "sum": round(total, 3)}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
