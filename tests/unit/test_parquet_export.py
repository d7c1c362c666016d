"""The catalog as Parquet: every value, its type, its words; whole or not at all."""

from __future__ import annotations

import contextlib
import json
import math
import sqlite3
import stat
import string
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lccmirror.catalog.connection import close_writer, open_writer, transaction
from lccmirror.clock import from_text
from lccmirror.errors import Damaged, InTheWay, MirrorLocked, Stopped, UsageError
from lccmirror.query.new_file import new_file
from lccmirror.query.parquet_export import Manifest, Watch, export_parquet
from lccmirror.query.parquet_sources import TABLES
from lccmirror.query.parquet_sql import export_sql
from lccmirror.query.parquet_types import Field, kind_for, seen_by_sql, seen_in
from lccmirror.query.parquet_write import write_parquet
from tests.support.catalog import NOW, add_collection, add_dataset, column, put_rows

MOMENT = datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)
TYPES = {"integer": int, "real": float, "text": str, "blob": bytes}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A mirror with two datasets, one twice, and objects with values of all kinds."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    with writing(folder) as conn:
        add_collection(
            conn, "field_a", {"sdssr": "<f8", "ndet": "<i8", "remarks": "U200", "Größe": "f8"}
        )
        conn.execute(
            "UPDATE columns SET title = '<em>r</em> [mag]', description = 'SDSS &amp; r' "
            "WHERE name = 'sdssr'"
        )
        for setid, created in (("aaaa", NOW), ("7", NOW), ("bbbb", "2026-11-24T00:00:00Z")):
            add_dataset(conn, setid, created)
        columns = [
            column("sdssr"),
            column("ndet", "i8"),
            column("remarks", "U200"),
            column("Größe"),
        ]
        rows = [
            ("field_a", "A-1", 10.5, -0.0, 12.25, 2**53 + 1, "a\0b\n|\u2028", 1e308),
            ("field_a", "A-2", None, None, None, -(2**63), "", 5e-324),
            ("field_a", "ø/../2", 359.999, 90.0, -9999.0, 2**63 - 1, None, None),
        ]
        put_rows(conn, "aaaa", columns, rows)
        put_rows(conn, "7", columns[:1], [(*row[:4], row[4]) for row in rows])
        put_rows(conn, "bbbb", columns, rows)
    return folder


@contextlib.contextmanager
def writing(root: Path) -> Iterator[sqlite3.Connection]:
    conn = open_writer(root / "catalog.sqlite")
    try:
        yield conn
    finally:
        close_writer(conn)


def export(root: Path, folder: Path, *chosen: str, watch: Watch | None = None) -> Manifest:
    seen = watch or Watch(lambda name, written: None, threading.Event())
    return export_parquet(root, folder, now=lambda: MOMENT, watch=seen, chosen=chosen)


def sql(root: Path, statement: str) -> list[tuple[Any, ...]]:
    uri = f"{(root / 'catalog.sqlite').as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as conn:
        return conn.execute(statement).fetchall()


def read(path: Path) -> tuple[list[str], list[tuple[Any, ...]]]:
    # Not read_table: that makes columns of the names of folders.
    table = pq.ParquetFile(path).read()
    columns = [made.to_pylist() for made in table.columns]
    return table.column_names, list(zip(*columns, strict=True))


def as_sqlite(value: Any) -> Any:
    """Return a time as the catalog writes it; anything else as it is."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value


def typed(rows: Sequence[Sequence[Any]]) -> list[list[tuple[str, Any]]]:
    """Return values with their types: 1 is not 1.0, nor -0.0 what 0.0 is."""
    return [[(type(value).__name__, repr(as_sqlite(value))) for value in row] for row in rows]


def plain(rows: Sequence[Sequence[Any]]) -> list[list[tuple[str, Any]]]:
    return typed([[as_sqlite(value) for value in row] for row in rows])


# --- values -------------------------------------------------------------------------------


def test_every_table_is_exported_value_by_value_and_type_by_type(
    root: Path, tmp_path: Path
) -> None:
    made = export(root, tmp_path / "out")
    exported = [table.name for table in made.tables if "/" not in table.file]
    assert exported == list(TABLES)
    for name in exported:
        names, rows = read(tmp_path / "out" / f"{name}.parquet")
        listed = ", ".join(f'"{one}"' for one in names)
        assert plain(rows) == plain(sql(root, f'SELECT {listed} FROM "{name}"'))
        assert names == [row[1] for row in sql(root, f'PRAGMA table_info("{name}")')]


def test_columns_have_the_types_they_are_declared_to_have_even_without_rows(
    root: Path, tmp_path: Path
) -> None:
    export(root, tmp_path / "out")
    for name, times in TABLES.items():
        schema = pq.read_schema(tmp_path / "out" / f"{name}.parquet")
        for _, one, declared, *_ in sql(root, f'PRAGMA table_info("{name}")'):
            wanted = {"INTEGER": pa.int64(), "REAL": pa.float64(), "TEXT": pa.string()}[
                declared
            ]
            if one in times and (name, one) != ("datasets", "created_on"):
                wanted = pa.timestamp("us", tz="UTC")
            if name != "datasets" or one not in {"created_on", "last_updated"}:
                assert schema.field(one).type == wanted, (name, one)


def test_a_time_that_is_none_keeps_its_column_text(root: Path, tmp_path: Path) -> None:
    """bbbb's `created_on` has no fraction: the server's own words, kept as they are."""
    export(root, tmp_path / "out", "datasets")
    schema = pq.read_schema(tmp_path / "out" / "datasets.parquet")
    assert schema.field("created_on").type == pa.string()
    assert schema.field("first_seen").type == pa.timestamp("us", tz="UTC")


def test_each_dataset_is_a_table_of_its_own(root: Path, tmp_path: Path) -> None:
    made = export(root, tmp_path / "out", "dataset_tables")
    assert {table.name: table.file for table in made.tables} == {
        setid: f"dataset_tables/setid={setid}/rows.parquet" for setid in ("7", "aaaa", "bbbb")
    }
    names, rows = read(tmp_path / "out" / "dataset_tables" / "setid=aaaa" / "rows.parquet")
    own = ["db_oid", "db_ra", "db_decl", "sdssr", "ndet", "remarks", "Größe"]
    assert names == ["row", "collection", "objectid", "ra", "decl", *own]
    assert rows[0][5:] == ("A-1", 10.5, -0.0, 12.25, 2**53 + 1, "a\0b\n|\u2028", 1e308)
    assert math.copysign(1, rows[0][7]) == -1
    kept = sql(
        root, "SELECT objectid, data FROM dataset_rows WHERE setid = 'aaaa' ORDER BY row"
    )
    for row, (objectid, data) in zip(rows, kept, strict=True):
        assert row[2] == objectid
        values = json.loads(data)
        assert list(row[5:]) == [values[name] for name in own]


def test_an_identical_table_is_a_second_name_of_the_same_file(
    root: Path, tmp_path: Path
) -> None:
    assert sql(root, "SELECT setid, same_as FROM datasets WHERE same_as IS NOT NULL") == [
        ("bbbb", "aaaa")
    ]
    export(root, tmp_path / "out", "dataset_tables")
    folder = tmp_path / "out" / "dataset_tables"
    assert (folder / "setid=aaaa/rows.parquet").samefile(folder / "setid=bbbb/rows.parquet")


def test_units_and_descriptions_are_in_the_file(root: Path, tmp_path: Path) -> None:
    export(root, tmp_path / "out", "objects")
    schema = pq.read_schema(tmp_path / "out" / "objects.parquet")
    assert schema.field("sdssr").metadata == {
        b"title": b"r [mag]",
        b"description": b"SDSS & r",
        b"unit": b"mag",
        b"dtype": b"<f8",
    }
    assert schema.field("ra").metadata[b"unit"] == b"deg"
    assert schema.metadata[b"taken"] == b"2026-11-23T04:05:06.000000Z"


VALUES = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=8
) | st.binary(max_size=4)  # fmt: skip
NAMES = st.text(string.ascii_letters + " _\"'é", min_size=1, max_size=5)


def from_file(names: list[str], rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Undo the export: a column of mixed types is what its neighbour says."""
    made = []
    for row in rows:
        values: list[Any] = []
        at = 0
        while at < len(row):
            mixed = at + 1 < len(names) and names[at + 1].rstrip("_") == f"{names[at]}_type"
            if mixed and row[at] is not None and row[at + 1] == "blob":
                values.append(bytes.fromhex(row[at]))
            elif mixed and row[at] is not None:
                values.append(TYPES[row[at + 1]](row[at]))
            else:
                values.append(row[at])
            at += 1 + mixed
        made.append(tuple(values))
    return made


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_value_of_any_column_is_lost_whatever_is_in_it(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kinds = data.draw(
        st.lists(st.sampled_from(["INTEGER", "REAL", "TEXT", ""]), min_size=1, max_size=3)
    )
    strategies = [
        data.draw(st.sampled_from([VALUES, st.integers(-9, 9), st.text("ab1")])) for _ in kinds
    ]
    rows = data.draw(st.lists(st.tuples(*strategies), max_size=6))
    names = [f"c{number}" for number in range(len(kinds))]
    path = tmp_path_factory.mktemp("file") / "t.parquet"
    with contextlib.closing(sqlite3.connect(":memory:")) as conn:
        declared = ", ".join(f"{name} {kind}" for name, kind in zip(names, kinds, strict=True))
        conn.execute(f"CREATE TABLE t ({declared})")
        marks = ", ".join("?" * len(names))
        conn.executemany(f"INSERT INTO t VALUES ({marks})", rows)
        stored = conn.execute("SELECT * FROM t").fetchall()
        seen = seen_by_sql(conn, "t", names)
        assert list(seen.values()) == seen_in(stored, len(names))
        fields = [
            Field(name, kind_for(kind.lower() or None, seen[name]))
            for name, kind in zip(names, kinds, strict=True)
        ]
        write_parquet(path, fields, stored, described={}, about={}, look=lambda written: None)
    back = from_file(*read(path))
    for field, before, after in zip(
        fields, zip(*stored, strict=True), zip(*back, strict=True), strict=False
    ):
        if field.kind == "real":
            # Integers among reals become reals, of exactly the same value.
            assert [None if v is None else float(v) for v in before] == list(after)
            assert list(before) == list(after)
        else:
            assert typed([before]) == typed([after])


def test_a_column_of_numbers_and_texts_says_which_is_which(root: Path, tmp_path: Path) -> None:
    with writing(root) as conn:
        conn.execute("UPDATE objects SET ndet = 'many' WHERE objectid = 'A-1'")
    made = export(root, tmp_path / "out", "objects")
    assert made.tables[0].mixed == ("ndet",)
    table = pq.read_table(tmp_path / "out" / "objects.parquet")
    found = dict(zip(table["objectid"].to_pylist(), zip(
        table["ndet"].to_pylist(), table["ndet_type"].to_pylist(), strict=True
    ), strict=True))  # fmt: skip
    assert found["A-1"] == ("many", "text")
    assert found["A-2"] == (str(-(2**63)), "integer")


def test_row_groups_are_bounded(tmp_path: Path) -> None:
    def rows() -> Iterator[tuple[str, int]]:
        for number in range(200_000):
            yield (str(number), number)

    path = tmp_path / "t.parquet"
    fields = [Field("s", "text"), Field("n", "integer")]
    assert (
        write_parquet(path, fields, rows(), described={}, about={}, look=lambda n: None)
        == 200_000
    )
    parts = pq.ParquetFile(path).metadata
    sizes = [parts.row_group(number).num_rows for number in range(parts.num_row_groups)]
    assert sum(sizes) == 200_000
    assert max(sizes) <= 122_880
    wide = tmp_path / "wide.parquet"
    text = "x" * 100_000
    write_parquet(
        wide,
        fields,
        ((text, n) for n in range(12_000)),
        described={},
        about={},
        look=lambda n: None,
    )
    assert pq.ParquetFile(wide).metadata.num_row_groups > 1


# --- one moment, whole or not at all --------------------------------------------------------


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


# --- a statement --------------------------------------------------------------------------


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
