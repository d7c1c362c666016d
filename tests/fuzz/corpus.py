"""The inputs kept with the tests: few of them, that together reach what all have reached."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any

from .judge import judge
from .target import Target

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
FOUND = HERE / "found"

Arc = tuple[str, int, int]


def digest(data: bytes) -> str:
    """Return the name of an input's file."""
    return sha256(data).hexdigest()[:16]


def files(folder: Path) -> list[Path]:
    """Return the inputs in a folder, the smallest first."""
    if not folder.is_dir():
        return []
    return sorted(
        (path for path in folder.iterdir() if path.is_file()),
        key=lambda path: (path.stat().st_size, path.name),
    )


def inputs(target: Target) -> dict[str, bytes]:
    """Return all that is kept for a target: seeds, corpus, and what was found."""
    seeds = {f"seed {place}": data for place, data in enumerate(target.seeds())}
    kept = [*files(CORPUS / target.name), *files(FOUND / target.name)]
    return seeds | {
        f"{path.parent.parent.name}/{path.name}": path.read_bytes() for path in kept
    }


def arcs_of(target: Target, data: bytes, folder: Path) -> frozenset[Arc]:
    """Return the steps from line to line that an input takes in the target's modules."""
    names = {str(module.__file__) for module in target.loaded()}
    arcs: set[Arc] = set()

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        del event, arg
        name = frame.f_code.co_filename
        if name not in names:
            return None
        last = -frame.f_code.co_firstlineno

        def line(frame: FrameType, event: str, arg: Any) -> Any:
            nonlocal last
            del arg
            if event == "line":
                arcs.add((name, last, frame.f_lineno))
                last = frame.f_lineno
            return line

        return line

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        judge(target, data, folder)
    except Exception as error:  # noqa: BLE001 -- what it reaches is the question, not how it ends
        del error
    finally:
        sys.settrace(before)
    return frozenset(arcs)


def fewest(target: Target, contents: Iterable[bytes]) -> list[bytes]:
    """Return few of `contents`, small ones first, that take all steps the whole takes."""
    with tempfile.TemporaryDirectory() as folder:
        by_size = sorted(set(contents), key=lambda data: (len(data), data))
        reach = [(data, arcs_of(target, data, Path(folder))) for data in by_size]
    missing = set().union(*(arcs for _, arcs in reach)) if reach else set()
    for seed in target.seeds():
        missing -= next((arcs for data, arcs in reach if data == seed), frozenset())
    kept: list[bytes] = []
    while missing:
        data, arcs = max(reach, key=lambda one: len(one[1] & missing) / (len(one[0]) + 200))
        kept.append(data)
        missing -= arcs
    return kept


def keep(target: Target, contents: Iterable[bytes]) -> int:
    """Replace a target's corpus by few of `contents` and of what it had; return how many."""
    folder = CORPUS / target.name
    old = [path.read_bytes() for path in files(folder)]
    chosen = fewest(target, [*target.seeds(), *old, *contents])
    folder.mkdir(parents=True, exist_ok=True)
    for path in files(folder):
        path.unlink()
    for data in chosen:
        (folder / digest(data)).write_bytes(data)
    return len(chosen)
