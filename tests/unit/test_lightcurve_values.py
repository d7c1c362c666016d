"""The three ways to read a light curve's rows come to the same, whatever stands there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror.errors import FormatError
from lccmirror.formats import LightCurve, lc_values, read_lightcurve
from lccmirror.formats.lc_values import Column, read_at_once
from tests.support.published import lightcurve

# What each type's column usually holds, and what stands there only once in a while.
USUAL = {
    "f8": "1.25", "f4": "16777217", "<f8": "-2.5e-3", "f2": "0.5", "i8": "7", "i2": "-7",
    "u1": "3", "u8": "18446744073709551615", "U8": "ab", "U3": "longer", "S4": "é",
    "bool": "True", "object": "zz", "?": "False",
}  # fmt: skip
ODD = (
    "nan", "NaN", "", "inf", "-inf", "1e400", "1_0", "0x1F", " 2 ", "5.0", "abc", "+1", "256",
    "9223372036854775808", "-9223372036854775808", "true", "00012", "1.", "٣", ".5", "-0",
    "nan(1)", "Infinity", "1e-320", "0.1234567890123456789", "3.4028236e38", "\x00", "a\x00",
    "123456789012345678901234567890", "x" * 40, "1.0000000596046448", "cr\rcr", "#", '"q"',
    "c" + "\x00" * 40 + "t",
)  # fmt: skip


@st.composite
def light_curves(draw: st.DrawFn) -> bytes:
    dtypes = draw(st.lists(st.sampled_from(list(USUAL)), min_size=1, max_size=5))
    odd = st.sampled_from(ODD) if draw(st.booleans()) else st.nothing()
    values = [st.one_of(*[st.just(USUAL[dtype])] * 4, odd) for dtype in dtypes]
    rows = draw(st.lists(st.tuples(*values), max_size=6))
    columns = [(f"c{place}", dtype, "%s") for place, dtype in enumerate(dtypes)]
    return lightcurve(columns, rows)


def _said(curve: LightCurve) -> Any:
    # as text, because NaN is not equal to itself, and 0 is equal to -0
    arrays = [(a.dtype.str, [repr(v) for v in a.tolist()]) for a in curve.arrays.values()]
    masks = {name: mask.tolist() for name, mask in curve.masks.items()}
    return arrays, masks, curve.problems


@given(light_curves())
def test_numpy_arrow_and_value_by_value_read_the_same(data: bytes) -> None:
    said = _said(read_lightcurve(data))
    assert _said(read_lightcurve(data, arrow=True)) == said
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lc_values, "_at_once", lambda *_: None)
        assert _said(read_lightcurve(data)) == said


def _at_once(lines: Sequence[str], *dtypes: str) -> list[Column] | None:
    rows = "".join(f"{line}\n" for line in lines)
    return read_at_once(f"head\n{rows}".encode(), 5, dtypes, ",")


def _one(dtype: str, *texts: str) -> Column:
    columns = _at_once(texts, dtype, "f8")
    assert columns is not None
    return columns[0]


def test_what_numpy_would_change_silently_is_not_read_at_once() -> None:
    assert _one("i8", "5,1", "-6,1")[0].tolist() == [5, -6]
    for dtype, text in (("i8", "5.0,1"), ("U3", "long,1"), ("f8", ",1"), ("f8", "1,1,1")):
        assert _at_once([text], dtype, "f8") is None
    # it leaves out empty lines
    for lines in (["1", "", "2"], ["", "1"], ["1", ""], [""], []):
        assert _at_once(lines, "f8") is None
    assert read_at_once(b"1\n2", 0, ["f8"], ",") is None


def test_a_declared_width_of_text_is_kept_and_never_cuts() -> None:
    assert _one("U8", "ab,1")[0].dtype.str == "<U8"
    curve = read_lightcurve(lightcurve([("x", "U2", "%s")], [["abcd"]]))
    assert (curve["x"].tolist(), curve["x"].dtype.str) == (["abcd"], "<U4")
    # a declared width must not cost gigabytes
    assert read_lightcurve(lightcurve([("x", "U99999999", "%s")], [["a"]]))["x"].nbytes < 9999
    # nor be a number that Python does not read
    endless = f"U{'9' * 5000}"
    assert read_lightcurve(lightcurve([("x", endless, "%s")], [["a"]]))["x"].tolist() == ["a"]


@pytest.mark.parametrize("dtype", ["U256", "f8"])
def test_short_lines_that_become_gigabytes_are_refused(dtype: str) -> None:
    begin = lightcurve([("x", dtype, "%s")], [])
    with pytest.raises(FormatError, match="memory"):
        read_lightcurve(begin + b"1\n" * 30_000_000)


def test_masks_tell_where_a_value_is_missing() -> None:
    curve = read_lightcurve(lightcurve([("i", "i4", "%s")], [["1"], ["nan"], ["-1"]]))
    assert curve["i"].tolist() == [1, -1, -1]
    assert curve.masks["i"].tolist() == [False, True, False]
    assert curve.missing == {"i": 1}
