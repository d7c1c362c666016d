"""Numbers that JSON or our parser has no place for do not hide the members around them."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lccmirror import errors
from lccmirror.server.jsonfile import LONGEST_VALUE
from lccmirror.server.mended import Mended
from lccmirror.server.parse_dataset import parse_dataset

ROWS = [[1, "NaN"], [2, "-Infinity, 99999999999999999999"]]
DATASET = {"status": "complete", "columns": ["a", "b"], "actual_nrows": 2, "name": "NaN [NaN]"}


def read_all(file: Mended) -> bytes:
    return b"".join(iter(lambda: file.read(100), b""))


@pytest.mark.parametrize(
    "cell", ["NaN", "Infinity", "-Infinity", str(2**63), str(-(2**63) - 1), "1e999", "9" * 5000]
)
@pytest.mark.parametrize("key", ["rows", "result"])
def test_a_cell_with_no_place_in_json_leaves_the_header_readable(cell: str, key: str) -> None:
    text = json.dumps({**DATASET, key: ROWS, "npages": 7}).replace("[1,", f"[{cell},")
    file = io.BytesIO(text.encode())
    header, all_rows = parse_dataset(file, "abc", 1, "a dataset")
    assert (header.name, header.columns, header.npages) == ("NaN [NaN]", ("a", "b"), 7)
    assert all_rows is (key == "result")
    assert file.tell() == 0
    assert file.read() == text.encode()


@pytest.mark.parametrize("end", [1, 20, 90])
def test_what_is_cut_is_cut_all_the_same(end: int) -> None:
    text = json.dumps({**DATASET, "rows": [[float("nan"), "x"]]}).encode()[:-end]
    with pytest.raises((errors.CutShort, errors.ProtocolError)):
        parse_dataset(io.BytesIO(text), "abc", 1, "a dataset")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(value=JSON, chunk=st.integers(1, 40))
def test_all_else_is_left_as_it_is(value: Any, chunk: int) -> None:
    text = json.dumps(value)
    file = _Pieces(text.encode(), chunk)
    got = json.loads(read_all(Mended(file, "x")))
    assert got == json.loads(text, parse_constant=lambda name: None)


def test_memory_does_not_grow_with_a_text_without_end() -> None:
    file = io.BytesIO(b'{"a": "' + b"x" * (3 * LONGEST_VALUE))
    with pytest.raises(errors.ProtocolError, match="longer than"):
        read_all(Mended(file, "x"))


class _Pieces(io.BytesIO):
    """A file that gives little at a time."""

    def __init__(self, content: bytes, chunk: int) -> None:
        super().__init__(content)
        self._chunk = chunk

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self._chunk)
