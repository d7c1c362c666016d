"""Cone searches and cross-matches, against looking at every object."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lccmirror.errors import UsageError
from lccmirror.positions import Target
from lccmirror.query import open_readonly
from lccmirror.query.geometry import angular_distance_arcsec
from lccmirror.query.readonly import ReadOnlyCatalog
from lccmirror.query.sky import cone
from lccmirror.query.xmatch import xmatch
from tests.support.sky import make_sky, put_objects, sky_in_memory

# Where the geometry has its edges: poles, 0h, and the edges of strips.
RA = st.one_of(
    st.floats(0, 360, exclude_max=True),
    st.sampled_from(
        [0.0, 1e-9, 5e-324, 90.0, 180.0, 270.0, 359.999999999, math.nextafter(360, 0)]
    ),
)
DECL = st.one_of(
    st.floats(-90, 90),
    st.integers(-540, 540).map(lambda sixth: sixth / 6),
    st.sampled_from([-90.0, 90.0, 89.9999999, -89.9999999, math.nextafter(90, 0)]),
)
RADIUS_ARCMIN = st.one_of(
    st.floats(1e-3, 10_800),
    st.sampled_from([5 / 60, 5.0, 10.0, 60.0, 5_400.0, 10_799.999999, 10_800.0]),
)
PLACES = st.lists(st.tuples(RA, DECL), max_size=30)
# An object so near the edge may be on either side: rounding decides.
EDGE_ARCSEC = 1e-7


@pytest.fixture(scope="module")
def sky() -> Iterator[ReadOnlyCatalog]:
    with sky_in_memory() as catalog:
        yield catalog


def refill(sky: ReadOnlyCatalog, places: list[tuple[float, float]]) -> None:
    sky.connection.execute("DELETE FROM objects")
    put_objects(sky.connection, places)


def near(centre: tuple[float, float], arcmin: float) -> tuple[float, float]:
    """Return a place that far north of `centre`, or south of it by the pole."""
    decl = centre[1] + arcmin / 60
    return centre[0], decl if decl <= 90 else centre[1] - arcmin / 60


@settings(max_examples=300)
@given(PLACES, st.tuples(RA, DECL), RADIUS_ARCMIN)
@example([(0.0, 0.0), (359.99, 0.0), (180.0, 0.0)], (0.0, 0.0), 5.0)
@example([(180.0, 89.95), (0.0, 89.95)], (0.0, 89.97), 5.0)
@example([(180.0, -90.0), (0.0, -90.0)], (77.0, -90.0), 0.01)
@example([(10.0, 10.0), (190.0, -10.0)], (10.0, 10.0), 10_800.0)
@example([(180.0, 0.0)], (0.0, 0.0), 10_800.0)
def test_a_cone_has_every_object_in_it_and_no_other(
    sky: ReadOnlyCatalog,
    places: list[tuple[float, float]],
    centre: tuple[float, float],
    radius: float,
) -> None:
    # Some inside and some just outside whatever was drawn.
    places = [*places, centre]
    if radius < 5_000:
        places += [near(centre, radius * share) for share in (0.5, 0.999999, 1.000001)]
    refill(sky, places)
    distances = {
        f"o-{number}": angular_distance_arcsec(*centre, *place)
        for number, place in enumerate(places)
    }
    found = {str(row[1]): row[4] for row in cone(sky, *centre, radius).rows}
    limit = radius * 60
    for objectid, distance in distances.items():
        if distance < limit - EDGE_ARCSEC:
            assert found.pop(objectid) == pytest.approx(distance, abs=EDGE_ARCSEC)
        elif distance <= limit + EDGE_ARCSEC:
            found.pop(objectid, None)
    assert not found


@settings(max_examples=200)
@given(PLACES, st.lists(st.tuples(RA, DECL), min_size=1, max_size=8), RADIUS_ARCMIN)
def test_a_cross_match_has_every_object_near_a_target_and_no_other(
    sky: ReadOnlyCatalog,
    places: list[tuple[float, float]],
    centres: list[tuple[float, float]],
    radius: float,
) -> None:
    places = [*places, *(near(centre, min(radius, 5_000) / 2) for centre in centres)]
    refill(sky, places)
    targets = [Target(f"t-{at}", ra, decl, at) for at, (ra, decl) in enumerate(centres)]
    rows = list(xmatch(sky, targets, radius * 60, nearest=False).rows)
    assert len(rows) == len({(row[0], row[4]) for row in rows})
    found = {(row[0], row[4]): row[7] for row in rows}
    for target in targets:
        for number, place in enumerate(places):
            distance = angular_distance_arcsec(target.ra, target.decl, *place)
            pair = (target.objectid, f"o-{number}")
            if distance < radius * 60 - EDGE_ARCSEC:
                assert found.pop(pair) == pytest.approx(distance, abs=EDGE_ARCSEC)
            elif distance <= radius * 60 + EDGE_ARCSEC:
                found.pop(pair, None)
    assert not found


def names(rows: Iterator[tuple[object, ...]]) -> list[object]:
    return [row[1] for row in rows]


def test_the_nearest_comes_first_and_a_limit_keeps_it() -> None:
    with sky_in_memory([(10.02, 5), (10.0, 5), (10.01, 5), (10.0, 6)]) as sky:
        assert names(cone(sky, 10, 5, 5).rows) == ["o-1", "o-2", "o-0"]
        assert names(cone(sky, 10, 5, 5, limit=2).rows) == ["o-1", "o-2"]


def test_objects_without_a_position_are_nowhere() -> None:
    places = [(None, None), (1.0, None), (None, 1.0), (1.0, 1.0), (1.0, 95.0)]
    with sky_in_memory(places) as sky:
        assert names(cone(sky, 0, 0, 10_800).rows) == ["o-3"]
        whole_sky = xmatch(sky, [Target("t", 0, 0, 1)], 648_000, nearest=False)
        assert [row[4] for row in whole_sky.rows] == ["o-3"]


def test_a_right_ascension_out_of_range_is_told_where_it_would_be() -> None:
    with sky_in_memory([(359.999, 0)]) as sky:
        for ra, meant in ((-0.001, "359.999"), (719.999, "359.999"), (360, "0"), (400, "40")):
            with pytest.raises(UsageError, match=rf"not {ra:g} \(write {meant}\)"):
                cone(sky, ra, 0, 1)


@pytest.mark.parametrize(
    ("ra", "decl", "radius"),
    [
        (math.nan, 0, 1),
        (math.inf, 0, 1),
        (-1e-20, 0, 1),
        (360, 0, 1),
        (0, math.nan, 1),
        (0, 90.0001, 1),
        (0, -91, 1),
        (0, 0, 0),
        (0, 0, -1),
        (0, 0, math.nan),
        (0, 0, 10_801),
    ],
)
def test_what_is_no_cone_is_refused(ra: float, decl: float, radius: float) -> None:
    with sky_in_memory() as sky:
        with pytest.raises(UsageError):
            cone(sky, ra, decl, radius)
        with pytest.raises(UsageError):
            list(xmatch(sky, [Target("t", ra, decl, 1)], radius * 60).rows)


def test_a_search_can_be_of_some_collections(tmp_path: Path) -> None:
    make_sky(tmp_path, {"field_a": [(1, 1)], "field_b": [(1, 1)], "field_c": [(1, 1)]})
    with open_readonly(tmp_path) as catalog:
        rows = cone(catalog, 1, 1, 1, collections=["field-b", "field_c"]).rows
        assert [row[0] for row in rows] == ["field_b", "field_c"]
        matched = xmatch(
            catalog, [Target("t", 1, 1, 1)], nearest=False, collections=["field_b"]
        )
        assert [row[3] for row in matched.rows] == ["field_b"]
        with pytest.raises(UsageError, match="no such collection") as refused:
            cone(catalog, 1, 1, 1, collections=["field_bb"])
        assert refused.value.hint is not None
        assert "field_b" in refused.value.hint


def test_columns_are_those_asked_for_in_their_order() -> None:
    with sky_in_memory([(1, 1)]) as sky:
        sky.connection.execute("ALTER TABLE objects ADD COLUMN sdssR REAL")
        sky.connection.execute("UPDATE objects SET sdssR = 12.5")
        found = cone(sky, 1, 1, 1, columns=["dist_arcsec", "SDSSR", "objectid", "sdssr"])
        assert found.columns == ("dist_arcsec", "sdssR", "objectid")
        assert list(found.rows) == [(0.0, 12.5, "o-0")]
        every = cone(sky, 1, 1, 1, columns=["*"])
        assert every.columns[-2:] == ("sdssR", "dist_arcsec")
        assert "zone" in every.columns
        matched = xmatch(sky, [Target("t", 1, 1, 1)], columns=["dist_arcsec", "sdssr"])
        assert matched.columns == ("target", "target_ra", "target_decl", "dist_arcsec", "sdssR")
        assert list(matched.rows) == [("t", 1, 1, 0.0, 12.5)]
        plain = xmatch(sky, [Target("t", 1, 1, 1)], columns=["objectid"])
        assert list(plain.rows) == [("t", 1, 1, "o-0")]
        with pytest.raises(UsageError, match="no column sdss_r") as refused:
            cone(sky, 1, 1, 1, columns=["sdss_r"])
        assert "did you mean sdssr" in str(refused.value.hint)
        with pytest.raises(UsageError, match="no column of the objects is asked for"):
            cone(sky, 1, 1, 1, columns=[])


def test_a_cross_match_shows_the_nearest_or_all_in_the_order_of_the_targets() -> None:
    with sky_in_memory([(10, 5), (10, 5.0001), (200, -5)]) as sky:
        targets = [
            Target("far", 200, -5, 1),
            Target("lost", 100, 0, 2),
            Target("near", 10, 5.00008, 3),
            Target("near", 10, 5, 4),
        ]
        nearest = [(row[0], row[4]) for row in xmatch(sky, targets).rows]
        assert nearest == [("far", "o-2"), ("near", "o-1"), ("near", "o-0")]
        every = [(row[0], row[4]) for row in xmatch(sky, targets, nearest=False).rows]
        assert every == [
            ("far", "o-2"),
            ("near", "o-1"),
            ("near", "o-0"),
            ("near", "o-0"),
            ("near", "o-1"),
        ]
        kept = [(row[0], row[4], row[7]) for row in xmatch(sky, targets, unmatched=True).rows]
        assert ("lost", None, None) in kept
        assert len(kept) == 4


def test_targets_are_taken_as_they_are_needed() -> None:
    taken = 0

    def endless() -> Iterator[Target]:
        nonlocal taken
        while True:
            taken += 1
            yield Target(f"t-{taken}", 10, 5, taken)

    with sky_in_memory([(10, 5)]) as sky:
        rows = xmatch(sky, endless()).rows
        first = [next(rows) for _ in range(12_000)]
    assert [row[0] for row in first[-2:]] == ["t-11999", "t-12000"]
    assert taken < 20_000


def test_more_boxes_than_one_statement_takes_are_all_looked_up() -> None:
    # Each target at the edge of a strip and of 0h touches four boxes.
    places = [(0.0, decl / 6) for decl in range(-500, 500)]
    with sky_in_memory(places) as sky:
        targets = [Target(str(at), ra, decl, at) for at, (ra, decl) in enumerate(places)]
        rows = list(xmatch(sky, targets, 3, nearest=False).rows)
    assert [row[4] for row in rows] == [f"o-{at}" for at in range(len(places))]
