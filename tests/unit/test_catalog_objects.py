"""`objects`: the newest value of every column, whatever the order of ingest."""

from __future__ import annotations

import dataclasses
import itertools
import math
import sqlite3
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lccmirror.catalog import objects
from lccmirror.catalog.connection import transaction
from lccmirror.catalog.datasets import record_listed
from lccmirror.catalog.objects import refresh_collection, zone_of
from lccmirror.catalog.search_views import show_run
from lccmirror.formats.columns import typed
from lccmirror.server import DatasetSummary
from tests.support.catalog import add_collection, add_dataset, column, fresh_catalog, put_rows

COLUMNS = {"sdssr": "f8", "ndet": "i8", "starname": "U20"}


def rows_of_objects(conn: sqlite3.Connection) -> list[dict[str, Any]]:
    cursor = conn.execute("SELECT * FROM objects ORDER BY collection, objectid")
    names = [one[0] for one in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def count(conn: sqlite3.Connection, name: str) -> int:
    kept: int = conn.execute("SELECT n FROM counts WHERE name = ?", (name,)).fetchone()[0]
    real: int = conn.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
    assert kept == real
    return kept


tables = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.lists(st.sampled_from(sorted(COLUMNS)), unique=True),
        st.dictionaries(
            st.sampled_from(["o1", "o2", "o3"]), st.one_of(st.none(), st.integers(0, 9))
        ),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one[0],
)


def expected(made: list[Any], order: tuple[int, ...]) -> dict[str, dict[str, Any]]:
    """The rule, written plainly: later `created_on` wins, column by column."""
    by_age = sorted(order, key=lambda i: (f"2026-01-0{i % 2 + 1}", made[i][0]))
    found: dict[str, dict[str, Any]] = {}
    for i in by_age:
        _, names, objects = made[i]
        for objectid, value in objects.items():
            found.setdefault(objectid, {}).update(dict.fromkeys(names, value))
    return found


@settings(max_examples=60)
@given(tables, st.data())
def test_the_order_of_ingest_makes_no_difference(made: list[Any], data: st.DataObject) -> None:
    order = tuple(data.draw(st.permutations(range(len(made)))))
    conn = fresh_catalog()
    add_collection(conn, "k", COLUMNS)
    # Two datasets may be made in the same instant: then the setid decides.
    for i, (setid, _, _) in enumerate(made):
        add_dataset(conn, f"s-{setid}", f"2026-01-0{i % 2 + 1}T00:00:00.000000Z")
    for i in order:
        setid, names, objects = made[i]
        put_rows(
            conn,
            f"s-{setid}",
            [column(name, COLUMNS[name]) for name in names],
            [
                ("k", objectid, 1.0, 2.0, *(value for _ in names))
                for objectid, value in objects.items()
            ],
        )
    wanted = expected(made, order)
    found = {row["objectid"]: row for row in rows_of_objects(conn)}
    assert found.keys() == wanted.keys()
    for objectid, values in wanted.items():
        for name, value in values.items():
            stored = found[objectid][name]
            assert stored == (str(value) if name == "starname" and value is not None else value)
    count(conn, "objects")
    count(conn, "dataset_rows")
    conn.close()


def test_a_null_in_the_newest_dataset_counts_and_an_absent_column_does_not() -> None:
    conn = fresh_catalog()
    add_collection(conn, "k", COLUMNS)
    add_dataset(conn, "old", "2026-01-01")
    add_dataset(conn, "new", "2026-01-02")
    put_rows(
        conn, "old", [column("sdssr"), column("ndet", "i8")], [("k", "o", 1.0, 2.0, 12.5, 7)]
    )
    put_rows(conn, "new", [column("sdssr")], [("k", "o", 1.0, 2.0, None)])
    assert rows_of_objects(conn)[0] == {
        "collection": "k",
        "objectid": "o",
        "ra": 1.0,
        "decl": 2.0,
        "zone": 552,
        "sdssr": None,
        "ndet": 7,
    }


def test_what_a_search_adds_is_no_column_of_an_object() -> None:
    conn = fresh_catalog()
    add_collection(conn, "k", {"sdssr": "f8", "owner": "i8"})
    add_dataset(conn, "s")
    put_rows(
        conn,
        "s",
        [column("dist_arcsec"), column("in_objectid", "U9"), column("owner", "i8")],
        [("k", "o", 1.0, 2.0, 0.5, "x", 2)],
    )
    assert set(rows_of_objects(conn)[0]) == {"collection", "objectid", "ra", "decl", "zone"}


def test_colliding_names_get_a_prefix() -> None:
    conn = fresh_catalog()
    add_collection(conn, "k", {"ra": "f8", "Teff": "f8", "teff": "f8", "name; --": "U5"})
    add_dataset(conn, "s")
    columns = [column("ra"), column("Teff"), column("teff"), column("name; --", "U5")]
    put_rows(conn, "s", columns, [("k", "o", 1.0, 2.0, 3.0, 4.0, 5.0, "x")])
    row = rows_of_objects(conn)[0]
    assert (row["ra"], row["c_ra"], row["Teff"], row["c_teff"]) == (1.0, 3.0, 4.0, 5.0)
    assert row["name; --"] == "x"


def test_a_name_as_long_as_a_book_stays_in_the_rows() -> None:
    conn = fresh_catalog()
    long = "x" * 100_000
    add_collection(conn, "k", {long: "f8", "short": "f8"})
    add_dataset(conn, "s")
    put_rows(conn, "s", [column(long), column("short")], [("k", "o", 1.0, 2.0, 3.0, 4.0)])
    assert rows_of_objects(conn)[0]["short"] == 4.0
    conn.execute(
        "INSERT INTO searches (name, kind, params, schedule, enabled, first_seen) "
        "VALUES ('night', 'ftsquery', '{}', 'daily', 1, '')"
    )
    conn.execute(
        "INSERT INTO search_runs (id, search, started, state, params, data, deadline_s) "
        "VALUES (1, 'night', '2026-01-01', 'ok', '{}', '{}', 1)"
    )
    conn.execute(
        "INSERT INTO search_run_sets (run_id, part, setid, state) "
        "VALUES (1, 1, 's', 'complete')"
    )
    show_run(conn, "night", 1)
    found = conn.execute("SELECT short, c_data ->> ? FROM latest_night", (f'$."{long}"',))
    assert found.fetchall() == [(4.0, 3.0)]
    schema = conn.execute("SELECT sum(length(sql)) FROM sqlite_master").fetchone()[0]
    assert schema < 100_000


def test_text_of_one_collection_is_not_turned_into_numbers_by_another() -> None:
    conn = fresh_catalog()
    add_collection(conn, "numbers", {"tag": "i8"})
    add_collection(conn, "words", {"tag": "U9"})
    add_dataset(conn, "s1", "2026-01-01")
    add_dataset(conn, "s2", "2026-01-02")
    put_rows(conn, "s1", [column("tag", "i8")], [("numbers", "o", 1.0, 2.0, 7)])
    put_rows(conn, "s2", [column("tag", "U9")], [("words", "o", 1.0, 2.0, "007")])
    numbers, words = rows_of_objects(conn)
    assert (numbers["tag"], words["c_tag"]) == (7, "007")


def test_replacing_a_table_takes_its_values_away_again() -> None:
    conn = fresh_catalog()
    add_collection(conn, "k", COLUMNS)
    add_dataset(conn, "s1", "2026-01-01")
    add_dataset(conn, "s2", "2026-01-02")
    put_rows(conn, "s1", [column("ndet", "i8")], [("k", "o", 1.0, 2.0, 1)])
    put_rows(conn, "s2", [column("ndet", "i8")], [("k", "o", 1.0, 2.0, 2), ("k", "p", 1, 2, 3)])
    put_rows(conn, "s2", [column("ndet", "i8")], [("k", "q", 1.0, 2.0, 4)])
    assert [(row["objectid"], row["ndet"]) for row in rows_of_objects(conn)] == [
        ("o", 1),
        ("q", 4),
    ]
    assert count(conn, "objects") == 2


@pytest.mark.parametrize("shared", [False, True], ids=["its own rows", "another's rows"])
def test_a_dataset_that_is_told_to_be_older_counts_as_older(*, shared: bool) -> None:
    conn = fresh_catalog()
    add_collection(conn, "k", COLUMNS)
    tables = {"s1": 1, "s2": 2, "s3": 1 if shared else 3}
    for setid, value in tables.items():
        add_dataset(conn, setid, f"2026-01-0{setid[1]}T00:00:00.000000Z")
        put_rows(conn, setid, [column("ndet", "i8")], [("k", "o", 1.0, 2.0, value)])
    assert rows_of_objects(conn)[0]["ndet"] == tables["s3"]
    for created_on, wanted in {
        "2026-01-01T12:00:00.000000": tables["s2"],
        "2026-01-09T00:00:00.000000": tables["s3"],
        None: tables["s2"],
    }.items():
        with transaction(conn):
            record_listed(conn, listed("s3", created_on), f"later {created_on}")
        assert rows_of_objects(conn)[0]["ndet"] == wanted, created_on
    assert count(conn, "objects") == 1
    conn.close()


def test_of_datasets_without_a_time_the_setid_decides() -> None:
    conn = fresh_catalog()
    add_collection(conn, "k", COLUMNS)
    for setid in ("s2", "s1"):
        add_dataset(conn, setid)
        conn.execute("UPDATE datasets SET created_on = NULL")
        put_rows(conn, setid, [column("ndet", "i8")], [("k", "o", 1.0, 2.0, int(setid[1]))])
    assert rows_of_objects(conn)[0]["ndet"] == 2
    conn.close()


def listed(setid: str, created_on: str | None) -> DatasetSummary:
    unsaid = {one.name: None for one in dataclasses.fields(DatasetSummary)}
    said = {"setid": setid, "created_on": created_on, "queried_collections": ()}
    return DatasetSummary(**{**unsaid, **said, "last_updated": f"then {created_on}"})  # type: ignore[arg-type]


def test_numbers_that_no_column_can_hold_do_not_stop_the_ingest() -> None:
    conn = fresh_catalog()
    add_collection(conn, "k", {"big": "i8", "odd": "f8", "inner": "U9"})
    add_dataset(conn, "s")
    columns = [column("big", "i8"), column("odd"), column("inner", "U9")]
    infinite = typed("1e999", "real")  # as a CSV may have it; JSON has no such number
    put_rows(conn, "s", columns, [("k", "o", 1.0, float("nan"), 2**70, infinite, ["x"])])
    row = rows_of_objects(conn)[0]
    assert (row["decl"], row["zone"], row["odd"]) == (None, None, None)
    assert (row["big"], row["inner"]) == (float(2**70), '["x"]')


def test_zones_are_ten_arcminutes_high() -> None:
    assert [zone_of(decl) for decl in (-90.0, -89.84, 0.0, 89.99, 90.0)] == [
        0,
        0,
        540,
        1079,
        1080,
    ]
    edges = [zone_of(-90 + i / 6 + 1e-9) for i in range(1080)]
    assert all(b - a == 1 for a, b in itertools.pairwise(z for z in edges if z is not None))


def test_a_right_ascension_beyond_the_circle_is_where_cones_look_for_it() -> None:
    conn = fresh_catalog()
    add_collection(conn, "k", {"x": "f8"})
    add_dataset(conn, "s")
    rows = [("k", f"o{ra}", ra, 1.0, 1.0) for ra in (-0.25, 0.0, 360.0, 360.5, -1e-15)]
    put_rows(conn, "s", [column("x")], rows)
    found = {row["objectid"]: row["ra"] for row in rows_of_objects(conn)}
    assert found == {
        "o-0.25": 359.75,
        "o0.0": 0.0,
        "o360.0": 360.0,
        "o360.5": 0.5,
        "o-1e-15": 360.0,
    }
    published = conn.execute("SELECT ra FROM dataset_rows ORDER BY row").fetchall()
    assert [ra for (ra,) in published] == [row[2] for row in rows]


@pytest.mark.parametrize("decl", [90.1, -90.1, 1e300, -1e308, math.inf, math.nan, None])
def test_what_is_no_declination_has_no_zone(decl: float | None) -> None:
    assert zone_of(decl) is None


@pytest.mark.parametrize("name", ["rowid", "oid", "_ROWID_"])
def test_a_column_with_a_name_that_sqlite_has_for_itself(name: str) -> None:
    conn = fresh_catalog()
    add_collection(conn, "k", {name: "U9"})
    for setid in ("s1", "s2"):
        add_dataset(conn, setid)
        put_rows(conn, setid, [column(name, "U9")], [("k", setid, 1.0, 2.0, "zz")])
    assert [row[f"c_{name}"] for row in rows_of_objects(conn)] == ["zz", "zz"]
    assert count(conn, "objects") == 2
    conn.close()


@pytest.mark.parametrize("at_a_time", [1, 7, 10_000])
def test_columns_described_later_are_worked_out_for_all_objects(
    at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "_AT_A_TIME", at_a_time)
    conn = fresh_catalog()
    add_collection(conn, "k", {"ndet": "i8"})
    add_collection(conn, "other", {"ndet": "i8"})
    add_dataset(conn, "old", "2026-01-01")
    add_dataset(conn, "new", "2026-01-02")
    both = [column("sdssr"), column("ndet", "i8")]
    names = string.ascii_lowercase
    put_rows(conn, "old", both, [("k", name, 1.0, 2.0, 12.5, 7) for name in names])
    put_rows(conn, "new", both, [("k", "c", 1, 2, 13.5, 8), ("other", "c", 1, 2, 14.5, 9)])
    assert "sdssr" not in rows_of_objects(conn)[0]
    conn.execute(
        "INSERT INTO columns (collection, name, position, first_seen, last_seen) "
        "VALUES ('k', 'sdssr', 2, '', '')"
    )
    refresh_collection(conn, "k", {"sdssr"})
    found = {
        (row["collection"], row["objectid"]): (row["sdssr"], row["ndet"])
        for row in rows_of_objects(conn)
    }
    assert found.pop(("k", "c")) == (13.5, 8)
    assert found.pop(("other", "c")) == (None, 9)
    assert found == {("k", name): (12.5, 7) for name in names if name != "c"}
    assert count(conn, "objects") == 27
    conn.close()


def test_columns_without_end_may_be_described_later() -> None:
    conn = fresh_catalog()
    refresh_collection(conn, "k", {f"c{number}" for number in range(300_000)})
