"""Who is told what, how often, and what becomes of messages that do not arrive."""

from __future__ import annotations

import json
import logging
import sqlite3
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lccmirror.config import Config, NotifyConfig, load_config
from lccmirror.config_values import SecretText
from lccmirror.daemon.announce import GIVEN_UP_AFTER, Announcer, Carrier, Delivered, Delivery
from lccmirror.daemon.by_webhook import Way
from lccmirror.daemon.deliver import deliver
from lccmirror.daemon.events import KeyTold, TaskEnded
from lccmirror.daemon.lookout import Lookout
from lccmirror.daemon.news import Gap, LowDisk
from lccmirror.daemon.undelivered import NotDelivered
from lccmirror.errors import ConfigError
from tests.support.catalog import fresh_catalog
from tests.support.scripted import Answer, ScriptedServer

HOUR = timedelta(hours=1)


class Hands(Carrier):
    """Brings at once, in the test's own thread, to a list; or fails as told."""

    def __init__(self) -> None:
        super().__init__()
        self.brought: list[dict[str, Any]] = []
        self.error: str | None = None
        self._over: list[Delivered] = []

    def send(self, delivery: Delivery) -> None:
        if self.error is None:
            self.brought.append(json.loads(delivery.content))
        self._over.append(Delivered(delivery, self.error))

    def done(self) -> list[Delivered]:
        found, self._over = self._over, []
        return found


class Desk:
    """An announcer with a catalog, a clock and hands of its own."""

    def __init__(self, config: Config, conn: sqlite3.Connection) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)
        self.config = config
        self.conn = conn
        self.hands = Hands()
        self.announcer = Announcer(conn, lambda: self.config, self.now, self.hands)
        self.lookout = Lookout(conn, Path("/"), self.now, self.announcer)

    def now(self) -> datetime:
        return self.time

    def after(self, span: timedelta) -> list[dict[str, Any]]:
        """Let time pass and a task end; return what was brought meanwhile."""
        self.time += span
        before = len(self.hands.brought)
        self.lookout(TaskEnded("datasets"))
        # What was brought is written down by the next look.
        self.announcer.flush()
        return self.hands.brought[before:]

    def kinds(self, span: timedelta = 2 * HOUR) -> list[str]:
        return [one["kind"] for one in self.after(span)]


def configured(folder: Path, told: str) -> Config:
    path = folder / "lccmirror.toml"
    path.write_text(
        '[server]\nurl = "https://lcc.example.org"\n[mirror]\nroot = "m"\nmin_free = 0\n' + told
    )
    return load_config(path)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    conn = fresh_catalog()
    yield Desk(configured(tmp_path, '[[notify]]\ncommand = ["/bin/true"]\n'), conn)
    conn.close()


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


# Commands and webhooks


def by_command(*words: str, limit_s: float = 30.0) -> NotifyConfig:
    return NotifyConfig(command=words, time_limit_s=limit_s)


def test_a_command_gets_the_json_on_its_standard_input(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = f"import sys; open({str(out)!r}, 'wb').write(sys.stdin.buffer.read())"
    deliver(by_command(sys.executable, "-c", code), b'{"a": "$(id); `id`"}')
    assert out.read_bytes() == b'{"a": "$(id); `id`"}'


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(NotDelivered, match="ended with 3: no mail today"):
        deliver(
            by_command(
                sys.executable,
                "-c",
                "import sys; print('no mail today', file=sys.stderr); sys.exit(3)",
            ),
            b"{}",
        )
    with pytest.raises(NotDelivered, match="cannot be started"):
        deliver(by_command("/nowhere/at/all"), b"{}")


def test_a_command_without_end_is_killed_with_its_children() -> None:
    # Its child has our pipe, too: it must not outlive its parent.
    wait = "import threading; threading.Event().wait()"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {wait!r}])"
    with pytest.raises(NotDelivered, match="took longer"):
        deliver(by_command(sys.executable, "-c", code, limit_s=0.3), b"{}")


def test_a_command_that_does_not_read_is_no_failure() -> None:
    deliver(by_command("/bin/true"), b"x" * 1_000_000)


def by_webhook(url: str, limit_s: float = 5.0) -> NotifyConfig:
    return NotifyConfig(url=SecretText(url), time_limit_s=limit_s)


SECRET = "/hooks/7f3a9c-secret"


def test_a_webhook_gets_the_json_by_post() -> None:
    with ScriptedServer((Answer(200, b"ok"),)) as server:
        deliver(by_webhook(server.url + SECRET), b'{"a": 1}')
        (request,) = server.requests
    assert (request.method, request.target) == ("POST", SECRET)
    assert request.headers["content-type"].startswith("application/json")
    assert request.body == b'{"a": 1}'


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (500, (), "answers 500"),
        (404, (), "answers 404"),
        (302, (("Location", "/elsewhere"),), "answers 302"),
        (307, (("Location", "http://127.0.0.2:9/hooks"),), "answers 307"),
        (307, (("Location", "http://127.0.0.1:9/hooks"),), "answers 307"),
    ],
)
def test_a_webhook_that_refuses_or_sends_elsewhere_has_failed(
    status: int, headers: tuple[tuple[str, str], ...], words: str
) -> None:
    with ScriptedServer((Answer(status, b"", headers=headers),)) as server:
        with pytest.raises(NotDelivered, match=words) as refused:
            deliver(by_webhook(server.url + SECRET), b"{}")
        assert len(server.requests) == 1
    assert "secret" not in str(refused.value)


def test_a_redirect_on_the_same_host_keeps_the_post() -> None:
    with ScriptedServer(
        (
            Answer(307, b"", headers=(("Location", "/other"),)),
            Answer(204, b""),
        )
    ) as server:
        deliver(by_webhook(server.url + SECRET), b"{}")
        assert [(one.method, one.target) for one in server.requests] == [
            ("POST", SECRET),
            ("POST", "/other"),
        ]


def test_no_message_and_no_log_has_a_webhook_s_address(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with ScriptedServer((Answer(500, b""),)) as server:
        gone = server.url
        one = by_webhook(gone + SECRET)
        assert "secret/" not in repr(one)
        assert SECRET not in repr(one)
        with pytest.raises(NotDelivered):
            deliver(one, b"{}")
    with pytest.raises(NotDelivered, match="cannot be reached") as refused:
        deliver(one, b"{}")
    said = capfd.readouterr()
    for text in (str(refused.value), caplog.text, said.out, said.err):
        assert SECRET not in text


def test_an_address_in_a_file_must_be_its_owner_s_alone(tmp_path: Path) -> None:
    file = tmp_path / "webhook"
    with ScriptedServer((Answer(200, b""),)) as server:
        file.write_text(f"{server.url}{SECRET}\n")
        file.chmod(0o644)
        with pytest.raises(NotDelivered, match="others can read"):
            deliver(NotifyConfig(url_file=file), b"{}")
        file.chmod(0o600)
        deliver(NotifyConfig(url_file=file), b"{}")
        assert len(server.requests) == 1


def test_the_carrier_never_makes_its_caller_wait() -> None:
    free = threading.Event()

    def bring(one: NotifyConfig, content: bytes, way: Way) -> None:
        assert free.wait(10)
        raise ValueError(SECRET)

    carrier = Carrier(bring)
    delivery = Delivery(by_command("/bin/true"), "a", "gap", (1,), 0, b"{}")
    carrier.send(delivery)
    assert carrier.done() == []
    free.set()
    carrier.close(10)
    assert carrier.done() == [Delivered(delivery, "ValueError")]


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
