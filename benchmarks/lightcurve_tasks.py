"""The sides of the light-curve rows that are ours; each prints its time and what it read.

    python -m benchmarks.lightcurve_tasks read ZIP plain|fast PROCESSES
    python -m benchmarks.lightcurve_tasks digest ZIP plain|fast
    python -m benchmarks.lightcurve_tasks headers ZIP ours|gunzip

``plain`` does as if the libraries of the extra ``fast`` were not installed.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lccmirror.query.lightcurves import Copy, LightCurveFiles


def read(path: str, kind: str, processes: str) -> dict[str, object]:
    """Read every light curve of a ZIP to arrays."""
    _install(kind)
    from lccmirror.query.lc_many import do_many
    from lccmirror.query.lightcurves import Copy

    zipped = Path(path)
    copies = [Copy("bench_north", name, zipped.name, name) for name in _members(zipped)]
    points = 0
    total = 0.0
    begin = time.perf_counter()
    for _, found in do_many(zipped.parent, copies, summed, int(processes)):
        assert isinstance(found, tuple)
        points += found[0]
        total += found[1]
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "points": points, "sum": round(total, 3)}


def summed(files: LightCurveFiles, copy: Copy) -> tuple[int, float]:
    """Read one, where it is read: in a process of many, its arrays stay there."""
    import numpy as np

    curve = files.read(copy)
    return len(curve), float(curve["rjd"].sum() + np.nansum(curve["atf_008"]))


def digest(path: str, kind: str) -> dict[str, object]:
    """Read every light curve of a ZIP, and say what every value of it is."""
    _install(kind)
    from benchmarks.reference_lightcurves import digest_of
    from lccmirror.query.lightcurves import Copy, LightCurveFiles

    zipped = Path(path)
    digests = hashlib.sha256()
    with LightCurveFiles(zipped.parent, many=True) as files:
        for name in _members(zipped):
            curve = files.read(Copy("bench_north", name, zipped.name, name))
            digests.update(digest_of(curve.arrays, [column.name for column in curve.columns]))
    return {"digest": digests.hexdigest()}


def _install(kind: str) -> None:
    if kind == "plain":
        for name in ("isal", "pyarrow", "pyarrow.csv"):
            sys.modules[name] = None  # type: ignore[assignment]  # importing it then fails


def headers(path: str, kind: str) -> dict[str, object]:
    """Read the header of every light curve of a ZIP."""
    from lccmirror.formats import read_lightcurve_header
    from lccmirror.formats.lczip_member import OpenLczip

    names = list(_members(Path(path)))
    columns = 0
    begin = time.perf_counter()
    if kind == "ours":
        with OpenLczip(Path(path)) as opened:
            for name in names:
                columns += len(read_lightcurve_header(opened.read(name)).columns)
    else:
        with zipfile.ZipFile(path) as archive:
            for name in names:
                columns += _columns(gzip.decompress(archive.read(name)).decode())
    return {"seconds": time.perf_counter() - begin, "columns": columns}


def _columns(text: str) -> int:
    """Parse a header as one would without our reader."""
    lines = [line[2:] for line in text[: text.index("# LIGHTCURVE")].split("\n")]
    first, second = lines.index("OBJECT METADATA"), lines.index("COLUMN DEFINITIONS")
    json.loads("\n".join(lines[first + 1 : second]))
    return len(json.loads("\n".join(lines[second + 1 :])))


def _members(path: Path) -> Iterator[str]:
    with zipfile.ZipFile(path) as archive:
        yield from (name for name in archive.namelist() if name.endswith("-csvlc.gz"))


if __name__ == "__main__":
    # by its name, so that other processes find the functions
    from benchmarks import lightcurve_tasks as tasks

    print(json.dumps(getattr(tasks, sys.argv[1])(*sys.argv[2:])))
