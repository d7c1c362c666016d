"""What SQLite's planner makes of the searches: it must go into the sky index each time.

After ANALYZE it may think of building a Bloom filter over the whole table, or of reading
the table by another index. Statistics of five million objects are put in its way as well as
those it takes itself.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from lccmirror.catalog.connection import CATALOG_NAME, close_writer, open_writer, transaction
from lccmirror.query import open_readonly
from lccmirror.query.sky import USUAL_COLUMNS, cone_sql
from lccmirror.query.xmatch import match_sql
from tests.support.sky import make_sky
from tests.unit.test_sky_docs import statement

PLACES = [(at * 0.36, at * 0.17 - 85) for at in range(1000)]
EVERY_COLUMN = (*USUAL_COLUMNS, "sdssr")

SEARCHES = {
    "cone": cone_sql(USUAL_COLUMNS, only=False),
    "cone of a collection": cone_sql(USUAL_COLUMNS, only=True),
    "cone of every column": cone_sql(EVERY_COLUMN, only=True),
    "cross-match": match_sql(USUAL_COLUMNS, only=False),
    "cross-match of a collection": match_sql(EVERY_COLUMN, only=True),
    "cone of the docs": statement("cone"),
    "box of the docs": statement("box"),
    "cross-match of the docs": statement("match"),
}
NAMES = (
    *("ra", "decl", "radius_arcmin", "radius_arcsec", "limit", "collections"),
    *("first", "last", "west", "east", "north", "south"),
)


def nothing(conn: sqlite3.Connection) -> None:
    """Leave the planner without statistics."""


def analyze(conn: sqlite3.Connection) -> None:
    conn.execute("ANALYZE")


def optimize(conn: sqlite3.Connection) -> None:
    conn.execute("PRAGMA optimize = 0x10002")


def millions(conn: sqlite3.Connection) -> None:
    """Say that there are five million objects, and only a few of anything else."""
    conn.execute("ANALYZE")
    conn.execute(
        "UPDATE sqlite_stat1 SET stat = '5000000 4630 1 1 1 1' WHERE idx = 'objects_sky'"
    )
    conn.execute(
        "UPDATE sqlite_stat1 SET stat = '5000000 2500000 1' "
        "WHERE idx = 'sqlite_autoindex_objects_1'"
    )
    conn.execute("INSERT INTO sqlite_stat1 VALUES ('targets', NULL, '5000')")
    conn.execute("ANALYZE sqlite_schema")


@pytest.fixture(params=[nothing, analyze, optimize, millions])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    make_sky(tmp_path, {"field_a": PLACES, "field_b": PLACES})
    conn = open_writer(tmp_path / CATALOG_NAME)
    try:
        with transaction(conn):
            conn.execute("ALTER TABLE objects ADD COLUMN sdssr REAL")
            # For the docs' cross-match, which joins a table of the user's.
            conn.execute("CREATE TABLE targets (name, ra, decl)")
        request.param(conn)
    finally:
        close_writer(conn)
    return tmp_path


NARROWED = (
    statement("cone")
    .replace("decl, dist", "decl, sdssr, dist")
    .replace("o.decl\n", "o.decl, o.sdssr\n")
    .replace("WHERE dist", "WHERE sdssr < 12 AND dist")
)


def test_a_condition_of_the_user_s_leaves_the_search_as_it_is(catalog: Path) -> None:
    with open_readonly(catalog) as opened:
        given = dict.fromkeys(NAMES, 0)
        plan = [
            row[3] for row in opened.connection.execute(f"EXPLAIN QUERY PLAN {NARROWED}", given)
        ]
    assert "SEARCH o USING INDEX objects_sky (zone=? AND ra>? AND ra<?)" in plan
    assert not [line for line in plan if "BLOOM" in line or line == "SCAN o"], plan


@pytest.mark.parametrize("search", SEARCHES)
def test_a_search_goes_into_the_sky_index(catalog: Path, search: str) -> None:
    sql = SEARCHES[search]
    with open_readonly(catalog) as opened:
        given = [0] * sql.count("?") if "?" in sql else dict.fromkeys(NAMES, 0)
        plan = [row[3] for row in opened.connection.execute(f"EXPLAIN QUERY PLAN {sql}", given)]
    # No other way to an object, and none twice.
    ways = [line for line in plan if line.split()[:2] in (["SEARCH", "o"], ["SCAN", "o"])]
    assert len(ways) == 1, plan
    assert "INDEX objects_sky (zone=? AND ra>? AND ra<?)" in ways[0]
    assert not [line for line in plan if "BLOOM" in line or "AUTOMATIC" in line], plan
    if "every" not in search and search != "cross-match of a collection":
        assert "COVERING INDEX" in ways[0]
