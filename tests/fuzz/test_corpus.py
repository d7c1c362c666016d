"""What is kept for each target, and what was ever found, ends as it must: without atheris."""

from __future__ import annotations

from pathlib import Path

import pytest

from .corpus import CORPUS, FOUND, inputs
from .judge import judge_closely
from .targets import TARGETS

_MOST_KEPT = 1_000_000


@pytest.mark.parametrize("name", TARGETS)
def test_every_input_that_is_kept_ends_in_a_value_or_a_plain_error(
    name: str, tmp_path: Path
) -> None:
    target = TARGETS[name]
    for what, data in inputs(target).items():
        try:
            judge_closely(target, data, tmp_path)
        except Exception as error:
            raise AssertionError(f"{name}, {what}: {error}") from error


def test_every_folder_of_inputs_is_a_target_s() -> None:
    for folder in (*CORPUS.iterdir(), *FOUND.iterdir()):
        assert folder.name in TARGETS


def test_the_corpus_is_small() -> None:
    sizes = [path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()]
    assert 0 < sum(sizes) < _MOST_KEPT
