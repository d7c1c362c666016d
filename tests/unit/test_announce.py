"""Who is told what, how often, and what becomes of messages that do not arrive."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import pytest

from lccmirror.daemon.announce import GIVEN_UP_AFTER
from lccmirror.daemon.events import KeyTold
from lccmirror.daemon.news import Gap, LowDisk
from lccmirror.errors import ConfigError
from tests.support.announcing import HOUR, Desk, configured
from tests.support.catalog import fresh_catalog


def test_an_event_is_told_once(desk: Desk) -> None:
    desk.announcer.announce(Gap("b", "a", "datasets may have been missed"))
    (told,) = desk.after(HOUR)
    assert told["kind"] == "gap"
    assert told["server"] == "https://lcc.example.org"
    assert told["events"][0]["message"] == "datasets may have been missed"
    assert desk.after(24 * HOUR) == []


def test_what_happens_within_the_hour_is_told_together(desk: Desk) -> None:
    desk.announcer.announce(LowDisk("one", 1))
    assert desk.kinds() == ["low_disk"]
    for text in ("two", "three"):
        desk.announcer.announce(LowDisk(text, 1))
        assert desk.after(HOUR / 4) == []
    desk.announcer.announce(Gap(None, None, "of another kind"))
    assert desk.kinds(HOUR / 10) == ["gap"]
    (told,) = desk.after(HOUR)
    assert [one["message"] for one in told["events"]] == ["two", "three"]


def test_a_flood_is_cut_and_counted(desk: Desk) -> None:
    for number in range(130):
        desk.announcer.announce(LowDisk(str(number), 1))
    (told,) = desk.after(HOUR)
    assert len(told["events"]) == 100
    assert told["left_out"] == 30
    assert told["events"][-1]["message"] == "129"


def test_only_what_somebody_wants_is_told_them(tmp_path: Path) -> None:
    with fresh_catalog() as conn:
        told = '[[notify]]\nevents = ["gap"]\ncommand = ["/bin/true"]\n'
        desk = Desk(configured(tmp_path, told), conn)
        desk.announcer.announce(LowDisk("one", 1))
        desk.announcer.announce(Gap(None, None, "two"))
        assert desk.kinds() == ["gap"]
    conn.close()


def test_what_does_not_arrive_is_tried_again_and_logged_once(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk.hands.error = "the webhook answers 500"
    desk.announcer.announce(Gap(None, None, "missed"))
    for _ in range(4):
        assert desk.after(4 * HOUR) == []
    assert [one.message for one in caplog.records] == [
        "an announcement did not arrive: the webhook answers 500; it is tried again"
    ]
    desk.hands.error = None
    assert desk.kinds(4 * HOUR) == ["gap"]
    assert caplog.records[-1].message == "announcements arrive again"


def test_what_is_told_to_nobody_for_days_is_given_up(desk: Desk) -> None:
    desk.hands.error = "nobody there"
    desk.announcer.announce(Gap(None, None, "missed"))
    desk.after(HOUR)
    desk.after(GIVEN_UP_AFTER)
    desk.hands.error = None
    assert desk.after(4 * HOUR) == []


def test_a_restart_loses_nothing_and_tells_nothing_twice(desk: Desk) -> None:
    desk.announcer.announce(Gap(None, None, "told"))
    desk.after(HOUR)
    desk.announcer.announce(LowDisk("not yet told", 1))
    again = Desk(desk.config, desk.conn)
    again.time = desk.time
    assert again.kinds() == ["low_disk"]


# What the lookout finds


def add_run(conn: sqlite3.Connection, state: str, added: int | None = None) -> None:
    conn.execute(
        "INSERT OR IGNORE INTO searches (name, kind, params, schedule, enabled, first_seen) "
        "VALUES ('movers', 'columnsearch', '{}', '', 1, '')"
    )
    run = conn.execute(
        "INSERT INTO search_runs (search, started, finished, state, setid, added, removed, "
        "message, params, data, deadline_s) "
        "VALUES ('movers', '', '2026', ?, 's', ?, 0, 'no answer', '{}', '{}', 1)",
        (state, added),
    ).lastrowid
    if added:
        conn.execute(
            "INSERT INTO search_changes VALUES (?, 'movers', 'added', 'hatnet', 'HAT-1')",
            (run,),
        )


def test_new_objects_of_a_search_are_told_with_their_names(desk: Desk) -> None:
    add_run(desk.conn, "ok", 7)
    assert desk.after(2 * HOUR) == []  # the first run of a search has nothing to be new to
    add_run(desk.conn, "ok", 1)
    add_run(desk.conn, "ok", 0)
    (told,) = desk.after(2 * HOUR)
    (event,) = told["events"]
    assert (event["search"], event["added"], event["removed"]) == ("movers", 1, 0)
    assert event["objects"] == [
        {"change": "added", "collection": "hatnet", "objectid": "HAT-1"}
    ]
    assert desk.after(2 * HOUR) == []


def test_the_third_failure_in_a_row_is_told_and_told_anew_after_a_success(desk: Desk) -> None:
    for expected in ([], [], ["repeated_failure"], []):
        add_run(desk.conn, "failed")
        assert desk.kinds() == expected
    add_run(desk.conn, "ok", 0)
    assert desk.kinds() == []
    for expected in ([], [], ["repeated_failure"]):
        add_run(desk.conn, "gave_up")
        assert desk.kinds() == expected


def test_a_job_that_fails_and_a_server_gone_for_a_day_are_told(desk: Desk) -> None:
    desk.conn.execute(
        "INSERT INTO jobs (name, schedule, failures, last_message) VALUES ('tidy', '', 3, 'x')"
    )
    desk.conn.execute(
        "INSERT INTO jobs (name, schedule, failures, last_message) VALUES ('keys', '', 9, 'y')"
    )
    desk.conn.execute(
        "INSERT INTO troubles VALUES ('server', '2026-01-01T00:00:00Z', '', 'gone'), "
        "('job tidy', '2026-01-01T00:00:00Z', '', 'x')"
    )
    (told,) = desk.after(2 * HOUR)
    assert told["events"][0]["message"] == "the job tidy has failed 3 times in a row: x"
    (told,) = desk.after(24 * HOUR)
    assert told["events"][0]["message"] == "the way to the server has failed: gone"


def test_gaps_low_disk_and_damage_are_told_once_each(desk: Desk) -> None:
    desk.conn.execute("INSERT INTO gaps (detected, message) VALUES ('', 'a gap')")
    desk.conn.execute("INSERT INTO troubles VALUES ('room', '2026', '', 'no room')")
    desk.conn.execute(
        "INSERT INTO files (path, kind, size, sha256, fetched_at, state) "
        "VALUES ('a', 'csv', 1, '', '', 'damaged')"
    )
    assert sorted(desk.kinds()) == ["damage", "gap", "low_disk"]
    assert desk.kinds() == []
    desk.conn.execute("DELETE FROM troubles")
    desk.conn.execute("UPDATE files SET state = 'ok'")
    assert desk.kinds() == []
    desk.conn.execute("INSERT INTO troubles VALUES ('room', '2026', '', 'no room')")
    desk.conn.execute("UPDATE files SET state = 'missing'")
    assert sorted(desk.kinds()) == ["damage", "low_disk"]


def test_only_what_concerns_the_account_s_key_is_told(desk: Desk) -> None:
    desk.lookout(KeyTold("renewed", "routine"))
    desk.lookout(KeyTold("account_expiring", "the account's API key ends tomorrow"))
    (told,) = desk.after(HOUR)
    assert [one["state"] for one in told["events"]] == ["account_expiring"]


# Its configuration


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("[[notify]]\n", "name one of command, url and url_file"),
        ('[[notify]]\ncommand = ["/bin/true"]\nurl = "https://a.example"\n', "not more"),
        ('[[notify]]\ncommand = ["mail"]\n', "absolute path"),
        ('[[notify]]\nurl = "ftp://a.example/secret"\n', "https://"),
        ('[[notify]]\nurl = "https:///secret"\n', "has a host"),
        ('[[notify]]\ncommand = ["/bin/true"]\nevents = ["rain"]\n', "not one of"),
        ('[notify]\ncommand = ["/bin/true"]\n', r"\[\[notify\]\]"),
        ('[metrics]\ntextfile = "/var/lib/x.txt"\n', r"\*\.prom"),
        ("[metrics]\nport = 70000\n", "65535"),
        ("[prune]\nkeep_runs = 0\n", ">= 1"),
    ],
)
def test_a_mistake_is_found_and_no_address_is_shown(
    tmp_path: Path, told: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as refused:
        configured(tmp_path, told)
    assert "secret" not in str(refused.value)
