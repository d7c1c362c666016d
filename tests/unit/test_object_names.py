"""Directions and positions as observers write them; names that are nearly right."""

from __future__ import annotations

import math

import pytest
from astropy.coordinates import position_angle  # type: ignore[import-untyped]  # has no types
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.query.geometry import position_angle_deg, sexagesimal, turned
from lccmirror.query.object_names import nearest_names
from lccmirror.query.objects import known_objects
from lccmirror.query.readonly import ReadOnlyCatalog
from tests.support.sky import sky_in_memory

RA = st.floats(0, 360, exclude_max=True)
DECL = st.floats(-89.9, 89.9)


@given(RA, DECL, RA, DECL)
def test_position_angles_are_those_of_astropy(
    ra1: float, decl1: float, ra2: float, decl2: float
) -> None:
    places = (math.radians(one) for one in (ra1, decl1, ra2, decl2))
    theirs = position_angle(*places).deg
    ours = position_angle_deg(ra1, decl1, ra2, decl2)
    assert 0 <= ours < 360
    apart = abs((ours - theirs + 180) % 360 - 180)
    assert apart < 1e-6


@given(st.floats(-1e6, 1e6))
def test_an_angle_that_is_turned_is_the_same_and_within_the_circle(angle: float) -> None:
    assert 0 <= turned(angle) < 360
    assert abs((turned(angle) - angle + 180) % 360 - 180) < 1e-9


@pytest.mark.parametrize("ra", [-1e-15, 360.0, -360.0])
def test_a_right_ascension_next_to_the_circle_has_its_neighbours(ra: float) -> None:
    with sky_in_memory([(ra, 2.0), (0.0001, 2.0)]) as sky:
        (found,) = known_objects(sky, "o-0")
        assert [one.objectid for one in found.neighbours] == ["o-1"]


@pytest.mark.parametrize(
    ("ra", "decl", "text"),
    [
        (0.0, 0.0, "00:00:00.00 +00:00:00.0"),
        (359.99999999, 89.99999999, "00:00:00.00 +90:00:00.0"),
        (15.0, -0.5, "01:00:00.00 -00:30:00.0"),
        (14.99999999, -29.99999999, "01:00:00.00 -30:00:00.0"),
        (291.36625, 42.784361, "19:25:27.90 +42:47:03.7"),
    ],
)
def test_nothing_is_rounded_up_to_sixty(ra: float, decl: float, text: str) -> None:
    assert sexagesimal(ra, decl) == text


@given(RA, st.floats(-90, 90))
def test_a_position_in_sexagesimal_form_is_the_same(ra: float, decl: float) -> None:
    hours, degrees = sexagesimal(ra, decl).split()
    h, m, s = (float(part) for part in hours.split(":"))
    assert max(m, s) < 60
    back = (h + m / 60 + s / 3600) * 15
    assert abs((back - ra + 180) % 360 - 180) < 0.5 * 0.01 * 15 / 3600 + 1e-9
    d, m, s = (float(part) for part in degrees[1:].split(":"))
    assert max(m, s) < 60
    sign = -1 if degrees[0] == "-" else 1
    assert abs(sign * (d + m / 60 + s / 3600) - decl) < 0.5 * 0.1 / 3600 + 1e-9


def put(catalog: ReadOnlyCatalog, *names: str, count: int | None = None) -> None:
    conn = catalog.connection
    conn.executemany(
        "INSERT INTO objects (collection, objectid) VALUES ('field_a', ?)",
        [(name,) for name in names],
    )
    conn.execute("UPDATE counts SET n = ? WHERE name = 'objects'", (count or len(names),))


@pytest.mark.parametrize("count", [None, 10_000_000])
@pytest.mark.parametrize("asked", ["HAT-199-0001235", "hat-199-0001234", "HAT-199-000123"])
def test_the_nearest_names_are_found_in_small_catalogs_and_in_huge_ones(
    count: int | None, asked: str
) -> None:
    with sky_in_memory() as catalog:
        put(catalog, *(f"HAT-{n}-0001234" for n in range(150, 250)), count=count)
        assert nearest_names(catalog, asked)[0] == "HAT-199-0001234"


def test_no_name_is_near_to_what_looks_like_none() -> None:
    with sky_in_memory() as catalog:
        put(catalog, "HAT-199-0001234")
        assert nearest_names(catalog, "?") == []


def test_a_name_of_another_survey_is_not_near_though_its_numbers_are() -> None:
    with sky_in_memory() as catalog:
        put(catalog, "DMB-199-0001234", "DMB-199-0001235")
        assert nearest_names(catalog, "HAT-199-0001234") == []


def test_a_slip_in_the_first_letters_is_forgiven() -> None:
    with sky_in_memory() as catalog:
        put(catalog, "DMB-199-0001234")
        assert nearest_names(catalog, "DNB-199-0001234") == ["DMB-199-0001234"]
        assert nearest_names(catalog, "MDB-199-0001234") == ["DMB-199-0001234"]


def test_what_a_name_begins_with_is_enough() -> None:
    with sky_in_memory() as catalog:
        put(catalog, "DMB-359-0000058", "DMB-358-0000058", "DMB-358-0000130")
        assert set(nearest_names(catalog, "dmb-358", most=2)) == {
            "DMB-358-0000058",
            "DMB-358-0000130",
        }


def test_names_that_begin_alike_come_first() -> None:
    with sky_in_memory() as catalog:
        put(catalog, "DMB-199-0001234", "HAT-199-0009999", "HAU-199-0001234")
        near = nearest_names(catalog, "HAT-199-0001234")
        assert near == ["HAT-199-0009999", "HAU-199-0001234"]
