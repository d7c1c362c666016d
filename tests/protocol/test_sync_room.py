"""At the limits of the disk: nothing is asked for that has no room, and all of it heals."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from lccmirror.errors import NoRoom
from tests.support.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path, "[mirror]\nworkers = 1") as site:
        yield site


def limit(site: Site, **limits: int) -> None:
    mirror = msgspec.structs.replace(site.config.mirror, **limits)
    site.config = msgspec.structs.replace(site.config, mirror=mirror)


def test_below_min_free_not_even_a_table_is_asked_for(site: Site) -> None:
    site.sync()
    setids = [site.server.make_dataset(filters=f"(ndet gt {n})") for n in range(6)]
    limit(site, min_free=10 * shutil.disk_usage(site.root).total)
    for _ in range(3):
        site.clock.forward(86_400)
        report = site.sync()
        assert isinstance(report.no_room, NoRoom)
        # The lists are still read, and what is waiting is known.
        assert site.requests("/api/datasets")
        assert site.requests("/set/") == []
    assert site.states().keys() == set(setids)
    left = [one for one in (site.root / "incoming").iterdir() if one.stat().st_size]
    assert left == []
    limit(site, min_free=0)
    site.clock.forward(86_400)
    assert site.sync().exit_code == 0
    site.check()


def test_the_limit_holds_for_tables_too(site: Site) -> None:
    site.sync()
    held = site.sql("SELECT n FROM counts WHERE name = 'file_bytes'")[0][0]
    site.server.make_dataset()
    limit(site, max_bytes=held + 100)
    assert isinstance(site.sync().no_room, NoRoom)
    assert site.sql("SELECT n FROM counts WHERE name = 'file_bytes'")[0][0] <= held + 100
    left = [one for one in (site.root / "incoming").iterdir() if one.stat().st_size]
    assert left == []


def test_a_mirror_at_its_limit_still_mends_what_is_damaged(site: Site) -> None:
    setid = site.server.make_dataset()
    site.sync()
    held = site.sql("SELECT n FROM counts WHERE name = 'file_bytes'")[0][0]
    limit(site, max_bytes=held + 1000)
    zipped = site.file(setid, "lczip")
    zipped.write_bytes(bytes(zipped.stat().st_size))
    site.clock.forward(86_400)
    assert site.repair().exit_code == 0
    site.check()
