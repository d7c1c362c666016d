"""lightcurve('…') and dataset('…') in SQL, on a mirror."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lccmirror.errors import Damaged, LccMirrorError, LocalError, UsageError
from lccmirror.query import ReadOnlyCatalog, open_readonly, run_query
from lccmirror.query.lightcurves import chosen_copy, read_copy

STAR, SOUTHERN = "DMA-286-0000002", "DMB-358-0000058"
NORTH = ("rjd", "stf", "flt", "aim_000", "aie_000", "aim_001", "aie_001", "aep_000", "atf_000")
SOUTH = ("rjd", "stf", "flt", "aim_000", "aie_000", "aep_000")


@pytest.fixture
def catalog(demo_mirror: Path) -> Iterator[ReadOnlyCatalog]:
    with open_readonly(demo_mirror / "mirror") as opened:
        yield opened


def ask(
    catalog: ReadOnlyCatalog, sql: str, params: Mapping[str, Any] | None = None
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    result = run_query(catalog, sql, params)
    return result.columns, list(result.rows)


def test_a_light_curve_is_a_table_with_its_own_columns(
    catalog: ReadOnlyCatalog, demo_mirror: Path
) -> None:
    curve = read_copy(demo_mirror / "mirror", chosen_copy(catalog.connection, STAR))
    columns, rows = ask(catalog, f"SELECT * FROM lightcurve('{STAR}')")
    assert columns == NORTH
    assert [row[0] for row in rows] == curve["rjd"].tolist()
    assert [type(value) for value in rows[0][:4]] == [float, int, str, float]
    assert [row[7] is None for row in rows] == np.isnan(curve["aep_000"]).tolist()
    # in the same connection, another light curve has other columns
    assert ask(catalog, f"SELECT * FROM lightcurve('{SOUTHERN}')")[0] == SOUTH
    assert ask(catalog, f"SELECT * FROM lightcurve('{STAR}')") == (columns, rows)


@pytest.mark.parametrize("collection", ["demo_field_b", "demo-field-b"])
def test_a_collection_may_be_named(collection: str, catalog: ReadOnlyCatalog) -> None:
    sql = f"SELECT * FROM lightcurve('{SOUTHERN}', '{collection}')"
    assert ask(catalog, sql)[0] == SOUTH


def test_a_parameter_is_as_good_as_a_constant(catalog: ReadOnlyCatalog) -> None:
    columns, rows = ask(catalog, "SELECT * FROM lightcurve(:id)", {"id": SOUTHERN})
    assert columns == SOUTH
    assert len(rows) > 100
    assert ask(catalog, "SELECT * FROM lightcurve(:id)", {"id": "nope"})[1] == []


def test_any_copy_can_be_asked_for(catalog: ReadOnlyCatalog) -> None:
    setids = ask(catalog, f"SELECT setid FROM lightcurves WHERE objectid = '{STAR}'")[1]
    assert len(setids) > 1
    for (setid,) in setids:
        sql = "SELECT count(*) FROM lightcurve(:o, 'demo_field_a', :s)"
        assert ask(catalog, sql, {"o": STAR, "s": setid})[1][0][0] > 100


def test_joins_and_aggregates_with_objects(catalog: ReadOnlyCatalog, demo_mirror: Path) -> None:
    sql = """
    SELECT o.objectid, count(l.aep_000), avg(l.aep_000)
    FROM objects AS o JOIN lightcurve(o.objectid, o.collection) AS l
    WHERE o.sdssr < 11 GROUP BY o.objectid
    """
    found = {row[0]: row[1:] for row in ask(catalog, sql)[1]}
    assert len(found) > 5
    for objectid, (count, mean) in found.items():
        copy = chosen_copy(catalog.connection, objectid)
        values = read_copy(demo_mirror / "mirror", copy)["aep_000"]
        assert count == np.isfinite(values).sum()
        assert mean == pytest.approx(np.nanmean(values))


def test_a_join_of_many_has_the_columns_of_all_collections(catalog: ReadOnlyCatalog) -> None:
    sql = """
    SELECT o.collection, count(*), count(l.aep_000), count(l.atf_000)
    FROM objects AS o, lightcurve(o.objectid, o.collection) AS l GROUP BY 1
    """
    north, south = ask(catalog, sql)[1]
    assert north[3] > 0.9 * north[1]
    # these have no such column
    assert south[3] == 0
    assert south[2] > 0.9 * south[1]


def test_two_light_curves_are_joined(catalog: ReadOnlyCatalog) -> None:
    sql = f"""
    SELECT a.rjd, a.atf_000, b.rjd FROM lightcurve('{STAR}') AS a
    JOIN lightcurve(:other) AS b USING (stf, flt) WHERE a.flt = 'r' LIMIT 5
    """
    assert len(ask(catalog, sql, {"other": SOUTHERN})[1]) == 5


def test_a_dataset_is_a_table_with_typed_columns(catalog: ReadOnlyCatalog) -> None:
    sql = "SELECT setid, nrows, same_as FROM datasets WHERE nrows IS NOT NULL"
    datasets = ask(catalog, sql)[1]
    assert len(datasets) == 12
    for setid, nrows, same_as in datasets:
        columns, rows = ask(catalog, f"SELECT * FROM dataset('{setid}')")
        stored = ask(
            catalog,
            "SELECT data FROM dataset_rows WHERE setid = :s ORDER BY row",
            {"s": same_as or setid},
        )[1]
        assert len(rows) == nrows
        for row, (data,) in zip(rows, stored, strict=True):
            assert dict(zip(columns, row, strict=True)) == json.loads(data)


def test_a_dataset_whose_rows_another_one_holds_has_them_too(own: Path) -> None:
    with closing(sqlite3.connect(own / "catalog.sqlite")) as conn:
        (holder, nrows), (other, _) = conn.execute(
            "SELECT setid, nrows FROM datasets WHERE nrows > 0 LIMIT 2"
        )
        conn.execute("DELETE FROM dataset_rows WHERE setid = ?", (other,))
        conn.execute("DELETE FROM dataset_columns WHERE setid = ?", (other,))
        conn.execute(
            "UPDATE datasets SET same_as = ?, nrows = ? WHERE setid = ?", (holder, nrows, other)
        )
        conn.commit()
    with open_readonly(own) as opened:
        asked = [ask(opened, f"SELECT * FROM dataset('{setid}')") for setid in (holder, other)]
    assert asked[0] == asked[1]
    assert len(asked[0][1]) == nrows


def test_datasets_are_joined(catalog: ReadOnlyCatalog) -> None:
    sql = "SELECT d.setid, d.nrows, count(*) FROM datasets d, dataset(d.setid) GROUP BY 1"
    counted = ask(catalog, sql)[1]
    assert len(counted) == 12
    assert all(nrows == count for _, nrows, count in counted)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT * FROM lightcurve('HAT-1')", "no light curve of HAT-1"),
        (f"SELECT * FROM lightcurve('{STAR}', 'demo_field_b')", "it has one in: demo_field_a"),
        ("SELECT * FROM dataset('nope')", "knows no dataset nope"),
        (f"SELECT aep_00 FROM lightcurve('{STAR}')", "did you mean aep_000"),
        ("SELECT * FROM lightcurve", "as a function it is lightcurve('OBJECTID'"),
        ("SELECT * FROM dataset", "did you mean datasets"),
        (f"SELECT * FROM lightcurve('{STAR}', 'b', 'c', 'd')", "too many arguments"),
        (f"SELECT FROM lightcurve('{STAR}')", "syntax error"),
        (f"SELECT cast(x'ff' AS text) FROM lightcurve('{STAR}')", "a column holds text that"),
        (f"SELECT * FROM lightcurve('{STAR}'); SELECT 1", "more than one statement"),
    ],
)
def test_mistakes_are_explained(sql: str, said: str, catalog: ReadOnlyCatalog) -> None:
    with pytest.raises(LccMirrorError) as caught:
        ask(catalog, sql)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM objects",
        "CREATE TABLE t (x)",
        "CREATE VIRTUAL TABLE temp.t USING lightcurve",
        "ATTACH 'x' AS y",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA query_only = OFF",
        "SELECT load_extension('x')",
        "VACUUM INTO 'x'",
        "BEGIN",
    ],
)
def test_with_the_functions_there_is_still_nothing_but_reading(
    sql: str, catalog: ReadOnlyCatalog
) -> None:
    ask(catalog, f"SELECT count(*) FROM lightcurve('{STAR}')")
    with pytest.raises(UsageError, match="refused"):
        ask(catalog, sql)
    # and all else works on
    assert ask(catalog, "SELECT in_cone(0, 0, 0, 0, 1), count(*) > 9 FROM objects")[1] == [
        (1, 1)
    ]


def test_the_time_limit_holds(demo_mirror: Path) -> None:
    ticks = iter(range(10**9))
    endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
    with open_readonly(
        demo_mirror / "mirror", time_limit_s=100, clock=lambda: float(next(ticks))
    ) as catalog:
        sql = f"{endless} SELECT count(*) FROM c, lightcurve('{STAR}')"
        with pytest.raises(LocalError, match="time limit of 100 s"):
            ask(catalog, sql)


def test_an_endless_statement_with_a_limit_ends(catalog: ReadOnlyCatalog) -> None:
    sql = """
    WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)
    SELECT n, l.flt FROM c, lightcurve(:id) AS l LIMIT 3
    """
    assert len(ask(catalog, sql, {"id": STAR})[1]) == 3


def test_a_damaged_file_ends_the_statement(own: Path) -> None:
    with open_readonly(own) as catalog:
        path = own / chosen_copy(catalog.connection, STAR).path
        path.unlink()
        for source in (f"lightcurve('{STAR}')", "objects o, lightcurve(o.objectid) l"):
            with pytest.raises(Damaged, match="cannot be read"):
                ask(catalog, f"SELECT count(rjd) FROM {source}")


def test_damage_elsewhere_does_not_matter(own: Path) -> None:
    sql = """
        SELECT count(DISTINCT c.objectid), count(l.rjd)
        FROM lightcurves AS c, lightcurve(c.objectid) AS l
        WHERE c.newest AND c.collection = 'demo_field_a' AND c.path <> :path
    """
    with open_readonly(own) as catalog:
        # one of those whose columns are looked at for the usual ones
        path = chosen_copy(catalog.connection, STAR).path
        expected = ask(catalog, sql, {"path": path})[1]
    (own / path).write_bytes(b"no ZIP")
    with open_readonly(own) as catalog:
        assert ask(catalog, sql, {"path": path})[1] == expected
    assert expected[0][0] > 32


def test_an_object_in_two_collections_needs_one_named(own: Path) -> None:
    with closing(sqlite3.connect(own / "catalog.sqlite")) as conn:
        conn.execute(
            "INSERT INTO lightcurves SELECT 'demo_field_b', objectid, setid, path, member, "
            "size, crc32, newest FROM lightcurves WHERE objectid = ? AND newest = 1",
            (STAR,),
        )
        conn.commit()
    with open_readonly(own) as catalog:
        for source in (f"lightcurve('{STAR}')", "objects o, lightcurve(o.objectid)"):
            with pytest.raises(LccMirrorError, match="several collections"):
                ask(catalog, f"SELECT count(*) FROM {source}")
        sql = "SELECT count(*) > 9 FROM objects o, lightcurve(o.objectid, o.collection)"
        assert ask(catalog, sql)[1] == [(1,)]


def test_without_apsw_the_extra_is_named_and_all_else_works(
    catalog: ReadOnlyCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apsw", None)
    with pytest.raises(UsageError, match=r"pip install 'lccmirror\[sql\]'"):
        ask(catalog, f"SELECT * FROM lightcurve('{STAR}')")
    assert ask(catalog, "SELECT count(*) > 9 FROM objects")[1] == [(1,)]


def test_a_statement_without_the_functions_does_not_import_apsw(demo_mirror: Path) -> None:
    import subprocess

    program = (
        "import sys; from pathlib import Path; from lccmirror.query import *\n"
        f"with open_readonly(Path({str(demo_mirror / 'mirror')!r})) as c:\n"
        "    list(run_query(c, 'SELECT count(*) FROM objects').rows)\n"
        "assert not {'apsw', 'numpy'} & set(sys.modules), 'imported'"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
