"""Publish datasets for as long as somebody fetches them, from a process of its own.

    python -m benchmarks.publish FOLDER

Prints the URL. ``all`` on standard input publishes each of the fields of `POOL` objects once;
``flow`` then always keeps some datasets ahead of whoever fetches them, until ``hold``; the end
of standard input ends it. Each order is answered by a line.

As on a real server, new datasets are new answers about the objects that are there already:
only a search's own column, the distance from its centre, differs from one to the next. So
the catalog grows by rows, files and light curves, and what is asked about objects stays.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lccmirror.demo import DemoServer

from .make_zip import write_zip
from .measure import PROJECT, BenchmarkFailed

POOL: Final = 20_000
PER_DATASET: Final = 500
_AHEAD: Final = 20
_MEMBER_BYTES: Final = 300
_CENTRE_DEG: Final = (290.0, 45.0)
_WIDTH_DEG: Final = 5.0
_COLUMNS: Final = {
    "sdssr": "<f8",
    "jmag": "<f8",
    "kmag": "<f8",
    "ndet": "<i8",
    "propermotion": "<f8",
    "objtype": "U20",
    "starname": "U80",
    "remarks": "U200",
    "dist_arcsec": "<f8",
    "db_oid": "U20",
    "db_ra": "<f8",
    "db_decl": "<f8",
    "collection": "U20",
}


@dataclass(frozen=True)
class Publisher:
    """The process that publishes, by its standard streams."""

    url: str
    process: subprocess.Popen[str]

    def order(self, what: str) -> None:
        """Give an order, and wait until it is done."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        if self.process.stdout.readline().strip() != what:
            raise BenchmarkFailed("the demo server has ended")


@contextmanager
def publisher() -> Iterator[Publisher]:
    """Publish from another process, until the end of the block."""
    with tempfile.TemporaryDirectory(prefix="lccmirror-published-") as folder:
        command = [sys.executable, "-m", "benchmarks.publish", folder]
        with subprocess.Popen(
            command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            if not url:
                raise BenchmarkFailed("the demo server did not start")
            try:
                yield Publisher(url, process)
            finally:
                process.stdin.close()
                process.wait(60)


class _Fields:
    """The pool's objects in datasets of `PER_DATASET`, each with its ZIP of light curves."""

    def __init__(self, server: DemoServer, folder: Path) -> None:
        self._server, self._folder = server, folder
        self._survey = server.surveys[0]
        self._rows = list(_objects(self._survey.collection))
        self.count = POOL // PER_DATASET
        self.published = 0

    def publish(self) -> None:
        """Publish the next one."""
        field = self.published % self.count
        first = field * PER_DATASET
        # The search's own column is the time of asking: no two tables are the same.
        rows = [
            (*row[:8], self.published + place / PER_DATASET, *row[8:])
            for place, row in enumerate(self._rows[first : first + PER_DATASET])
        ]
        path = self._folder / f"{field}.zip"
        if not path.exists():
            names = [str(row[9]) for row in rows]
            write_zip(path, self._survey.collection_id, names, _MEMBER_BYTES)
        self._server.make_table(
            _COLUMNS, rows, collections=[self._survey.collection], lczip=path
        )
        self.published += 1


def _objects(collection: str) -> Iterator[tuple[Any, ...]]:
    rng = random.Random(3)  # noqa: S311 (made-up stars)
    for number in range(POOL):
        magnitude = rng.uniform(8, 16)
        yield (
            round(magnitude, 3),
            round(magnitude - rng.uniform(0.5, 2), 3),
            None if number % 31 == 0 else round(magnitude - rng.uniform(1, 3), 3),
            rng.randrange(100, 20_000),
            round(rng.uniform(0, 200), 2),
            rng.choice(("RRab", "RRc", "EA", "EW", None)),
            f"V{number} Lyr" if number % 3 == 0 else None,
            rng.choice((None, "blend", "blend|crowded", "saturated; see notes")),
            f"STREAM-{number:06d}",
            round(_CENTRE_DEG[0] + rng.uniform(-0.5, 0.5) * _WIDTH_DEG, 5),
            round(_CENTRE_DEG[1] + rng.uniform(-0.5, 0.5) * _WIDTH_DEG, 5),
            collection,
        )


class _Flow(threading.Thread):
    """Keeps some datasets ahead of those that were fetched."""

    def __init__(self, server: DemoServer, fields: _Fields) -> None:
        super().__init__(daemon=True)
        self._server, self._fields = server, fields
        self.flowing, self.ended = threading.Event(), threading.Event()
        self._looked = self._fetched = 0

    def run(self) -> None:
        while not self.ended.wait(0.02):
            asked = self._server.requests[self._looked :]
            self._looked += len(asked)
            self._fetched += sum(
                one.method == "GET" and one.path.startswith("/d/dataset-") for one in asked
            )
            if self.flowing.is_set() and self._fields.published - self._fetched < _AHEAD:
                self._fields.publish()


def main(folder: Path) -> None:
    """Serve, and publish as ordered, until standard input ends."""
    with DemoServer(objects=1, points=(1, 2)) as server:
        fields = _Fields(server, folder)
        flow = _Flow(server, fields)
        flow.start()
        print(server.url, flush=True)
        for line in sys.stdin:
            order = line.strip()
            match order:
                case "all":
                    for _ in range(fields.count):
                        fields.publish()
                case "flow":
                    flow.flowing.set()
                case "hold":
                    flow.flowing.clear()
            print(order, flush=True)
        flow.ended.set()
        flow.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
