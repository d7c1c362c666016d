"""Make a catalog of many objects, spread over the sky the way that makes searches go wrong.

    python -m benchmarks.make_objects CATALOG [COUNT]

Most are anywhere, many in survey fields, and some where the geometry has its edges: around
both poles, on either side of RA 0, in pairs a few arcseconds apart, and on the poles and
meridian themselves. They come in an order that has nothing to do with their places.

The schema and its indices are the mirror's own. Only the way in is shorter: no dataset is
made, and the sky index is made after the rows, so that its time can be told.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lccmirror.catalog.connection import close_writer, open_writer, transaction
from lccmirror.catalog.objects import object_column, zone_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Degrees = NDArray[np.float64]

OBJECTS = 5_000_000
COLLECTIONS = ("bench_north", "bench_south", "bench_deep")
_COLUMNS = (
    ("sdssr", "real"),
    ("jmag", "real"),
    ("kmag", "real"),
    ("propermotion", "real"),
    ("ndet", "integer"),
    ("network", "text"),
)
_BATCH = 100_000
_FIELDS = 40
_FIELD_WIDTH_DEG = 8.0
# Whatever else there is, these are in every catalog.
_EDGES = (
    *((0.0, decl) for decl in (-90.0, -45.0, 0.0, 45.0, 90.0)),
    *((359.999999999, decl) for decl in (-45.0, 0.0, 45.0)),
    *((180.0, decl) for decl in (-89.999999, 0.0, 89.999999)),
)
_SKY_INDEX = "SELECT sql FROM sqlite_master WHERE name = 'objects_sky'"
_PAGES = "SELECT sum(pgsize) FROM dbstat('main', 1) WHERE name = ?"


@dataclass(frozen=True, slots=True)
class Made:
    """What a catalog of objects took to make.

    Parameters
    ----------
    objects
        How many there are.
    rows_s, index_s
        Seconds for the rows, and for the sky index after them.
    table_bytes, index_bytes
        Pages of the table, and of the sky index (0 where SQLite cannot tell).
    """

    objects: int
    rows_s: float
    index_s: float
    table_bytes: int
    index_bytes: int


def positions(count: int, seed: int = 4) -> tuple[Degrees, Degrees]:
    """Return right ascensions and declinations (degrees) of `count` objects."""
    import numpy as np

    rng = np.random.default_rng(seed)
    special, polar = count // 50, count // 500
    edge_ra, edge_decl = np.array(_EDGES).T
    fields = count // 4
    anywhere = count - fields - 2 * special - 2 * polar - len(_EDGES)
    centres = _on_sphere(rng, _FIELDS)
    field = rng.integers(0, _FIELDS, fields)
    offsets = rng.uniform(-_FIELD_WIDTH_DEG / 2, _FIELD_WIDTH_DEG / 2, (2, fields))
    field_decl = np.clip(centres[1][field] + offsets[0], -89.9, 89.9)
    some_ra, some_decl = _on_sphere(rng, anywhere)
    near = rng.integers(0, anywhere, special)
    near_decl = np.clip(some_decl[near] + rng.normal(0, 3 / 3600, special), -90, 90)
    parts = [
        (some_ra, some_decl),
        (centres[0][field] + offsets[1] / np.cos(np.radians(field_decl)), field_decl),
        (rng.uniform(0, 360, polar), 90 - 2 * np.sqrt(rng.random(polar))),
        (rng.uniform(0, 360, polar), -90 + 2 * np.sqrt(rng.random(polar))),
        (rng.normal(0, 0.5, special), np.degrees(np.arcsin(rng.uniform(-1, 1, special)))),
        (some_ra[near] + rng.normal(0, 3 / 3600, special), near_decl),
        (edge_ra, edge_decl),
    ]
    # A small negative number modulo 360 is 360 itself.
    ra = np.concatenate([part[0] for part in parts]) % 360
    ra[ra >= 360] = 0
    decl = np.concatenate([part[1] for part in parts])
    order = rng.permutation(count)
    return ra[order], decl[order]


def _on_sphere(rng: np.random.Generator, count: int) -> tuple[Degrees, Degrees]:
    import numpy as np

    return rng.uniform(0, 360, count), np.degrees(np.arcsin(rng.uniform(-1, 1, count)))


def make_objects(path: Path, count: int = OBJECTS, seed: int = 4) -> Made:
    """Make a catalog of `count` objects at `path`."""
    ra, decl = positions(count, seed)
    conn = _opened(path)
    try:
        begin = time.perf_counter()
        with transaction(conn):
            (sky_index,) = conn.execute(_SKY_INDEX).fetchone()
            conn.execute("DROP INDEX objects_sky")
            _insert(conn, ra, decl)
        filled = time.perf_counter()
        conn.execute(sky_index)
        indexed = time.perf_counter()
        return Made(
            objects=count,
            rows_s=filled - begin,
            index_s=indexed - filled,
            table_bytes=_size(conn, "objects"),
            index_bytes=_size(conn, "objects_sky"),
        )
    finally:
        close_writer(conn)


def index_again(path: Path) -> float:
    """Take the sky index off a catalog, and make it anew; return the seconds of the latter."""
    conn = _opened(path)
    try:
        (sky_index,) = conn.execute(_SKY_INDEX).fetchone()
        conn.execute("DROP INDEX objects_sky")
        begin = time.perf_counter()
        conn.execute(sky_index)
        return time.perf_counter() - begin
    finally:
        close_writer(conn)


def _opened(path: Path) -> sqlite3.Connection:
    conn = open_writer(path)
    # Nobody needs this catalog after a power cut.
    conn.execute("PRAGMA synchronous = OFF")
    conn.execute("PRAGMA cache_size = -200000")
    return conn


def _insert(conn: sqlite3.Connection, ra: Degrees, decl: Degrees) -> None:
    names = [object_column(conn, name, kind) for name, kind in _COLUMNS]
    columns = ", ".join(["collection", "objectid", "ra", "decl", "zone", *map(str, names)])
    places = ", ".join("?" * (5 + len(names)))
    statement = f"INSERT INTO objects ({columns}) VALUES ({places})"
    for begin in range(0, len(ra), _BATCH):
        there = slice(begin, begin + _BATCH)
        conn.executemany(statement, _rows(begin, ra[there].tolist(), decl[there].tolist()))
    conn.execute("UPDATE counts SET n = ? WHERE name = 'objects'", (len(ra),))


def _rows(begin: int, ra: list[float], decl: list[float]) -> Iterator[tuple[Any, ...]]:
    for number, (one_ra, one_decl) in enumerate(zip(ra, decl, strict=True), start=begin):
        magnitude = 8 + number % 9973 / 1000
        yield (
            COLLECTIONS[number * len(COLLECTIONS) // OBJECTS % len(COLLECTIONS)],
            f"HAT-{number // 10_000:03d}-{number:07d}",
            one_ra,
            one_decl,
            zone_of(one_decl),
            magnitude,
            magnitude - 1.25,
            None if number % 31 == 0 else magnitude - 1.75,
            number % 977 / 10,
            number % 12_347,
            "HATNet",
        )


def _size(conn: sqlite3.Connection, name: str) -> int:
    try:
        found = conn.execute(_PAGES, (name,)).fetchone()
    except sqlite3.OperationalError:
        return 0  # this SQLite was built without dbstat
    return int(found[0] or 0)


if __name__ == "__main__":
    made = make_objects(Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else OBJECTS)
    with closing(sys.stdout):
        print(json.dumps(asdict(made)))
