"""The small parts of the demo server: filters, coordinates, times, pictures."""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path
from random import Random

import pytest

from lccmirror.config import load_config
from lccmirror.config_template import render_config
from lccmirror.demo import DemoServer
from lccmirror.demo.arguments import BadRequest, parse_coordinates, parse_search
from lccmirror.demo.datasets import UniqueTime
from lccmirror.demo.filters import conditions_to_sql, parsed_conditions
from lccmirror.demo.keys import KeyDesk
from lccmirror.demo.png import grey_png
from lccmirror.demo.run import Demo
from lccmirror.demo.searches import separation_arcsec
from lccmirror.demo.tables import sort_keys
from lccmirror.errors import LccMirrorError


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("(sdssr lt 13.0)", "(sdssr < 13.0)"),
        ("(a ge 1)  and\n(b ne 2)", "(a >= 1) and (b != 2)"),
        ("(name ct 'RR')", "(name like '%RR%')"),
        ("(sdssr < 13)", "(sdssr &lt; 13)"),
        ("(name ct RR)", None),
        ("name ct", None),
    ],
)
def test_conditions_as_the_server_shows_them(text: str, shown: str | None) -> None:
    assert parsed_conditions(text) == shown


def test_values_of_conditions_are_bound() -> None:
    found = conditions_to_sql("(a < 13.0) and (b like '%x%')", {"a", "b"})
    assert found == ('( "a" < ? ) and ( "b" like ? )', [13.0, "%x%"])


@pytest.mark.parametrize(
    "text", ["(a &lt; 3)", "(c = 1)", "(b = 'two words')", "(a = 1); drop", "(b = 'x)"]
)
def test_conditions_that_are_refused(text: str) -> None:
    assert conditions_to_sql(text, {"a", "b"}) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("290.5 +45", (290.5, 45.0, None)),
        ("290.5  -45.25 7", (290.5, -45.25, 7.0)),
        ("12:00:00 -30:30:00", (180.0, -30.5, None)),
        ("12 00 00 -00 30 00 5", (180.0, -0.5, 5.0)),
        ("-10 20", None),
        ("361 20", None),
        ("25:00:00 10:00:00", None),
        ("Vega", None),
    ],
)
def test_coordinates(text: str, found: tuple[float, float, float | None] | None) -> None:
    assert parse_coordinates(text) == found


def test_a_radius_is_capped_and_a_match_radius_falls_back() -> None:
    cone = parse_search("conesearch", {"coords": ["10 10 90"]})
    assert cone.center == (10.0, 10.0, 60.0)
    form = {"xmq": ["a 10 10"], "xmd": ["30"]}
    assert parse_search("xmatch", form).radius_arcsec == 3.0
    with pytest.raises(BadRequest):
        parse_search("xmatch", {"xmq": ["\n".join(["a 10 10"] * 5002)], "xmd": ["3"]})


def test_a_visibility_that_is_none_is_unlisted() -> None:
    assert parse_search("columnsearch", {"visibility": ["secret"]}).visibility == "unlisted"
    assert parse_search("columnsearch", {}).visibility == "unlisted"


def test_sort_orders() -> None:
    assert sort_keys(["a", "asc"]) == [("a", "asc")]
    assert sort_keys([["a", "asc"], ["b", "up"]]) == [("a", "asc"), ("b", "up")]
    assert sort_keys("a") == []


def test_separations() -> None:
    assert separation_arcsec(359.9999, 0.0, 0.0001, 0.0) == pytest.approx(0.72)
    assert separation_arcsec(10.0, 89.9999, 190.0, 89.9999) == pytest.approx(0.72, rel=1e-4)


def test_times_are_never_equal() -> None:
    now = UniqueTime(lambda: 1_790_000_000.0)
    times = [now() for _ in range(100)]
    assert sorted(set(times)) == times


def test_a_revoked_key_is_not_recognised() -> None:
    desk = KeyDesk(lambda: 0.0, Random(1), 100.0, limited=False)
    key, _ = desk.issue("127.0.0.1")
    assert desk.recognise(key, "127.0.0.1") is not None
    desk.revoke_all()
    assert desk.recognise(key, "127.0.0.1") is None
    assert desk.issued == 1


def test_a_png_has_valid_chunks_and_the_right_pixels() -> None:
    png = grey_png([b"\x00\xff\x80", b"\x01\x02\x03"])
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, chunks = 8, {}
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, content = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        (check,) = struct.unpack(">I", png[at + 8 + length : at + 12 + length])
        assert check == zlib.crc32(kind + content)
        chunks[kind] = content
        at += 12 + length
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    assert struct.unpack(">II", chunks[b"IHDR"][:8]) == (3, 2)
    assert zlib.decompress(chunks[b"IDAT"]) == b"\0\x00\xff\x80\0\x01\x02\x03"


def test_without_numpy_the_picture_asks_for_the_extra_that_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("numpy", "matplotlib"):
        monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    path = tmp_path / "lccmirror.toml"
    path.write_text(render_config("https://data.example.org"))
    path.chmod(0o600)
    with (
        DemoServer(objects=1, points=(5, 6)) as server,
        pytest.raises(LccMirrorError, match=r"lccmirror\[plot\]"),
    ):
        Demo(server, load_config(path)).plot()
