"""Rows about people who ask while the daemon ingests.

Eight readers ask what people ask, each in a process of its own and in one of the ways there
are (`tests.support.readers`); a daemon meanwhile mirrors one new dataset after the other. The
same readers ask the same questions with no daemon running.

In one row they ask at fixed times, and an answer's time counts from when its question was
due. In the other each asks as fast as it can, which takes every core also without a daemon:
that shows whether the log of the catalog stays short when there is always somebody reading.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lccmirror.catalog.connection import CATALOG_NAME
from tests.support.readers import Reader, Told, Way

from .ingesting import Written, ingesting
from .make_objects import make_objects
from .measure import BIN, run, same
from .publish import publisher
from .rows import Limit, Outcome

_WAYS: tuple[Way, ...] = ("anew", "anew", "anew", "kept", "kept", "kept", "plain", "plain")
_SECONDS = 60.0
"""How long they read on each side; ``READERS_S`` in the environment says otherwise."""

_TURNS = 4
_EVERY_S = 0.1
# Of those who ask as fast as they can, about as many as they can on two cores.
_QUESTIONS_A_SECOND = 25
_OBJECTS = 200_000
_LONGEST_LOG_MB = 64.0
_CONFIG = """
[server]
url = "{url}"
requests_per_minute = 6000
[mirror]
root = "mirror"
min_free = 0
[poll]
datasets = "1s"
[keys]
dir = "keys"
"""


@dataclass
class _Side:
    """The readers of one side: how they ask, and what came of all their turns."""

    root: Path
    count: int
    every_s: float
    turns: list[list[Told]] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @contextlib.contextmanager
    def ready(self) -> Iterator[Sequence[Reader]]:
        """Start the readers, and wait until each has asked everything once."""
        with contextlib.ExitStack() as stack:
            asking = [
                stack.enter_context(Reader(self.root, way, number))
                for number, way in enumerate(_WAYS)
            ]
            for reader in asking:
                reader.ready()
                self.digests.append(reader.digest)
            yield asking

    def turn(self, asking: Sequence[Reader]) -> None:
        """Let all ask, and note what they were told."""
        began = time.monotonic()
        for reader in asking:
            reader.ask(self.count, self.every_s)
        self.turns.append([reader.told() for reader in asking])
        self.seconds += time.monotonic() - began

    def times(self, question: str | None = None) -> list[float]:
        """Return the seconds of every answer, or of every answer to one question."""
        return [second for turn in self.turns for second in _times(turn, question)]

    @property
    def told(self) -> list[Told]:
        return [one for turn in self.turns for one in turn]


def at_fixed_times(folder: Path) -> Outcome:
    """Readers beside a daemon that ingests, and the same readers alone."""
    return _measured(folder, round(_seconds() / _TURNS / _EVERY_S), _EVERY_S)


def as_fast_as_they_can(folder: Path) -> Outcome:
    """Do the same, each reader asking its next question when it has its answer."""
    return _measured(folder, round(_seconds() / _TURNS * _QUESTIONS_A_SECOND), 0)


def _seconds() -> float:
    return float(os.environ.get("READERS_S", _SECONDS))


def _measured(folder: Path, count: int, every_s: float) -> Outcome:
    root = folder / "mirror"
    root.mkdir()
    make_objects(root / CATALOG_NAME, _OBJECTS)
    alone, beside = (_Side(root, count, every_s) for _ in range(2))
    written = Written()
    with publisher() as published:
        config = folder / "lccmirror.toml"
        config.write_text(_CONFIG.format(url=published.url))
        published.order("all")
        run([str(BIN / "lccmirror"), "-c", str(config), "sync"])
        for turn in range(_TURNS):
            for side in (alone, beside)[:: -1 if turn % 2 else 1]:
                if side is alone:
                    with side.ready() as asking:
                        side.turn(asking)
                    continue
                with (
                    ingesting(config, root, published) as daemon,
                    side.ready() as asking,
                    daemon.noted(written),
                ):
                    side.turn(asking)
    same("answers that stay", *alone.digests, *beside.digests)
    return _outcome(alone, beside, written)


def _outcome(alone: _Side, beside: _Side, written: Written) -> Outcome:
    told = [*alone.told, *beside.told]
    words = [word for one in told for word in one.words]
    ours, theirs = (_p99(side.times()) for side in (beside, alone))
    details: dict[str, str | float] = {
        "readers": len(_WAYS),
        "questions of each side": len(beside.times()),
        "seconds that they read": beside.seconds,
        "seconds that they read alone": alone.seconds,
        "median, ms": statistics.median(beside.times()) * 1000,
        "median of readers alone, ms": statistics.median(alone.times()) * 1000,
        "the longest, ms": max(beside.times()) * 1000,
        "the longest of readers alone, ms": max(alone.times()) * 1000,
        "rows ingested a second": written.rows / written.seconds,
        "light curves ingested a second": written.lightcurves / written.seconds,
        "cores that the daemon takes": written.cpu_s / written.seconds,
        "cores that its server takes": written.server_cpu_s / written.seconds,
    }
    for question in beside.told[0].seconds:
        with_daemon, without = (_p99(side.times(question)) for side in (beside, alone))
        details[f"99th percentile, {question}"] = (
            f"{with_daemon * 1000:.3g} ms; alone {without * 1000:.3g} ms"
        )
    if words:
        details["what went wrong"] = "; ".join(words[:5])
    return Outcome(
        ratio=ours / theirs,
        ours=ours * 1000,
        theirs=theirs * 1000,
        unit="ms",
        runs=_TURNS,
        peak_mb=written.peak_mb,
        limits=(
            Limit("questions refused", sum(one.errors for one in told), 0),
            Limit("questions answered wrongly", sum(one.wrong for one in told), 0),
            Limit(
                "the catalog's log at its largest, MB", written.wal_bytes / 1e6, _LONGEST_LOG_MB
            ),
        ),
        details=details,
        series={
            "while the daemon ingests": _each_turn(beside),
            "readers alone": _each_turn(alone),
        },
    )


def _times(turn: Sequence[Told], question: str | None = None) -> Iterator[float]:
    for told in turn:
        for name, seconds in told.seconds.items():
            if question in (None, name):
                yield from seconds


def _each_turn(side: _Side) -> tuple[float, ...]:
    return tuple(_p99(list(_times(turn))) * 1000 for turn in side.turns)


def _p99(times: Sequence[float]) -> float:
    return sorted(times)[len(times) * 99 // 100]
