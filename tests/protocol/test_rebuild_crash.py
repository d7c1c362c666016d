"""Making the catalog anew is killed at any step: nothing is lost, and the next run ends it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lccmirror.catalog.connection import CATALOG_NAME
from lccmirror.errors import Damaged
from lccmirror.sync.lost import BUILDING, REBUILT
from tests.faults.child import Job
from tests.faults.crashing import CrashChild
from tests.protocol.test_sync_crash import sampled
from tests.support.rebuilding import bodies, make_several
from tests.support.site import Site


@pytest.fixture(scope="module")
def child() -> Iterator[CrashChild]:
    with CrashChild() as child:
        yield child


def usable(site: Site) -> bool:
    """Whether the mirror is as it should be; else it must say how it becomes so."""
    try:
        return site.verify().exit_code == 0
    except Damaged as error:
        if "--rebuild-catalog" not in str(error):
            raise
        return False


@pytest.mark.parametrize("state", ["sound", "garbage", "gone"])
def test_killed_at_any_step(tmp_path: Path, child: CrashChild, state: str) -> None:
    with Site(tmp_path, "[mirror]\nworkers = 1") as site:
        made = make_several(site)
        catalog = site.root / CATALOG_NAME
        if state == "garbage":
            catalog.write_bytes(b"no database" * 500)
        elif state == "gone":
            catalog.unlink()
        old = catalog.read_bytes() if catalog.exists() else None
        before = site.root.with_name("before")
        site.root.rename(before)

        def restored() -> None:
            shutil.rmtree(site.root, ignore_errors=True)
            # cp, because shared files must stay shared
            subprocess.run(["/bin/cp", "-a", before, site.root], check=True)

        restored()
        whole = child.do(Job(str(site.config.path), site.clock(), "rebuild"))
        assert (whole.exit_code, whole.error, whole.killed_at) == (0, None, None)
        assert whole.steps > 10
        for step in sampled(whole.steps):
            restored()
            outcome = child.do(Job(str(site.config.path), site.clock(), "rebuild", "", step))
            assert outcome.error is None
            when = f"killed at step {step}, {outcome.killed_at}"
            # Whatever is done next works, or says what to do.
            if not usable(site):
                again = child.do(Job(str(site.config.path), site.clock(), "rebuild"))
                assert (again.exit_code, again.error) == (0, None), when
            if old is not None and state == "garbage":
                kept = [path.read_bytes() for path in site.root.glob(f"{CATALOG_NAME}.aside-*")]
                assert old in kept, when
            assert site.verify().found.unknown == [], when
            for left in (BUILDING, REBUILT):
                assert list(site.root.glob(f"{left}*")) == [], when
            site.sync()
            assert bodies(site) == [], when
            assert site.states() == dict.fromkeys(made, "mirrored"), when
            site.check()
