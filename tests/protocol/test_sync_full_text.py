"""What a sync brings is found by its words afterwards, whatever happened on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lccmirror.catalog import texts
from lccmirror.errors import Unreachable
from lccmirror.sync import cycle
from tests.support.site import Site

_ASKED = "SELECT count(*) FROM objects_fts WHERE objects_fts MATCH ?"
_WITH_TEXT = "SELECT count(*) FROM objects WHERE objtype = 'EA'"


@contextmanager
def full_site(folder: Path) -> Iterator[Site]:
    with Site(folder, objects=40) as site:
        site.server.make_dataset(columns=("objtype", "remarks"))
        site.server.make_dataset(filters="(sdssr lt 14.0)", columns=("objtype", "starname"))
        yield site


def test_a_sync_leaves_everything_to_be_found(tmp_path: Path) -> None:
    with full_site(tmp_path) as site:
        site.sync()
        site.check()
        assert site.sql(_ASKED, "EA")[0][0] >= site.sql(_WITH_TEXT)[0][0] > 0
        for name in ("datasets", "collections", "columns"):
            rows = site.sql(f"SELECT count(*) FROM {name}")
            assert site.sql(f"SELECT count(*) FROM {name}_text") == rows


def test_a_sync_that_died_before_the_words_is_followed_by_one_that_does_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*arguments: object) -> None:
        raise MemoryError

    with full_site(tmp_path) as site:
        with monkeypatch.context() as patched:
            patched.setattr(cycle, "index_objects", dies)
            with pytest.raises(MemoryError):
                site.sync()
        assert site.sql("SELECT count(*) FROM text_due_datasets")[0][0] > 0
        assert site.sql("SELECT * FROM objects_text") == []
        site.sync()
        site.check()


def test_what_came_before_the_server_went_away_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with full_site(tmp_path) as site:
        with monkeypatch.context() as patched:
            patched.setattr(cycle, "index_objects", lambda *arguments: None)
            site.sync()
        site.server.close()
        assert isinstance(site.sync().stopped, Unreachable)
        assert site.sql("SELECT * FROM text_due_datasets") == []
        assert site.sql(_ASKED, "EA")[0][0] > 0


def test_a_damaged_index_is_found_and_mended(tmp_path: Path) -> None:
    with full_site(tmp_path) as site:
        site.sync()
        words = site.sql("SELECT * FROM objects_text ORDER BY id")
        with site.writing() as conn:
            conn.execute("DELETE FROM objects_fts_data WHERE id > 10")
            conn.execute("UPDATE objects SET objtype = 'EW' WHERE objtype = 'EA'")
        found = site.verify().found
        assert {(one.what, one.path) for one in found.damage} == {
            ("index", "objects_fts"),
            ("index", "objects_text"),
        }
        assert found.exit_code == 65
        repaired = site.repair()
        assert repaired.exit_code == 0
        assert site.sql(_ASKED, "EW")[0][0] > 0
        assert site.sql("SELECT * FROM objects_text ORDER BY id") != words


def test_the_words_are_indexed_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "_BATCH", 2)
    with full_site(tmp_path) as site:
        site.sync()
        site.check()
