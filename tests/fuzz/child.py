"""The process that fuzzes one target: `python -m tests.fuzz.child NAME CORPUS FINDS [FLAG…]`.

The package is imported with its branches counted by atheris; libFuzzer, within atheris,
mutates the files of the folder CORPUS and keeps there what reaches something new. What must
not happen is written to FINDS, once for each place in the code, and the search goes on.
"""

from __future__ import annotations

import importlib
import random
import resource
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

_MOST_BYTES = 6 << 30
"""Address space: an input that wants more gets a MemoryError, which is a find."""


def fuzz(name: str, corpus: Path, finds: Path, flags: list[str]) -> None:
    """Fuzz until libFuzzer ends the process."""
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["lccmirror"], enable_loader_override=False):
        from .judge import MAX_BYTES, judge
        from .targets import TARGETS

        target = TARGETS[name]
        target.loaded()
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    folder = Path(tempfile.mkdtemp(dir=finds))

    def one_input(data: bytes) -> None:
        before = _peak()
        try:
            judge(target, data, folder)
        except Exception as error:  # noqa: BLE001 -- each is recorded, and the search goes on
            _record(error, data, finds)
        grown = _peak() - before
        if grown > MAX_BYTES:
            _record(MemoryError(f"{grown:,} bytes for {len(data):,}"), data, finds)

    known = _mutator(atheris, target.mend)
    atheris.Setup(
        [sys.argv[0], *flags, str(corpus)],
        one_input,
        **({} if known is None else {"custom_mutator": known}),
    )
    atheris.Fuzz()


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _mutator(
    atheris: Any, mend: Callable[[bytes], bytes] | None
) -> Callable[[bytes, int, int], bytes] | None:
    """Return libFuzzer's own mutation, followed half of the time by mended checksums."""
    if mend is None:
        return None

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        mutated: bytes = atheris.Mutate(data, most)
        if random.Random(seed).random() < 0.5:
            return mutated
        mended = mend(mutated)
        return mended if len(mended) <= most else mutated

    return mutate


def _record(error: Exception, data: bytes, finds: Path) -> None:
    place = signature(error)
    folder = finds / place
    if folder.exists() and (folder / "input").stat().st_size <= len(data):
        return
    folder.mkdir(exist_ok=True)
    (folder / "input").write_bytes(data)
    (folder / "error").write_text(
        "".join(traceback.format_exception(error)), "utf-8", "replace"
    )


def signature(error: BaseException) -> str:
    """Name a find by the kind of error and the innermost place of ours that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    places = ("/lccmirror/", "/tests/fuzz/of_")
    ours = [one for one in frames if any(place in one.filename for place in places)]
    at = ours[-1] if ours else frames[-1] if frames else None
    where = f"{Path(at.filename).stem}-{at.lineno}" if at else "nowhere"
    return f"{type(error).__name__}-{where}"


if __name__ == "__main__":
    fuzz(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
