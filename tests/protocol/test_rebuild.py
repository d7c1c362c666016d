"""A catalog that is lost or damaged is made anew from the files and the newest backup."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lccmirror.catalog.connection import CATALOG_NAME
from lccmirror.errors import Damaged, MirrorLocked, MirrorUnusable, Stopped
from lccmirror.sync.mirror import open_configured
from tests.support import misbehaving as wrong
from tests.support.site import Site

# What no file tells: times of ours, and ETags.
TIMES = {"first_seen", "last_seen", "mirrored_at", "fetched_at", "verified_at", "since", "etag"}
DERIVED = (
    *("collections", "columns", "datasets", "dataset_collections", "dataset_columns"),
    *("dataset_rows", "objects", "object_columns", "files", "lightcurves"),
    *("missing_lightcurves", "object_info", "object_periods", "counts"),
    *("datasets_text", "collections_text", "columns_text", "objects_text"),
)
HISTORY = (
    *("searches", "search_runs", "search_run_sets", "search_changes", "search_members"),
    *("gaps", "lightcurve_attempts", "work", "jobs", "announced"),
)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    # One worker, so that of equal tables the first made holds the rows.
    with Site(tmp_path, '[server]\nretry_total = "1s"\n[mirror]\nworkers = 1') as site:
        yield site


def read(site: Site, table: str, *, but: frozenset[str] = frozenset()) -> list[Any]:
    """Return the rows of a table, without some columns and in an order of their own."""
    names = [name for (name,) in site.sql("SELECT name FROM pragma_table_info(?)", table)]
    chosen = sorted(name for name in names if name not in but and name != "id")
    quoted = ", ".join(f'"{name}"' for name in chosen)
    return [chosen, *sorted(site.sql(f"SELECT {quoted} FROM {table}"), key=repr)]


def everything(site: Site, *but: str) -> dict[str, list[Any]]:
    found = {one: read(site, one, but=frozenset({*TIMES, *but})) for one in DERIVED}
    for rows in (found["datasets"], found["datasets_text"]):
        name = "query_params" if "query_params" in rows[0] else "query"
        place = rows[0].index(name)
        rows[1:] = [[*row[:place], _normal(row[place]), *row[place + 1 :]] for row in rows[1:]]
    return found


def _normal(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text


def without(rows: list[Any], name: str) -> None:
    """Take a column away, and put the rows in order without it."""
    place = rows[0].index(name)
    rows[:] = [[*row[:place], *row[place + 1 :]] for row in rows]
    rows[1:] = sorted(rows[1:], key=repr)


def lose(site: Site) -> None:
    (site.root / CATALOG_NAME).unlink(missing_ok=True)


def lose_backups(site: Site) -> None:
    shutil.rmtree(site.root / "backups")


def empty(site: Site) -> None:
    (site.root / CATALOG_NAME).write_bytes(b"")


def damage(site: Site) -> None:
    path = site.root / CATALOG_NAME
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)


def scribble(site: Site) -> None:
    (site.root / CATALOG_NAME).write_bytes(b"no database" * 1000)


LOSSES: dict[str, Callable[[Site], None]] = {
    "gone": lose,
    "empty": empty,
    "damaged": damage,
    "no database": scribble,
}


def make_several(site: Site) -> list[str]:
    """Make datasets of each kind: shared rows, shared ZIP, replaced versions, two surveys."""
    made = [
        site.server.make_dataset(columns=("sdssr",)),
        site.server.make_dataset(columns=("sdssr",)),
        site.server.make_dataset(filters="(ndet gt 6)", columns=("ndet", "remarks")),
    ]
    site.sync()
    site.clock.forward(1000)
    site.server.remake_zip(made[0])
    for setid in made[:2]:
        site.server.change_visibility(setid, "public")
    site.sync()
    assert site.sql("SELECT 1 FROM files WHERE state = 'superseded'")
    assert site.sql("SELECT 1 FROM datasets WHERE same_as IS NOT NULL")
    return made


def bodies(site: Site) -> list[str]:
    """Return the products of which a body was asked for since the last job began."""
    asked = site.requests()
    return [
        one
        for one in asked
        if one.startswith("GET") and any(part in one for part in ("/d/", "/p/", "/l/", "/set/"))
    ]


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
