"""What goes wrong with a daemon that runs for long: clocks, half a server, many wishes."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from lccmirror.clock import from_text, to_text
from lccmirror.daemon import duties, runner
from lccmirror.daemon.events import JobEnded
from lccmirror.daemon.jobs import Job, Outcome
from lccmirror.daemon.protocol import Done, Note, RenewKey, Sync
from lccmirror.daemon.timetable import Every
from lccmirror.server.urls import Origin
from lccmirror.sync.connect import key_store
from tests.support.daemon import DaemonSite
from tests.support.misbehaving import body, rate_limited, reset, status
from tests.support.site import Site
from tests.support.sites import site_fixture

site = site_fixture()


def hours(daemon: DaemonSite, name: str) -> list[float]:
    """Return for what hours a job was run."""
    return [
        round((one.due - daemon.began) / timedelta(hours=1), 3)
        for one in daemon.events
        if isinstance(one, JobEnded) and one.name == name
    ]


def said_of(daemon: DaemonSite, *words: str) -> list[str]:
    """Return the lines of the log that have any of these words."""
    return [line for line in daemon.log if any(word in line for word in words)]


def test_one_list_that_is_broken_for_a_week_is_no_server_that_comes_and_goes(
    site: Site, daemon: DaemonSite
) -> None:
    site.configure('[server]\nretry_total = "0s"\n[poll]\ndatasets = "1h"\ncollections = "2h"')
    daemon.start().run(0.5)
    site.server.add("/api/collections", status(500), times=None)
    daemon.at(7 * 24 + 0.5, site.server.behave)
    daemon.run(7 * 24 + 4.2)
    assert hours(daemon, "datasets")[-3:] == [170, 171, 172]
    assert said_of(daemon, "the server is") == []
    first, *reminders, last = said_of(daemon, "collections failed", "collections goes")
    assert "collections failed: list of collections: the server failed (500)" in first
    assert "job collections goes well again" in last
    assert all("still, since" in line for line in reminders)
    assert len(reminders) == 6


def test_a_list_of_datasets_that_is_broken_keeps_nothing_else_waiting(
    site: Site, daemon: DaemonSite
) -> None:
    setid = site.server.make_dataset()
    site.configure('[server]\nretry_total = "0s"\n[poll]\ndatasets = "1h"\ncollections = "2h"')
    site.server.add("/p/", status(500), times=1, method="GET|HEAD")
    daemon.start().run(0.01)
    assert site.states() == {setid: "partial"}
    site.server.add("/api/datasets", status(500), times=None)
    daemon.at(30, site.server.behave)
    daemon.run(32.5)
    assert hours(daemon, "collections")[-3:] == [28, 30, 32]
    # What was known and had failed came meanwhile.
    (mirrored,) = site.sql("SELECT mirrored_at FROM datasets")[0]
    assert from_text(mirrored) < daemon.began + timedelta(hours=2)
    assert said_of(daemon, "the server is") == []
    lines = said_of(daemon, "datasets failed", "datasets goes")
    assert "datasets failed: list of datasets: the server failed (500)" in lines[0]
    assert "job datasets goes well again" in lines[-1]
    assert len(lines) == 3


def test_an_outage_that_another_job_meets_is_told_once_and_ends_soon_after_its_end(
    site: Site, daemon: DaemonSite
) -> None:
    site.configure(
        '[server]\nretry_total = "0s"\n[poll]\ndatasets = "1d"\ncollections = "1h"\n'
    )
    daemon.start().run(0.5)
    site.server.add(".*", reset(), times=None)
    daemon.at(1.4, site.server.behave)
    daemon.run(24.5)
    # The poll that found out was not the one of the next day, and that came all the same.
    assert hours(daemon, "collections")[-23:] == list(range(2, 25))
    assert hours(daemon, "datasets")[-1] == 24
    assert all(1 <= hour < 2 for hour in hours(daemon, "datasets")[1:-1])
    gone, back = said_of(daemon, "the server is")
    assert "the server is gone: " in gone
    assert "the server is back, after " in back
    assert said_of(daemon, "failed", "goes well") == []


def test_a_list_of_datasets_that_makes_no_sense_keeps_no_other_job_waiting(
    site: Site, daemon: DaemonSite
) -> None:
    site.configure('[poll]\ndatasets = "1h"\ncollections = "1h"')
    daemon.start().run(0.5)
    site.server.add("/api/datasets", body(b"[]"), times=None)
    daemon.run(6.5)
    assert hours(daemon, "collections") == [0, 1, 2, 3, 4, 5, 6]
    assert said_of(daemon, "the server is gone") == []
    assert len(said_of(daemon, "datasets failed")) == 1


def test_a_server_that_is_back_is_seen_to_be_where_nothing_fits(
    site: Site, daemon: DaemonSite
) -> None:
    site.configure(
        '[server]\nretry_total = "0s"\n[mirror]\nmax_bytes = "10MB"\n'
        '[poll]\ndatasets = "1h"\ncollections = "1h"'
    )
    columns = {"db_oid": "U20", "collection": "U20"}
    large = bytes(11_000_000)
    site.server.make_table(columns, [["a", "demo_field_a"]], lczip=large)
    daemon.start().run(0.5)
    site.server.add(".*", reset(), times=None)
    daemon.at(3.4, site.server.behave)
    daemon.run(8.5)
    assert len(said_of(daemon, "the server is back")) == 1
    assert hours(daemon, "collections")[-4:] == [5, 6, 7, 8]
    # A poll that asked, and fetched what fits, has not failed.
    assert site.sql("SELECT failures FROM jobs WHERE name = 'datasets'") == [(0,)]


def test_a_bug_that_is_met_every_minute_fills_no_log(
    site: Site, daemon: DaemonSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(session: Any) -> Outcome:
        raise ZeroDivisionError(f"at {site.now()}")

    own = duties.jobs_of
    job = Job("broken", Every(60), breaks)
    monkeypatch.setattr(runner, "jobs_of", lambda *given: (job, *own(*given)))
    daemon.start()

    def watches(event: object) -> None:
        raise ValueError("I am an observer")

    daemon.daemon._observers += (watches,)
    daemon.run(23)
    assert len(said_of(daemon, "this is a bug")) == 1
    assert len(said_of(daemon, "an observer of TaskEnded failed")) == 1
    daemon.run(25)
    assert len(said_of(daemon, "this is a bug")) == 2


def test_who_follows_hears_what_the_daemon_waits_for(site: Site, daemon: DaemonSite) -> None:
    daemon.start().run(0.1)
    site.server.add("/api/datasets", rate_limited("120"))
    *said, done = daemon.ask(Sync())
    assert isinstance(done, Done)
    (waits,) = [one.text for one in said if isinstance(one, Note)]
    assert "; trying again in 120 s, at most 7 times and not after" in waits
    # Of a wait of somebody else's work nobody is told.
    site.server.add("/api/datasets", rate_limited("120"))
    assert not [one for one in daemon.ask(RenewKey()) if isinstance(one, Note)]
    daemon.run(1)


def test_an_account_s_new_key_is_in_use_when_the_configuration_was_read_again(
    site: Site, daemon: DaemonSite
) -> None:
    daemon.start().run(0.1)
    before = daemon.daemon.hold.client
    daemon.daemon.adopt(site.configure())
    daemon.settle()
    assert daemon.daemon.hold.client is before
    key = site.root.parent / "account.json"
    key.touch(0o600)
    key.write_text(site.server.account_key())
    key_store(site.config).import_file(key, Origin.parse(site.server.url))
    daemon.daemon.adopt(site.configure())
    daemon.run(1)
    used = daemon.daemon.hold.client.key_in_use
    assert used is not None
    assert used.kind == "account"


def test_a_configuration_that_cannot_be_written_down_is_in_force_as_soon_as_it_can(
    site: Site, daemon: DaemonSite
) -> None:
    daemon.start().run(0.1)
    conn = daemon.daemon.hold.mirror.conn
    conn.execute("PRAGMA query_only = ON")
    daemon.daemon.adopt(site.configure('[prune]\nolder_than = "9d"'))
    daemon.run(1)
    conn.execute("PRAGMA query_only = OFF")
    daemon.run(2)
    assert site.sql("SELECT due IS NOT NULL FROM jobs WHERE name = 'prune'") == [(1,)]
    assert len(said_of(daemon, "could not be written down")) == 1
    assert len(said_of(daemon, "the catalog can be written again")) == 1


def test_a_clock_that_is_put_back_keeps_no_job_waiting(site: Site, daemon: DaemonSite) -> None:
    years = timedelta(days=20 * 365)
    site.configure(
        '[poll]\ndatasets = "1h"\ncollections = "6h"\n[[search]]\nname = "all"\n'
        'kind = "columnsearch"\nfilters = "ndet > 0"\nevery = "2h"\n'
    )
    site.ahead = years
    daemon.start().run(years / timedelta(hours=1) + 1.5)
    site.ahead = timedelta(0)
    daemon.events.clear()
    daemon.daemon.clock_put_back()
    daemon.run(12)
    assert len(hours(daemon, "datasets")) >= 10
    assert hours(daemon, "collections") == [7.5]
    ran = site.sql("SELECT count(*) FROM search_runs WHERE started < '2040' AND state = 'ok'")
    assert ran[0][0] >= 4


def test_metrics_follow_a_configuration_that_is_read_again(
    site: Site, daemon: DaemonSite
) -> None:
    daemon.start().run(0.1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    textfile = site.root.parent / "lccmirror.prom"
    daemon.daemon.adopt(site.configure(f'[metrics]\nport = {port}\ntextfile = "{textfile}"'))
    daemon.settle()
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        assert b"lccmirror_server_up 1.0" in answer.read()
    assert "lccmirror_server_up 1.0" in textfile.read_text()
    daemon.daemon.adopt(site.configure())
    daemon.settle()
    textfile.unlink()
    daemon.run(1)
    assert not textfile.exists()
    with pytest.raises(URLError):
        urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20)


def test_a_start_asks_at_once_for_a_server_that_was_gone(
    site: Site, daemon: DaemonSite
) -> None:
    site.configure('[server]\nretry_total = "0s"\n[poll]\ndatasets = "1d"\n')
    site.server.add(".*", reset(), times=None)
    daemon.start().run(5.2)
    site.server.behave()
    daemon.restart()
    # The next try was to be at 5:51.
    daemon.run(5.3)
    assert len(said_of(daemon, "the server is back")) == 1


def test_a_machine_that_slept_for_days_does_once_what_it_missed(
    site: Site, daemon: DaemonSite
) -> None:
    site.configure('[poll]\ndatasets = "1h"\ncollections = "6h"')
    daemon.start().run(2.5)
    site.clock.forward(72 * 3600)
    daemon.run(77.5)
    assert hours(daemon, "datasets") == [0, 1, 2, 3, 75, 76, 77]
    assert hours(daemon, "collections") == [0, 6]


def test_a_search_that_is_taken_out_of_the_configuration_is_not_run_any_more(
    site: Site, daemon: DaemonSite
) -> None:
    site.configure(
        '[[search]]\nname = "all"\nkind = "columnsearch"\nfilters = "ndet > 0"\nevery = "1h"\n'
    )
    daemon.start().run(2.5)
    (before,) = site.sql("SELECT count(*) FROM search_runs")
    assert before == (3,)
    daemon.daemon.adopt(site.configure())
    daemon.run(6)
    assert site.sql("SELECT count(*) FROM search_runs") == [before]
    assert not said_of(daemon, "failed")


def test_the_log_of_cycles_does_not_grow_without_end(site: Site, daemon: DaemonSite) -> None:
    daemon.start().run(0.1)
    conn = daemon.daemon.hold.mirror.conn
    old = to_text(site.now() - timedelta(days=100))
    older = to_text(site.now() - timedelta(days=400))
    for started in (old, older):
        for outcome, new in (("ok", 0), ("ok", 3), ("failed", 0), (None, None)):
            conn.execute(
                "INSERT INTO sync_log (job, started, outcome, new_datasets) VALUES ('x',?,?,?)",
                (started, outcome, new),
            )
    daemon.run(7)
    assert site.sql(
        "SELECT started, outcome, new_datasets FROM sync_log WHERE job = 'x' ORDER BY id"
    ) == [(old, "ok", 3), (old, "failed", 0), (old, None, None), (older, "ok", 3)]
