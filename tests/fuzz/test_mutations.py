"""The same targets under Hypothesis: any bytes, and good inputs with something patched in."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .judge import judge
from .target import Target
from .targets import TARGETS


@st.composite
def patched(draw: st.DrawFn, target: Target) -> bytes:
    """Draw a good input with some of its bytes replaced by other bytes, or by a word."""
    data = draw(st.sampled_from(target.seeds()))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(data)))
        end = draw(st.integers(begin, min(len(data), begin + 40)))
        word = st.sampled_from(target.words or (b"",))
        data = data[:begin] + draw(word | st.binary(max_size=8)) + data[end:]
    return target.mend(data) if target.mend and draw(st.booleans()) else data


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_bytes_come_they_end_in_a_value_or_a_plain_error(name: str) -> None:
    target = TARGETS[name]

    @settings(max_examples=60)
    @given(st.binary(max_size=200) | patched(target))
    def holds(data: bytes) -> None:
        judge(target, data, Path(folder))

    with tempfile.TemporaryDirectory() as folder:
        holds()
