"""The sides of the sky's rows; each is a process of its own and prints its result as JSON.

    python -m benchmarks.sky_sides SIDE CATALOG KIND

Every side answers with the same rows: collection, name, position and distance, nearest
first. How a side gets its data into memory (the tree) is told apart and not counted. What
`seconds` are is the median of the searches; of a cross-match, of all of it.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RADII_ARCMIN: Final = {"5arcsec": 5 / 60, "5arcmin": 5.0, "1deg": 60.0}
SEARCHES: Final = {"5arcsec": 4_000, "5arcmin": 2_000, "1deg": 500}
TARGETS: Final = 5_000
XMATCH_ARCSEC: Final = 3.0
_OBJECTS = "SELECT collection, objectid, ra, decl FROM objects"

Answer = Sequence[Any]
Place = tuple[float, float]


def centres(catalog: Path, count: int) -> list[Place]:
    """Return where to look: by turns anywhere, and an arcsecond or so from an object."""
    rng = random.Random(9)  # noqa: S311 (places in the sky)
    objects = _some_objects(catalog, count // 2, rng)
    anywhere = [
        (rng.uniform(0, 360), math.degrees(math.asin(rng.uniform(-1, 1)))) for _ in objects
    ]
    near = [_near(rng, *place) for place in objects]
    return [place for pair in zip(anywhere, near, strict=True) for place in pair]


def targets(catalog: Path) -> list[Place]:
    """Return positions to be matched: of objects, an arcsecond or so away."""
    rng = random.Random(5)  # noqa: S311 (places in the sky)
    return [_near(rng, *place) for place in _some_objects(catalog, TARGETS, rng)]


def _some_objects(catalog: Path, count: int, rng: random.Random) -> list[Place]:
    one = "SELECT ra, decl FROM objects WHERE rowid = ?"
    with closing(sqlite3.connect(f"{catalog.as_uri()}?mode=ro", uri=True)) as conn:
        (last,) = conn.execute("SELECT max(rowid) FROM objects").fetchone()
        return [conn.execute(one, (rng.randint(1, last),)).fetchone() for _ in range(count)]


def _near(rng: random.Random, ra: float, decl: float) -> Place:
    return (
        (ra + rng.gauss(0, 1) / 3600) % 360,
        max(-90.0, min(90.0, decl + rng.gauss(0, 1) / 3600)),
    )


def mirror(catalog: Path, kind: str) -> dict[str, object]:
    """Search as `lccmirror cone` and `lccmirror xmatch` do."""
    from lccmirror.positions import Target
    from lccmirror.query import open_readonly
    from lccmirror.query.sky import cone
    from lccmirror.query.xmatch import xmatch

    with open_readonly(catalog.parent) as opened:
        if kind == "xmatch":
            listed = [
                Target(str(at), ra, decl, at) for at, (ra, decl) in enumerate(targets(catalog))
            ]
            return _matched(lambda: list(xmatch(opened, listed, XMATCH_ARCSEC).rows))
        radius = RADII_ARCMIN[kind]
        return _searched(
            catalog, kind, lambda ra, decl: list(cone(opened, ra, decl, radius).rows)
        )


def tree(catalog: Path, kind: str) -> dict[str, object]:
    """Search with SciPy's `cKDTree`, everything in memory."""
    import numpy as np
    from scipy.spatial import cKDTree  # type: ignore[import-untyped]

    with closing(sqlite3.connect(f"{catalog.as_uri()}?mode=ro", uri=True)) as conn:
        rows = conn.execute(_OBJECTS).fetchall()
    points = unit_vectors(
        np.array([row[2] for row in rows]), np.array([row[3] for row in rows])
    )
    begin = time.perf_counter()
    kd = cKDTree(points)
    built = time.perf_counter() - begin

    def search(ra: float, decl: float) -> Answer:
        at = unit_vectors(ra, decl)
        found = kd.query_ball_point(at, chord)
        if not found:
            return []
        distances = np.linalg.norm(points[found] - at, axis=1)
        order = np.argsort(distances)
        arcsec = np.degrees(2 * np.arcsin(distances[order] / 2)) * 3600
        return [
            (*rows[found[place]], distance)
            for place, distance in zip(order.tolist(), arcsec.tolist(), strict=True)
        ]

    def match() -> Answer:
        ra, decl = np.array(listed).T
        distances, found = kd.query(unit_vectors(ra, decl), distance_upper_bound=chord)
        arcsec = np.degrees(2 * np.arcsin(np.minimum(distances, 2) / 2)) * 3600
        return [
            (str(at), *listed[at], *rows[place], distance)
            for at, (place, distance) in enumerate(
                zip(found.tolist(), arcsec.tolist(), strict=True)
            )
            if place < len(rows)
        ]

    if kind == "xmatch":
        chord = 2 * np.sin(np.radians(XMATCH_ARCSEC / 3600) / 2)
        listed = targets(catalog)
        return _matched(match) | {"build_s": built}
    chord = 2 * np.sin(np.radians(RADII_ARCMIN[kind] / 60) / 2)
    return _searched(catalog, kind, search) | {"build_s": built}


def unit_vectors(ra: Any, decl: Any) -> NDArray[np.float64]:
    """Return positions (degrees) as unit vectors, in the last axis."""
    import numpy as np

    turn, height = np.radians(ra), np.radians(decl)
    found: NDArray[np.float64] = np.stack(
        [np.cos(height) * np.cos(turn), np.cos(height) * np.sin(turn), np.sin(height)], -1
    )
    return found


def build_rtree(catalog: Path, target: Path) -> float:
    """Make an R*Tree of all positions in a file of its own; return the seconds it took."""
    with closing(sqlite3.connect(target, isolation_level=None)) as conn:
        conn.execute("ATTACH ? AS mirror", (f"file:{catalog}",))
        conn.execute("PRAGMA synchronous = OFF")
        conn.execute("PRAGMA cache_size = -200000")
        conn.execute("CREATE VIRTUAL TABLE places USING rtree (id, west, east, south, north)")
        begin = time.perf_counter()
        conn.execute("INSERT INTO places SELECT rowid, ra, ra, decl, decl FROM mirror.objects")
        return time.perf_counter() - begin


def rtree(catalog: Path, kind: str) -> dict[str, object]:
    """Search with SQLite's R*Tree, which `build_rtree` put beside the catalog."""
    from lccmirror.query.geometry import angular_distance_arcsec
    from lccmirror.query.xmatch import boxes_of

    inside = (
        "SELECT o.collection, o.objectid, o.ra, o.decl "
        "FROM places AS p CROSS JOIN mirror.objects AS o ON o.rowid = p.id "
        "WHERE p.east >= ? AND p.west <= ? AND p.north >= ? AND p.south <= ?"
    )
    radius = RADII_ARCMIN[kind]

    def search(ra: float, decl: float) -> Answer:
        found = []
        pieces = {box[1:5] for box in boxes_of(ra, decl, radius / 60 + 1e-9, 0)}
        for west, east, low, high in pieces:
            for row in conn.execute(inside, (west, east, low, high)):
                distance = angular_distance_arcsec(ra, decl, row[2], row[3])
                if distance <= radius * 60:
                    found.append((*row, distance))
        # An R*Tree has 32-bit numbers: what is at 0h may be in both pieces.
        return sorted(set(found), key=lambda row: row[4])

    with closing(sqlite3.connect(catalog.with_name("rtree.sqlite"))) as conn:
        conn.execute("ATTACH ? AS mirror", (str(catalog),))
        return _searched(catalog, kind, search)


def _searched(
    catalog: Path, kind: str, search: Callable[[float, float], Answer]
) -> dict[str, object]:
    """Time each search, after a round that warms the caches."""
    times: list[float] = []
    places = centres(catalog, SEARCHES[kind])
    answers: list[Answer] = []
    for turn in range(2):
        for ra, decl in places:
            begin = time.perf_counter()
            answer = search(ra, decl)
            if turn:
                times.append(time.perf_counter() - begin)
                answers.append(answer)
    times.sort()
    return {
        "seconds": statistics.median(times),
        "p99": times[len(times) * 99 // 100],
        "rows": sum(map(len, answers)),
        "digest": _digest(row[1] for answer in answers for row in sorted(answer)),
    }


def _matched(match: Callable[[], Answer]) -> dict[str, object]:
    """Time a cross-match some times over."""
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        answer = match()
        times.append(time.perf_counter() - begin)
    return {
        "seconds": statistics.median(times),
        "rows": len(answer),
        "digest": _digest(f"{row[0]} {row[4]}" for row in answer),
    }


def _digest(names: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


SIDES: Final[dict[str, Callable[[Path, str], dict[str, object]]]] = {
    "mirror": mirror,
    "tree": tree,
    "rtree": rtree,
}

if __name__ == "__main__":
    print(json.dumps(SIDES[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])))
