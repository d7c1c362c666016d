"""The `[select]` rules: which datasets are wanted, and why not."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from lccmirror.catalog.datasets import Seen
from lccmirror.catalog.work import postpone
from lccmirror.config import SelectConfig
from lccmirror.sync import plan
from lccmirror.sync.plan import Candidate, plan_again, plan_seen, refusal
from tests.support.catalog import NOW, add_dataset, fresh_catalog

ALL = SelectConfig()
ONE = Candidate(
    setid="abc",
    state="listed",
    query_type="sqlite_column_search",
    visibility="public",
    nobjects=100,
    created_on="2026-06-01T00:00:00.000000Z",
    collections=("hatnet_kepler", "other_field"),
)
MIDYEAR = datetime(2026, 6, 1, tzinfo=UTC)


def test_without_rules_everything_that_others_may_see_is_wanted() -> None:
    assert refusal(ALL, ONE) is None
    assert refusal(ALL, replace(ONE, visibility="unlisted")) is None
    for hidden in ("private", "shared"):
        assert "select.visibility" in str(refusal(ALL, replace(ONE, visibility=hidden)))


REFUSED = {
    "deny": changed(ALL, deny=("abc",)),
    "visibility": changed(ALL, visibility=("unlisted",)),
    "collections": changed(ALL, collections=("hatnet_lockman", "kepler")),
    "query_types": changed(ALL, query_types=("sqlite_kdtree_conesearch",)),
    "max_objects": changed(ALL, max_objects=99),
    "not_before": changed(ALL, not_before=MIDYEAR.replace(microsecond=1)),
}
WANTED = [
    changed(ALL, collections=("hatnet_*",)),
    changed(ALL, collections=("nothing", "other_field")),
    changed(ALL, collections=("hatnet-kepler",)),
    changed(ALL, query_types=("*column*",)),
    changed(ALL, max_objects=100),
    changed(ALL, not_before=MIDYEAR),
    changed(ALL, deny=("abcd", "ab")),
]


@pytest.mark.parametrize("rule", sorted(REFUSED))
def test_each_rule_refuses_and_says_so(rule: str) -> None:
    assert f"select.{rule}" in str(refusal(REFUSED[rule], ONE))


@pytest.mark.parametrize("select", WANTED)
def test_what_fits_the_rules_is_wanted(select: SelectConfig) -> None:
    assert refusal(select, ONE) is None


@pytest.mark.parametrize("rule", sorted(REFUSED))
def test_allow_is_stronger_than_all_but_deny_and_visibility(rule: str) -> None:
    why_not = refusal(changed(REFUSED[rule], allow=("abc",)), ONE)
    assert (why_not is not None) == (rule in ("deny", "visibility"))


def test_what_the_server_does_not_say_is_no_reason_to_refuse() -> None:
    silent = replace(ONE, nobjects=None, created_on=None, visibility=None)
    select = changed(ALL, max_objects=1, not_before=MIDYEAR.replace(year=2030))
    assert refusal(select, silent) is None


@given(st.sets(st.sampled_from(sorted(REFUSED)), min_size=1))
def test_rules_together_refuse_what_any_of_them_does(rules: set[str]) -> None:
    field = {rule: getattr(REFUSED[rule], rule) for rule in rules}
    assert refusal(changed(ALL, **field), ONE) is not None


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    with closing(fresh_catalog()) as conn:
        add_dataset(conn, "abc")
        conn.execute("UPDATE datasets SET nobjects = 100, visibility = 'public'")
        yield conn


def work(conn: sqlite3.Connection) -> list[tuple[str, str]]:
    return conn.execute("SELECT setid, reason FROM work").fetchall()


def state(conn: sqlite3.Connection) -> tuple[str, str | None]:
    found: tuple[str, str | None] = conn.execute(
        "SELECT state, reason FROM datasets"
    ).fetchone()
    return found


SMALL = changed(ALL, max_objects=10)


def test_what_is_wanted_is_put_to_work(conn: sqlite3.Connection) -> None:
    plan_seen(conn, ALL, "abc", Seen.NEW, NOW)
    assert work(conn) == [("abc", "new")]


def test_what_is_not_wanted_is_skipped_with_the_reason(conn: sqlite3.Connection) -> None:
    plan_seen(conn, SMALL, "abc", Seen.NEW, NOW)
    assert work(conn) == []
    skipped, reason = state(conn)
    assert skipped == "skipped"
    assert "100 objects" in str(reason)


@pytest.mark.parametrize("there", ["mirrored", "partial"])
def test_what_is_here_stays_so_when_it_is_wanted_no_longer(
    conn: sqlite3.Connection, there: str
) -> None:
    conn.execute("UPDATE datasets SET state = ?", (there,))
    plan_seen(conn, SMALL, "abc", Seen.CHANGED, NOW)
    assert work(conn) == []
    assert state(conn)[0] == there
    plan_again(conn, ALL, NOW)
    assert work(conn) == []


def test_wider_rules_bring_back_what_was_skipped(conn: sqlite3.Connection) -> None:
    plan_seen(conn, SMALL, "abc", Seen.NEW, NOW)
    assert plan_again(conn, ALL, NOW)
    assert work(conn) == [("abc", "selected")]
    assert state(conn)[0] == "listed"


@pytest.mark.parametrize("at_a_time", [1, 2, 500])
def test_other_rules_are_applied_to_every_dataset(
    conn: sqlite3.Connection, at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "_AT_A_TIME", at_a_time)
    for setid in "dcba":
        add_dataset(conn, setid)
        plan_seen(conn, SelectConfig(deny=("a", "b", "c", "d")), setid, Seen.NEW, NOW)
    plan_again(conn, ALL, NOW)
    assert [setid for setid, _ in work(conn)] == ["a", "b", "c", "d"]
    plan_again(conn, SelectConfig(deny=("b", "c")), NOW)
    assert [setid for setid, _ in work(conn)] == ["a", "d"]


def test_narrower_rules_take_back_what_was_not_done(conn: sqlite3.Connection) -> None:
    plan_seen(conn, ALL, "abc", Seen.NEW, NOW)
    plan_again(conn, SMALL, NOW)
    assert work(conn) == []
    assert state(conn)[0] == "skipped"


def test_the_same_rules_again_do_nothing(conn: sqlite3.Connection) -> None:
    plan_seen(conn, ALL, "abc", Seen.NEW, NOW)
    assert plan_again(conn, ALL, NOW)
    postpone(conn, "abc", "error", MIDYEAR)
    before = conn.execute("SELECT * FROM work").fetchall()
    assert not plan_again(conn, SelectConfig(), NOW)
    assert conn.execute("SELECT * FROM work").fetchall() == before
