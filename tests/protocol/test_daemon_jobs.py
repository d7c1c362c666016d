"""What the daemon does by itself, and when, in a time of its own."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from lccmirror.catalog import CATALOG_NAME
from lccmirror.clock import from_text
from lccmirror.daemon import duties, runner
from lccmirror.daemon.events import JobEnded, ServerBack, ServerGone
from lccmirror.daemon.jobs import Job, Outcome
from lccmirror.daemon.outbox import Outbox
from lccmirror.daemon.protocol import Done, Failed, RunSearches, Sync, Verify
from lccmirror.daemon.timetable import Every
from lccmirror.errors import ConfigError, Damaged
from tests.support.daemon import DaemonSite
from tests.support.misbehaving import reset
from tests.support.site import Site
from tests.support.sites import site_fixture

site = site_fixture()


def ended(daemon: DaemonSite, name: str) -> list[JobEnded]:
    return [one for one in daemon.events if isinstance(one, JobEnded) and one.name == name]


def hours(daemon: DaemonSite, name: str) -> list[float]:
    """Return for what hours a job was run."""
    return [
        round((one.due - daemon.began) / timedelta(hours=1), 3) for one in ended(daemon, name)
    ]


def test_each_list_is_polled_at_its_own_interval(site: Site, daemon: DaemonSite) -> None:
    site.configure('[poll]\ndatasets = "1h"\ncollections = "3h"')
    daemon.start().run(6.5)
    assert hours(daemon, "datasets") == [0, 1, 2, 3, 4, 5, 6]
    assert hours(daemon, "collections") == [0, 3, 6]


def test_a_poll_that_finds_nothing_costs_one_request_and_no_line(
    site: Site, daemon: DaemonSite
) -> None:
    site.server.make_dataset()
    daemon.start().run(0.5)
    asked, said = len(site.server.requests), len(daemon.log)
    daemon.run(1.1)
    # Two polls of datasets; the key is not due.
    assert len(site.server.requests) - asked == 3
    assert daemon.log[said:] == []


def test_jitter_does_not_add_up(site: Site, daemon: DaemonSite) -> None:
    daemon.start().run(24)
    found = hours(daemon, "datasets")
    # The last one may come a little later than the day ends.
    assert len(found) >= 96
    assert found == [n / 4 for n in range(97)][: len(found)]
    late = [one.started - one.due for one in ended(daemon, "datasets")]
    assert max(late) < timedelta(minutes=1)


def test_what_was_missed_is_done_once_and_the_timetable_stays(
    site: Site, daemon: DaemonSite
) -> None:
    site.configure('[poll]\ndatasets = "1h"')
    daemon.start().run(2.5)
    daemon.leave()
    site.clock.forward(10 * 3600)
    daemon.start().run(14.5)
    assert hours(daemon, "datasets") == [0, 1, 2, 3, 13, 14]


def test_catching_up_can_be_turned_off_for_a_job(site: Site, daemon: DaemonSite) -> None:
    site.configure('[poll]\ndatasets = "1h"\n[daemon]\nno_catch_up = ["datasets"]')
    daemon.start().run(2.5)
    daemon.leave()
    site.clock.forward(10 * 3600)
    daemon.start().run(14.5)
    assert hours(daemon, "datasets") == [0, 1, 2, 13, 14]


def test_a_restart_repeats_nothing(site: Site, daemon: DaemonSite) -> None:
    for hour in range(1, 5):
        daemon.start().run(hour / 10)
        daemon.leave()
    assert hours(daemon, "datasets") == [0, 0.25]
    assert hours(daemon, "collections") == [0]


def test_a_killed_job_is_done_again_at_the_next_start(site: Site, daemon: DaemonSite) -> None:
    site.server.make_dataset()
    daemon.start()
    daemon.kill(90, within="datasets")
    daemon.run(0.1)
    assert daemon.killed_in == ["datasets"]
    assert daemon.starts == 2
    assert hours(daemon, "datasets") == [0]
    daemon.leave()
    site.check()


def test_a_clock_that_was_years_ahead_keeps_no_job_waiting(
    site: Site, daemon: DaemonSite
) -> None:
    site.clock.forward(20 * 365 * 86_400)
    daemon.start()
    daemon.settle()
    daemon.leave()
    site.clock.forward(-20 * 365 * 86_400)
    daemon.events.clear()
    daemon.start().run(0.6)
    assert len(ended(daemon, "datasets")) >= 2


def test_a_week_without_a_server_costs_nine_lines(site: Site, daemon: DaemonSite) -> None:
    site.server.make_dataset()
    site.configure('[server]\nretry_total = "0s"\n[poll]\ndatasets = "2h"')
    daemon.start().run(1)
    said = len(daemon.log)
    site.server.add(".*", reset(), times=None)
    daemon.at(1 + 7 * 24 - 3, site.server.behave)
    daemon.at(40, daemon.restart)
    daemon.run(1 + 7 * 24)
    lines = [line for line in daemon.log[said:] if "the server" in line]
    assert "the server is gone" in lines[0]
    assert all("still, since" in line for line in lines[1:-1])
    assert "the server is back, after 6 days" in lines[-1]
    assert len(lines) == 8
    # The other lines are of verifications.
    assert len(daemon.log) - said <= 9
    assert [type(one) for one in daemon.events if isinstance(one, ServerGone | ServerBack)] == [
        ServerGone,
        ServerBack,
    ]
    # While it was gone only one kind of poll asked for it.
    gone = [one for one in daemon.events if isinstance(one, JobEnded) and not one.outcome.ok]
    assert {one.name for one in gone} == {"datasets"}


def with_job(daemon: DaemonSite, monkeypatch: pytest.MonkeyPatch, job: Job) -> None:
    """Give the daemon one more job."""
    own = duties.jobs_of
    monkeypatch.setattr(runner, "jobs_of", lambda *given: (job, *own(*given)))


def test_a_job_that_breaks_is_tried_again_and_stops_no_other(
    site: Site, daemon: DaemonSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[float] = []

    def breaks(session: Any) -> Outcome:
        tried.append((site.now() - daemon.began) / timedelta(minutes=1))
        session.mirror.conn.execute("BEGIN")
        session.mirror.conn.execute("DELETE FROM jobs")
        raise ZeroDivisionError("it is broken")

    site.server.make_dataset()
    with_job(daemon, monkeypatch, Job("broken", Every(86_400), breaks))
    daemon.start().run(2)
    # After 1, 5 and 15 minutes, and some seconds of jitter.
    assert [round(minutes) for minutes in tried][:4] == [0, 1, 7, 22]
    assert len(hours(daemon, "datasets")) == 8
    row = site.sql(
        "SELECT last_outcome, failures, last_message FROM jobs WHERE name = 'broken'"
    )
    assert row == [("failed", len(tried), "ZeroDivisionError: it is broken")]
    assert sum("broken failed" in line for line in daemon.log) == 1
    daemon.leave()
    site.check()


def test_every_byte_is_read_once_in_the_time_given(site: Site, daemon: DaemonSite) -> None:
    for columns in (("ndet",), ("sdssr",), ("kmag",), ()):
        site.server.make_dataset(columns=columns)
    site.configure('[poll]\ndatasets = "12h"\n[daemon]\nverify_every = "10d"')
    daemon.start().run(1)
    files = site.sql("SELECT count(*) FROM files")[0][0]
    most = 0
    before = site.sql("SELECT path, verified_at FROM files")
    for day in range(1, 12):
        daemon.run(24 * day)
        now = site.sql("SELECT path, verified_at FROM files")
        most = max(most, len(set(now) - set(before)))
        before = now
    (oldest,) = site.sql("SELECT min(coalesce(verified_at, fetched_at)) FROM files")[0]
    assert site.now() - timedelta(days=10) <= from_text(oldest)
    assert most < files


def test_damage_found_at_night_is_mended_by_the_next_poll(
    site: Site, daemon: DaemonSite
) -> None:
    setid = site.server.make_dataset()
    site.configure('[poll]\ndatasets = "12h"\n[daemon]\nverify_every = "2d"')
    daemon.start().run(1)
    csv = site.file(setid, "csv")
    good = csv.read_bytes()
    csv.write_bytes(good.replace(b"|", b"!", 1))
    daemon.run(24 * 4)
    assert csv.read_bytes() == good
    assert any("damaged: datasets/" in line for line in daemon.log)
    daemon.leave()
    site.check()


def test_requests_are_done_by_the_writer_and_answered(site: Site, daemon: DaemonSite) -> None:
    site.server.make_dataset()
    daemon.start().run(0.1)
    site.server.make_dataset(columns=("ndet",))
    *shown, done = daemon.ask(Sync())
    assert isinstance(done, Done)
    assert done.result["summary"].startswith("1 new")
    assert {type(event).__name__ for event in shown} >= {"Plan", "Begin", "End", "ItemDone"}
    (*_, verified) = daemon.ask(Verify())
    assert isinstance(verified, Done)
    assert verified.result["found"]["damage"] == []


def how_removed(catalog: Path) -> None:
    catalog.unlink()


def how_replaced(catalog: Path) -> None:
    copy = catalog.with_name("copy")
    shutil.copyfile(catalog, copy)
    copy.replace(catalog)


@pytest.mark.parametrize("how", [how_removed, how_replaced])
def test_nothing_goes_on_in_a_catalog_that_is_not_there_any_more(
    site: Site, daemon: DaemonSite, how: Callable[[Path], None]
) -> None:
    site.server.make_dataset()
    daemon.start().run(2)
    before = len(site.server.requests)
    how(site.root / CATALOG_NAME)
    for request in (Verify(), Sync()):
        (said,) = daemon.ask(request)
        assert isinstance(said, Failed), said
        assert said.error == "Damaged"
    daemon.run(26)
    assert len(site.server.requests) == before
    # What only it knew is in the backups, to the last.
    assert ended(daemon, "backup")[-1].outcome.ok
    assert hours(daemon, "backup")[-1] > 20
    with pytest.raises(Damaged):
        daemon.leave()


def test_a_search_asked_for_is_waited_for(site: Site, daemon: DaemonSite) -> None:
    site.configure(
        '[[search]]\nname = "all"\nkind = "columnsearch"\nfilters = "ndet > 0"\n'
        'cron = "0 4 1 1 *"'
    )
    daemon.start().run(0.1)
    site.clock.forward(3600)
    outbox = Outbox()
    daemon.daemon.ask(RunSearches(("all",), wait=True), outbox)
    daemon.run(2)
    said = []
    while (event := outbox.take(0)) is not None:
        said.append(event)
    assert isinstance(said[-1], Done), said
    assert said[-1].result[0]["state"] == "ok"
    (refused,) = daemon.ask(RunSearches(("nobody",)))
    assert isinstance(refused, Failed)
    assert "no saved search 'nobody'" in refused.message


def test_a_new_configuration_changes_the_timetable_but_not_the_mirror(
    site: Site, daemon: DaemonSite
) -> None:
    daemon.start().run(1.1)
    daemon.daemon.adopt(site.configure('[poll]\ndatasets = "1h"'))
    daemon.run(4.5)
    assert hours(daemon, "datasets") == [0, 0.25, 0.5, 0.75, 1, 2, 3, 4]
    mirror = structs.replace(site.config.mirror, root=site.root.parent / "other")
    with pytest.raises(ConfigError, match=r"mirror\.root"):
        daemon.daemon.adopt(structs.replace(site.config, mirror=mirror))


def test_a_full_disk_is_told_once_loses_nothing_and_heals(
    site: Site, daemon: DaemonSite
) -> None:
    daemon.start().run(0.3)
    conn = daemon.daemon.hold.mirror.conn
    (pages,) = conn.execute("PRAGMA page_count").fetchone()
    conn.execute(f"PRAGMA max_page_count = {pages}")
    for n in range(6):
        site.server.make_dataset(filters=f"(ndet gt {n})")
    said = len(daemon.log)
    daemon.run(6)
    assert "mirrored" not in site.states().values()
    assert len(daemon.log) - said < 8, daemon.log[said:]
    assert not any("bug" in line for line in daemon.log)
    conn.execute("PRAGMA max_page_count = 1000000000")
    daemon.run(36)
    daemon.leave()
    site.check()


def test_observers_that_break_are_told_of_and_harm_nothing(
    site: Site, daemon: DaemonSite, caplog: pytest.LogCaptureFixture
) -> None:
    daemon.start()

    def breaks(event: object) -> None:
        raise ValueError("I am an observer")

    daemon.daemon._observers += (breaks,)
    daemon.run(0.6)
    assert (
        Counter(one.name for one in daemon.events if isinstance(one, JobEnded))["datasets"] == 3
    )
    assert any("observer" in line for line in daemon.log)
