"""Make ZIPs of light curves that can be read: 1,000 points × 30 columns, as the server's."""

from __future__ import annotations

import gzip
import json
import random
import zipfile
from pathlib import Path

from tests.support.published import lightcurve

_DISTINCT = 8
COLLECTION_ID = "bench-north"
COLUMNS = (
    ("rjd", "f8", "%.7f"),
    ("stf", "i8", "%i"),
    ("flt", "U8", "%s"),
    *((f"{kind}_{n:03d}", "f8", "%.5f") for n in range(9) for kind in ("aim", "aie", "atf")),
)
assert len(COLUMNS) == 30


def member(objectid: str) -> str:
    """Return what the light curve of an object is called in the ZIP."""
    return f"{COLLECTION_ID}-{objectid}-csvlc.gz"


def make_lightcurves(path: Path, count: int, points: int) -> None:
    """Write a ZIP of `count` light curves to `path`, eight different ones over and over."""
    bodies = [gzip.compress(lightcurve_text(seed, points), 9) for seed in range(_DISTINCT)]
    names = [f"BENCH-{number:06d}" for number in range(count)]
    with zipfile.ZipFile(path, "w") as archive:
        for number, objectid in enumerate(names):
            archive.writestr(member(objectid), bodies[number % _DISTINCT])
        manifest = [f"{objectid}-csvlc.gz" for objectid in names]
        archive.writestr("lczip-manifest.json", json.dumps(manifest, indent=2))


def lightcurve_text(seed: int, points: int) -> bytes:
    """Return a light curve as it is before it is packed; another one for each seed."""
    rng = random.Random(seed)  # noqa: S311 (made-up stars)
    rows = []
    for number in range(points):
        magnitudes = [
            rng.gauss(12, 0.1) if rng.random() > 0.01 else float("nan") for _ in range(27)
        ]
        time = 55000 + number * 0.1 + rng.random() * 0.05
        rows.append([time, rng.randint(5, 10), rng.choice("rgi"), *magnitudes])
    return lightcurve(COLUMNS, rows, {"objectid": f"BENCH-{seed}", "sdssr": 12.0})
