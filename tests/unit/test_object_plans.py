"""What SQLite's planner makes of questions about single objects: it reads no large table."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from lccmirror.catalog import object_info, prune
from lccmirror.query import angles, object_names, objects, status
from tests.support.catalog import add_collection, fresh_catalog
from tests.support.sky import put_objects
from tests.unit.test_sky_plans import analyze, millions, nothing, optimize

KEY = {"collection": "field_a", "objectid": "o-1", "most": 5}
NOW = {"now": "2026", "older_than": "2026", "most": 5, "all": 0}
LARGE = {
    "objects",
    "o",
    "dataset_rows",
    "files",
    "f",
    "g",
    "object_info",
    "search_members",
    "m",
}

QUESTIONS: dict[str, tuple[str, Any]] = {
    "the centre of a cone": (angles._NAMED, KEY),
    "collections of a name": (object_names._COLLECTIONS, KEY),
    "names before it": (object_names._BEFORE, ("field_a", "o-1", 5)),
    "names behind it": (object_names._BEHIND, ("field_a", "o-1", 5)),
    "its row": (objects._ROW, ("field_a", "o-1")),
    "its datasets": (objects._DATASETS, KEY),
    "its searches": (objects._SEARCHES, KEY),
    "never asked": (object_info._NEXT, ("field_a", "o-1", 5)),
    "to ask again": (object_info._AGAIN, NOW),
    "damaged files": (object_info._DAMAGED, (5,)),
    "the latest failure": (status._OBJECT_ERROR, ()),
    "old versions": (prune._SUPERSEDED, ("2026",)),
}


@pytest.fixture(params=[nothing, analyze, optimize, millions])
def conn(request: pytest.FixtureRequest) -> Iterator[sqlite3.Connection]:
    statistics: Callable[[sqlite3.Connection], None] = request.param
    with closing(fresh_catalog()) as conn:
        for collection in ("field_a", "field_b"):
            add_collection(conn, collection)
            put_objects(conn, [(1.0, 2.0)] * 1000, collection)
        conn.execute(
            "INSERT INTO object_info (collection, objectid, state, asked_at) "
            "SELECT collection, objectid, 'ok', '' FROM objects"
        )
        statistics(conn)
        yield conn


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_about_an_object_reads_no_large_table(
    conn: sqlite3.Connection, question: str
) -> None:
    sql, given = QUESTIONS[question]
    plan = [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {sql}", given)]
    assert not [line for line in plan if "BLOOM" in line or "AUTOMATIC" in line], plan
    # An index of a few of the rows, or of all that are counted, may be read whole.
    scans = [
        line
        for line in plan
        if line.startswith("SCAN") and line.split()[1] in LARGE and "object_info_" not in line
    ]
    assert scans == [], plan
