"""Repairing what the server no longer has, or does not give: kept as it is, and said."""

from __future__ import annotations

from pathlib import Path

import pytest

from lccmirror.sync import kept
from tests.support import misbehaving as wrong
from tests.support.damage import flip
from tests.support.site import Site
from tests.support.sites import site_fixture

site = site_fixture('[server]\nretry_total = "1s"')


def test_what_the_server_no_longer_has_is_kept_as_it_is(site: Site) -> None:
    gone = site.server.make_dataset()
    site.sync()
    path = site.file(gone, "csv")
    flip(path)
    before = path.read_bytes()
    site.server.delete(gone)
    repaired = site.repair()
    assert repaired.exit_code == 65
    (kept,) = path.parent.glob(f"{path.name}.*.damaged")
    assert kept.read_bytes() == before
    assert not path.exists()
    (left,) = site.verify().found.damage
    assert (site.root / left.path, left.setid) == (kept, gone)
    assert site.verify().found.unknown == []
    assert site.file(gone, "lczip").exists()
    assert site.states() == {gone: "mirrored"}
    assert len(site.sql("SELECT * FROM dataset_rows")) > 0


def test_rows_are_not_read_again_from_a_file_that_is_damaged(site: Site) -> None:
    setid = site.server.make_dataset(columns=("ndet",))
    site.sync()
    path = site.file(setid, "csv")
    # It can still be read, and says something else.
    path.write_bytes(path.read_bytes()[:-3] + b"x\n")
    site.file(setid, "json").unlink()
    with site.writing() as conn:
        conn.execute("DELETE FROM dataset_rows WHERE row = 1")
    there = site.sql("SELECT * FROM dataset_rows ORDER BY row")
    site.server.delete(setid)
    assert site.repair().exit_code == 65
    assert site.sql("SELECT * FROM dataset_rows ORDER BY row") == there
    told = {one.what for one in site.verify().found.damage}
    assert told == {"damaged", "missing", "rows"}


@pytest.mark.parametrize("told", [False, True], ids=["by a 404", "in its list"])
def test_a_zip_that_the_server_no_longer_has(site: Site, told: bool) -> None:
    setid = site.server.make_dataset()
    site.sync()
    entries = site.sql("SELECT * FROM lightcurves")
    path = site.file(setid, "lczip")
    flip(path)
    before = path.read_bytes()
    site.server.add("/p/", wrong.status(404), times=None)
    if told:
        with site.writing() as conn:
            conn.execute("UPDATE datasets SET has_lczip = 0")
    for _ in range(2):
        assert site.repair().exit_code == 65
        assert site.states() == {setid: "partial"}
        ((reason,),) = site.sql("SELECT reason FROM datasets")
        assert "damaged here" in reason
        ((state, moved),) = site.sql("SELECT state, path FROM files WHERE kind = 'lczip'")
        assert (state, moved.endswith(".damaged")) == ("damaged", True)
        # What is left of it can still be read, member by member.
        assert site.sql("SELECT DISTINCT path FROM lightcurves") == [(moved,)]
        assert len(site.sql("SELECT * FROM lightcurves")) == len(entries)
        assert (site.root / moved).read_bytes() == before
        assert not path.exists()
    site.server.behave()
    if told:
        with site.writing() as conn:
            conn.execute("UPDATE datasets SET has_lczip = 1")
    assert site.repair().exit_code == 0
    site.check()


@pytest.mark.parametrize("kind", ["lc", "lcformat"])
def test_a_file_of_no_dataset_that_the_server_no_longer_has(tmp_path: Path, kind: str) -> None:
    settings = '[server]\nretry_total = "1s"\n[lightcurves]\nsingles = "missing"'
    with Site(tmp_path, settings, lczip_max_nrows=5) as site:
        site.server.make_dataset()
        site.sync()
        ((path, *_), *_) = site.sql("SELECT path FROM files WHERE kind = ?", kind)
        flip(site.root / path)
        before = (site.root / path).read_bytes()
        entries = len(site.sql("SELECT * FROM lightcurves"))
        site.server.add("/[lc]/", wrong.status(404), times=None, method="GET|HEAD")
        for _ in range(2):
            site.clock.forward(86_400)
            assert site.repair().exit_code == 65
            (moved,) = (site.root / path).parent.glob("*.damaged")
            assert moved.read_bytes() == before
            assert not (site.root / path).exists()
            assert site.verify().found.unknown == []
            assert len(site.sql("SELECT * FROM lightcurves")) == entries
        site.server.behave()
        site.clock.forward(86_400)
        assert site.repair().exit_code == 0
        assert not moved.exists()
        assert len(site.sql("SELECT * FROM lightcurves")) == entries
        site.check()


def test_a_damaged_file_that_is_being_set_aside_when_all_ends(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = site.server.make_dataset()
    site.sync()
    flip(site.file(gone, "csv"))
    site.server.delete(gone)
    with monkeypatch.context() as broken:
        broken.setattr(kept, "move_row", raise_interrupt)
        with pytest.raises(KeyboardInterrupt):
            site.repair()
    assert [*site.file(gone, "csv").parent.glob("*.damaged")] != []
    site.sync()
    assert site.verify().found.unknown == []
    assert site.file(gone, "csv").exists()
    site.repair()
    assert site.verify().found.unknown == []
    assert [*site.file(gone, "csv").parent.glob("*.damaged")] != []


def raise_interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_sound_zip_that_the_server_no_longer_has_is_kept(site: Site) -> None:
    setid = site.server.make_dataset()
    site.sync()
    site.clock.forward(100)
    site.server.change_visibility(setid, "public")
    site.server.add("/p/", wrong.status(404), times=None, method="HEAD|GET")
    assert site.sync().exit_code == 0
    assert site.sql("SELECT state, has_lczip FROM datasets") == [("mirrored", 1)]
    assert "ours is kept" in site.sql("SELECT reason FROM datasets")[0][0]
    site.check()


def test_without_the_server_nothing_is_made_worse(site: Site) -> None:
    setid = site.server.make_dataset()
    site.sync()
    flip(site.file(setid, "lczip"))
    before = {path: path.read_bytes() for path in site.root.glob("datasets/**/*.*")}
    site.server.add("", wrong.reset(), times=None)
    assert site.repair().exit_code == 65
    assert {path: path.read_bytes() for path in before} == before
    site.server.behave()
    site.clock.forward(86_400)
    assert site.repair().exit_code == 0
    site.check()


def test_a_repair_that_is_given_up_says_why_and_what_is_left(tmp_path: Path) -> None:
    with Site(tmp_path, '[server]\nretry_total = "1s"\n[mirror]\nworkers = 1') as site:
        names = ("sdssr", "ndet", "kmag", "objtype", "starname")
        for setid in [site.server.make_dataset(columns=(name,)) for name in names]:
            site.sync()
            flip(site.file(setid, "csv"))
        # So many in a row that cannot be reached, and no more are asked for.
        site.server.add("/set/|/d/", wrong.reset(), times=None)
        repaired = site.repair()
        assert repaired.exit_code == 65
        assert repaired.repair is not None
        assert repaired.repair.error is not None
        assert repaired.left is not None
        assert len(repaired.left.damage) == len(names)
        site.server.behave()
        site.clock.forward(86_400)
        assert site.repair().exit_code == 0
        site.check()
