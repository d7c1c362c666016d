"""JSON of others: whatever it holds can be stored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror import foreign_json

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.text("\ud83d\ude00ab", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_every_text_of_any_json_can_be_stored(value: Any) -> None:
    json.dumps(foreign_json.load(json.dumps(value)), ensure_ascii=False).encode()


@given(st.recursive(st.text() | st.integers() | st.none(), st.lists, max_leaves=8))
def test_what_can_be_stored_is_left_as_it_is(value: Any) -> None:
    assert foreign_json.load(json.dumps(value)) == value
    assert foreign_json.load(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    "content",
    [b"[" * 100_000, "{", "", b'"\xed\xa0\x80"', json.dumps("x").encode("utf-16")],
    ids=["deep", "cut", "empty", "half a pair in bytes", "utf-16"],
)
def test_anything_else_is_a_value_error(content: str | bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        foreign_json.load(content)


def test_half_a_pair_is_replaced_in_keys_too_and_a_whole_one_is_kept() -> None:
    assert foreign_json.load(r'{"\udc00a": ["\ud83d\ude00", "\ud83d"]}') == {"�a": ["😀", "�"]}
