"""The mutations fit the code; whether they are caught is shown by ``make mutations``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.campaign import NAMES
from tests.faults.mutants import MUTATIONS, Mutation
from tests.faults.mutations import apply

_TOP = Path(__file__).parents[2]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.name)
def test_a_mutation_changes_the_code_as_it_is(tmp_path: Path, mutation: Mutation) -> None:
    path = tmp_path / mutation.file
    path.parent.mkdir(parents=True)
    before = (_TOP / mutation.file).read_text("utf-8")
    path.write_text(before, "utf-8")
    apply(mutation, tmp_path)
    after = path.read_text("utf-8")
    assert after != before
    compile(after, mutation.file, "exec")


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.name)
def test_what_is_to_catch_it_is_there(mutation: Mutation) -> None:
    check = mutation.caught_by.partition("::")[0]
    assert check.partition(":")[0] in NAMES or (_TOP / check).is_file()


def test_a_mutation_of_lines_that_are_gone_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    with pytest.raises(ValueError, match="0 times"):
        apply(Mutation("gone", "a.py", (("y = 1", "y = 2"),), "crash:1:1"), tmp_path)
