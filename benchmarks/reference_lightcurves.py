"""Read a ZIP's light curves with astrobase's reader, which takes files.

Run with the Python of the reference server's environment::

    python -m benchmarks.reference_lightcurves read|digest ZIP FOLDER

Taking them out of the ZIP is a part of the work, and of the time.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any


def read(path: str, folder: str) -> dict[str, object]:
    """Return the time, and a part of what was read."""
    import numpy as np

    points = 0
    total = 0.0
    seconds = 0.0
    begin = time.perf_counter()
    for curve, file in _curves(path, folder):
        seconds += time.perf_counter() - begin
        file.unlink()
        points += len(curve["rjd"])
        total += float(curve["rjd"].sum() + np.nansum(curve["atf_008"]))
        begin = time.perf_counter()
    return {"seconds": seconds, "points": points, "sum": round(total, 3)}


def digest(path: str, folder: str) -> dict[str, object]:
    """Return what every value is."""
    digests = hashlib.sha256()
    for curve, file in _curves(path, folder):
        file.unlink()
        digests.update(digest_of(curve, list(curve["columns"])))
    return {"digest": digests.hexdigest()}


def digest_of(arrays: Mapping[str, Any], names: Sequence[str]) -> bytes:
    """Return a digest of the values of some columns, by whatever reader."""
    import numpy as np

    digests = hashlib.sha256()
    for name in names:
        values = np.asarray(arrays[name])
        digests.update(f"{name} {values.dtype.str} {len(values)}\n".encode())
        if values.dtype.kind == "f":
            # one NaN is like another
            values = np.where(np.isnan(values), np.nan, values)
        digests.update(np.ascontiguousarray(values).tobytes())
    return digests.digest()


def _curves(path: str, folder: str) -> Iterator[tuple[Any, Path]]:
    # only that environment has it, without types
    from astrobase.hatsurveys.hatlc import read_lcc_csvlc  # type: ignore[import-not-found]

    logging.disable(logging.CRITICAL)
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith("-csvlc.gz"):
                file = archive.extract(name, folder)
                yield read_lcc_csvlc(file), Path(file)


if __name__ == "__main__":
    print(json.dumps({"read": read, "digest": digest}[sys.argv[1]](*sys.argv[2:])))
