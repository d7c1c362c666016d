"""Angular distances, against astropy and ERFA; and the functions of SQL made of them."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.query.functions import add_functions, add_mathematics
from lccmirror.query.geometry import angular_distance_arcsec

RA = st.floats(0, 360)
DECL = st.floats(-90, 90)
TOLERANCE_ARCSEC = 1e-7
PAIRS = 1_000_000


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        add_functions(connection)
        yield connection


def pairs() -> tuple[np.ndarray, ...]:
    """Return a million pairs: any, near, nearly opposite, and by the poles."""
    rng = np.random.default_rng(11)
    ra1 = rng.uniform(0, 360, PAIRS)
    decl1 = np.degrees(np.arcsin(rng.uniform(-1, 1, PAIRS)))
    ra2 = rng.uniform(0, 360, PAIRS)
    decl2 = np.degrees(np.arcsin(rng.uniform(-1, 1, PAIRS)))
    quarter = PAIRS // 4
    # From a millionth of an arcsecond to a degree away, also across 0h.
    away = 10 ** rng.uniform(-6, 3.6, (2, quarter)) / 3600
    ra2[:quarter] = (ra1[:quarter] + away[0]) % 360
    decl2[:quarter] = np.clip(decl1[:quarter] + away[1], -90, 90)
    opposite = slice(quarter, 2 * quarter)
    ra2[opposite] = (ra1[opposite] + 180 + away[0]) % 360
    decl2[opposite] = np.clip(-decl1[opposite] + away[1], -90, 90)
    poles = slice(2 * quarter, 2 * quarter + 1000)
    decl1[poles] = rng.choice([-90, 90], 1000)
    decl2[poles] = decl1[poles] * (1 - 10 ** rng.uniform(-12, -1, 1000))
    return ra1, decl1, ra2, decl2


def test_a_million_distances_are_those_of_astropy_and_of_erfa() -> None:
    import erfa  # type: ignore[import-untyped]
    from astropy.coordinates import angular_separation  # type: ignore[import-untyped]

    places = pairs()
    ours = np.array(
        [
            angular_distance_arcsec(*pair)
            for pair in zip(*(axis.tolist() for axis in places), strict=True)
        ]
    )
    radians = [np.radians(axis) for axis in places]
    theirs = np.degrees(angular_separation(*radians)) * 3600
    assert np.abs(ours - theirs).max() < TOLERANCE_ARCSEC
    # The vector form: another way to the same angle.
    vectors = np.degrees(erfa.seps(*radians)) * 3600
    assert np.abs(ours - vectors).max() < TOLERANCE_ARCSEC


@given(RA, DECL, RA, DECL)
def test_a_distance_is_the_same_both_ways(a: float, b: float, c: float, d: float) -> None:
    there = angular_distance_arcsec(a, b, c, d)
    back = angular_distance_arcsec(c, d, a, b)
    assert 0 <= there <= 648_000 * (1 + 1e-15)
    assert there == pytest.approx(back, abs=TOLERANCE_ARCSEC)


@given(RA, DECL)
def test_an_object_is_at_no_distance_from_itself(ra: float, decl: float) -> None:
    assert angular_distance_arcsec(ra, decl, ra, decl) == pytest.approx(0, abs=1e-10)
    assert angular_distance_arcsec(ra, decl, ra + 360, decl) == pytest.approx(0, abs=1e-8)


@given(DECL, RA, RA)
def test_right_ascension_does_not_matter_at_a_pole(decl: float, a: float, b: float) -> None:
    assert angular_distance_arcsec(a, 90, b, decl) == pytest.approx(
        (90 - decl) * 3600, abs=TOLERANCE_ARCSEC
    )


@given(RA, DECL)
def test_the_antipode_is_180_degrees_away(ra: float, decl: float) -> None:
    found = angular_distance_arcsec(ra, decl, ra + 180, -decl)
    assert found == pytest.approx(648_000, abs=TOLERANCE_ARCSEC)


@given(RA, DECL, RA, DECL)
def test_sql_has_the_same_distance(a: float, b: float, c: float, d: float) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        add_functions(connection)
        ((found,),) = connection.execute(
            "SELECT angular_distance_arcsec(?, ?, ?, ?)", (a, b, c, d)
        )
    assert found == angular_distance_arcsec(a, b, c, d)


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("in_cone(10, 20, 10, 20, 1)", 1),
        ("in_cone(10, 20, 10, 20, 0)", 1),
        ("in_cone(0, 0, 1, 0, 60)", 1),
        ("in_cone(0, 0, 1, 0, 59.999999)", 0),
        ("in_cone(0, 0, 359.99, 0, 0.61)", 1),
        ("in_cone(0, 0, 359.99, 0, 0.5)", 0),
        ("in_cone(0, 89.99, 180, 89.99, 1.2001)", 1),
        ("in_cone(0, 89.99, 180, 89.99, 1.1999)", 0),
        ("in_cone('10', '20', '10.01', '20', '1')", 1),
        ("in_cone(NULL, 20, 10, 20, 1)", None),
        ("in_cone(10, NULL, 10, 20, 1)", None),
        ("in_cone(10, 20, 10, 20, NULL)", None),
        ("in_cone(10, 20, 10, 20, 'wide')", None),
        ("in_cone(10, 20, 10, 20, 'nan')", None),
        ("in_cone('nan', 20, 10, 20, 1)", None),
        ("in_cone(9e999, 20, 10, 20, 1)", None),
        ("in_cone(10, 90.1, 10, 20, 1)", None),
        ("angular_distance_arcsec(0, 0, 1, 0)", 3600.0),
        ("angular_distance_arcsec(0, 0, 'one', 0)", None),
        ("angular_distance_arcsec(0, 0, NULL, 0)", None),
        ("angular_distance_arcsec(0, 91, 0, 0)", None),
        ("angular_distance_arcsec(0, 'nan', 0, 0)", None),
        ("angular_distance_arcsec(-9e999, 0, 0, 0)", None),
    ],
)
def test_what_is_no_position_is_null(
    conn: sqlite3.Connection, expression: str, answer: float | None
) -> None:
    ((found,),) = conn.execute(f"SELECT {expression}")
    assert found == answer


def test_the_functions_can_be_part_of_an_index_expression(conn: sqlite3.Connection) -> None:
    conn.execute("CREATE TABLE t (ra, decl)")
    # SQLite takes only deterministic functions there.
    conn.execute("CREATE INDEX i ON t (angular_distance_arcsec(ra, decl, 0, 0))")


@given(st.floats(-400, 400), st.floats(-2, 2))
def test_mathematics_we_add_is_that_of_sqlite(angle: float, ratio: float) -> None:
    expressions = (
        "sin(:a), cos(:a), atan2(:a, :r), radians(:a), degrees(:r), pow(:r, 2), asin(:r)"
        ", sqrt(:r), sin(NULL), asin('x')"
    )
    answers = []
    for add in (add_functions, add_mathematics):
        with closing(sqlite3.connect(":memory:")) as connection:
            add(connection)
            given = {"a": angle, "r": ratio}
            answers.append(connection.execute(f"SELECT {expressions}", given).fetchone())
    for theirs, ours in zip(*answers, strict=True):
        assert ours == (None if theirs is None else pytest.approx(theirs, rel=1e-15))
    assert (answers[1][6] is None) == (not math.fabs(ratio) <= 1)
