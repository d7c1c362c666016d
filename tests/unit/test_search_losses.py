"""What is not in a result, and yet not lost: collections that were not searched."""

from __future__ import annotations

import sqlite3

from lccmirror.catalog import searches as catalog
from lccmirror.catalog.connection import transaction
from lccmirror.catalog.search_changes import record_changes
from lccmirror.sync.searches.losses import Losses, losses
from tests.support.catalog import NOW, add_collection, add_dataset, column, fresh_catalog
from tests.support.catalog import put_rows as put

PUBLIC, PRIVATE = "alpha", "nanosurvey"


class Catalog:
    """A catalog in which runs search collections and find objects there."""

    def __init__(self) -> None:
        self.conn: sqlite3.Connection = fresh_catalog()
        for name in (PUBLIC, PRIVATE):
            add_collection(self.conn, name, {"mag": "f8"})
        catalog.put_search(
            self.conn, "one", kind="ftsquery", params="{}", schedule="", enabled=True, now=NOW
        )

    def run(
        self, found: dict[str, str], *searched: str, params: str = "{}", matches: int = 0
    ) -> Losses:
        """Finish a run that found ``{object: collection}``; return what was lost."""
        before = catalog.last_good_run(self.conn, "one")
        run = catalog.add_run(
            self.conn, "one", due=None, covers=1, params=params, data="", deadline_s=1, now=NOW
        )
        catalog.set_parts(self.conn, run.id, ["{}"])
        [part] = catalog.parts_of(self.conn, run.id)
        setid = f"set{run.id}"
        catalog.update_part(
            self.conn,
            part,
            setid=setid,
            state="complete",
            total_nmatches=matches or len(found),
        )
        add_dataset(self.conn, setid)
        self.conn.executemany(
            "INSERT INTO dataset_collections VALUES (?, ?)",
            ((setid, name) for name in searched),
        )
        rows = [[where, name, 1.0, 2.0, 3.0] for name, where in found.items()]
        put(self.conn, setid, [column("mag")], rows)
        with transaction(self.conn):
            lost = losses(self.conn, run, before)
            earlier = None if before is None else before.id
            record_changes(self.conn, "one", run.id, earlier, removals=lost.any, kept=lost.kept)
            catalog.update_run(self.conn, run.id, state="ok", finished=NOW)
        return lost

    def told(self) -> dict[str, str]:
        """Return the changes of the last run."""
        return dict(
            self.conn.execute(
                "SELECT objectid, change FROM search_changes "
                "WHERE run_id = (SELECT max(id) FROM search_runs)"
            )
        )


def test_a_collection_that_is_not_searched_any_more_has_lost_nothing() -> None:
    # As when an account's key ends, and the search goes on under an anonymous one.
    here = Catalog()
    everything = {"a": PUBLIC, "b": PUBLIC, "p": PRIVATE}
    here.run(everything, PUBLIC, "nullosurvey")
    for found in ({"a": PUBLIC, "b": PUBLIC}, {"a": PUBLIC}):
        lost = here.run(found, PUBLIC)
        assert lost.kept == {PRIVATE}
        assert "did not search nanosurvey" in lost.remarks[0]
        assert "p" not in here.told()
    assert here.told() == {"b": "removed"}
    here.run(everything, PUBLIC, "nullosurvey")
    assert here.told() == {"b": "added"}


def test_searched_under_the_name_that_the_servers_json_damages() -> None:
    here = Catalog()
    here.run({"a": PUBLIC, "p": PRIVATE}, PUBLIC, "nullosurvey")
    doubted = here.run({"a": PUBLIC}, PUBLIC, "nullosurvey")
    assert "nothing matched in nanosurvey" in doubted.remarks[0]
    assert here.told() == {}
    assert here.run({"a": PUBLIC}, PUBLIC, "nullosurvey") == Losses(any=True)
    assert here.told() == {"p": "removed"}


def test_another_question_is_not_doubted() -> None:
    here = Catalog()
    here.run({"a": PUBLIC, "p": PRIVATE}, PUBLIC, PRIVATE)
    lost = here.run({"a": PUBLIC}, PUBLIC, params='{"collections":["alpha"]}')
    assert lost == Losses(any=True)
    assert here.told() == {"p": "removed"}


def test_a_result_cut_by_the_server_loses_nothing() -> None:
    here = Catalog()
    here.run({"a": PUBLIC, "b": PUBLIC}, PUBLIC)
    lost = here.run({"a": PUBLIC}, PUBLIC, matches=100_001)
    assert not lost.any
    assert "only 1 of 100,001 matches" in lost.remarks[0]
    assert here.told() == {}
