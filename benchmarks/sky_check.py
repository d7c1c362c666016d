"""Show that no search misses an object or has one too many, and how long searches take.

    python -m benchmarks.sky_check [SEARCHES [OBJECTS]]

Each search is made by SciPy's `cKDTree`, too, with a radius a little larger, and
`astropy.coordinates.angular_separation` says which of what the tree found is inside. The
two may differ only by objects that are within 1e-7 arcseconds of the edge, where rounding
decides; these are counted. All of it is done without statistics for SQLite's planner, and
again after ``ANALYZE`` and ``PRAGMA optimize``. Needs the extras `bench` and `astro`.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lccmirror.query import open_readonly
from lccmirror.query.readonly import ReadOnlyCatalog
from lccmirror.query.sky import cone

from .make_objects import OBJECTS, make_objects
from .measure import BenchmarkFailed
from .sky_sides import RADII_ARCMIN, unit_vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEARCHES: Final = 100_000
EDGE_ARCSEC: Final = 1e-7
_AT_ONCE: Final = 500
_PLACES: Final = ("anywhere", "near an object", "at a pole", "at 0h")
_STATISTICS: Final = {
    "none": (),
    "ANALYZE": ("ANALYZE",),
    "PRAGMA optimize": ("PRAGMA optimize = 0x10002",),
}


@dataclass(slots=True)
class Tally:
    """What came of the searches of one radius."""

    searches: int = 0
    rows: int = 0
    missed: int = 0
    extra: int = 0
    at_the_edge: int = 0
    times: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, float]:
        """Return the counts, and median and 99th percentile in milliseconds."""
        times = sorted(self.times)
        counts: dict[str, float] = {
            key: value for key, value in asdict(self).items() if key != "times"
        }
        return counts | {
            "median_ms": times[len(times) // 2] * 1000,
            "p99_ms": times[len(times) * 99 // 100] * 1000,
        }


class Truth:
    """All objects in memory, and a tree of them."""

    def __init__(self, catalog: Path) -> None:
        import numpy as np
        from scipy.spatial import cKDTree  # type: ignore[import-untyped]

        with closing(sqlite3.connect(catalog)) as conn:
            rows = conn.execute("SELECT objectid, ra, decl FROM objects").fetchall()
        self.names = [row[0] for row in rows]
        self.ra = np.array([row[1] for row in rows])
        self.decl = np.array([row[2] for row in rows])
        self._tree = cKDTree(unit_vectors(self.ra, self.decl))

    def around(
        self, ra: NDArray[np.float64], decl: NDArray[np.float64], radius_arcsec: float
    ) -> Iterator[dict[str, float]]:
        """Yield name and distance of what is inside each cone, and just outside."""
        import numpy as np
        from astropy.coordinates import angular_separation  # type: ignore[import-untyped]

        # 1e-5 arcsec more than asked for: more than the chord's rounding can be.
        chord = 2 * np.sin(np.radians((radius_arcsec + 1e-5) / 3600) / 2)
        found = self._tree.query_ball_point(unit_vectors(ra, decl), chord, workers=-1)
        for at, there in enumerate(found):
            distances = angular_separation(
                np.radians(ra[at]),
                np.radians(decl[at]),
                np.radians(self.ra[there]),
                np.radians(self.decl[there]),
            )
            arcsec = (np.degrees(distances) * 3600).tolist()
            yield {self.names[one]: far for one, far in zip(there, arcsec, strict=True)}


def places(truth: Truth, count: int, seed: int) -> tuple[Any, Any]:
    """Return where to look: each kind of place a quarter of the time."""
    import numpy as np

    rng = np.random.default_rng(seed)
    kind = np.arange(count) % len(_PLACES)
    ra = rng.uniform(0, 360, count)
    decl = np.degrees(np.arcsin(rng.uniform(-1, 1, count)))
    near = rng.integers(0, len(truth.ra), count)
    by = kind == _PLACES.index("near an object")
    ra[by] = (truth.ra[near] + rng.normal(0, 3 / 3600, count))[by]
    decl[by] = (truth.decl[near] + rng.normal(0, 3 / 3600, count))[by]
    pole = kind == _PLACES.index("at a pole")
    # Down to the pole itself.
    decl[pole] = (rng.choice([-90, 90], count) * (1 - rng.uniform(0, 0.02, count) ** 2))[pole]
    decl[pole & (rng.random(count) < 0.01)] = 90.0
    midnight = kind == _PLACES.index("at 0h")
    ra[midnight] = (rng.normal(0, 0.3, count) * rng.choice([0, 1e-3, 1], count))[midnight]
    ra %= 360
    ra[ra >= 360] = 0
    return ra, np.clip(decl, -90, 90)


def compare(
    catalog: ReadOnlyCatalog, truth: Truth, radius_arcmin: float, count: int, seed: int
) -> Tally:
    """Make `count` searches both ways."""
    tally = Tally()
    limit = radius_arcmin * 60
    ra, decl = places(truth, count, seed)
    for begin in range(0, count, _AT_ONCE):
        piece = slice(begin, begin + _AT_ONCE)
        wanted = truth.around(ra[piece], decl[piece], limit)
        for one_ra, one_decl, inside in zip(
            ra[piece].tolist(), decl[piece].tolist(), wanted, strict=True
        ):
            start = time.perf_counter()
            rows = list(cone(catalog, one_ra, one_decl, radius_arcmin).rows)
            tally.times.append(time.perf_counter() - start)
            _count(tally, rows, inside, limit)
    return tally


def _count(
    tally: Tally, rows: Sequence[Sequence[Any]], inside: dict[str, float], limit: float
) -> None:
    found = {row[1] for row in rows}
    tally.searches += 1
    tally.rows += len(rows)
    tally.extra += len(rows) - len(found)
    for name, distance in inside.items():
        if abs(distance - limit) <= EDGE_ARCSEC:
            tally.at_the_edge += 1
            found.discard(name)
        elif distance < limit:
            tally.missed += name not in found
            found.discard(name)
    tally.extra += len(found)


def check(path: Path, searches: int, objects: int) -> dict[str, Any]:
    """Make a catalog, search it in all ways, and return everything that was found out.

    Raises
    ------
    BenchmarkFailed
        If a search missed an object, or had one too many.
    """
    report: dict[str, Any] = {"made": asdict(make_objects(path, objects))}
    truth = Truth(path)
    for number, (name, statements) in enumerate(_STATISTICS.items()):
        with closing(sqlite3.connect(path, isolation_level=None)) as conn:
            for statement in statements:
                conn.execute(statement)
        report[name] = {}
        with open_readonly(path.parent) as catalog:
            for at, (kind, radius) in enumerate(RADII_ARCMIN.items()):
                share = (searches + at) // len(RADII_ARCMIN)
                tally = compare(catalog, truth, radius, share, seed=10 * number + at)
                report[name][kind] = tally.summary()
                print(name, kind, json.dumps(tally.summary()), file=sys.stderr)
                if tally.missed or tally.extra:
                    raise BenchmarkFailed(f"{kind}: {tally.summary()}")
    return report


if __name__ == "__main__":
    asked = [int(argument) for argument in sys.argv[1:]] + [SEARCHES, OBJECTS][
        len(sys.argv) - 1 :
    ]
    with tempfile.TemporaryDirectory(prefix="lccmirror-sky-") as folder:
        print(json.dumps(check(Path(folder) / "catalog.sqlite", *asked), indent=1))
