"""The newest backup tells what the files do not, when a catalog is made anew."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lccmirror.catalog.connection import CATALOG_NAME
from lccmirror.errors import MirrorUnusable
from tests.support import misbehaving as wrong
from tests.support.rebuilding import (
    HISTORY,
    LOSSES,
    bodies,
    everything,
    lose,
    make_several,
    read,
)
from tests.support.site import Site
from tests.support.sites import site_fixture

# One worker, so that of equal tables the first made holds the rows.
site = site_fixture('[server]\nretry_total = "1s"\n[mirror]\nworkers = 1')


@pytest.mark.parametrize("how", sorted(LOSSES))
def test_with_a_backup_all_but_times(site: Site, how: str) -> None:
    make_several(site)
    site.clock.forward(2 * 86_400)
    site.sync()
    before = everything(site)
    history = {name: read(site, name) for name in HISTORY}
    seen = site.sql("SELECT setid, first_seen, origin FROM datasets ORDER BY setid")
    LOSSES[how](site)
    rebuilt = site.rebuild()
    assert rebuilt.exit_code == 0
    assert rebuilt.source is not None
    assert "backup" in rebuilt.source
    after = everything(site)
    for name, rows in before.items():
        assert after[name] == rows, name
    assert {name: read(site, name) for name in HISTORY} == history
    assert site.sql("SELECT setid, first_seen, origin FROM datasets ORDER BY setid") == seen
    site.sync()
    assert bodies(site) == []
    site.check()


def test_with_a_backup_one_wrong_byte_is_known(site: Site) -> None:
    """Also where no checksum of the format's own would tell."""
    made = make_several(site)
    site.clock.forward(2 * 86_400)
    site.sync()
    path = site.file(made[2], "json")
    content = bytearray(path.read_bytes())
    content[4] ^= 1  # a time in the header of gzip, which no CRC covers
    path.write_bytes(content)
    lose(site)
    rebuilt = site.rebuild()
    # Whether it is damaged or newer than the backup, nothing tells; its content is sound.
    assert rebuilt.exit_code == 0
    site.sync()
    assert site.states()[made[2]] == "mirrored"


@pytest.mark.parametrize("by_disk", [False, True])
@pytest.mark.parametrize("kind", ["csv", "lczip"])
def test_with_a_backup_a_bit_that_was_turned_is_known(
    site: Site, kind: str, by_disk: bool
) -> None:
    """Also where nothing in the file would tell: its time is as it was, or not the server's."""
    made = make_several(site)
    site.clock.forward(2 * 86_400)
    site.sync()
    before = everything(site)
    path = site.file(made[2], kind)
    status, content = path.stat(), bytearray(path.read_bytes())
    where = content.index(b"Created at") if kind == "csv" else 10  # a member's time
    content[where] ^= 1
    path.write_bytes(content)
    changed = status.st_mtime_ns if by_disk else status.st_mtime_ns + 1_500_000_000
    os.utime(path, ns=(status.st_atime_ns, changed))
    lose(site)
    rebuilt = site.rebuild()
    assert rebuilt.exit_code == 65
    assert path in {site.root / one.path for one in rebuilt.found.damage}
    assert site.sync().exit_code == 0
    assert everything(site)["dataset_rows"] == before["dataset_rows"]
    site.check()


def test_what_is_lost_with_the_catalog_is_kept_from_the_backup(site: Site) -> None:
    made = make_several(site)
    site.clock.forward(2 * 86_400)
    site.sync()
    rows = read(site, "dataset_rows")
    objects, curves = read(site, "objects"), read(site, "lightcurves")
    shutil.rmtree(site.file(made[2], "csv").parent)
    lose(site)
    rebuilt = site.rebuild()
    assert rebuilt.exit_code == 65
    assert {one.what for one in rebuilt.found.damage} == {"missing"}
    assert {one.setid for one in rebuilt.found.damage} == {made[2]}
    assert (read(site, "dataset_rows"), read(site, "objects")) == (rows, objects)
    assert read(site, "lightcurves") == curves
    site.server.add("", wrong.status(500), times=None)
    site.sync()
    assert read(site, "dataset_rows") == rows
    site.server.behave()
    site.clock.forward(86_400)
    assert site.sync().exit_code == 0
    site.check()


def test_what_was_known_to_be_missing_is_told_and_comes_again(site: Site) -> None:
    made = make_several(site)
    site.clock.forward(2 * 86_400)
    gone = {site.file(made[2], "csv"), *(site.root / "collections").rglob("*.json")}
    for path in gone:
        path.unlink()
    assert len(site.verify().found.damage) == len(gone) > 1
    site.sync()
    lose(site)
    rebuilt = site.rebuild()
    assert rebuilt.source is not None
    assert {site.root / one.path for one in rebuilt.found.damage} == gone
    assert rebuilt.exit_code == 65
    assert site.sync().exit_code == 0
    site.check()


def test_a_backup_of_another_server_is_not_used(site: Site) -> None:
    make_several(site)
    for path in (site.root / "backups").iterdir():
        with closing(sqlite3.connect(path)) as conn:
            conn.execute("UPDATE mirror SET value = 'http://x.org' WHERE key = 'server_url'")
            conn.commit()
    lose(site)
    assert site.rebuild().source is None


def test_backups_that_went_elsewhere(site: Site, tmp_path: Path) -> None:
    """Without its disk nothing is made anew; and older ones still lie in the mirror."""
    make_several(site)
    (older,) = (site.root / "backups").iterdir()
    elsewhere = tmp_path / "disk" / "hat"
    site.configure(f'[mirror]\nworkers = 1\n[backup]\nfolder = "{elsewhere}"')
    lose(site)
    with pytest.raises(MirrorUnusable, match=f"no folder {elsewhere}") as caught:
        site.rebuild()
    assert "mount" in str(caught.value.hint)
    assert not (site.root / CATALOG_NAME).exists()
    elsewhere.mkdir(parents=True)
    assert site.rebuild().source == f"the backup {older}"
    site.clock.forward(2 * 86_400)
    site.sync()
    (newer,) = elsewhere.iterdir()
    lose(site)
    assert site.rebuild().source == f"the backup {newer}"
    # A catalog that is sound needs none.
    shutil.rmtree(elsewhere)
    assert site.rebuild().source == "the catalog itself"


def test_a_damaged_backup_gives_way_to_an_older_one(site: Site) -> None:
    make_several(site)
    site.clock.forward(2 * 86_400)
    site.sync()
    older, newest = sorted((site.root / "backups").iterdir())
    newest.write_bytes(b"x" * 5000)
    lose(site)
    assert site.rebuild().source == f"the backup {older}"
    site.sync()
    site.check()


def test_a_backup_of_the_future_gives_way_to_one_of_a_right_clock(site: Site) -> None:
    make_several(site)
    (future,) = (site.root / "backups").iterdir()
    future = future.rename(future.with_name(future.name.replace("-2026", "-2036")))
    site.clock.forward(2 * 86_400)
    site.sync()
    (newest,) = set((site.root / "backups").iterdir()) - {future}
    lose(site)
    assert site.rebuild().source == f"the backup {newest}"
    newest.unlink()
    lose(site)
    assert site.rebuild().source == f"the backup {future}"
