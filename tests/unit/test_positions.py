"""Positions and lists of cross-match targets."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.errors import UsageError
from lccmirror.positions import (
    checked_radius_arcmin,
    checked_radius_arcsec,
    parse_position,
    position_text,
    read_targets,
)

# What lccserver 0.2.7 accepts as `coords` in decimal degrees, and as a cross-match target.
SERVER_COORDS = re.compile(
    r"^(\d{1,3}\.{0,1}\d*) ([+\-]?\d{1,2}\.{0,1}\d*) ?(\d{1,2}\.{0,1}\d*)?$"
)


@pytest.mark.parametrize(
    ("written", "ra", "decl"),
    [
        ("291.366 42.784", 291.366, 42.784),
        ("  291.366,  +42.784 ", 291.366, 42.784),
        ("0 -0.5", 0.0, -0.5),
        ("19:25:27.9 +42:47:03.7", 291.36625, 42.784361111),
        ("19 25 27.9 +42 47 03.7", 291.36625, 42.784361111),
        ("19h25m27.9s +42d47m03.7s", 291.36625, 42.784361111),
        ("19:25:27.9, +42:47:03.7", 291.36625, 42.784361111),
        ("00:00:00 -00:30:00", 0.0, -0.5),
        ("15 0 0 45 0 0", 225.0, 45.0),
    ],
)
def test_positions_as_people_write_them(written: str, ra: float, decl: float) -> None:
    parsed = parse_position(written)
    assert parsed == pytest.approx((ra, decl), abs=1e-9)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "291.366",
        "291.366 42.784 5",
        "360 0.5",
        "-5 10",
        "10 90",
        "10 -90",
        "24:00:00 10:00:00",
        "10:60:00 10:00:00",
        "10:00:60 10:00:00",
        "10:00:00 10:60:00",
        "10:00:00 90:00:00",
        "-10:00:00 10:00:00",
        "nan nan",
        "1e1 10",
        "RR Lyr",
        "10:00 10:00",
    ],
)
def test_what_is_no_position_is_refused(written: str) -> None:
    with pytest.raises(UsageError):
        parse_position(written)


def test_a_negative_right_ascension_is_answered_with_the_right_one() -> None:
    with pytest.raises(UsageError, match="write 355"):
        parse_position("-5 10")


@given(
    st.floats(0, 360, exclude_max=True),
    st.floats(-90, 90, exclude_min=True, exclude_max=True),
    st.floats(1e-3, 60),
)
def test_the_server_reads_the_position_we_meant(ra: float, decl: float, radius: float) -> None:
    written = position_text(ra, decl, radius)
    match = SERVER_COORDS.match(written)
    assert match, written
    server_ra, server_decl, server_radius = map(float, match.groups())
    assert server_ra < 360
    assert abs(math.remainder(server_ra - ra, 360)) <= 1e-9
    assert abs(server_decl - decl) <= 1e-9
    assert abs(server_radius - radius) <= 1e-9


def test_a_right_ascension_just_below_360_is_not_rounded_up_to_it() -> None:
    assert position_text(359.9999999999, 10) == "0.0 10.0"


def test_radii_have_the_limits_of_the_server() -> None:
    assert checked_radius_arcmin(60) == 60
    assert checked_radius_arcsec(29.9) == 29.9
    for radius in (0, -1, 60.1, math.nan):
        with pytest.raises(UsageError):
            checked_radius_arcmin(radius)
    for radius in (0, -1, 30, math.nan):
        with pytest.raises(UsageError):
            checked_radius_arcsec(radius)


def write(folder: Path, content: bytes) -> Path:
    path = folder / "targets.txt"
    path.write_bytes(content)
    return path


def test_a_list_without_end_is_refused_before_it_fills_memory() -> None:
    with pytest.raises(UsageError, match="no list of targets"):
        read_targets(Path("/dev/zero"))


def test_a_list_of_targets_is_read(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        b"\xef\xbb\xbf# my stars\n\nHAT-123-0001 291.366 42.784\r\n"
        b"V*[7]+x 19:25:27.9 +42:47:03.7  # RR Lyr\n".replace(b"V*", b"V_"),
    )
    first, second = read_targets(path)
    assert (first.objectid, first.ra, first.decl, first.line) == (
        "HAT-123-0001",
        291.366,
        42.784,
        3,
    )
    assert (second.objectid, second.line) == ("V_[7]+x", 4)
    assert second.ra == pytest.approx(291.36625)


def test_every_mistake_in_a_list_of_targets_is_reported_with_its_line(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        b"good 10 10\n"
        b"V* 10 10\n"
        b"zero 0 10\n"
        b"zerodecl 00:40:00 00:00:00\n"
        b"alone\n"
        b"good 11 11\n"
        b"far 400 10\n"
        b"\xff 10 10\n"
        b"tiny 10 -0.0000000001\n",
    )
    with pytest.raises(UsageError) as caught:
        read_targets(path)
    lines = caught.value.message.splitlines()
    numbers = [line.removeprefix(f"{path}:").split(":")[0] for line in lines]
    assert numbers == list("23456789")
    assert "RA is exactly 0" in lines[1]
    assert "Dec is exactly 0" in lines[2]
    assert "already on line 1" in lines[4]
    assert "UTF-8" in lines[6]


def test_a_list_without_targets_or_without_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no target"):
        read_targets(write(tmp_path, b"# nothing yet\n"))
    with pytest.raises(UsageError, match="No such file"):
        read_targets(tmp_path / "nothing")


def test_a_file_that_is_no_list_does_not_flood_the_terminal(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_targets(write(tmp_path, b"\x1b[2J\n" * 10_000))
    lines = caught.value.message.splitlines()
    assert len(lines) == 51
    assert "9950 more" in lines[-1]
    assert caught.value.message.replace("\n", "").isprintable()
