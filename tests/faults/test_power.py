"""The power fails anywhere; and what the model says a power cut may leave."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.faults.campaign import assert_holds
from tests.faults.journal import Event, Journal
from tests.faults.power_model import MODES, Mode, PowerCut
from tests.faults.scenarios import SCENARIOS

CONTENT = b"light" * 1000


def test_whatever_a_power_cut_leaves_is_mended_by_the_next_start(tmp_path: Path) -> None:
    assert_holds("power", 1, len(SCENARIOS), tmp_path)


class Run:
    """A run of a few operations below a folder with two folders in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._events: list[Event] = []

    def did(self, kind: str, name: str, to: str | None = None, content: bytes = b"") -> Run:
        number = 0 if kind == "mkdir" or name in ("a", "b", "b/deep", "") else 1
        held = content if kind in ("create", "write", "flush") and number else None
        where = None if to is None else str(self.root / to)
        path = str(self.root / name) if name else str(self.root)
        self._events.append(Event(kind, kind, path, where, number, held))  # type: ignore[arg-type]
        return self

    def written(self) -> Run:
        return self.did("create", "a/new").did("write", "a/new", content=CONTENT)

    def flushed(self) -> Run:
        return self.written().did("flush", "a/new", content=CONTENT)

    def left(self, mode: Mode = "anything") -> set[tuple[tuple[str, str], ...]]:
        """Return the disks that there may be: what is in each, in a word."""
        found = set()
        names = tuple(str(self.root / one) for one in ("", "a", "b"))
        journal = Journal((str(self.root), *names[1:]), {}, {}, tuple(self._events))
        for seed in range(200):
            PowerCut(journal, len(self._events)).build(mode, Random(seed))
            files = {
                one.relative_to(self.root).as_posix(): _word(one.read_bytes())
                for one in self.root.rglob("*")
                if one.is_file()
            }
            found.add(tuple(sorted(files.items())))
            for one in sorted(self.root.rglob("*"), reverse=True):
                one.rmdir() if one.is_dir() else one.unlink()
            self.root.rmdir()
        return found


def _word(content: bytes) -> str:
    if content == CONTENT:
        return "whole"
    if not content.strip(b"\0"):
        return "zeros" if content else "empty"
    return "part"


def test_bytes_that_were_not_flushed_may_be_anything(tmp_path: Path) -> None:
    left = Run(tmp_path / "run").written().did("flush", "a").left()
    assert {dict(one)["a/new"] for one in left} == {"whole", "part", "zeros", "empty"}


def test_bytes_that_were_flushed_are_whole_where_there_is_a_name(tmp_path: Path) -> None:
    left = Run(tmp_path / "run").flushed().left()
    assert left == {(), (("a/new", "whole"),)}


def test_a_rename_that_was_not_flushed_may_be_undone(tmp_path: Path) -> None:
    run = Run(tmp_path / "run").flushed().did("flush", "a").did("rename", "a/new", "b/final")
    assert run.left() == {(("a/new", "whole"),), (("b/final", "whole"),)}


def test_a_rename_is_good_when_the_folder_of_the_new_name_was_flushed(tmp_path: Path) -> None:
    run = Run(tmp_path / "run").flushed().did("flush", "a").did("rename", "a/new", "b/final")
    run.did("flush", "b")
    both = (("a/new", "whole"), ("b/final", "whole"))
    assert run.left() == {(("b/final", "whole"),), both}
    run.did("flush", "a")
    assert run.left() == {(("b/final", "whole"),)}


def test_a_folder_that_was_not_flushed_takes_its_files_with_it(tmp_path: Path) -> None:
    run = Run(tmp_path / "run").flushed().did("flush", "a").did("mkdir", "b/deep")
    run.did("link", "a/new", "b/deep/too").did("flush", "b/deep")
    both = (("a/new", "whole"), ("b/deep/too", "whole"))
    assert run.left() == {(("a/new", "whole"),), both}


def test_what_was_removed_comes_back_unless_that_was_flushed(tmp_path: Path) -> None:
    run = Run(tmp_path / "run").flushed().did("flush", "a").did("unlink", "a/new")
    assert run.left() == {(), (("a/new", "whole"),)}
    assert run.did("flush", "a").left() == {()}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_one_of_the_disks_of_anything(tmp_path: Path, mode: Mode) -> None:
    run = Run(tmp_path / "run").written().did("rename", "a/new", "b/final")
    assert run.left(mode) <= run.left("anything")
