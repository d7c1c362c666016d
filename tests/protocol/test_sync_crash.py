"""Killed at any step: the next sync completes the mirror, and fetches nothing twice."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lccmirror.clock import to_text
from lccmirror.sync import layout
from tests.faults.child import Job
from tests.faults.crashing import CrashChild
from tests.faults.scenarios import (
    OBJECTS,
    at_first,
    at_second,
    objects_at_first,
    objects_at_second,
)
from tests.support.misbehaving import reset
from tests.support.site import Site

# Steps tried in each scenario; all of them where a soak is asked for.
SAMPLE = 20
SETTINGS = """
[mirror]
workers = 1

[lightcurves]
singles = "missing"
"""


@pytest.fixture(scope="module")
def child() -> Iterator[CrashChild]:
    with CrashChild() as child:
        yield child


class Killing:
    """A scenario that is played again and again, and cut off each time elsewhere."""

    def __init__(self, site: Site, setids: list[str], child: CrashChild) -> None:
        self.site = site
        self.setids = setids
        self._child = child
        self._before = site.root.with_name("before")
        self.old: set[str] = set()
        if site.root.exists():
            self.old = {sha256 for (sha256,) in site.sql("SELECT sha256 FROM files")}
            site.root.rename(self._before)

    def restore(self) -> None:
        shutil.rmtree(self.site.root, ignore_errors=True)
        if self._before.exists():
            # cp, because shared files must stay shared
            subprocess.run(["/bin/cp", "-a", self._before, self.site.root], check=True)

    def sync(self, die_at: int | None = None, die_at_commit: int | None = None) -> Any:
        self.site.clock.forward(30)
        path, at = str(self.site.config.path), self.site.clock()
        return self._child.do(Job(path, at, die_at=die_at, die_at_commit=die_at_commit))

    def held(self) -> dict[str, int]:
        """Return how many bytes of each body we hold that need not come again."""
        held: dict[str, int] = {}
        for setid in self.setids:
            for kind, url in (
                ("csv", f"/d/dataset-{setid}.csv"),
                ("lczip", f"/p/lightcurves-{setid}.zip"),
            ):
                if kind == "lczip" and not self.site.server.dataset(setid).has_lczip:
                    continue
                content = self.site.server.product(setid, kind)
                held[url] = self._begun(layout.product(setid, kind), content)
        return held

    def _begun(self, path: str, content: bytes) -> int:
        final = self.site.root / path
        if final.exists() and final.read_bytes() == content:
            sha256 = hashlib.sha256(content).hexdigest()
            known = self.site.sql("SELECT 1 FROM files WHERE sha256 = ?", sha256)
            # What has no row yet goes back to the downloads.
            return len(content) if known or not self._is_old_table(path) else 0
        part = self.site.root / layout.arriving(path)
        note = part.with_name(part.name + ".json")
        if not (part.exists() and _noted(note)):
            return 0
        if self._is_old_table(path):
            return 0
        begun = part.read_bytes()
        return len(begun) if content.startswith(begun) else 0

    def _is_old_table(self, path: str) -> bool:
        """Whether the server names an old version's ETag: then what we have contradicts it."""
        return bool(self.old) and path.endswith(".csv")

    def tables_held(self) -> set[str]:
        """Return the datasets whose JSON is in ``incoming/``, whole and noted."""
        found = set()
        for setid in self.setids:
            part = self.site.root / layout.arriving(layout.product(setid, "json"))
            note = part.with_name(part.name + ".json")
            if part.exists() and "sha256" in _noted(note):
                found.add(setid)
        return found


def _noted(note: Path) -> dict[str, Any]:
    """Return what is noted beside a part: nothing yet, if that was cut off, too."""
    if not note.exists() or not note.stat().st_size:
        return {}
    noted: dict[str, Any] = json.loads(note.read_bytes())
    return noted


def sampled(count: int) -> list[int]:
    if "SOAK_S" in os.environ or count <= SAMPLE:
        return list(range(count))
    return sorted({round(i * (count - 1) / (SAMPLE - 1)) for i in range(SAMPLE)})


@pytest.mark.parametrize("scenario", [at_first, at_second])
def test_a_kill_at_any_step_costs_nothing(
    tmp_path: Path, child: CrashChild, scenario: Any
) -> None:
    with Site(tmp_path, SETTINGS) as site:
        killing = Killing(site, scenario(site), child)
        killing.restore()
        whole = killing.sync()
        assert (whole.exit_code, whole.error, whole.killed_at) == (0, None, None)
        assert whole.steps > 100
        for step in sampled(whole.steps):
            killing.restore()
            outcome = killing.sync(step)
            assert outcome.error is None
            if outcome.killed_at is None:
                continue  # with two threads the last steps are not always as many
            assert_recovers(killing, f"killed at step {step}, {outcome.killed_at}")


@pytest.mark.parametrize("scenario", [at_first, at_second])
def test_a_kill_before_any_commit_costs_nothing(
    tmp_path: Path, child: CrashChild, scenario: Any
) -> None:
    with Site(tmp_path, SETTINGS) as site:
        killing = Killing(site, scenario(site), child)
        killing.restore()
        commits = killing.sync().commits
        assert commits > 20
        for commit in range(commits):
            killing.restore()
            outcome = killing.sync(die_at_commit=commit)
            assert outcome.error is None
            if outcome.killed_at is None:
                continue  # threads meet, and what has come meanwhile shares a commit
            assert_recovers(killing, f"killed before commit {commit}, {outcome.killed_at}")


def assert_recovers(killing: Killing, when: str) -> None:
    site = killing.site
    held, tables = killing.held(), killing.tables_held()
    report = site.sync()
    assert (report.exit_code, report.failed, report.stopped) == (0, {}, None), when
    assert set(site.states().values()) == {"mirrored"}, when
    site.check()
    assert list((site.root / "incoming").iterdir()) == [], when
    asked = site.server.requests[site.seen :]
    for url, size in held.items():
        sent = sum(one.sent for one in asked if one.path == url and one.method == "GET")
        assert sent <= len(site.server.file(url)) - size, f"{when}: {url}"
    fetched_tables = {one.path.removeprefix("/set/") for one in asked if "/set/" in one.path}
    assert fetched_tables & tables == set(), when
    now = {sha256 for (sha256,) in site.sql("SELECT sha256 FROM files")}
    assert killing.old <= now, f"{when}: an older version is lost"
    assert site.sql("SELECT count(*) FROM lightcurves WHERE member IS NULL") == [(1,)], when


def test_after_a_kill_the_mirror_is_sound_without_the_server(
    tmp_path: Path, child: CrashChild
) -> None:
    with Site(tmp_path, SETTINGS) as site:
        killing = Killing(site, at_second(site), child)
        killing.restore()
        steps = killing.sync().steps
        for step in sampled(steps):
            site.server.behave()
            killing.restore()
            when = f"killed at step {step}, {killing.sync(step).killed_at}"
            assert site.verify().found.damage == [], when
            site.server.add("", reset(), times=None)
            assert site.sync().exit_code == 69, when
            assert site.verify().found.damage == [], when


@pytest.mark.parametrize("scenario", [objects_at_first, objects_at_second])
def test_a_kill_while_objects_are_told_of_costs_no_answer(
    tmp_path: Path, child: CrashChild, scenario: Any
) -> None:
    with Site(tmp_path, OBJECTS, objects=2) as site:
        killing = Killing(site, scenario(site), child)
        killing.restore()
        whole = killing.sync()
        assert (whole.exit_code, whole.error, whole.killed_at) == (0, None, None)
        assert whole.steps > 60
        for step in sampled(whole.steps):
            killing.restore()
            outcome = killing.sync(step)
            when = f"killed at step {step}, {outcome.killed_at}"
            assert outcome.error is None, when
            noted = {
                one.name
                for one in site.root.glob("incoming/*.json.gz.part.json")
                if _noted(one)
            }
            parts = {f"{one.name}.json" for one in site.root.glob("incoming/*.json.gz.part")}
            told = site.sql(
                "SELECT count(*) FROM object_info WHERE asked_at > ?", _before(site)
            )
            site.clock.forward(30)
            assert site.verify().found.damage == [], when
            report = site.sync()
            assert (report.exit_code, report.failed, report.stopped) == (0, {}, None), when
            site.check()
            assert list((site.root / "incoming").iterdir()) == [], when
            asked = [one for one in site.requests() if "/api/object" in one]
            assert len(asked) <= 2 - len(noted & parts) - told[0][0], when
            now = {sha256 for (sha256,) in site.sql("SELECT sha256 FROM files")}
            assert killing.old <= now, f"{when}: an older version is lost"
            assert site.sql("SELECT state, count(*) FROM object_info") == [("ok", 2)], when


def _before(site: Site) -> str:
    """Return a time a day ago, as the catalog writes it."""
    return to_text(site.now() - timedelta(days=1))
