"""Announcements through restarts, wrong clocks and a full disk."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from lccmirror.daemon.announce import GIVEN_UP_AFTER, Announcer, Carrier
from lccmirror.daemon.by_webhook import Way
from lccmirror.daemon.events import KeyTold, NotWritten, TaskEnded
from lccmirror.daemon.news import Gap, LowDisk
from lccmirror.errors import MirrorLocked, NoRoom
from tests.support.announcing import HOUR, Desk, configured
from tests.support.catalog import fresh_catalog

DAY = timedelta(days=1)


@contextlib.contextmanager
def full(conn: sqlite3.Connection) -> Iterator[None]:
    """Let no write of the catalog succeed."""
    conn.execute("PRAGMA query_only = 1")
    try:
        yield
    finally:
        conn.execute("PRAGMA query_only = 0")


def run_of(conn: sqlite3.Connection, search: str, *, finished: bool = True) -> int:
    conn.execute(
        "INSERT OR IGNORE INTO searches (name, kind, params, schedule, enabled, first_seen) "
        "VALUES (?, 'columnsearch', '{}', '', 1, '')",
        (search,),
    )
    run = conn.execute(
        "INSERT INTO search_runs (search, started, state, added, removed, params, data, "
        "deadline_s) VALUES (?, '', 'running', 1, 0, '{}', '{}', 1)",
        (search,),
    ).lastrowid
    assert run is not None
    if finished:
        finish(conn, run)
    return run


def finish(conn: sqlite3.Connection, run: int) -> None:
    conn.execute("UPDATE search_runs SET state = 'ok', finished = '2026' WHERE id = ?", (run,))


def test_a_run_that_ends_after_later_ones_of_other_searches_is_told(desk: Desk) -> None:
    run_of(desk.conn, "slow")
    run_of(desk.conn, "quick")
    assert desk.after(2 * HOUR) == []
    slow = run_of(desk.conn, "slow", finished=False)
    run_of(desk.conn, "quick")
    (told,) = desk.after(2 * HOUR)
    assert [one["search"] for one in told["events"]] == ["quick"]
    finish(desk.conn, slow)
    (told,) = desk.after(2 * HOUR)
    assert [one["search"] for one in told["events"]] == ["slow"]
    assert desk.after(2 * HOUR) == []


def test_what_has_arrived_since_the_last_task_is_not_told_again_after_a_stop(
    desk: Desk,
) -> None:
    brought: list[bytes] = []

    def bring(one: object, content: bytes, way: Way) -> None:
        brought.append(content)

    announcer = Announcer(desk.conn, lambda: desk.config, desk.now, Carrier(bring))
    announcer.announce(Gap(None, None, "missed"))
    announcer.flush()
    # No task ends in between: this is the daemon's end.
    announcer.close(20)
    (message,) = brought
    assert message.endswith(b"}\n")
    assert message.count(b"\n") == 1
    assert desk.after(2 * HOUR) == []


def test_what_was_written_down_by_a_wrong_clock_silences_nobody(desk: Desk) -> None:
    right = desk.time
    desk.time = right + 3650 * DAY
    desk.hands.error = "nobody there"
    desk.announcer.announce(Gap(None, None, "in the future"))
    desk.after(HOUR)
    desk.time = right
    desk.hands.error = None
    assert desk.kinds() == ["gap"]


def test_what_was_not_tried_yet_is_not_given_up(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.announcer.announce(Gap(None, None, "before the machine was off for weeks"))
    assert desk.kinds(10 * GIVEN_UP_AFTER) == ["gap"]
    assert caplog.records == []


def test_a_message_that_is_sent_weekly_is_not_given_up_meanwhile(tmp_path: Path) -> None:
    told = '[[notify]]\nat_most_every = "7d"\ncommand = ["/bin/true"]\n'
    with contextlib.closing(fresh_catalog()) as conn:
        desk = Desk(configured(tmp_path, told), conn)
        desk.announcer.announce(Gap(None, None, "one"))
        assert desk.kinds() == ["gap"]
        desk.announcer.announce(Gap(None, None, "two"))
        for _ in range(6):
            assert desk.after(DAY) == []
        assert desk.kinds(DAY) == ["gap"]


def test_a_full_disk_is_told_at_once_and_once(desk: Desk) -> None:
    for _ in range(3):
        with full(desk.conn):
            desk.time += HOUR / 60
            desk.lookout(NotWritten(NoRoom("the catalog: no room on the disk")))
            desk.lookout(TaskEnded("datasets"))
    (told,) = desk.hands.brought
    assert told["kind"] == "low_disk"
    assert "no room on the disk" in told["events"][0]["message"]
    # There is room, and a day later again none.
    desk.after(DAY)
    desk.lookout(NotWritten(NoRoom("the catalog: no room on the disk")))
    assert len(desk.hands.brought) == 2


def test_only_a_full_disk_is_told_as_one(desk: Desk) -> None:
    desk.lookout(NotWritten(MirrorLocked("somebody writes")))
    assert desk.hands.brought == []


def test_a_key_s_event_that_could_not_be_written_down_is_told_later(desk: Desk) -> None:
    desk.lookout(KeyTold("account_expiring", "it ends tomorrow"))
    with full(desk.conn):
        desk.lookout(TaskEnded("datasets"))
    assert desk.hands.brought == []
    assert desk.kinds() == ["account_key"]


def test_what_arrived_while_the_disk_was_full_is_not_told_again(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk.announcer.announce(Gap(None, None, "missed"))
    desk.announcer.announce(LowDisk("little", 1))
    desk.announcer.flush()
    assert len(desk.hands.brought) == 2
    with full(desk.conn):
        desk.lookout(TaskEnded("datasets"))
    assert desk.after(2 * HOUR) == []
    # And both kinds can be told again.
    desk.announcer.announce(Gap(None, None, "more"))
    desk.announcer.announce(LowDisk("less", 1))
    assert sorted(desk.kinds()) == ["gap", "low_disk"]
