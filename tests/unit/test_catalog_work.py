"""What is still to be done: nothing is forgotten, and failures wait longer and longer."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

from lccmirror.catalog import work
from lccmirror.catalog.work import DELAYS, WorkItem, add_work, done, postpone
from lccmirror.clock import to_text
from tests.support.catalog import add_dataset, fresh_catalog


def due(conn: sqlite3.Connection, now: datetime) -> list[WorkItem]:
    return list(work.due_work(conn, to_text(now)))


START = datetime(2026, 11, 23, tzinfo=UTC)


def test_delays_grow_up_to_a_day_and_stay_there() -> None:
    conn = fresh_catalog()
    add_dataset(conn, "a")
    now = START
    add_work(conn, "a", "new", to_text(now))
    waited = []
    for attempt in range(len(DELAYS) + 3):
        (item,) = due(conn, now)
        assert item.attempts == attempt
        until = postpone(conn, "a", f"error {attempt}", now)
        waited.append(until - now)
        assert due(conn, until - timedelta(microseconds=1)) == []
        now = until
    assert waited == sorted(waited)
    assert waited[0] <= timedelta(minutes=1)
    assert waited[-1] == timedelta(days=1)
    assert conn.execute("SELECT last_error FROM work").fetchone() == (
        f"error {len(DELAYS) + 2}",
    )
    conn.close()


def test_news_of_a_dataset_is_due_at_once() -> None:
    conn = fresh_catalog()
    add_dataset(conn, "a")
    add_work(conn, "a", "new", to_text(START))
    for _ in range(4):
        postpone(conn, "a", "error", START)
    assert due(conn, START) == []
    add_work(conn, "a", "changed", to_text(START))
    (item,) = due(conn, START)
    assert (item.reason, item.attempts) == ("changed", 0)
    conn.close()


def test_the_oldest_dataset_comes_first() -> None:
    conn = fresh_catalog()
    for setid, day in (("b", 2), ("c", 1), ("a", 2), ("d", 3)):
        add_dataset(conn, setid, f"2026-01-0{day}T00:00:00.000000Z")
        add_work(conn, setid, "new", to_text(START))
    assert [item.setid for item in due(conn, START)] == ["c", "a", "b", "d"]
    done(conn, "a")
    done(conn, "a")
    assert [item.setid for item in due(conn, START)] == ["c", "b", "d"]
    conn.close()


def test_more_than_are_read_at_once_each_come_once_while_they_change() -> None:
    conn = fresh_catalog()
    setids = [f"s{i:04}" for i in range(2 * work._AT_A_TIME + 3)]
    for setid in setids:
        add_dataset(conn, setid)
        add_work(conn, setid, "new", to_text(START))
    seen = []
    for item in work.due_work(conn, to_text(START)):
        seen.append(item.setid)
        if len(seen) % 2:
            done(conn, item.setid)
        else:
            postpone(conn, item.setid, "error", START)
    assert seen == setids
    conn.close()


def test_a_dataset_of_no_known_time_is_due_too() -> None:
    conn = fresh_catalog()
    add_dataset(conn, "a")
    conn.execute("UPDATE datasets SET created_on = NULL")
    add_work(conn, "a", "new", to_text(START))
    assert [item.setid for item in due(conn, START)] == ["a"]
    conn.close()
