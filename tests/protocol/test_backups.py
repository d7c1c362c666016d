"""The catalog is backed up when that is due, and that this fails is no reason to fail."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from lccmirror.cli.app import cli
from lccmirror.daemon.duties import back_up
from lccmirror.errors import MirrorUnusable
from lccmirror.sync import backups
from lccmirror.sync.jobs import open_session
from tests.support.site import Site
from tests.support.sites import site_fixture

DAY = 86_400


site = site_fixture()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_sync_makes_one_when_one_is_due(site: Site) -> None:
    site.sync()
    first = names(site.root / "backups")
    assert len(first) == 1
    site.clock.forward(DAY / 2)
    site.sync()
    assert names(site.root / "backups") == first
    site.clock.forward(DAY / 2)
    site.sync()
    assert len(names(site.root / "backups")) == 2


def test_it_is_the_catalog_and_sound(site: Site) -> None:
    setid = site.server.make_dataset()
    site.sync()
    (path,) = (site.root / "backups").iterdir()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert conn.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert conn.execute("SELECT setid, state FROM datasets").fetchall() == [
            (setid, "mirrored")
        ]
    assert path.stat().st_mode & 0o777 == (site.root / "catalog.sqlite").stat().st_mode & 0o777


def test_so_many_are_kept_and_nothing_else_is_touched(site: Site) -> None:
    site.configure("[backup]\nkeep = 2")
    site.sync()
    folder = site.root / "backups"
    (folder / "catalog-of-mine.sqlite").write_text("mine")
    (folder / "catalog-other.org-20200101T000000Z.sqlite").write_text("another server's")
    made = set()
    for _ in range(4):
        site.clock.forward(DAY)
        site.sync()
        made |= {name for name in names(folder) if "127" in name}
    kept = [name for name in names(folder) if "127" in name]
    assert kept == sorted(made)[-2:]
    assert (folder / "catalog-of-mine.sqlite").read_text() == "mine"
    assert len(names(folder)) == 4


def test_those_of_a_clock_that_was_ahead_take_no_places(site: Site) -> None:
    site.configure("[backup]\nkeep = 3")
    folder = site.root / "backups"
    site.sync()
    (first,) = names(folder)
    for year in ("2036", "2037", "2038"):
        (folder / first.replace("-2026", f"-{year}")).write_bytes((folder / first).read_bytes())
    for _ in range(3):
        site.clock.forward(DAY)
        site.sync()
    there = names(folder)
    assert [name for name in there if "-203" in name] == [
        first.replace("-2026", "-2037"),
        first.replace("-2026", "-2038"),
    ]
    assert len(there) == 5


def test_none_are_made_with_keep_0(site: Site) -> None:
    site.configure("[backup]\nkeep = 0")
    assert site.sync().exit_code == 0
    assert not (site.root / "backups").exists()


def test_a_folder_that_is_not_mounted_is_not_made(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "disk" / "hat"
    site.configure(f'[backup]\nfolder = "{folder}"')
    setid = site.server.make_dataset()
    report = site.sync()
    assert report.exit_code == 0
    assert site.states() == {setid: "mirrored"}
    assert any(str(folder) in note for note in report.notes)
    assert not folder.exists()
    ((key, message),) = site.sql("SELECT key, message FROM troubles")
    assert (key, str(folder) in message) == ("job backup", True)
    folder.mkdir(parents=True)
    site.sync()
    assert len(names(folder)) == 1
    assert site.sql("SELECT * FROM troubles") == []


def test_no_room_is_told_and_leaves_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    setid = site.server.make_dataset()
    site.sync()
    site.clock.forward(2 * DAY)
    monkeypatch.setattr(backups, "_SPARE_BYTES", 1 << 60)
    before = names(site.root / "backups")
    report = site.sync()
    assert any("no room for a backup" in note for note in report.notes)
    assert names(site.root / "backups") == before
    assert site.states() == {setid: "mirrored"}


def test_what_a_run_that_was_cut_off_has_left_goes(site: Site) -> None:
    site.sync()
    folder = site.root / "backups"
    (name,) = names(folder)
    (folder / f".{name}.part").write_text("half of it")
    site.clock.forward(DAY)
    site.sync()
    assert len(names(folder)) == 2
    assert not any(name.endswith(".part") for name in names(folder))


def test_one_of_the_future_is_no_reason_to_wait(site: Site) -> None:
    site.sync()
    (path,) = (site.root / "backups").iterdir()
    path.rename(path.with_name(path.name.replace("2026", "2036")))
    site.sync()
    assert len(names(site.root / "backups")) == 2


def test_the_daemon_makes_them_and_says_why_not(site: Site, tmp_path: Path) -> None:
    with open_session(site.config, site.around()) as session:
        assert back_up(session).ok
    assert len(names(site.root / "backups")) == 1
    site.configure(f'[backup]\nfolder = "{tmp_path / "nowhere"}"')
    with (
        open_session(site.config, site.around()) as session,
        pytest.raises(MirrorUnusable, match="nowhere"),
    ):
        back_up(session)


def test_status_tells_when_and_where(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LCCMIRROR_CONFIG", str(site.config.path))
    site.configure("[backup]\nkeep = 0")
    site.sync()
    assert "of the catalog: none made" in CliRunner().invoke(cli, ["status"]).stdout
    site.configure()
    site.sync()
    (path,) = (site.root / "backups").iterdir()
    # In the mirror, of which status tells the folder anyway.
    assert f"as backups/{path.name}\n" in CliRunner().invoke(cli, ["status"]).stdout
