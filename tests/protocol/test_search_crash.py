"""Killed at any step of a replay: it is taken up, and its due time has one finished run."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lccmirror.demo.searcher import Fate
from lccmirror.sync.searches import due_searches
from tests.faults.child import Outcome
from tests.faults.crashing import CrashChild
from tests.protocol.test_sync_crash import sampled
from tests.support.searches import SearchSite


@pytest.fixture(scope="module")
def child() -> Iterator[CrashChild]:
    with CrashChild() as child:
        yield child


class Killing:
    """A replay that is played again and again, and cut off each time elsewhere."""

    def __init__(self, site: SearchSite, child: CrashChild, fate: Fate | None) -> None:
        self.site, self._child, self._fate = site, child, fate
        self._before = site.root.with_name("before")
        if site.root.exists():
            site.root.rename(self._before)

    def restore(self) -> None:
        shutil.rmtree(self.site.root, ignore_errors=True)
        if self._before.exists():
            # cp, because shared files must stay shared
            subprocess.run(["/bin/cp", "-a", self._before, self.site.root], check=True)

    def play(self, die_at: int | None = None) -> Outcome:
        if self._fate is not None:
            self.site.server.next_search(self._fate)
        return self._child.search(self.site.config.path, self.site.clock(), "bright", die_at)


@pytest.mark.parametrize("second", [False, True], ids=["first", "second"])
def test_a_run_killed_at_any_step_is_taken_up(
    tmp_path: Path, child: CrashChild, second: bool
) -> None:
    with SearchSite(tmp_path) as site:
        if second:
            site.run()
            site.clock.forward(3600)
        killing = Killing(site, child, None)
        killing.restore()
        whole = killing.play()
        assert (whole.exit_code, whole.error, whole.killed_at) == (0, None, None)
        for step in sampled(whole.steps)[:: 1 if "SOAK_S" in os.environ else 2]:
            killing.restore()
            asked = len(site.server.requests)
            outcome = killing.play(step)
            assert outcome.error is None
            assert_taken_up(site, asked, f"step {step}, {outcome.killed_at}")


def assert_taken_up(site: SearchSite, asked: int, when: str) -> None:
    reports = [*site.take_up(), *site.run_due()]
    assert all(report.state == "ok" for report in reports), when
    with site.session() as session:
        assert due_searches(session.mirror.conn, site.config, site.now()) == [], when
    runs = site.sql("SELECT due, state, count(*) FROM search_runs GROUP BY due")
    assert {(state, count) for _, state, count in runs} == {("ok", 1)}, when
    sent = sum("columnsearch" in one.target for one in site.server.requests[asked:])
    [(lost,)] = site.sql(
        "SELECT sum(lost) FROM search_run_sets WHERE run_id = (SELECT max(id) FROM search_runs)"
    )
    # A commit is before the request, the next one after its first line: only between the
    # two it is not known whether the request was begun.
    assert sent <= 1 + lost <= 2, when
    message = site.sql("SELECT message FROM search_runs ORDER BY id DESC LIMIT 1")[0][0]
    assert ("cut off before the server named" in message) == bool(lost), when
    shown = site.latest(columns="DISTINCT setid")
    assert len(shown) == 1, when
    # A run is done with its table; a ZIP that was cut off comes with the next cycle.
    site.sync()
    assert list((site.root / "incoming").iterdir()) == [], when
    site.check(shown[0][0])


def test_killed_while_the_server_works_in_the_background(
    tmp_path: Path, child: CrashChild
) -> None:
    with SearchSite(tmp_path) as site:
        killing = Killing(site, child, Fate.ZIP_TIMEOUT)
        # Long before the end: the server does not go on by itself.
        outcome = killing.play(90)
        assert outcome.killed_at is not None
        while site.server.advance():
            pass
        [report] = site.take_up()
        assert (report.state, len(report.setids)) == ("ok", 1)
        sent = [one for one in site.server.requests if "columnsearch" in one.target]
        assert len(sent) == 1
        site.check(*report.setids)
