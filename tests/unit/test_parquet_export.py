"""The catalog as Parquet: one moment of it, whole or not at all."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from lccmirror.catalog.connection import transaction
from lccmirror.clock import from_text
from lccmirror.errors import Damaged, InTheWay, MirrorLocked, Stopped, UsageError
from lccmirror.query.new_file import new_file
from lccmirror.query.parquet_export import Watch
from lccmirror.query.parquet_sql import export_sql
from tests.support.catalog import NOW
from tests.support.parquet import (
    a_mirror,
    export,
    sql,
    writing,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return a_mirror(tmp_path / "mirror")


def test_all_files_are_of_one_moment_though_somebody_writes(root: Path, tmp_path: Path) -> None:
    def write(name: str, written: int) -> None:
        with transaction(conn):
            conn.execute("UPDATE objects SET ra = ra + 1")
            conn.execute("UPDATE dataset_rows SET ra = ra + 1")

    before = sql(root, "SELECT objectid, ra FROM objects ORDER BY 1")
    with writing(root) as conn:
        export(root, tmp_path / "out", watch=Watch(write, threading.Event()))
    assert sql(root, "SELECT objectid, ra FROM objects ORDER BY 1") != before
    for name in ("objects.parquet", "dataset_tables/setid=aaaa/rows.parquet"):
        table = pq.ParquetFile(tmp_path / "out" / name).read(columns=["objectid", "ra"])
        assert sorted(zip(*(c.to_pylist() for c in table.columns), strict=True)) == before


def test_the_manifest_tells_what_there_is_and_of_when(root: Path, tmp_path: Path) -> None:
    made = export(root, tmp_path / "out")
    told = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert told["taken"] == made.taken == "2026-11-23T04:05:06.000000Z"
    listed = {*told["files"], "manifest.json"}
    there = {
        str(path.relative_to(tmp_path / "out"))
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert listed == there
    for table in told["tables"]:
        path = tmp_path / "out" / table["file"]
        assert (table["rows"], table["bytes"]) == (
            pq.ParquetFile(path).metadata.num_rows,
            path.stat().st_size,
        )


def test_an_export_replaces_the_one_before_and_leaves_other_files_alone(
    root: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    export(root, out)
    (out / "notes.txt").write_text("mine")
    (out / "dataset_tables" / "setid=7" / "notes.txt").write_text("mine")
    made = export(root, out, "objects", "files")
    assert [table.name for table in made.tables] == ["objects", "files"]
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()) == [
        "dataset_tables/setid=7/notes.txt",
        "duckdb.sql",
        "files.parquet",
        "manifest.json",
        "notes.txt",
        "objects.parquet",
    ]
    assert not (out / "dataset_tables" / "setid=aaaa").exists()


def test_somebody_elses_file_is_not_replaced(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "objects.parquet").write_text("mine")
    with pytest.raises(InTheWay, match="not of an earlier export"):
        export(root, out)
    (out / "objects.parquet").unlink()
    (out / "manifest.json").write_text("[1]")
    with pytest.raises(InTheWay, match="not of an earlier export"):
        export(root, out)
    assert [path.name for path in out.iterdir()] == ["manifest.json"]


def test_a_manifest_that_points_elsewhere_removes_nothing_there(
    root: Path, tmp_path: Path
) -> None:
    (tmp_path / "precious").write_text("mine")
    out = tmp_path / "out"
    export(root, out, "objects")
    told = json.loads((out / "manifest.json").read_text("utf-8"))
    told["files"] += ["../precious", str(tmp_path / "precious")]
    (out / "manifest.json").write_text(json.dumps(told))
    export(root, out, "files")
    assert (tmp_path / "precious").read_text() == "mine"


def test_an_export_that_is_given_up_leaves_what_was_there(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(root, out, "objects")
    before = (out / "objects.parquet").read_bytes()
    with writing(root) as conn:
        conn.execute("DELETE FROM objects")
    stop = threading.Event()

    def stop_at_last(name: str, written: int) -> None:
        if name.startswith("dataset_tables"):
            stop.set()

    with pytest.raises(Stopped):
        export(root, out, watch=Watch(stop_at_last, stop))
    assert sorted(path.name for path in out.iterdir()) == [
        "duckdb.sql",
        "manifest.json",
        "objects.parquet",
    ]
    assert (out / "objects.parquet").read_bytes() == before


def test_a_wish_to_stop_ends_a_long_statement(root: Path, tmp_path: Path) -> None:
    with writing(root) as conn, transaction(conn):
        conn.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) "
            "INSERT INTO gaps (detected, message) SELECT 'x', 'y' FROM n"
        )
    stop = threading.Event()

    def at_gaps(name: str, written: int) -> None:
        if name == "gaps.parquet":
            stop.set()

    with pytest.raises(Stopped):
        export(root, tmp_path / "out", "gaps", watch=Watch(at_gaps, stop))
    assert not (tmp_path / "out").exists()


def test_a_damaged_catalog_is_told(root: Path, tmp_path: Path) -> None:
    catalog = root / "catalog.sqlite"
    raw = bytearray(catalog.read_bytes())
    size = int.from_bytes(raw[16:18], "big")
    [(page,)] = sql(root, "SELECT rootpage FROM sqlite_master WHERE name = 'objects'")
    raw[(page - 1) * size : page * size] = b"\xff" * size
    catalog.write_bytes(raw)
    with pytest.raises(Damaged, match="is damaged"):
        export(root, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_one_that_was_cut_off_while_it_took_its_place_is_completed_by_the_next(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    export(root, out, "objects", "files")
    real = Path.replace
    moved = 0

    def cut_off(self: Path, target: Path) -> Path:
        nonlocal moved
        if self.suffix == ".parquet":
            moved += 1
            if moved == 3:
                raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "replace", cut_off)
    with pytest.raises(KeyboardInterrupt):
        export(root, out)
    monkeypatch.undo()
    assert not (out / "manifest.json").exists(), "a half of each is no export"
    made = export(root, out, "objects")
    assert sorted(path.name for path in out.rglob("*")) == sorted(
        [*made.files, "manifest.json"]
    )


def test_two_exports_do_not_write_into_one_folder(root: Path, tmp_path: Path) -> None:
    def another(name: str, written: int) -> None:
        with pytest.raises(MirrorLocked, match="another export"):
            export(root, tmp_path / "out")
        seen.append(name)

    seen: list[str] = []
    export(root, tmp_path / "out", "gaps", watch=Watch(another, threading.Event()))
    assert seen


_LIMITED = """
import resource, sys
from pathlib import Path
from threading import Event
from lccmirror.clock import utc_now
from lccmirror.errors import NoRoom
from lccmirror.query.new_file import new_file
from lccmirror.query.parquet_export import Watch, export_parquet
from lccmirror.query.parquet_sql import export_sql
root, out = map(Path, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
for export in (
    lambda: export_parquet(root, out, now=utc_now, watch=Watch(lambda *told: None, Event())),
    lambda: export_sql(root, "SELECT 1 AS one", new_file(out / "a", root), look=lambda n: None),
):
    try:
        export()
    except NoRoom as error:
        print(error.message)
"""


def test_a_disk_that_is_full_is_named_and_nothing_stays_there(
    root: Path, tmp_path: Path
) -> None:
    """As with a quota: the disk has room, but not for us."""
    out = tmp_path / "out"
    out.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(root), str(out)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.splitlines() == [f"no room in {out}: File too large"] * 2
    assert list(out.iterdir()) == []


def test_the_mirrors_own_folders_are_not_written_to(root: Path) -> None:
    (root / "datasets").mkdir()
    with pytest.raises(UsageError, match="mirror's own"):
        export(root, root / "datasets" / "out")


def test_an_unknown_table_is_said_before_anything_is_made(root: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no table object to export") as caught:
        export(root, tmp_path / "out", "object")
    assert "objects" in (caught.value.hint or "")
    assert not (tmp_path / "out").exists()


def test_an_export_is_not_more_public_than_the_catalog(root: Path, tmp_path: Path) -> None:
    (root / "catalog.sqlite").chmod(0o600)
    export(root, tmp_path / "out")
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_the_answer_to_a_statement_is_a_file(root: Path, tmp_path: Path) -> None:
    new = new_file(tmp_path / "answer.parquet", root)
    statement = (
        "SELECT setid, first_seen, nobjects, 0.5 AS half, x'00' AS b, random() AS r, "
        "CASE setid WHEN '7' THEN 1 ELSE :text END AS either FROM datasets"
    )
    rows = export_sql(root, statement, new, params={"text": "x"}, look=lambda written: None)
    table = pq.read_table(tmp_path / "answer.parquet")
    assert rows == table.num_rows == 3
    assert [str(field.type) for field in table.schema] == [
        "string",
        "timestamp[us, tz=UTC]",
        "string",
        "double",
        "binary",
        "int64",
        "string",
        "string",
    ]
    assert table["first_seen"].to_pylist()[0] == from_text(NOW)
    assert sorted(table["either_type"].to_pylist()) == ["integer", "text", "text"]


def test_two_columns_of_one_name_are_refused(root: Path, tmp_path: Path) -> None:
    new = new_file(tmp_path / "answer.parquet", root)
    with pytest.raises(UsageError, match="two columns are called setid"):
        export_sql(root, "SELECT setid, setid AS SetID FROM datasets", new, look=lambda n: None)
    assert not (tmp_path / "answer.parquet").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mirror"]
