"""Which copy of a light curve is the newest, whatever the order of coming and going."""

from __future__ import annotations

import sqlite3
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lccmirror.catalog.files import FileRow, put_file
from lccmirror.catalog.lightcurves import Entry, put_entries, remove_entries
from tests.support.catalog import NOW, add_dataset, fresh_catalog

OBJECTS = ("o1", "o2", "o3")
# A ZIP: day of its Last-Modified, day its dataset was created, whose light curves.
zips = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.integers(1, 3),
        st.sets(st.sampled_from(OBJECTS), min_size=1),
    ),
    min_size=1,
    max_size=5,
)


def path_of(number: int) -> str:
    return f"datasets/z{number}/lightcurves.zip"


def prepare(made: list[Any]) -> sqlite3.Connection:
    conn = fresh_catalog()
    for i, (_, created, _) in enumerate(made):
        add_dataset(conn, f"z{i}", f"2026-01-0{created}T00:00:00.000000Z")
    return conn


def put(conn: sqlite3.Connection, made: list[Any], number: int) -> None:
    modified, _, objects = made[number]
    put_file(
        conn,
        FileRow(
            path=path_of(number),
            setid=f"z{number}",
            kind="lczip",
            size=1,
            sha256="0",
            etag=None,
            last_modified=f"Thu, 0{modified} Jan 2026 00:00:00 GMT",
            fetched_at=NOW,
        ),
    )
    entries = [Entry("c", objectid, f"c-{objectid}", 1, 1) for objectid in sorted(objects)]
    assert put_entries(conn, f"z{number}", path_of(number), entries) == len(objects)


def expected(made: list[Any], there: set[int]) -> dict[str, str]:
    """The rule, written plainly."""
    best: dict[str, tuple[int, int, str]] = {}
    for i in there:
        modified, created, objects = made[i]
        for objectid in objects:
            rank = (modified, created, path_of(i))
            best[objectid] = max(best.get(objectid, rank), rank)
    return {objectid: rank[2] for objectid, rank in best.items()}


def check(conn: sqlite3.Connection, made: list[Any], there: set[int]) -> None:
    newest = conn.execute("SELECT objectid, path FROM lightcurves WHERE newest = 1").fetchall()
    assert len(newest) == len({objectid for objectid, _ in newest})
    assert dict(newest) == expected(made, there)
    counted = conn.execute("SELECT n FROM counts WHERE name = 'lightcurves'").fetchone()
    assert counted == conn.execute("SELECT count(*) FROM lightcurves").fetchone()


@settings(max_examples=80)
@given(zips, st.data())
def test_the_order_of_coming_and_going_makes_no_difference(
    made: list[Any], data: st.DataObject
) -> None:
    conn = prepare(made)
    try:
        there: set[int] = set()
        steps = st.lists(st.integers(0, len(made) - 1), min_size=1, max_size=10)
        for number in data.draw(steps):
            if number in there and data.draw(st.booleans()):
                remove_entries(conn, path_of(number))
                there.discard(number)
            else:
                put(conn, made, number)
                there.add(number)
            check(conn, made, there)
    finally:
        conn.close()


def test_an_object_that_is_twice_in_a_zip_is_there_once() -> None:
    conn = prepare([(1, 1, {"o1"})])
    put(conn, [(1, 1, {"o1"})], 0)
    twice = [Entry("c", "o1", "c-o1", 1, 1)] * 2
    assert put_entries(conn, "z0", path_of(0), twice) == 1
    check(conn, [(1, 1, {"o1"})], {0})
    conn.close()
