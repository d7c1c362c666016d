"""Whole lines are compared as value by value would be, only faster."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from lccmirror.formats.columns import (
    LineWriter,
    TableColumn,
    Value,
    csv_writers,
    kind_of,
)

_TYPES = (("f8", "%.3f"), ("i8", "%i"), ("U9", "%s"), ("U9", "%6s"), ("f8", "%g"))
_VALUES = st.one_of(
    st.none(),
    st.integers(-(10**6), 10**6),
    st.floats(-1e6, 1e6),
    st.text(alphabet="a%|;\n ", max_size=4),
)


def columns(types: Sequence[tuple[str, str]] = _TYPES) -> list[TableColumn]:
    return [
        TableColumn(f"c{place}", "", "", dtype, fmt, kind_of(dtype))
        for place, (dtype, fmt) in enumerate(types)
    ]


@given(st.lists(st.tuples(*[_VALUES] * len(_TYPES)), min_size=1, max_size=8))
def test_a_line_is_given_exactly_where_each_value_would_be(
    rows: list[tuple[Value, ...]],
) -> None:
    whole = LineWriter(columns(), keep=2)
    writers = csv_writers(columns())
    for values in rows:
        try:
            cells = [write(value) for write, value in zip(writers, values, strict=True)]
        except (TypeError, ValueError):
            assert not whole.gives(values, "|".join(map(str, values)))
            continue
        undamaged = not any("|" in str(value) for value in values)
        assert whole.gives(values, "|".join(cells)) is undamaged
        assert not whole.gives(values, "|".join(cells) + "x")


def test_a_separator_inside_a_value_does_not_pass_for_one() -> None:
    whole = LineWriter(columns([("U9", "%s"), ("U9", "%s")]))
    assert not whole.gives(("a|b", "c"), "a|b|c")
    assert not whole.gives(("a|b", "c"), "a; b|c")


_PLAIN = (("f8", "%.3f"), ("U9", "%s"), ("U9", "%s"), ("i8", "%i"))


@given(st.tuples(st.none() | st.floats(-9, 9), *[st.text("a|;% ", max_size=4)] * 2, st.none()))
def test_separators_in_texts_are_given_as_the_server_writes_them(
    values: tuple[Value, ...],
) -> None:
    writers = csv_writers(columns(_PLAIN))
    line = "|".join([write(value) for write, value in zip(writers, values, strict=True)])
    whole = LineWriter(columns(_PLAIN))
    assert whole.gives_damaged(values, line)
    assert not whole.gives_damaged(values, f"{line}x")
    assert not whole.gives_damaged(values, f"x{line}")


def test_a_padded_text_with_a_separator_is_compared_value_by_value() -> None:
    whole = LineWriter(columns([("U9", "%5s"), ("U9", "%s")]))
    # the server pads first, and replaces then: "  a; b"
    assert not whole.gives_damaged(("a|b", "c"), " a; b|c")
