"""A pruning killed at any step: the next start ends it, and nothing else is touched."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.crashing import CrashChild
from tests.faults.scenarios import before_pruning
from tests.protocol.test_sync_crash import sampled
from tests.support.site import Site


@pytest.fixture(scope="module")
def child() -> Iterator[CrashChild]:
    with CrashChild() as child:
        yield child


def assert_ended(site: Site, go: list[str], stay: list[str], when: str) -> None:
    """All of what was begun to be removed is gone, and no more than that."""
    assert site.verify().found.unknown == [], when
    assert site.verify().found.damage == [], when
    assert site.sql("SELECT * FROM pruned_files") == [], when
    states = site.states()
    for setid in go:
        assert states[setid] in ("mirrored", "pruned"), when
        rows = site.sql("SELECT count(*) FROM files WHERE setid = ?", setid)[0][0]
        assert bool(rows) == (states[setid] == "mirrored"), when
        assert site.file(setid, "csv").exists() == bool(rows), when
    site.check(*stay)


def test_a_kill_at_any_step_of_a_pruning_loses_nothing_and_leaves_nothing(
    tmp_path: Path, child: CrashChild
) -> None:
    with Site(tmp_path, "[mirror]\nworkers = 1") as site:
        go, stay = before_pruning(site)
        before = site.root.with_name("before")
        site.root.rename(before)

        def restored() -> None:
            shutil.rmtree(site.root, ignore_errors=True)
            # cp, because shared files must stay shared
            subprocess.run(["/bin/cp", "-a", before, site.root], check=True)

        restored()
        whole = child.prune(site.config.path, site.clock())
        assert (whole.exit_code, whole.error, whole.killed_at) == (0, None, None)
        assert whole.steps > 40
        assert [site.states()[setid] for setid in (*go, *stay)] == ["pruned"] * 2 + [
            "mirrored"
        ] * 2
        assert site.sql("SELECT * FROM files WHERE state = 'superseded'") == []
        assert_ended(site, go, stay, "not killed")
        for step in sampled(whole.steps):
            restored()
            outcome = child.prune(site.config.path, site.clock(), step)
            assert outcome.error is None
            when = f"killed at step {step}, {outcome.killed_at}"
            # Whatever is done next, here a verification, needs neither server nor rules.
            assert_ended(site, go, stay, when)
            again = child.prune(site.config.path, site.clock())
            assert (again.exit_code, again.error) == (0, None), when
            assert [site.states()[setid] for setid in go] == ["pruned"] * 2, when
            assert_ended(site, go, stay, when)
