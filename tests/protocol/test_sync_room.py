"""At the limits of the disk: nothing is asked for that has no room, and all of it heals."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from lccmirror.errors import NoRoom
from tests.support import misbehaving as wrong
from tests.support.site import Site
from tests.support.sites import site_fixture

site = site_fixture("[mirror]\nworkers = 1")


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


def test_what_does_not_fit_waits_and_the_rest_comes(tmp_path: Path) -> None:
    with Site(tmp_path, points=(80, 90)) as site:
        large = site.server.make_dataset()
        small = site.server.make_table({"db_oid": "U9", "n": "i8"}, [["a", 1]])
        room = len(site.server.product(large, "lczip"))
        # Far below what a configuration may say.
        limit(site, max_bytes=room)
        report = site.sync()
        assert isinstance(report.no_room, NoRoom)
        assert report.exit_code == 73
        assert site.states() == {large: "partial", small: "mirrored"}
        site.configure()
        site.clock.forward(3600)
        assert site.sync().exit_code == 0
        site.check()


def test_what_fits_comes_though_much_before_it_does_not(tmp_path: Path) -> None:
    with Site(tmp_path, "[mirror]\nworkers = 1") as site:
        columns = {"db_oid": "U200", "n": "i8"}
        large = [
            site.server.make_table(columns, [[f"{n}-{i}" * 9, i] for i in range(400)])
            for n in range(9)
        ]
        small = [site.server.make_table(columns, [[f"a{n}", 1]]) for n in range(3)]
        limit(site, max_bytes=12_000)
        report = site.sync()
        assert report.exit_code == 73
        states = site.states()
        assert {states[setid] for setid in small} == {"mirrored"}
        assert "mirrored" not in {states[setid] for setid in large}
        # Not every large one is asked for to find that out.
        assert len(report.failed) < len(large)


def test_a_download_cut_many_times_asks_for_its_room_once(site: Site) -> None:
    setid = site.server.make_dataset()
    size = len(site.server.product(setid, "lczip"))
    pieces = [wrong.cut(size // 8) for _ in range(5)]
    site.server.add("/p/", wrong.in_turn(*pieces), times=len(pieces))
    # Room for it and the small things beside it, not for it and a half of it again.
    limit(site, max_bytes=size + size // 2 + 20_000)
    assert site.sync().exit_code == 0
    site.check()


def test_what_workers_fetch_together_must_fit_together(tmp_path: Path) -> None:
    with Site(tmp_path, points=(80, 90)) as site:
        first, second = site.server.surveys[:2]
        setids = [
            site.server.make_dataset(collections=[one.collection], columns=("ndet",))
            for one in (first, second)
        ]
        sizes = [len(site.server.product(setid, "lczip")) for setid in setids]
        limit(site, max_bytes=sum(sizes) - 1)
        report = site.sync()
        assert report.exit_code == 73
        assert sorted(site.states().values()) == ["mirrored", "partial"]


def test_a_zip_that_datasets_share_counts_for_each_of_them_at_once(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        for _ in range(4):
            site.server.make_dataset()
        assert site.sync().exit_code == 0
        (whole,) = site.sql("SELECT n FROM counts WHERE name = 'file_bytes'")[0]
    folder = tmp_path / "bounded"
    folder.mkdir()
    with Site(folder) as site:
        for _ in range(4):
            site.server.make_dataset()
        mirror = msgspec.structs.replace(site.config.mirror, max_bytes=whole * 6 // 10)
        site.config = msgspec.structs.replace(site.config, mirror=mirror)
        assert site.sync().exit_code == 73
        (held,) = site.sql("SELECT n FROM counts WHERE name = 'file_bytes'")[0]
        assert 0 < held <= whole * 6 // 10
