"""Verify finds every damage and changes no file; repair fetches what is damaged, no more."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lccmirror.demo.messages import Answer
from lccmirror.sync import layout, verify
from lccmirror.sync.report import CycleTold
from tests.support import misbehaving as wrong
from tests.support.damage import flip, truncate
from tests.support.site import Site
from tests.support.sites import site_fixture

site = site_fixture('[server]\nretry_total = "1s"')


def lengthen(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\0")


def empty(path: Path) -> None:
    os.truncate(path, 0)


def to_link(path: Path) -> None:
    aside = path.with_name("aside")
    path.rename(aside)
    path.symlink_to(aside)


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGE: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "missing": (Path.unlink, "missing", "not there"),
    "bit flipped": (flip, "damaged", "other bytes"),
    "truncated": (truncate, "damaged", "instead of"),
    "longer": (lengthen, "damaged", "instead of"),
    "empty": (empty, "damaged", "0 bytes instead of"),
}
OBSTACLES: dict[str, Callable[[Path], None]] = {"a link": to_link, "a folder": to_folder}


def bodies(site: Site) -> list[str]:
    """Return the products that were fetched since the last job began."""
    asked = site.requests()
    return [one for one in asked if one.startswith("GET") and ("/d/" in one or "/p/" in one)]


def repair(site: Site) -> CycleTold:
    site.seen = len(site.server.requests)
    repaired = site.repair()
    assert repaired.repair is not None
    assert repaired.left is not None
    return repaired.repair


@pytest.mark.parametrize("how", sorted(DAMAGE))
@pytest.mark.parametrize("kind", ["csv", "json", "lczip"])
def test_damage_is_found_and_only_that_is_fetched(site: Site, how: str, kind: str) -> None:
    hurt = site.server.make_dataset()
    sound = site.server.make_dataset(filters="(ndet gt 6)", columns=("ndet",))
    site.sync()
    damage, what, words = DAMAGE[how]
    path = site.file(hurt, kind)
    damage(path)
    before = path.read_bytes() if path.exists() else None
    site.seen = len(site.server.requests)
    verified = site.verify()
    assert verified.exit_code == 65
    (found,) = verified.found.damage
    assert (found.what, found.setid, found.kind) == (what, hurt, kind)
    came = site.sql("SELECT fetched_at FROM files WHERE path = ?", found.path)
    assert [(found.verified_at,)] == came
    assert site.root / found.path == path
    assert words in found.detail
    assert site.requests() == []
    assert (path.read_bytes() if path.exists() else None) == before
    assert site.sql("SELECT path FROM files WHERE state <> 'ok'") == [(found.path,)]
    repair(site)
    assert all(hurt in one for one in bodies(site))
    fetched_zip = [one for one in bodies(site) if "/p/" in one]
    fetched_csv = [one for one in bodies(site) if "/d/" in one]
    assert (len(fetched_csv), len(fetched_zip)) == ((0, 1) if kind == "lczip" else (1, 0))
    assert site.requests("/api/datasets") == []
    assert site.verify().exit_code == 0
    site.check()
    assert site.states() == {hurt: "mirrored", sound: "mirrored"}


@pytest.mark.parametrize("what", sorted(OBSTACLES))
def test_what_was_put_in_a_files_place_is_said_and_not_touched(site: Site, what: str) -> None:
    hurt = site.server.make_dataset()
    other = site.server.make_dataset(filters="(ndet gt 6)", columns=("ndet",))
    site.sync()
    path = site.file(hurt, "lczip")
    OBSTACLES[what](path)
    flip(site.file(other, "csv"))
    remedies = {one.setid: one.remedy for one in site.verify().found.damage}
    assert remedies[hurt] == "none before you move away what is there"
    assert remedies[other] == "fetch the dataset's CSV and JSON again"
    repaired = site.repair()
    assert repaired.exit_code == 65
    assert repaired.repair is not None
    assert str(path) in repaired.repair.failed[hurt]
    assert site.file(other, "csv").read_bytes() == site.server.product(other, "csv")
    assert path.is_symlink() or path.is_dir()
    if path.is_symlink():
        path.unlink()
        path.with_name("aside").unlink()
    else:
        path.rmdir()
    site.clock.forward(7200)
    assert site.repair().exit_code == 0
    site.check()


def test_something_in_the_place_of_a_dataset_s_folder(site: Site) -> None:
    """Not one file is missing then; and the others are verified and mended all the same."""
    hurt = site.server.make_dataset()
    other = site.server.make_dataset(filters="(ndet gt 6)", columns=("ndet",))
    site.sync()
    folder = site.file(hurt, "csv").parent
    aside = site.root.with_name("aside")
    folder.rename(aside)
    folder.write_bytes(b"")
    flip(site.file(other, "csv"))
    found = site.verify().found
    assert {one.kind for one in found.damage if one.setid == hurt} == {"csv", "json", "lczip"}
    assert {one.remedy for one in found.damage if one.setid == hurt} == {
        "none before you move away what is there"
    }
    repaired = site.repair()
    assert repaired.repair is not None
    assert (repaired.exit_code, list(repaired.repair.failed)) == (65, [hurt])
    assert site.file(other, "csv").read_bytes() == site.server.product(other, "csv")
    folder.unlink()
    aside.rename(folder)
    site.clock.forward(86_400)
    assert site.sync().exit_code == 0
    site.check()


def test_a_sync_tells_of_what_is_known_to_be_damaged(site: Site) -> None:
    hurt = site.server.make_dataset()
    site.sync()
    flip(site.file(hurt, "csv"))
    site.file(hurt, "lczip").unlink()
    assert list(site.sync().notes) == []
    site.verify()
    report = site.sync()
    (note,) = report.notes
    assert note.startswith("2 files are known to be damaged or missing: `lccmirror verify")
    assert (report.exit_code, report.idle) == (0, False)
    assert site.repair().exit_code == 0
    assert list(site.sync().notes) == []


def test_a_shared_zip_that_is_damaged_is_fetched_once_and_shared_again(site: Site) -> None:
    one = site.server.make_dataset(columns=("sdssr",))
    two = site.server.make_dataset(columns=("ndet",))
    site.sync()
    assert site.file(one, "lczip").samefile(site.file(two, "lczip"))
    flip(site.file(one, "lczip"))
    assert len(site.verify().found.damage) == 2
    repair(site)
    assert len([asked for asked in bodies(site) if "/p/" in asked]) == 1
    assert site.file(one, "lczip").samefile(site.file(two, "lczip"))
    site.check()


@pytest.mark.parametrize("damage", [flip, truncate], ids=["bit flipped", "truncated"])
def test_a_zip_that_is_damaged_is_not_shared(
    site: Site, damage: Callable[[Path], None]
) -> None:
    one = site.server.make_dataset(columns=("sdssr",))
    site.sync()
    damage(site.file(one, "lczip"))
    two = site.server.make_dataset(columns=("ndet",))
    assert site.sync().exit_code == 0
    assert site.file(two, "lczip").read_bytes() == site.server.product(two, "lczip")
    assert site.repair().exit_code == 0
    site.check()


def test_a_begun_table_with_a_bit_turned_above_its_rows_comes_anew(site: Site) -> None:
    setid = site.server.make_dataset()
    site.server.add("/d/.*csv", wrong.cut(300), times=None)
    assert site.sync().exit_code == 1
    site.server.behave()
    part = site.root / layout.arriving(layout.product(setid, "csv"))
    content = bytearray(part.read_bytes())
    content[content.index(b'"name"') + 1] ^= 1
    part.write_bytes(content)
    site.clock.forward(3600)
    assert site.sync().exit_code == 0
    site.check()


def test_an_old_version_that_is_damaged_does_not_come_again(site: Site) -> None:
    setid = site.server.make_dataset()
    site.sync()
    site.clock.forward(100)
    site.server.remake_zip(setid)
    site.server.change_visibility(setid, "public")
    site.sync()
    ((path,),) = site.sql("SELECT path FROM files WHERE state = 'superseded'")
    flip(site.root / path)
    left = (site.root / path).read_bytes()
    (found,) = site.verify().found.damage
    assert found.superseded
    assert "keep what is left" in found.remedy
    repair(site)
    assert bodies(site) == []
    assert site.verify().exit_code == 0
    # It is known as what it is now, so that the rules for old versions are for it, too.
    assert (site.root / path).read_bytes() == left
    assert "damaged here" in site.sql("SELECT note FROM files WHERE path = ?", path)[0][0]
    site.check()
    (site.root / path).unlink()
    (found,) = site.verify().found.damage
    assert "forget it" in found.remedy
    repair(site)
    site.check()


def test_an_old_version_that_was_damaged_may_come_back_and_be_replaced_again(
    site: Site,
) -> None:
    setid = site.server.make_dataset()
    site.sync()
    first = site.server.product(setid, "lczip")

    def next_version() -> None:
        site.clock.forward(100)
        site.server.change_visibility(setid, "public")
        site.sync()

    site.server.remake_zip(setid)
    next_version()
    ((path,),) = site.sql("SELECT path FROM files WHERE state = 'superseded'")
    flip(site.root / path)
    repair(site)

    def as_it_was(turn: wrong.Turn) -> Answer:
        modified = ("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
        return Answer(200, (modified, ("Content-Type", "application/zip")), first)

    site.server.add("/p/", as_it_was, times=None, method="GET|HEAD")
    next_version()
    assert site.file(setid, "lczip").read_bytes() == first
    site.server.behave()
    next_version()
    assert (site.root / path).read_bytes() == first
    site.check()


def test_missing_rows_are_mended_from_the_files(site: Site) -> None:
    setid = site.server.make_dataset()
    site.sync()
    with site.writing() as conn:
        # And so `counts` knows nothing of it.
        conn.execute("DELETE FROM dataset_rows WHERE row > 3")
    (found,) = site.verify().found.damage
    assert (found.what, found.path) == ("rows", setid)
    assert "3 rows" in found.detail
    repair(site)
    assert site.requests(setid) == []
    site.check()


def test_rows_are_not_mended_from_a_damaged_file(site: Site) -> None:
    setid = site.server.make_dataset()
    site.sync()
    with site.writing() as conn:
        gone = conn.execute("DELETE FROM dataset_rows WHERE row > 3").rowcount
        conn.execute("UPDATE counts SET n = n - ? WHERE name = 'dataset_rows'", (gone,))
    objectid = str(site.server.truth(setid)[0]["db_oid"])
    csv = site.file(setid, "csv")
    csv.write_bytes(csv.read_bytes().replace(objectid.encode(), objectid[::-1].encode()))
    site.server.add("", wrong.status(500), times=None)
    assert site.repair().exit_code == 65
    known = {one for (one,) in site.sql("SELECT objectid FROM dataset_rows")}
    assert objectid[::-1] not in known
    site.server.behave()
    site.clock.forward(86_400)
    assert site.repair().exit_code == 0
    site.check()


def test_however_much_is_damaged_a_few_are_named_and_all_come_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "MOST_NAMED", 2)
    hurt = [site.server.make_dataset(columns=(name,)) for name in ("sdssr", "ndet", "kmag")]
    site.sync()
    for setid in hurt:
        site.file(setid, "csv").unlink()
        site.file(setid, "csv").with_name("stray").write_text("mine")
    found = site.verify().found
    assert (len(found.damage), found.more_damage) == (2, 1)
    assert (len(found.unknown), found.more_unknown) == (2, 1)
    assert site.repair().exit_code == 0
    for setid in hurt:
        site.file(setid, "csv").with_name("stray").unlink()
    site.check()


def test_unknown_files_are_told_and_left_alone(site: Site) -> None:
    setid = site.server.make_dataset()
    site.sync()
    stranger = site.file(setid, "csv").with_name("notes.txt")
    stranger.write_text("mine")
    verified = site.verify()
    assert verified.exit_code == 0
    assert verified.found.unknown == [stranger.relative_to(site.root).as_posix()]
    assert site.repair().exit_code == 0
    assert stranger.read_text() == "mine"


def test_a_format_description_and_a_single_light_curve_come_again(tmp_path: Path) -> None:
    settings = '[lightcurves]\nsingles = "missing"\nlimit = 3'
    with Site(tmp_path, settings, lczip_max_nrows=5) as site:
        site.server.make_dataset()
        while site.sync().singles:
            pass
        lost = sorted(site.root.glob("lightcurves/*/*"))[:2]
        truncate(lost[0])
        lost[1].unlink()
        described = sorted(site.root.glob("collections/*/*"))
        before = [path.read_bytes() for path in described]
        empty(described[0])
        shutil.rmtree(described[1].parent)
        assert len(site.verify().found.damage) == 4
        repair(site)
        assert [path.read_bytes() for path in described] == before
        assert all(path.stat().st_size for path in lost)
        assert len([one for one in site.requests("/l/") if one.startswith("GET")]) == 2
        site.check()
