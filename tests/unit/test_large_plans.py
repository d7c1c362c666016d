"""What SQLite's planner makes of what is asked all the time: it reads no large table.

With no statistics, with those of ``ANALYZE`` and of ``PRAGMA optimize``, and with numbers of a
catalog of millions: a plan that reads a large table whole takes minutes there.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from lccmirror.catalog import dataset_order, objects, prune, work
from lccmirror.daemon import lookout, numbers
from lccmirror.query import lightcurves, object_names, status
from lccmirror.sync import plan, recover, singles, verify_slice
from tests.support.catalog import NOW, add_collection, add_dataset, fresh_catalog
from tests.support.sky import put_objects
from tests.unit.test_sky_plans import analyze, millions, nothing, optimize

SETID = {"setid": "s1", "low": "2026", "high": "2027"}
DUE = {"now": NOW, "created_on": "2026", "setid": "s1", "most": 5, "limit": 5}
QUESTIONS: dict[str, tuple[str, Any]] = {
    "status: waiting": (status._WAITING, DUE),
    "status: tried": (status._TRIED, DUE),
    "status: not tried": (status._NOT_TRIED, DUE),
    "status: damaged": (status._UNSOUND, DUE),
    "status: the week": (status._WEEK, {"since": NOW}),
    "status: the latest failure": (status._OBJECT_ERROR, ()),
    "work: how much is due": (work._COUNT_DUE, DUE),
    "work: in order": (work._DUE, DUE),
    "work: one": (work._ITEM, ("s1", NOW)),
    "poll: one dataset": (f"{plan._CANDIDATE} WHERE d.setid = ?", ("s1",)),
    "poll: not settled": (plan._UNSETTLED, ("s1", 5)),
    "cycle: being replaced": (recover._BEING_REPLACED, ()),
    "cycle: damaged light curves": (singles._DAMAGED, DUE),
    "ingest: is it the newest": (dataset_order._LATER, SETID),
    "ingest: is one between": (dataset_order._BETWEEN, SETID),
    "ingest: its light curves": (dataset_order._CURVES, ("s1",)),
    "ingest: rows of objects": (objects._ROWS_OF_AFFECTED, ()),
    "daemon: damaged": (lookout._UNSOUND, ()),
    **{f"daemon: {name}": (sql, DUE) for name, sql in numbers._SINGLE.items()},
    **{f"daemon: {name}": (sql, DUE) for name, sql in numbers._LABELLED.items()},
    "verify: read the longest ago": (verify_slice._OLDEST_FIRST, {"tonight": NOW}),
    "verify: tonight's share": (verify_slice._SHARE, {"tonight": NOW}),
    "prune: of older runs": (prune._RUNS, (3,)),
    "lc: copies": (lightcurves._COPIES, {"objectid": "o", "collection": None}),
    "lc: why there is none": (lightcurves._WHY_MISSING, ("o",)),
    "lc: known all the same": (object_names.OF_OBJECTS, {"objectid": "o"}),
    "the newest datasets": (
        "SELECT setid FROM datasets ORDER BY created_on DESC, setid LIMIT 25",
        (),
    ),
}
# By the names that the statements give them. What is small: collections, searches and their
# runs, jobs, gaps, troubles, counts, what is worked on now ("affected", "found").
LARGE = {
    *("datasets", "d", "dataset_rows", "r", "files", "f", "g", "lightcurves", "l", "old"),
    *("objects", "o", "object_info", "missing_lightcurves", "m", "arrivals"),
}
# An index of few rows may be read from its beginning, and one in the order that is asked for
# until there are enough.
_MAY_BE_READ = re.compile(
    r"datasets_bad|object_info_failed|files_state|datasets_created_on|USING INDEX work_"
)


@pytest.fixture(scope="module", params=[nothing, analyze, optimize, millions])
def conn(request: pytest.FixtureRequest) -> Iterator[sqlite3.Connection]:
    statistics: Callable[[sqlite3.Connection], None] = request.param
    with closing(fresh_catalog()) as conn:
        add_collection(conn, "field_a")
        put_objects(conn, [(1.0, 2.0)] * 100, "field_a")
        for number in range(100):
            add_dataset(conn, f"s{number}", f"2026-01-01T00:00:{number:02}Z")
        conn.execute(
            "INSERT INTO files (path, setid, kind, size, sha256, fetched_at, state) "
            "SELECT setid, setid, 'lczip', 1, '', '2026', 'ok' FROM datasets"
        )
        work.add_work(conn, "s1", "new", NOW)
        objects.affected_table(conn)
        statistics(conn)
        yield conn


@pytest.mark.parametrize("question", QUESTIONS)
def test_it_reads_no_large_table(conn: sqlite3.Connection, question: str) -> None:
    sql, given = QUESTIONS[question]
    found = [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {sql}", given)]
    assert not [line for line in found if "BLOOM" in line or "AUTOMATIC" in line], found
    scans = [
        line
        for line in found
        if line.startswith("SCAN")
        and line.split()[1] in LARGE
        and not _MAY_BE_READ.search(line)
    ]
    assert scans == [], found
