"""The SQL of docs/sky.md, run by the plain `sqlite3` module as anybody would."""

from __future__ import annotations

import math
import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lccmirror.positions import Target
from lccmirror.query import open_readonly
from lccmirror.query.sky import USUAL_COLUMNS, cone, cone_sql
from lccmirror.query.xmatch import xmatch
from tests.support.sky import make_sky

DOCUMENT = Path(__file__).parents[2] / "docs" / "sky.md"
COUNT = 3000


def statement(name: str) -> str:
    """Return a statement of the document."""
    text = DOCUMENT.read_text("utf-8")
    found = re.search(rf"```sql\n-- name: {name}\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def places(seed: int) -> list[tuple[float, float]]:
    """Return places anywhere, and many by the poles and 0h."""
    rng = random.Random(seed)
    anywhere = [
        (rng.uniform(0, 360), math.degrees(math.asin(rng.uniform(-1, 1)))) for _ in range(COUNT)
    ]
    poles = [
        (rng.uniform(0, 360), rng.choice((-1, 1)) * rng.uniform(88, 90)) for _ in range(300)
    ]
    midnight = [(rng.uniform(-1, 1) % 360, rng.uniform(-5, 5)) for _ in range(300)]
    return [*anywhere, *poles, *midnight, (0.0, 90.0), (0.0, -90.0), (0.0, 0.0)]


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sky")
    make_sky(root, {"field_a": places(1)})
    return root


@pytest.fixture
def plain(mirror: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(mirror / "catalog.sqlite")) as conn:
        yield conn


CONES = [
    *((ra, decl, radius) for ra, decl in places(2)[:40] for radius in (5.0, 600.0)),
    *((ra, decl, 30.0) for ra, decl in places(2)[COUNT::20]),
    (0, 90, 60),
    (123.4, -90, 120),
    (0, 0, 60),
    (359.999, 0.001, 45.5),
    (77, 12, 10_800),
]


def test_the_documented_cone_finds_what_ours_finds(
    mirror: Path, plain: sqlite3.Connection
) -> None:
    sql = statement("cone")
    found = 0
    with open_readonly(mirror) as catalog:
        for ra, decl, radius in CONES:
            given = {"ra": ra, "decl": decl, "radius_arcmin": radius}
            theirs = plain.execute(sql, given).fetchall()
            ours = list(cone(catalog, ra, decl, radius).rows)
            assert sorted(theirs) == sorted(ours)
            assert [row[4] for row in theirs] == [row[4] for row in ours]
            # Datasette gives the values of its form as texts.
            texts = {name: str(value) for name, value in given.items()}
            assert plain.execute(sql, texts).fetchall() == theirs
            found += len(theirs)
    assert found > 5 * len(CONES)


def test_the_documented_cone_is_the_statement_we_run() -> None:
    def words(sql: str) -> list[str]:
        return re.findall(r"\w+|[^\w\s]", sql)

    ours = cone_sql(USUAL_COLUMNS, only=False).replace('"', "").replace("LIMIT :limit", "")
    assert words(ours) == words(statement("cone"))


def test_the_documented_box_has_every_object_of_the_cone(
    mirror: Path, plain: sqlite3.Connection
) -> None:
    with open_readonly(mirror) as catalog:
        for ra, decl in ((100, 10), (200, -60), (45, 80)):
            radius = 2.0
            half = radius / math.cos(math.radians(abs(decl) + radius))
            box = {
                "first": math.floor((decl - radius + 90) * 6),
                "last": math.floor((decl + radius + 90) * 6),
                "west": ra - half,
                "east": ra + half,
                "south": decl - radius,
                "north": decl + radius,
            }
            inside = {row[1] for row in plain.execute(statement("box"), box)}
            wanted = {row[1] for row in cone(catalog, ra, decl, radius * 60).rows}
            assert wanted <= inside
            assert len(inside) <= 2 * len(wanted) + 5


def test_the_documented_cross_match_finds_what_ours_finds(
    mirror: Path, plain: sqlite3.Connection
) -> None:
    rng = random.Random(3)
    targets = [
        Target(f"t{at:04d}", (ra + rng.uniform(-1, 1) / 3600) % 360, decl, at)
        for at, (ra, decl) in enumerate(places(1))
        if at % 3 == 0 and abs(decl) < 89.8
    ]
    plain.execute("CREATE TEMP TABLE targets (name, ra, decl)")
    plain.executemany(
        "INSERT INTO targets VALUES (?, ?, ?)", [(t.objectid, t.ra, t.decl) for t in targets]
    )
    for radius in (3, 600):
        theirs = plain.execute(statement("match"), {"radius_arcsec": radius}).fetchall()
        with open_readonly(mirror) as catalog:
            rows = xmatch(
                catalog,
                targets,
                radius,
                nearest=False,
                columns=["collection", "objectid", "dist_arcsec"],
            ).rows
            ours = [(row[0], *row[3:]) for row in rows]
        assert len(theirs) >= len(targets)
        assert sorted(row[:3] for row in theirs) == sorted(row[:3] for row in ours)
        for one, other in zip(sorted(theirs), sorted(ours), strict=True):
            assert one[3] == pytest.approx(other[3], abs=1e-7)
