"""What people write as a place in the sky, as a radius, and as a list of targets."""

from __future__ import annotations

import io
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lccmirror.errors import UsageError
from lccmirror.query.angles import (
    find_centre,
    parse_centre,
    parse_radius_arcmin,
    parse_radius_arcsec,
)
from lccmirror.query.targets import read_list
from tests.support.sky import put_objects, sky_in_memory


@pytest.mark.parametrize(
    ("written", "arcmin"),
    [
        ("5", 5),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1e-2", 0.01),
        ("5'", 5),
        ("5′", 5),
        ("5 arcmin", 5),
        ("2deg", 120),
        ("2 DEG", 120),
        ("2°", 120),
        ('30"', 0.5),
        ("30″", 0.5),
        ("30''", 0.5),
        ("30arcsec", 0.5),
        ("180 degrees", 10_800),
    ],
)
def test_radii_in_every_unit(written: str, arcmin: float) -> None:
    assert parse_radius_arcmin(written) == pytest.approx(arcmin)


def test_a_radius_without_a_unit_is_what_the_command_says() -> None:
    assert parse_radius_arcmin("3") == 3
    assert parse_radius_arcsec("3") == 3
    assert parse_radius_arcsec("3'") == 180


@pytest.mark.parametrize(
    "written",
    ["", "wide", "5 parsec", "-5", "0", "nan", "inf", "181deg", "1e400", "5 5", "5m5"],
)
def test_what_is_no_radius_is_refused(written: str) -> None:
    with pytest.raises(UsageError):
        parse_radius_arcmin(written)


@pytest.mark.parametrize(
    ("written", "ra", "decl"),
    [
        ("291.366 42.784", 291.366, 42.784),
        ("291.366,-42.784", 291.366, -42.784),
        ("291.366° +42.784°", 291.366, 42.784),
        ("1e-05 -1.5E1", 1e-5, -15),
        (".5 -.5", 0.5, -0.5),
        ("0 90", 0, 90),
        ("0 -90", 0, -90),
        ("19:25:27.9 +42:47:03.7", 291.36625, 42.784361111),
        ("19h25m27.9s +42°47′03.7″", 291.36625, 42.784361111),
        ("19h25m27.9s −42°47'03.7\"", 291.36625, -42.784361111),
        ("19h25m27.9s −42°47'03.7''", 291.36625, -42.784361111),
        ("12 0 0 -90 0 0", 180, -90),
        ("291.366° −42.784°", 291.366, -42.784),
    ],
)
def test_positions_as_people_write_them(written: str, ra: float, decl: float) -> None:
    assert parse_centre(written) == pytest.approx((ra, decl), abs=1e-9)


@given(st.floats(0, 360, exclude_max=True), st.floats(-90, 90))
def test_what_python_prints_is_read_back_exactly(ra: float, decl: float) -> None:
    assert parse_centre(f"{ra} {decl}") == (ra, decl)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("291.366 95", "declination must be between -90 and +90"),
        ("-5 10", "write 355"),
        ("360 0", "below 360"),
        ("10:60:00 10:00:00", "minutes of right ascension"),
        ("10:00 10:00", "not a position"),
        ("25:00:00 +10:00:00", "0h to 24h"),
    ],
)
def test_a_position_out_of_range_is_not_taken_for_a_name(written: str, said: str) -> None:
    with sky_in_memory() as sky, pytest.raises(UsageError, match=said.replace("+", r"\+")):
        find_centre(sky, written)


def test_an_object_can_be_named() -> None:
    with sky_in_memory([(1.5, -2.5)]) as sky:
        centre = find_centre(sky, " o-0 ")
        assert (centre.ra, centre.decl, centre.objectid) == (1.5, -2.5, "o-0")
        with pytest.raises(UsageError, match="no object RR Lyr"):
            find_centre(sky, "RR Lyr")


def test_a_name_that_is_in_two_collections_must_mean_one_place() -> None:
    with sky_in_memory([(1.5, -2.5), (7.0, 7.0), (None, None)]) as sky:
        put_objects(sky.connection, [(1.5001, -2.5), (8.0, 7.0), (5.0, 5.0)], "field_b")
        assert find_centre(sky, "o-0").ra == 1.5
        with pytest.raises(UsageError, match=r"field_a: 7\.0 7\.0; field_b: 8\.0 7\.0"):
            find_centre(sky, "o-1")
        assert find_centre(sky, "o-2").ra == 5.0


def test_an_object_may_be_published_at_a_right_ascension_beyond_the_circle() -> None:
    with sky_in_memory([(-10.0, 5.0), (360.0, 5.0), (-1e-15, 5.0)]) as sky:
        assert [find_centre(sky, f"o-{number}").ra for number in range(3)] == [350, 0, 0]


def test_an_object_without_a_position_says_so() -> None:
    with sky_in_memory([(None, None)]) as sky, pytest.raises(UsageError, match="no position"):
        find_centre(sky, "o-0")


def targets(text: str) -> list[tuple[str, float, float]]:
    file = io.BytesIO(text.encode())
    return [(one.objectid, one.ra, one.decl) for one in read_list(file, "list")]


TWO = [("a", 10.5, -20.25), ("b-2", 0.0, 90.0)]


@pytest.mark.parametrize(
    "text",
    [
        "a 10.5 -20.25\nb-2 0 90\n",
        "# mine\n\n a\t10.5   -20.25 # first\r\nb-2 0 90",
        "a 00:42:00 -20:15:00\nb-2 0 90\n",
        "a,10.5,-20.25\nb-2,0,90\n",
        "a;10.5;-20.25\nb-2;0;90\n",
        "a\t10.5\t-20.25\nb-2\t0\t90\n",
        "objectid,ra,decl\na,10.5,-20.25\nb-2,0,90\n",
        "\ufeffobjectid ra decl\na 10.5 -20.25\nb-2 0 90\n",
        '"RA","Dec","mag","Name"\n10.5,-20.25,12,a\n0,90,"1,5","b-2"\n',
        "RAJ2000\tDEJ2000\tsource_id\n10.5\t-20.25\ta\n0\t90\tb-2\n",
        "star,mag,ra_deg,dec_deg\na,1,10.5,-20.25\nb-2,2,0,90\n",
    ],
)
def test_lists_in_every_form(text: str) -> None:
    assert targets(text) == TWO


def test_names_may_come_twice_and_have_any_character() -> None:
    assert [one[0] for one in targets("ü/1 1 1\nü/1 2 2\n")] == ["ü/1", "ü/1"]


def test_every_mistake_is_said_with_its_line_before_any_target_is_used() -> None:
    with pytest.raises(UsageError) as refused:
        targets("a 1 1\nb 400 1\nc\nd 1 95\n")
    said = refused.value.message.split("\n")
    assert [line.split(": ")[0] for line in said] == ["list:2", "list:3", "list:4"]


def test_many_mistakes_are_cut_short() -> None:
    with pytest.raises(UsageError, match=r"and 50 more"):
        targets("a x y\n" * 100)


@pytest.mark.parametrize("text", ["", "# nothing\n", "objectid,ra,decl\n", "\n\n"])
def test_a_list_without_a_target_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no target"):
        targets(text)


def test_a_row_of_csv_that_is_too_short_is_a_mistake() -> None:
    with pytest.raises(UsageError, match="list:3: expected 3 fields"):
        targets("objectid,ra,decl\na,1,1\nb,1\n")


def test_what_is_no_list_at_all_is_refused_soon() -> None:
    with pytest.raises(UsageError, match="does not end"):
        targets("x" * 1_000_000)
    with pytest.raises(UsageError, match="line 2 is no line of a list: it is not text"):
        targets("a 1 2\nb\0c 3 4\n")


@given(st.binary(max_size=300))
@example(b"\x00\r\x00")
@example(b"a,1,1\n\r,\x00")
def test_any_bytes_are_a_list_or_a_clear_error(data: bytes) -> None:
    try:
        found = list(read_list(io.BytesIO(data), "list"))
    except UsageError:
        return
    for target in found:
        assert 0 <= target.ra < 360
        assert -90 <= target.decl <= 90
        assert math.isfinite(target.ra)
