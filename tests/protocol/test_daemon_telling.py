"""What a daemon finds out is told, by `[[notify]]`, from the server to the webhook."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lccmirror.catalog.log import record_gap
from lccmirror.clock import to_text
from lccmirror.daemon.events import TaskEnded
from lccmirror.daemon.hold import Environs, hold_mirror
from lccmirror.daemon.protocol import Verify
from lccmirror.daemon.pulse import Pulse, Stop
from lccmirror.daemon.watching import watchers
from tests.support.catalog_changes import ChangingCatalogs
from tests.support.daemon import DaemonSite
from tests.support.daemon_process import until
from tests.support.scripted import Answer, Received, ScriptedServer
from tests.support.site import Site

BRIGHT = """
[[search]]
name = "bright"
kind = "columnsearch"
filters = "sdssr < 13.5"
every = "2h"
"""


class Webhook(ScriptedServer):
    """Keeps what is told."""

    def __init__(self) -> None:
        super().__init__(self._take)

    def _take(self, request: Received) -> Answer:
        return Answer(200)

    def told(self, count: int) -> list[dict[str, Any]]:
        """Wait until so many messages have come; return their only events."""
        until(lambda: len(self.requests) >= count)
        messages = [json.loads(one.body) for one in self.requests]
        assert len(messages) == count, messages
        assert all(len(one["events"]) == 1 for one in messages)
        return [one["events"][0] for one in messages]


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as webhook:
        yield webhook


def telling(site: Site, webhook: Webhook, settings: str = "", searches: str = "") -> None:
    """Have the webhook told of everything, at once."""
    site.configure(
        f'{settings}\n[[notify]]\nurl = "{webhook.url}/hook"\nat_most_every = "0s"\n{searches}'
    )


def test_new_and_lost_objects_of_a_search_are_told(tmp_path: Path, webhook: Webhook) -> None:
    with Site(tmp_path) as site, DaemonSite(site) as daemon:
        telling(site, webhook, searches=BRIGHT)
        catalogs = ChangingCatalogs(site)
        daemon.at(1, lambda: catalogs.add("demo_field_a", 77, 290.5, 45.5, sdssr=11.0))
        daemon.at(3, lambda: catalogs.remove("demo_field_b", 8))
        daemon.start().run(3.5)
        (came,) = webhook.told(1)
        assert (came["kind"], came["search"]) == ("search_changed", "bright")
        (added,) = came["objects"]
        assert (added["change"], added["collection"]) == ("added", "demo_field_a")
        assert added["objectid"].endswith("-0000077")
        daemon.run(8.5)
        (_, went) = webhook.told(2)
        assert (went["added"], went["removed"]) == (0, 1)
        assert not went["question_changed"]
        assert went["message"] == "search bright: 0 new objects, 1 lost"
        (lost,) = went["objects"]
        assert (lost["change"], lost["collection"]) == ("removed", "demo_field_b")


def test_that_something_was_told_is_written_down_by_a_daemon_that_leaves(
    tmp_path: Path, webhook: Webhook
) -> None:
    with Site(tmp_path) as site:
        telling(site, webhook)
        environs = Environs(Stop(Pulse(site.clock)), site.now)
        with hold_mirror(site.config, environs) as hold:
            conn = hold.mirror.conn
            with watchers(hold) as (lookout, *_):
                record_gap(
                    conn, to_text(site.now()), older_than=None, newer_than=None, message="gap"
                )
                lookout(TaskEnded("datasets"))
                webhook.told(1)
            assert conn.execute("SELECT * FROM announcements").fetchall() == []


def test_objects_lost_to_another_question_are_told_as_such(
    tmp_path: Path, webhook: Webhook
) -> None:
    def ask_otherwise() -> None:
        telling(site, webhook, searches=BRIGHT.replace("13.5", "12.5"))
        daemon.daemon.adopt(site.config)

    with Site(tmp_path) as site, DaemonSite(site) as daemon:
        telling(site, webhook, searches=BRIGHT)
        daemon.at(1, ask_otherwise)
        daemon.start().run(3.5)
        (went,) = webhook.told(1)
        assert went["removed"] > 0
        assert went["question_changed"]
        assert went["message"].endswith("lost; its question is not that of the run before")


def test_a_gap_is_told(tmp_path: Path, webhook: Webhook) -> None:
    nothing = "[select]\nnot_before = 2100-01-01"
    with Site(tmp_path, dialect="documented") as site, DaemonSite(site) as daemon:
        telling(site, webhook, nothing)
        make(site, 2)
        daemon.start().run(0.1)
        # Of more than a thousand the server shows only the latest.
        make(site, 1001)
        daemon.run(8)
        (gap,) = webhook.told(1)
        assert gap["kind"] == "gap"
        assert "may have been missed" in gap["message"]


def make(site: Site, count: int) -> None:
    for _ in range(count):
        site.clock.forward(20)
        site.server.make_table({"db_oid": "U9", "n": "i8"}, [["a", 1]])


def test_low_disk_is_told_once(tmp_path: Path, webhook: Webhook) -> None:
    with Site(tmp_path) as site, DaemonSite(site) as daemon:
        site.configure(
            '[mirror]\nmax_bytes = "10MB"\n'
            '[[notify]]\nevents = ["low_disk", "repeated_failure"]\n'
            f'url = "{webhook.url}/hook"\nat_most_every = "0s"\n'
        )
        large = site.server.make_table(
            {"db_oid": "U20", "collection": "U20"},
            [["a", "demo_field_a"]],
            lczip=bytes(11_000_000),
        )
        fits = site.server.make_dataset()
        daemon.start().run(5)
        daemon.restart()
        daemon.run(12)
        (low,) = webhook.told(1)
        assert low["kind"] == "low_disk"
        assert "max_bytes" in low["message"]
        assert low["free_bytes"] > 0
        assert site.states()[fits] == "mirrored"
        assert sum("max_bytes" in line for line in daemon.log) == 1
        site.server.delete(large)
        daemon.run(60)
        assert sum("there is room again" in line for line in daemon.log) == 1


def test_damage_is_told(tmp_path: Path, webhook: Webhook) -> None:
    with Site(tmp_path) as site, DaemonSite(site) as daemon:
        telling(site, webhook)
        setid = site.server.make_dataset()
        daemon.start().run(0.1)
        csv = site.file(setid, "csv")
        csv.write_bytes(csv.read_bytes().replace(b"|", b"!", 1))
        daemon.ask(Verify())
        (damage,) = webhook.told(1)
        assert (damage["kind"], damage["count"]) == ("damage", 1)
        assert damage["files"] == [str(csv.relative_to(site.root))]
        daemon.ask(Verify(repair=True))
        daemon.ask(Verify())
        webhook.told(1)
