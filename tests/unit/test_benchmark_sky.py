"""What the benchmarks of the sky compare."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import rows_sky
from benchmarks.make_objects import index_again, make_objects
from benchmarks.rows import Outcome


def test_the_two_indices_are_built_by_turns_and_their_medians_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = tmp_path / "catalog.sqlite"
    catalog.with_name("rtree.sqlite").touch()
    ours, theirs, order = iter((90.0, 1.0, 2.0)), iter((10.0, 40.0, 20.0)), []

    def build_rtree(_: Path, target: Path) -> float:
        order.append("theirs")
        target.touch()
        return next(theirs)

    def again(_: Path) -> float:
        order.append("ours")
        return next(ours)

    sky = SimpleNamespace(catalog=catalog, made=SimpleNamespace(index_s=90.0))
    monkeypatch.setattr(rows_sky, "_sky", lambda: sky)
    monkeypatch.setattr(rows_sky, "build_rtree", build_rtree)
    monkeypatch.setattr(rows_sky, "index_again", again)
    outcome = Outcome(ratio=2.0, ours=1.0, theirs=2.0, unit="ms", runs=3)
    monkeypatch.setattr(rows_sky, "_beside", lambda *_: outcome)
    (limit,) = rows_sky.cone_1deg_rtree(tmp_path).limits
    assert limit.value == 2.0 / 20.0
    assert order == ["theirs", "ours"] * 3


def test_an_index_that_is_made_again_is_the_one_that_was_there(tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.sqlite"
    make_objects(catalog, 2_000)
    asked = "SELECT sql FROM sqlite_master WHERE name = 'objects_sky'"
    with closing(sqlite3.connect(catalog)) as conn:
        before = conn.execute(asked).fetchone()
    assert index_again(catalog) > 0
    with closing(sqlite3.connect(catalog)) as conn:
        assert conn.execute(asked).fetchone() == before
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
