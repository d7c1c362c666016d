"""The catalog as Parquet: every value, its type, its words."""

from __future__ import annotations

import contextlib
import json
import math
import sqlite3
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lccmirror
from lccmirror.query.parquet_sources import TABLES
from lccmirror.query.parquet_types import Field, kind_for, seen_by_sql, seen_in
from lccmirror.query.parquet_write import write_parquet
from tests.support.catalog import column, put_rows
from tests.support.parquet import (
    a_mirror,
    export,
    plain,
    read,
    sql,
    typed,
    writing,
)

TYPES = {"integer": int, "real": float, "text": str, "blob": bytes}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return a_mirror(tmp_path / "mirror")


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


def test_booleans_of_a_server_are_integers(root: Path, tmp_path: Path) -> None:
    rows = [("field_a", f"A-{n}", 1.0, 2.0, value) for n, value in enumerate((True, None, 5))]
    with writing(root) as conn:
        put_rows(conn, "7", [column("flag", "bool")], rows)
    export(root, tmp_path / "out", "dataset_tables")
    table = pq.ParquetFile(tmp_path / "out/dataset_tables/setid=7/rows.parquet").read()
    assert table["flag"].to_pylist() == [1, None, 5]
    assert table.schema.field("flag").type == "int64"
    found = lccmirror.open(root).dataset("7").rows().to_pandas()
    assert found["flag"].dtype == "Int64"


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


@settings(max_examples=60)
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
    text = "x" * 5_000
    write_parquet(
        wide,
        fields,
        ((text, n) for n in range(12_000)),
        described={},
        about={},
        look=lambda n: None,
    )
    assert pq.ParquetFile(wide).metadata.num_row_groups > 1
