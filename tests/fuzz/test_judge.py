"""The judge can find fault: with each kind of what must not happen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lccmirror.errors import ConfigError, FormatError
from lccmirror.formats import damage

from .child import signature
from .corpus import arcs_of, fewest
from .judge import judge, judge_closely
from .target import Find, Target, storable


def _target(run: Callable[[bytes, Path], object]) -> Target:
    return Target("x", run, ("lccmirror.formats.damage",), lambda: (b"seed",))


def _raising(error: Exception) -> Target:
    def run(data: bytes, folder: Path) -> None:
        raise error

    return _target(run)


def test_a_value_and_a_plain_error_are_allowed(tmp_path: Path) -> None:
    judge_closely(_target(lambda data, folder: 1), b"", tmp_path)
    judge(_raising(FormatError("line 3: no", hint="look there")), b"", tmp_path)
    judge(_raising(ConfigError("one\ntwo")), b"", tmp_path)


@pytest.mark.parametrize(
    "error",
    [
        *(
            KeyError("x"),
            RecursionError(),
            MemoryError(),
            UnicodeDecodeError("x", b"", 0, 1, ""),
        ),
        *(FormatError("an\x1b[31m escape"), FormatError("two\nlines"), FormatError("")),
        *(FormatError("x", hint="\u202e"), ConfigError("one\n\x00"), FormatError("x" * 99_999)),
    ],
)
def test_any_other_error_is_a_find(error: Exception, tmp_path: Path) -> None:
    with pytest.raises((type(error), Find)):
        judge(_raising(error), b"", tmp_path)


def test_memory_out_of_proportion_is_a_find(tmp_path: Path) -> None:
    with pytest.raises(Find, match="memory"):
        judge_closely(_target(lambda data, folder: bytes(200 << 20)), b"", tmp_path)


def test_work_out_of_proportion_is_a_find(tmp_path: Path) -> None:
    def run(data: bytes, folder: Path) -> None:
        while True:
            damage.damage_csv("a")

    with pytest.raises(Find, match="steps"):
        judge_closely(_target(run), b"", tmp_path)


@pytest.mark.parametrize("value", ["\ud800", 2**63, [{"a": "\udfff"}], {"\ud800": 1}, object()])
def test_what_no_database_takes_is_a_find(value: object) -> None:
    with pytest.raises(Find):
        storable(value)


def test_a_find_is_named_after_its_place() -> None:
    with pytest.raises(FormatError) as caught:
        _lczip_of_nothing()
    assert signature(caught.value).startswith("FormatError-zip_directory-")


def _lczip_of_nothing() -> None:
    import io

    from lccmirror.formats.zip_directory import find_directory

    find_directory(io.BytesIO(b""), "x")


def test_few_inputs_are_kept_that_reach_what_all_reach(tmp_path: Path) -> None:
    def run(data: bytes, folder: Path) -> object:
        return damage.reconstruct(*data.decode().split(","))

    target = Target("x", run, ("lccmirror.formats.damage",), lambda: (b"a,a",))
    contents = [b"a,a", b"b,b", b"a; b,a|b", b"x; y,x|y", b"a,b", b"c; d,e"]
    kept = fewest(target, contents)
    assert b"a,a" not in kept
    assert len(kept) < 4
    reached = [arcs_of(target, data, tmp_path) for data in (*kept, b"a,a")]
    everything = [arcs_of(target, data, tmp_path) for data in contents]
    assert frozenset().union(*reached) == frozenset().union(*everything)
