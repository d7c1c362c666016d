"""A catalog that is lost or damaged is made anew from the files."""

from __future__ import annotations

import gzip
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lccmirror.catalog.connection import CATALOG_NAME
from lccmirror.errors import Damaged, MirrorLocked, Stopped
from lccmirror.sync.mirror import open_configured
from tests.support import misbehaving as wrong
from tests.support.rebuilding import (
    LOSSES,
    TIMES,
    bodies,
    empty,
    everything,
    lose,
    lose_backups,
    make_several,
    read,
    scribble,
    without,
)
from tests.support.site import Site
from tests.support.sites import site_fixture

# One worker, so that of equal tables the first made holds the rows.
site = site_fixture('[server]\nretry_total = "1s"\n[mirror]\nworkers = 1')


@pytest.mark.parametrize("how", sorted(LOSSES))
def test_from_files_alone(site: Site, how: str) -> None:
    made = make_several(site)
    before = everything(site)
    sizes = {path: path.read_bytes() for path in site.root.glob("datasets/**/*.*")}
    lose_backups(site)
    LOSSES[how](site)
    rebuilt = site.rebuild()
    assert site.requests() == []
    assert (rebuilt.exit_code, rebuilt.source, rebuilt.datasets) == (0, None, 3)
    assert rebuilt.untold
    after = everything(site)
    for name in ("collections", "columns", "collections_text", "columns_text"):
        # What the server says of its collections is in no file; who they are is.
        del before[name], after[name]
    for found in (before, after):
        # Of the files, ETags are not known, nor how one came to be shared; of datasets, what
        # only the list says: their latest change in it.
        without(found["files"], "note")
        without(found["datasets"], "last_updated")
    for name, rows in before.items():
        assert after[name] == rows, name
    assert {path: path.read_bytes() for path in sizes} == sizes
    site.sync()
    assert bodies(site) == []
    assert site.states() == dict.fromkeys(made, "mirrored")
    site.check()


def test_the_old_catalog_is_kept_with_its_log(site: Site) -> None:
    make_several(site)
    path = site.root / CATALOG_NAME
    scribble(site)
    (site.root / f"{CATALOG_NAME}-wal").write_bytes(b"of the old one")
    rebuilt = site.rebuild()
    assert rebuilt.aside is not None
    aside = Path(rebuilt.aside)
    assert aside.read_bytes() == b"no database" * 1000
    assert aside.with_name(aside.name + "-wal").read_bytes() == b"of the old one"
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert not (site.root / f"{CATALOG_NAME}-wal").exists()
    site.check()


def test_a_sound_catalog_keeps_its_own_history(site: Site) -> None:
    make_several(site)
    lose_backups(site)
    log = site.sql("SELECT * FROM sync_log ORDER BY id")
    before = everything(site)
    rebuilt = site.rebuild()
    assert (rebuilt.source, rebuilt.untold) == ("the catalog itself", ())
    assert site.sql("SELECT * FROM sync_log ORDER BY id")[:-1] == log
    assert everything(site) == before
    site.check()


def test_a_sync_says_what_to_do_about_a_lost_catalog(site: Site) -> None:
    make_several(site)
    for loss in (lose, empty):
        loss(site)
        site.seen = len(site.server.requests)
        for work in (site.sync, site.verify, site.repair, site.plan):
            with pytest.raises(Damaged, match="--rebuild-catalog") as caught:
                work()
            assert caught.value.exit_code == 65
        assert site.requests() == []
        assert site.root.joinpath(CATALOG_NAME).exists() == (loss is empty)


def test_the_log_of_a_lost_catalog_is_not_for_a_copy_of_it(site: Site) -> None:
    site.server.make_dataset()
    site.sync()
    lose(site)
    with pytest.raises(Damaged) as caught:
        site.sync()
    assert str(caught.value.hint).endswith("; or put a copy of it back")
    site.root.joinpath(f"{CATALOG_NAME}-wal").write_bytes(b"a")
    with pytest.raises(Damaged) as caught:
        site.sync()
    hint = "; or move catalog.sqlite-wal away, and put a copy of it back"
    assert str(caught.value.hint).endswith(hint)


def test_an_empty_folder_is_no_loss(site: Site) -> None:
    site.server.make_dataset()
    (site.root / "datasets" / "ab").mkdir(parents=True)
    assert site.sync().exit_code == 0
    site.check()


def test_a_damaged_file_is_told_and_comes_again(site: Site) -> None:
    made = make_several(site)
    csv, zipped = site.file(made[2], "csv"), site.file(made[2], "lczip")
    content = bytearray(csv.read_bytes())
    digit = content.rindex(b".") + 1
    content[digit] = ord("1") if content[digit] != ord("1") else ord("2")
    csv.write_bytes(content)
    os.truncate(zipped, zipped.stat().st_size - 30)
    lose_backups(site)
    lose(site)
    rebuilt = site.rebuild()
    assert rebuilt.exit_code == 65
    hurt = {site.root / one.path for one in rebuilt.found.damage}
    assert hurt == {csv, zipped}
    assert site.sync().exit_code == 0
    assert {one.partition(made[2])[1] for one in bodies(site)} == {made[2]}
    site.check()


@pytest.mark.parametrize("with_backup", [False, True])
def test_what_lies_in_a_file_s_place_is_said(site: Site, with_backup: bool) -> None:
    made = make_several(site)
    csv = site.file(made[2], "csv")
    csv.unlink()
    csv.mkdir()
    if not with_backup:
        lose_backups(site)
    lose(site)
    (found,) = site.rebuild().found.damage
    assert found.what == "damaged"
    assert "a folder" in found.detail
    assert found.remedy == "none before you move away what is there"
    csv.rmdir()
    site.clock.forward(3600)
    assert site.sync().exit_code == 0
    site.check()


def test_a_download_that_was_begun_goes_on(site: Site) -> None:
    setid = site.server.make_dataset()
    site.server.add("/p/", wrong.cut(3000), times=None, method="GET")
    site.sync()
    part = next(site.root.glob("incoming/*.zip.part"))
    begun = part.stat().st_size
    assert begun > 0
    lose_backups(site)
    lose(site)
    for path in site.root.glob("datasets/*/*/*"):
        path.unlink()
    site.server.behave()
    site.rebuild()
    assert site.sync().exit_code == 0
    asked = [one for one in site.server.requests[site.seen :] if "/p/" in one.target]
    ranges = [one.headers.get("range") for one in asked if one.method == "GET"]
    assert ranges == [f"bytes={begun}-"]
    assert site.states() == {setid: "mirrored"}
    site.check()


def test_files_that_are_nobodys_are_told_and_left_alone(site: Site) -> None:
    made = make_several(site)
    stray = site.file(made[0], "csv").with_name("notes.txt")
    stray.write_text("mine")
    lose(site)
    rebuilt = site.rebuild()
    assert rebuilt.found.unknown == [stray.relative_to(site.root).as_posix()]
    assert stray.read_text() == "mine"


def test_nobody_else_may_hold_the_mirror(site: Site) -> None:
    make_several(site)
    with open_configured(site.config), pytest.raises(MirrorLocked):
        site.rebuild()
    site.check()


def test_stopped_in_the_middle_all_is_as_it_was(site: Site) -> None:
    make_several(site)
    scribble(site)
    before = (site.root / CATALOG_NAME).read_bytes()
    around = site.around()
    around.stop.set()
    from lccmirror.sync.rebuild import rebuild_catalog

    with pytest.raises(Stopped):
        rebuild_catalog(site.config, around)
    assert (site.root / CATALOG_NAME).read_bytes() == before
    assert list(site.root.glob(f"{CATALOG_NAME}*")) == [site.root / CATALOG_NAME]
    assert site.rebuild().exit_code == 0
    site.check()


def test_singles_and_formats_and_objects(tmp_path: Path) -> None:
    settings = '[lightcurves]\nsingles = "missing"\n[objects]\nmirror = "all"'
    with Site(tmp_path, settings, lczip_max_nrows=5) as site:
        site.server.make_dataset()
        while True:
            report = site.sync()
            if not (report.singles or report.objects):
                break
        assert site.sql("SELECT 1 FROM files WHERE kind = 'lc'")
        assert site.sql("SELECT 1 FROM files WHERE kind = 'objectinfo'")
        names = ("lightcurves", "objects", "dataset_rows", "object_periods")
        before = {name: read(site, name, but=frozenset({*TIMES})) for name in names}
        infos = read(site, "object_info", but=frozenset({*TIMES, "asked_at"}))
        lose_backups(site)
        lose(site)
        rebuilt = site.rebuild()
        assert rebuilt.found.damage == []
        after = {name: read(site, name, but=frozenset({*TIMES})) for name in names}
        assert after == before
        place = infos[0].index("state")
        ok = [row for row in infos[1:] if row[place] == "ok"]
        found = read(site, "object_info", but=frozenset({*TIMES, "asked_at"}))
        assert found[1:] == ok
        site.sync()
        # What the server said it has not is in no file: that is asked once more.
        missing = [name for (name,) in site.sql("SELECT objectid FROM missing_lightcurves")]
        assert len(missing) == len(bodies(site)) > 0
        assert all(any(name in one for name in missing) for one in bodies(site))
        site.check()


@pytest.mark.parametrize(
    "place", ["datasets/x", "lightcurves/demo-field-a", "objects/demo-field-a", "collections/x"]
)
def test_a_stray_file_whose_name_is_not_utf8_is_unknown(site: Site, place: str) -> None:
    site.server.make_dataset(columns=("sdssr",))
    site.sync()
    folder = site.root / place
    folder.mkdir(parents=True, exist_ok=True)
    stray = folder / os.fsdecode(b"notes-\xe9.json.gz")
    stray.write_bytes(b"somebody's")
    unknown = [stray.relative_to(site.root).as_posix()]
    assert site.verify().found.unknown == unknown
    rebuilt = site.rebuild()
    assert (rebuilt.exit_code, rebuilt.found.unknown) == (0, unknown)
    assert stray.read_bytes() == b"somebody's"


def test_a_header_with_a_number_beyond_64_bits_costs_no_other_dataset(site: Site) -> None:
    made = make_several(site)
    document = site.file(made[0], "json")
    text = gzip.decompress(document.read_bytes()).decode()
    text = re.sub(r'"actual_nrows": *[0-9]+', f'"actual_nrows": {10**30}', text)
    document.write_bytes(gzip.compress(text.encode()))
    lose_backups(site)
    lose(site)
    assert site.rebuild().datasets == 3
    assert site.sql("SELECT nobjects FROM datasets WHERE setid = ?", made[0]) == [(None,)]
