"""The server's information about an object: pictures checked, facts taken, nothing trusted."""

from __future__ import annotations

import base64
import gzip
import json
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.demo.png import grey_png
from lccmirror.errors import FormatError
from lccmirror.formats.object_info import read_object_file, understand
from lccmirror.formats.object_pictures import find_pictures
from lccmirror.formats.png import Size, check_png
from tests.support.pictures import SIGNATURE, chunk, header, picture

GOOD = grey_png([bytes(range(7))] * 5)
BASE64 = base64.b64encode(GOOD).decode()
MOST = 1_000_000


@pytest.mark.parametrize(
    ("colour", "mode"), [(0, "L"), (0, "1"), (2, "RGB"), (3, "P"), (6, "RGBA"), (4, "LA")]
)
def test_what_a_well_known_library_writes_is_good(colour: int, mode: str) -> None:
    # Comes with Matplotlib.
    from PIL import Image

    file = BytesIO()
    Image.new(mode, (13, 9)).save(file, "PNG")
    assert file.getvalue()[25] == colour
    assert check_png(file.getvalue(), MOST) == Size(13, 9)


@pytest.mark.parametrize(
    ("width", "height", "rows"),
    [
        # By the standard: pixels of 1 x 1 have one pass, of 8 x 8 seven.
        (1, 1, [(1, 1)]),
        (8, 8, [(1, 1), (1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4)]),
        (3, 2, [(1, 1), (1, 1), (1, 1), (3, 1)]),
    ],
)
def test_an_interlaced_picture_is_counted_pass_by_pass(
    width: int, height: int, rows: list[tuple[int, int]]
) -> None:
    pixels = b"".join((b"\0" + b"x" * columns) * count for columns, count in rows)
    first = header(width, height, interlace=1)
    assert check_png(picture(first, pixels), MOST) == Size(width, height)
    with pytest.raises(FormatError, match="more or fewer"):
        check_png(picture(first, pixels + b"\0"), MOST)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not a PNG"),
        (b"GIF89a", "not a PNG"),
        (SIGNATURE, "cut off"),
        (GOOD[:-1], "cut off"),
        (GOOD[:-12], "cut off"),
        (GOOD + b"x", "behind"),
        (GOOD + GOOD, "behind"),
        (GOOD[:40] + bytes([GOOD[40] ^ 1]) + GOOD[41:], "damaged"),
        (SIGNATURE + chunk(b"IEND", b""), "without a header"),
        (picture(header(0, 5), b""), "without pixels"),
        (picture(header(2**31, 1), b""), "without pixels"),
        (picture(header(1001, 1000), b""), r"1,001 . 1,000 pixels"),
        (picture(header(5, 5, depth=3), b""), "kind"),
        (picture(header(5, 5, colour=5), b""), "kind"),
        (picture(header(5, 5, depth=4, colour=2), b""), "kind"),
        (picture(header(5, 5, interlace=2), b""), "kind"),
        (picture(header(5, 5), b"\0" * 29), "more or fewer"),
        (picture(header(5, 5), b"\0" * 31), "more or fewer"),
        (picture(header(5, 5), b"\0" * 10_000_000), "more or fewer"),
        (SIGNATURE + header(1, 1) + chunk(b"IDAT", b"junk") + chunk(b"IEND", b""), "unpacked"),
        (SIGNATURE + header(1, 1) + chunk(b"IEND", b""), "more or fewer"),
        (SIGNATURE + struct.pack(">I", 2**32 - 1) + b"IHDR" + b"x" * 100, "cut off"),
    ],
)
def test_what_is_no_sound_picture_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        check_png(content, MOST)


def test_pixels_in_many_chunks_are_read_to_the_last() -> None:
    packed = zlib.compress(bytes(6 * 5))
    pieces = b"".join(chunk(b"IDAT", packed[at : at + 3]) for at in range(0, len(packed), 3))
    whole = SIGNATURE + header(5, 5) + pieces + chunk(b"IEND", b"")
    assert check_png(whole, MOST) == Size(5, 5)


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_a_picture_or_a_format_error(tail: bytes) -> None:
    for content in (tail, SIGNATURE + tail, GOOD[:41] + tail):
        try:
            check_png(content, MOST)
        except FormatError:
            continue
        assert content == GOOD


def answer(**parts: Any) -> dict[str, Any]:
    return {"objectid": "A-1", "objectinfo": {"ra": 1.0}, **parts}


def checkplot() -> dict[str, Any]:
    """Return an answer with all that a server passes on."""
    return answer(
        objectcomments="odd",
        objectinfo={"objecttags": "RR Lyrae, halo", "ra": 1.0},
        varinfo={
            "objectisvar": "1",
            "vartags": ["RRab", "Blazhko"],
            "varperiod": 0.5,
            "varepoch": 55000.1,
        },
        xmatch={"tic": {"found": True, "plot": BASE64}},
        finderchart=BASE64,
        magseries="data:image/png;base64," + BASE64[:40] + "\n" + BASE64[40:],
        neighbors=[{"objectid": "B", "magseries": BASE64, "gls": {"plot": BASE64}}, {}],
        pfmethods=["gls", "bls", "none", 3, "gls"],
        gls={
            "nbestperiods": [0.5, None, "x", 0.25],
            "periodogram": BASE64,
            "phasedlc0": {"plot": BASE64, "period": 0.5, "epoch": 55000.1},
            "phasedlc1": {"plot": "", "period": None, "epoch": None},
            "phasedlc3": {"epoch": 55000.3},
        },
        bls={"nbestperiods": None, "bestperiod": 7, "phasedlc0": {"epoch": 1}},
    )


def test_facts_and_pictures_are_taken_from_an_answer() -> None:
    info = understand(checkplot(), "A-1", MOST)
    assert (info.objectisvar, info.vartags, info.objecttags) == (
        1,
        "RRab,Blazhko",
        "RR Lyrae, halo",
    )
    assert (info.comments, info.period, info.epoch, info.neighbors) == ("odd", 0.5, 55000.1, 2)
    assert [(p.method, p.rank, p.period, p.epoch) for p in info.periods] == [
        ("gls", 1, 0.5, 55000.1),
        ("gls", 2, 0.25, 55000.3),
        ("bls", 1, 7.0, 1.0),
    ]
    assert info.pictures == {"finderchart": GOOD, "magseries": GOOD}
    assert info.problems == ()
    bare = json.loads(info.info)
    noted = {"picture": "neighbors-0-gls-plot", "bytes": len(GOOD), "width": 7, "height": 5}
    assert bare["neighbors"][0]["gls"]["plot"] == noted
    assert json.loads(info.xmatch or "")["tic"]["plot"]["picture"] == "xmatch-tic-plot"
    assert BASE64[:30] not in info.info


def test_the_file_has_everything_and_is_the_same_for_the_same_answer(tmp_path: Path) -> None:
    told = checkplot()
    turned = dict(reversed(told.items()))
    info = understand(told, "A-1", MOST)
    assert info.file == understand(turned, "A-1", MOST).file
    path = tmp_path / "A-1.json.gz"
    path.write_bytes(info.file)
    assert read_object_file(path, MOST) == told
    with pytest.raises(FormatError, match="more than"):
        read_object_file(path, 100)
    path.write_bytes(info.file[:-4])
    with pytest.raises(FormatError, match=r"cut short|damaged"):
        read_object_file(path, MOST)
    path.write_bytes(gzip.compress(b"[]"))
    with pytest.raises(FormatError, match="no JSON object"):
        read_object_file(path, MOST)


def test_a_file_with_a_bare_nan_can_be_understood(tmp_path: Path) -> None:
    path = tmp_path / "A-1.json"
    path.write_bytes(b'{"objectid": "A-1", "varinfo": {"varperiod": NaN, "x": -Infinity}}')
    info = understand(read_object_file(path, MOST), "A-1", MOST)
    assert (info.period, info.problems) == (None, ())


def test_pictures_that_have_one_name_get_another() -> None:
    told = {"a b": {"plot": BASE64}, "a_b": {"plot": BASE64}, "A B": {"plot": BASE64}}
    names = [one.name for one in find_pictures(told)]
    assert names == ["A_B-plot", "a_b-plot-2", "a_b-plot-3"]
    told = {"../../etc/" + "x" * 300: {"plot": BASE64}}
    (name,) = (one.name for one in find_pictures(told))
    assert "/" not in name
    assert not name.startswith(".")
    assert len(name) <= 80


@pytest.mark.parametrize("told", [{}, {"objectid": None}, {"pfmethods": [], "xmatch": {}}])
def test_an_answer_with_nothing_in_it_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(FormatError, match="nothing"):
        understand(told, "A-1", MOST)


def test_an_answer_nested_without_end_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    with pytest.raises(FormatError, match="deep"):
        understand(answer(x=deep), "A-1", MOST)


def test_what_has_the_wrong_type_is_left_out() -> None:
    told = answer(
        objectinfo=[1],
        objectid=7,
        varinfo="yes",
        neighbors="none",
        xmatch=0,
        pfmethods={"gls": 1},
        finderchart=17,
        magseries=[BASE64],
        objectcomments={"a": 1},
    )
    info = understand(told, "A-1", MOST)
    facts = (info.objectisvar, info.vartags, info.period, info.neighbors, info.xmatch)
    assert facts == (None,) * 5
    assert info.comments is None
    assert info.periods == ()
    assert info.pictures == {}
    assert info.problems == ("the answer is about 7",)


@pytest.mark.parametrize(
    ("value", "stored"),
    [("half \ud800 of", "half \\ud800 of"), ("nul\0", "nul\\x00"), ("  ", None), (5, "5")],
)
def test_texts_can_be_stored(value: Any, stored: str | None) -> None:
    assert understand(answer(objectcomments=value), "A-1", MOST).comments == stored


@pytest.mark.parametrize("value", [float("inf"), -float("inf"), 10**400, True, "0.5", None])
def test_a_number_that_is_none_is_no_period(value: Any) -> None:
    info = understand(answer(varinfo={"varperiod": value}), "A-1", MOST)
    assert info.period is None
    json.loads(info.info, parse_constant=pytest.fail)


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
anything = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)
keys = st.sampled_from(
    ["objectinfo", "varinfo", "neighbors", "xmatch", "finderchart", "magseries", "pfmethods"]
)


@given(st.dictionaries(keys | st.text(), anything))
def test_any_json_is_understood_or_refused(told: dict[str, Any]) -> None:
    try:
        info = understand(told, "A-1", MOST)
    except FormatError:
        return
    assert isinstance(json.loads(info.info), dict)
    assert isinstance(json.loads(gzip.decompress(info.file)), dict)
