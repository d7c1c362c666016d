"""`lccmirror.open`: which mirror is meant, and the answers to questions."""

from __future__ import annotations

import sqlite3
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import lccmirror
from lccmirror.errors import (
    Damaged,
    LccMirrorError,
    LocalError,
    MirrorUnusable,
    UsageError,
)
from lccmirror.offline import Mirror

STAR = "DMB-358-0000058"


def test_values_are_given_by_name_in_a_dict_or_in_a_list(m: Mirror) -> None:
    by_name = "SELECT objectid FROM objects WHERE objectid = :id"
    assert m.query(by_name, id=STAR).one() == (STAR,)
    assert m.query(by_name, {"id": STAR}).one() == (STAR,)
    assert m.query("SELECT ?, ?", [np.int64(3), np.float64(0.5)]).one() == (3, 0.5)
    with pytest.raises(UsageError, match="a single one is a list, too"):
        m.query("SELECT ?", STAR)
    with pytest.raises(UsageError, match="one of the two"):
        m.query(by_name, {"id": STAR}, id=STAR)
    with pytest.raises(UsageError, match=r":id.* in Python id=VALUE"):
        m.query(by_name)


@pytest.mark.parametrize("value", [date(2026, 11, 23), [1], np.array([1, 2]), object()])
def test_a_value_that_sql_cannot_hold_is_refused(value: object, m: Mirror) -> None:
    with pytest.raises(UsageError, match="no value for SQL"):
        m.query("SELECT ?", [value])
    with pytest.raises(UsageError, match="no value for SQL"):
        m.lightcurves("objectid = :value", {"value": value})


def test_values_of_a_condition_are_given_by_name(m: Mirror) -> None:
    with pytest.raises(UsageError, match="given by name"):
        m.lightcurves("sdssr < ?", [11])  # type: ignore[call-overload]  # that is the mistake


def test_a_comment_after_a_statement_is_no_statement(m: Mirror) -> None:
    for behind in ("; -- the end", " ; /* the\n end */ -- of it\n", "; /* without end"):
        assert m.query(f"SELECT 1{behind}").one() == (1,)
    for behind in ("; -- the end\nSELECT 2", "; " + "/* x */" * 40 + " SELECT 2"):
        with pytest.raises(UsageError, match="more than one statement"):
            m.query(f"SELECT 1{behind}")


def test_mistakes_and_writes_are_refused_with_clear_words(m: Mirror) -> None:
    with pytest.raises(UsageError, match="did you mean objects"):
        m.query("SELECT * FROM objcts")
    for statement in ("DELETE FROM objects", "PRAGMA journal_mode = wal", "ATTACH 'x' AS y"):
        with pytest.raises(UsageError, match="read-only"):
            m.query(statement)
    with pytest.raises(UsageError, match="more than one statement"):
        m.query("SELECT 1; SELECT 2")


def test_a_statement_has_its_time(demo_mirror: Path) -> None:
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    with (
        lccmirror.open(demo_mirror, time_limit_s=0.05) as mirror,
        pytest.raises(LocalError, match=r"0\.05 s"),
    ):
        mirror.query(endless + "SELECT max(i) FROM n").one()


def test_rows_are_read_once_and_that_is_said(m: Mirror) -> None:
    rows = m.query("SELECT objectid FROM objects LIMIT 3")
    assert len(rows.all()) == 3
    assert rows.all() == []
    for again in (rows.to_pandas, rows.to_astropy, rows.one):
        with pytest.raises(UsageError, match="have been read already"):
            again()
    closed = m.query("SELECT objectid FROM objects")
    next(closed)
    closed.close()
    with pytest.raises(UsageError, match="closed before the last was read"):
        next(closed)


def test_one_row_is_one(m: Mirror) -> None:
    with pytest.raises(UsageError, match="there is none"):
        m.query("SELECT 1 WHERE 0").one()
    with pytest.raises(UsageError, match="there is more"):
        m.query("SELECT objectid FROM objects").one()


def test_looking_at_rows_takes_none_away(m: Mirror) -> None:
    rows = m.query("SELECT row, objectid FROM dataset_rows ORDER BY setid, row")
    shown = rows._repr_html_()
    assert shown.count("<tr>") == 21
    assert "the first 20 rows" in shown
    assert len(rows.all()) == 460
    nothing = m.query("SELECT 1 AS x WHERE 0")
    assert nothing._repr_html_().count("<tr>") == 1
    assert nothing.to_pandas().shape == (0, 1)


def test_columns_have_the_types_of_their_values(m: Mirror) -> None:
    sql = """SELECT 1 AS whole, 1.5 AS real, 'a' AS text, 1 AS holes, x'00' AS bytes,
                    NULL AS none, 1 AS mixed, 2 AS whole
             UNION ALL SELECT 2, 2, 'b', NULL, x'01', NULL, 'text', 3"""
    table = m.query(sql).to_pandas()
    assert list(table.columns) == [
        "whole", "real", "text", "holes", "bytes", "none", "mixed", "whole_2",
    ]  # fmt: skip
    types = {name: str(kind) for name, kind in table.dtypes.items()}
    assert (types["whole"], types["real"], types["holes"]) == ("int64", "float64", "Int64")
    assert types["bytes"] == types["none"] == types["mixed"] == "object"
    assert table["holes"].isna().tolist() == [False, True]
    there = m.query(sql).to_astropy()
    assert there["holes"].mask.tolist() == [False, True]
    assert (there["whole"].dtype, there["real"].dtype) == (np.int64, np.float64)
    assert there["mixed"].tolist() == [1, "text"]
    assert [*next(m.query(sql).dicts())] == [*table.columns]


def test_tables_have_units_and_titles(m: Mirror) -> None:
    dataset = m.datasets(text="ndet > 0")[0]
    table = dataset.to_astropy()
    assert str(table["sdssr"].unit) == "mag"
    assert table["sdssr"].description == "catalog SDSS r band magnitude"
    assert table.meta["setid"] == dataset.setid
    near = m.cone(*m.position(STAR), 60, columns=["objectid", "sdssr", "dist_arcsec"])
    frame = near.to_pandas()
    assert frame.attrs["units"] == {"sdssr": "mag", "dist_arcsec": "arcsec"}
    assert frame.attrs["titles"]["sdssr"] == "r [mag]"


def test_positions_come_in_many_forms(m: Mirror, tmp_path: Path) -> None:
    import pandas  # type: ignore[import-untyped]  # has no types
    from astropy import units  # type: ignore[import-untyped]  # has no types
    from astropy.coordinates import SkyCoord  # type: ignore[import-untyped]  # has no types
    from astropy.table import QTable, Table  # type: ignore[import-untyped]  # has no types

    ra, decl = m.position(STAR)
    path = tmp_path / "targets.txt"
    path.write_text(f"mine {ra} {decl}\n")
    columns = {"name": ["mine"], "RA": [ra], "Dec": [decl]}
    named = [
        [("mine", ra, decl)],
        columns,
        pandas.DataFrame(columns, index=[7]),
        Table(columns),
        QTable({"id": ["mine"], "ra": [ra / 15] * units.hourangle, "dec": [decl] * units.deg}),
        np.array([("mine", ra, decl)], dtype=[("id", "U9"), ("ra", "f8"), ("dec", "f8")]),
        path,
        str(path),
    ]
    for positions in named:
        ((target, *_, objectid),) = m.xmatch(positions, columns=["objectid"])
        assert (target, objectid) == ("mine", STAR)
    numbered = [
        [(ra, decl)],
        [f"{ra} {decl}"],
        np.array([[ra, decl]]),
        SkyCoord(ra, decl, unit="deg"),
        SkyCoord([ra], [decl], unit="deg").galactic,
        {"ra": [ra], "dec": [decl]},
    ]
    for positions in numbered:
        ((target, *_, objectid),) = m.xmatch(positions, columns=["objectid"])
        assert (target, objectid) == (0, STAR)
    odd = {"source": [17], "alpha": [ra], "delta": [decl]}
    rows = m.xmatch(odd, name="source", ra="alpha", decl="delta", columns="objectid")
    assert rows.all() == [(17, ra, decl, STAR)]
    angle = units.Quantity(ra, "deg")
    assert next(m.cone(angle, units.Quantity(decl * 60, "arcmin"), 1))[1] == STAR


@pytest.mark.parametrize(
    ("positions", "words"),
    [
        (3, "no list of positions"),
        ([3], r"expected \(ra, decl\)"),
        ([(1,)], "not 1 values"),
        ([("a", 1, 91)], "position 0: declination"),
        ([(1, 2), (None, 2)], "position 1: right ascension"),
        ([(float("nan"), 2)], "right ascension"),
        ({"a": [1], "dec": [2]}, "ra=…"),
        ({"ra": [1, 2], "dec": [2]}, "2 right ascensions and 1 declinations"),
        (Path("no-such-list"), "cannot read"),
    ],
)
def test_positions_that_are_none_are_refused(positions: object, words: str, m: Mirror) -> None:
    with pytest.raises(UsageError, match=words):
        m.xmatch(positions).all()


def test_a_column_of_positions_that_is_not_there_is_named(m: Mirror) -> None:
    with pytest.raises(UsageError, match="no column alpha"):
        m.xmatch({"ra": [1], "dec": [2]}, ra="alpha")
    with pytest.raises(UsageError, match="no column sdssrr"):
        m.cone(1, 2, 3, columns=["sdssrr"])
    with pytest.raises(UsageError, match="a number of degrees, not 'x'"):
        m.cone("x", 2, 3)


def test_a_closed_mirror_answers_no_more(demo_mirror: Path) -> None:
    m = lccmirror.open(demo_mirror)
    rows = m.query("SELECT objectid FROM objects")
    dataset = m.datasets()[0]
    next(rows)
    m.close()
    m.close()
    with pytest.raises(UsageError, match="closed before"):
        next(rows)
    for ask in (lambda: m.query("SELECT 1"), m.status, dataset.rows, lambda: m.collections):
        with pytest.raises(LccMirrorError, match="has been closed"):
            ask()
    assert repr(m).endswith("(closed)>")


def test_a_catalog_that_breaks_meanwhile_is_damage(own: Path) -> None:
    m = lccmirror.open(own)
    path = own / "catalog.sqlite"
    path.write_bytes(path.read_bytes()[:100] + b"\0" * 100_000)
    for ask in (
        m.status,
        lambda: m.lightcurve(STAR),
        lambda: m.query("SELECT * FROM objects").all(),
    ):
        with pytest.raises((Damaged, MirrorUnusable, LocalError)):
            ask()
    path.unlink()
    with pytest.raises(Damaged, match="is gone"):
        m.status()


def test_an_object_is_told_with_its_light_curve(own: Path) -> None:
    m = lccmirror.open(own)
    star = m.object(STAR, radius_arcsec=1000)
    assert star.values["objtype"] == "RRab"
    assert star.finderchart is None
    assert star.lightcurve().objectid == STAR
    assert {one.setid for one in star.datasets} <= {one.setid for one in m.datasets()}
    with pytest.raises(UsageError, match="no object nope"):
        m.object("nope")
    conn = sqlite3.connect(own / "catalog.sqlite")
    conn.execute(
        "INSERT INTO objects (collection, objectid, ra, decl, zone) "
        "SELECT 'demo_field_a', objectid, ra, decl, zone FROM objects WHERE objectid = ?",
        [STAR],
    )
    conn.commit()
    conn.close()
    with pytest.raises(UsageError, match="in several collections: demo_field_a, demo_field_b"):
        m.object(STAR)
    assert m.object(STAR, "demo-field-a").collection == "demo_field_a"


def test_words_are_found(m: Mirror) -> None:
    assert {one.kind for one in m.find("proper motion")} == {"columns"}
    assert m.find("proper motion", "objects") == ()
    assert m.find("") == ()
    with pytest.raises(UsageError, match="no kind of thing rows"):
        m.find("x", ["rows"])


def test_a_unit_that_nobody_knows_keeps_its_name(own: Path) -> None:
    conn = sqlite3.connect(own / "catalog.sqlite")
    conn.execute("UPDATE columns SET title = 'r [flurbs yr-1]' WHERE name = 'sdssr'")
    conn.commit()
    conn.close()
    near = lccmirror.open(own).cone(358.86, -28.32, 60, columns=["sdssr", "propermotion"])
    table = near.to_astropy()
    assert str(table["sdssr"].unit) == "flurbs yr-1"
    assert str(table["propermotion"].unit) == "mas / yr"
