"""What came, went and changed, by any tables."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lccmirror.catalog import searches as catalog
from lccmirror.catalog.connection import transaction
from lccmirror.catalog.search_changes import differing, record_changes
from lccmirror.catalog.search_views import column_names, show_run
from tests.support.catalog import (
    NOW,
    add_collection,
    add_dataset,
    column,
    fresh_catalog,
    put_rows,
)

Table = dict[str, float | None]
TABLES = st.lists(
    st.dictionaries(
        st.sampled_from([f"o{number}" for number in range(8)]),
        st.sampled_from([None, 1.0, 2.0]),
        max_size=8,
    ),
    min_size=1,
    max_size=6,
)


class Catalog:
    """A catalog in which a search gets results as a test makes them up."""

    def __init__(self) -> None:
        self.conn: sqlite3.Connection = fresh_catalog()
        add_collection(self.conn, "alpha", {"mag": "f8", "remarks": "U9"})
        catalog.put_search(
            self.conn, "one", kind="xmatch", params="{}", schedule="", enabled=True, now=NOW
        )

    def result(
        self, *tables: list[list[Any]], names: tuple[str, ...] = ("mag",), removals: bool = True
    ) -> tuple[int, int, int, int]:
        """Give a run datasets with these rows, and compare it with the run before."""
        before = catalog.last_good_run(self.conn, "one")
        run = catalog.add_run(
            self.conn,
            "one",
            due=None,
            covers=1,
            params="{}",
            data="{}",
            deadline_s=1.0,
            now=NOW,
        )
        catalog.set_parts(self.conn, run.id, ["{}"] * len(tables))
        for part, rows in zip(catalog.parts_of(self.conn, run.id), tables, strict=True):
            setid = f"run{run.id}part{part.part}"
            catalog.update_part(self.conn, part, setid=setid, state="complete")
            add_dataset(self.conn, setid)
            self.conn.execute("UPDATE datasets SET values_from = 'both'")
            put_rows(
                self.conn,
                setid,
                [column(name, "U9" if name == "remarks" else "f8") for name in names],
                rows,
            )
        with transaction(self.conn):
            changes = record_changes(
                self.conn,
                "one",
                run.id,
                None if before is None else before.id,
                removals=removals,
            )
            show_run(self.conn, "one", run.id)
            catalog.update_run(self.conn, run.id, state="ok", finished=NOW)
        return changes.nobjects, changes.added, changes.removed, changes.changed

    def told(self) -> set[tuple[str, str]]:
        """Return the changes of the last run."""
        return set(
            self.conn.execute(
                "SELECT objectid, change FROM search_changes "
                "WHERE run_id = (SELECT max(id) FROM search_runs)"
            )
        )


def rows_of(table: Table) -> list[list[Any]]:
    return [["alpha", objectid, 1.0, 2.0, mag] for objectid, mag in table.items()]


@given(TABLES)
def test_changes_are_the_difference_of_two_results(tables: list[Table]) -> None:
    one = Catalog()
    before: Table = {}
    for table in tables:
        found = one.result(rows_of(table))
        added, removed = table.keys() - before.keys(), before.keys() - table.keys()
        changed = {key for key in table.keys() & before.keys() if table[key] != before[key]}
        assert found == (len(table), len(added), len(removed), len(changed))
        assert one.told() == (
            {(key, "added") for key in added}
            | {(key, "removed") for key in removed}
            | {(key, "changed") for key in changed}
        )
        before = table
    members = {key for (key,) in one.conn.execute("SELECT objectid FROM search_members")}
    assert members == before.keys()


@given(TABLES)
def test_without_removals_an_object_is_new_once(tables: list[Table]) -> None:
    one = Catalog()
    seen: set[str] = set()
    for table in tables:
        _, added, removed, _ = one.result(rows_of(table), removals=False)
        assert (added, removed) == (len(table.keys() - seen), 0)
        seen |= table.keys()


@given(TABLES)
def test_all_changes_added_up_are_the_result(tables: list[Table]) -> None:
    one = Catalog()
    for table in tables:
        one.result(rows_of(table))
    last = dict(
        one.conn.execute(
            "SELECT objectid, change FROM search_changes WHERE change <> 'changed' "
            "ORDER BY run_id"
        )
    )
    assert {key for key, change in last.items() if change == "added"} == tables[-1].keys()
    assert {row[0] for row in one.conn.execute("SELECT objectid FROM latest_one")} == (
        tables[-1].keys()
    )


def test_parts_are_compared_as_one() -> None:
    one = Catalog()
    assert one.result(rows_of({"a": 1.0}), rows_of({"b": 1.0})) == (2, 2, 0, 0)
    assert one.result(rows_of({"b": 1.0}), rows_of({"a": 1.0})) == (2, 0, 0, 0)
    assert one.result(rows_of({"b": 1.0, "a": 2.0})) == (2, 0, 0, 1)


def test_rows_of_one_object_have_no_order_and_count_once() -> None:
    one = Catalog()
    twice = [["alpha", "a", 1.0, 2.0, 5.0], ["alpha", "a", 1.0, 2.0, 6.0]]
    assert one.result(twice) == (1, 1, 0, 0)
    assert one.result(twice[::-1]) == (1, 0, 0, 0)
    assert one.result(twice[:1]) == (1, 0, 0, 1)


def test_a_searchs_own_columns_are_no_values_of_an_object() -> None:
    one = Catalog()
    one.result([["alpha", "a", 1.0, 2.0, 5.0, 0.1]], names=("mag", "relevance"))
    changed = one.result([["alpha", "a", 1.0, 2.0, 5.0, 0.2]], names=("mag", "relevance"))
    assert changed == (1, 0, 0, 0)
    # A column that only one of them has says nothing either; a position does.
    assert one.result([["alpha", "a", 1.0, 2.0, 5.0]]) == (1, 0, 0, 0)
    assert one.result([["alpha", "a", 1.5, 2.0, 5.0]]) == (1, 0, 0, 1)


def test_values_of_another_kind_of_file_are_not_compared() -> None:
    one = Catalog()
    one.result(rows_of({"a": 1.0}))
    one.conn.execute("UPDATE datasets SET values_from = 'csv'")
    add = one.result
    one.conn.execute(
        "CREATE TEMP TRIGGER only_new AFTER UPDATE OF values_from ON datasets "
        "WHEN new.setid = 'run1part1' AND new.values_from <> 'csv' BEGIN "
        "UPDATE datasets SET values_from = 'csv' WHERE setid = 'run1part1'; END"
    )
    assert add(rows_of({"a": 2.0})) == (1, 0, 0, 0)


def test_whole_numbers_and_reals_are_the_same_value() -> None:
    old = [(("alpha", "a"), [json.dumps({"mag": 13})])]
    new = [(("alpha", "a"), [json.dumps({"mag": 13.0})])]
    assert list(differing(old, new, lambda _: frozenset({"mag"}))) == []


def test_the_view_has_a_column_for_every_name_however_odd() -> None:
    one = Catalog()
    names = ("ra", "Mag", "mag", 'quo"te', "it's", "back\\slash", "a.b[0]", "naïve")
    values = [float(number) for number in range(len(names))]
    one.result([["alpha", "a", 1.0, 2.0, *values]], names=names)
    cursor = one.conn.execute("SELECT * FROM latest_one")
    shown = dict(zip([c[0] for c in cursor.description], cursor.fetchone(), strict=True))
    expected = ("c_ra", "Mag", "c_mag", 'quo"te', "it's", "back\\slash", "a.b[0]", "naïve")
    assert [shown[name] for name in expected] == values
    assert (shown["objectid"], shown["ra"], shown["row"]) == ("a", 1.0, 1)


def test_the_view_follows_rows_that_another_dataset_holds() -> None:
    one = Catalog()
    one.result(rows_of({"a": 1.0, "b": 2.0}))
    one.result(rows_of({"a": 1.0, "b": 2.0}))
    same = one.conn.execute("SELECT same_as FROM datasets WHERE setid = 'run2part1'")
    assert same.fetchone() == ("run1part1",)
    shown = one.conn.execute("SELECT setid, objectid, mag FROM latest_one").fetchall()
    assert shown == [("run2part1", "a", 1.0), ("run2part1", "b", 2.0)]
    # The holder's table is replaced: its rows go over to the other one.
    put_rows(one.conn, "run1part1", [column("mag")], rows_of({"z": 9.0}))
    assert one.conn.execute("SELECT setid, objectid, mag FROM latest_one").fetchall() == shown


def test_an_empty_result_keeps_the_columns() -> None:
    one = Catalog()
    one.result(rows_of({"a": 1.0}))
    one.result()
    assert one.conn.execute("SELECT objectid, mag FROM latest_one").fetchall() == []


def test_a_table_of_very_many_columns() -> None:
    names = [f"c{number}" for number in range(2500)]
    assert len(list(column_names(names))) == 1500
