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
