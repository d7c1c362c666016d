"""`lccmirror.open`: which mirror is meant, and what is none."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import lccmirror
from lccmirror.errors import (
    CatalogTooNew,
    ConfigError,
    Damaged,
    MirrorUnusable,
)

STAR = "DMB-358-0000058"


@pytest.mark.parametrize("what", ["", "lccmirror.toml", "mirror", "mirror/catalog.sqlite"])
def test_a_folder_a_config_a_root_and_a_catalog_mean_a_mirror(
    what: str, demo_mirror: Path
) -> None:
    for source in (demo_mirror / what, str(demo_mirror / what)):
        with lccmirror.open(source) as mirror:
            assert mirror.root == demo_mirror / "mirror"
            assert mirror.query("SELECT 1").one() == (1,)


def test_without_a_source_it_is_the_mirror_of_the_command(
    demo_mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LCCMIRROR_CONFIG", str(demo_mirror / "lccmirror.toml"))
    with lccmirror.open() as mirror:
        assert mirror.root == demo_mirror / "mirror"
    monkeypatch.setenv("LCCMIRROR_CONFIG", str(tmp_path / "nothing.toml"))
    with pytest.raises(ConfigError, match="does not exist"):
        lccmirror.open()


def test_what_is_no_mirror_is_said(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no database")
    for source, words in (
        (tmp_path / "nowhere", "no such file or folder"),
        (tmp_path, "no catalog in it yet"),
        (text, "neither a catalog nor a config file"),
    ):
        with pytest.raises(MirrorUnusable, match=words):
            lccmirror.open(source)
    with pytest.raises(ConfigError, match=r"none\.toml"):
        lccmirror.open(tmp_path / "none.toml")


def test_opening_a_catalog_again_leaves_its_readers_their_locks(own: Path) -> None:
    catalog = own / "catalog.sqlite"
    rows = lccmirror.open(catalog).query("SELECT row FROM dataset_rows")
    next(rows)
    lccmirror.open(catalog).close()
    writer = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
conn.execute("UPDATE sync_log SET message = 'x'")
"""
    command = [sys.executable, "-c", writer, str(catalog)]
    while_read = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "database is locked" in while_read.stderr
    rows.close()
    subprocess.run(command, check=True)


def test_a_broken_catalog_is_damage_by_whatever_name_it_is_opened(own: Path) -> None:
    catalog = own / "catalog.sqlite"
    catalog.write_bytes(b"no database" * 1000)
    for source in (own, catalog):
        with pytest.raises(Damaged, match="not a database"):
            lccmirror.open(source)


def test_another_database_and_a_newer_catalog_are_refused(own: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as conn:
        conn.execute("CREATE TABLE t (x)")
    conn.close()
    with pytest.raises(MirrorUnusable, match="not a mirror's catalog"):
        lccmirror.open(other)
    conn = sqlite3.connect(own / "catalog.sqlite")
    conn.execute("PRAGMA user_version = 999")
    conn.close()
    with pytest.raises(CatalogTooNew, match="schema 999"):
        lccmirror.open(own)


def test_a_snapshot_has_light_curves_where_the_files_are_named(
    own: Path, tmp_path: Path
) -> None:
    snapshot = tmp_path / "laptop" / "snapshot.db"
    snapshot.parent.mkdir()
    shutil.copy(own / "catalog.sqlite", snapshot)
    alone = lccmirror.open(snapshot)
    assert len(alone.datasets()) == 12
    with pytest.raises(MirrorUnusable, match=r"files=…"):
        alone.lightcurve(STAR)
    with pytest.raises(MirrorUnusable, match=r"files=…"):
        alone.lightcurves()
    whole = lccmirror.open(snapshot, files=own)
    assert len(whole.lightcurve(STAR)) == 407
    assert whole.query(f"SELECT count(*) FROM lightcurve('{STAR}')").one() == (407,)
    assert whole.datasets()[0].path().is_file()
