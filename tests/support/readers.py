"""Readers in processes of their own, who ask while others write.

::

    python -m tests.support.readers ROOT WAY NUMBER

asks everything once, prints a line of JSON, and then answers orders on standard input until
it ends: ``{"count": …, "every_s": …}`` asks so many questions and prints what came of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, get_args

from lccmirror.catalog.connection import CATALOG_NAME
from lccmirror.errors import LccMirrorError
from lccmirror.query import ReadOnlyCatalog, open_readonly
from lccmirror.query.guard import Deadline, Guard
from tests.support.questions import OF_TARGETS, QUESTIONS, Memory, Target, WrongAnswer, targets

Way = Literal["anew", "kept", "plain", "stranger"]
"""How a reader opens the catalog: for each question as a command of ours does (also as a user
without permission to write), once for all as our Python does, or once by bare `sqlite3`."""

WAYS: tuple[Way, ...] = get_args(Way)
NOBODY = 65534
_TOP = Path(__file__).parents[2]
_NAMED = 10


@dataclass
class Told:
    """What came of some questions.

    Attributes
    ----------
    seconds
        How long each answer took, by question; from the time when it was due, if there was
        one: a late answer delays those after it, too.
    errors, wrong
        How many questions were refused, and how many were answered wrongly.
    words
        The first of those.
    rows
        The most rows of datasets that it has seen in the catalog so far.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: int = 0
    wrong: int = 0
    words: list[str] = field(default_factory=list)
    rows: int = 0


class Reader:
    """One reader, gone at the end of the block.

    Parameters
    ----------
    root
        The mirror's folder, in which something is mirrored already.
    way
        How it reads.
    number
        In what order it asks.

    Attributes
    ----------
    digest
        Of the answers that must be the same for all readers at all times; after `ready`.
    """

    def __init__(self, root: Path, way: Way, number: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.readers", str(root), way, str(number)],
            cwd=_TOP,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.digest = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        with self._process as process:
            if error[0] is not None:
                process.kill()

    def ready(self) -> None:
        """Wait until it has asked everything once."""
        self.digest = str(self._line()["digest"])

    def ask(self, count: int, every_s: float = 0.0) -> None:
        """Let it ask so many questions, at once or at fixed times."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"count": count, "every_s": every_s}) + "\n")
        self._process.stdin.flush()

    def told(self) -> Told:
        """Wait for the answers."""
        return Told(**self._line())

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError("a reader has ended")
        said: dict[str, Any] = json.loads(line)
        return said


@contextlib.contextmanager
def opened(root: Path, way: Way) -> Iterator[ReadOnlyCatalog]:
    """Open the catalog at `root` in one of the ways."""
    if way != "plain":
        with open_readonly(root) as catalog:
            yield catalog
        return
    path = root / CATALOG_NAME
    conn = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    with contextlib.closing(conn):
        yield ReadOnlyCatalog(path, conn, Guard(), Deadline(None, time.monotonic))


class _Asker:
    """The one who asks, in the reader's process."""

    def __init__(self, root: Path, way: Way, number: int) -> None:
        self._root, self._way = root, way
        self._random = random.Random(number)
        self._memory = Memory()
        self._kept: ReadOnlyCatalog | None = None
        self._targets: list[Target] = []
        self._asked = number

    def begin(self, stack: contextlib.ExitStack) -> str:
        """Ask everything once; return a digest of what must stay."""
        with opened(self._root, self._way) as catalog:
            self._targets = targets(catalog)
            for name, question in QUESTIONS.items():
                for target in self._targets if name in OF_TARGETS else self._targets[:1]:
                    question(catalog, target, self._memory)
        if self._way == "stranger":
            # Only now: this user may not be able to read the program.
            become_a_stranger(self._root)
        if self._way in ("kept", "plain"):
            self._kept = stack.enter_context(opened(self._root, self._way))
        stays = sorted(self._memory.answers.items())
        return hashlib.sha256(repr(stays).encode()).hexdigest()

    def ask(self, count: int, every_s: float) -> Told:
        """Ask so many questions."""
        told = Told()
        names = list(QUESTIONS)
        begin = time.perf_counter() + self._random.random() * every_s
        for number in range(count):
            due = begin + number * every_s
            if every_s:
                time.sleep(max(0.0, due - time.perf_counter()))
            else:
                due = time.perf_counter()
            self._asked += 1
            name = names[self._asked % len(names)]
            self._one(name, told)
            told.seconds.setdefault(name, []).append(time.perf_counter() - due)
        told.rows = self._memory.most["rows, in one moment"]
        return told

    def _one(self, name: str, told: Told) -> None:
        target = self._random.choice(self._targets)
        try:
            with contextlib.ExitStack() as stack:
                catalog = self._kept or stack.enter_context(opened(self._root, self._way))
                QUESTIONS[name](catalog, target, self._memory)
        except (LccMirrorError, sqlite3.Error) as error:
            told.errors += 1
            told.words = [*told.words, f"{name}: {type(error).__name__}: {error}"][:_NAMED]
        except WrongAnswer as error:
            told.wrong += 1
            told.words = [*told.words, f"{name}: {error}"][:_NAMED]


def become_a_stranger(root: Path) -> None:
    """Become somebody of the mirror's group, who may read it and nothing else; for root."""
    os.setgroups([])
    os.setgid((root / CATALOG_NAME).stat().st_gid)
    os.setuid(NOBODY)


def main(root: str, way: str, number: str) -> None:
    """Ask as ordered until there are no more orders."""
    assert way in WAYS
    asker = _Asker(Path(root), way, int(number))
    with contextlib.ExitStack() as stack:
        print(json.dumps({"digest": asker.begin(stack)}), flush=True)
        for line in sys.stdin:
            order = json.loads(line)
            print(json.dumps(asdict(asker.ask(order["count"], order["every_s"]))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
