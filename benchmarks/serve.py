"""Serve from a process of its own, until standard input ends.

    python -m benchmarks.serve rows COUNT | zip PATH MEMBERS | demo

One large table, one large ZIP, or the dozen datasets of the demonstration.

Prints the URL. The demo server keeps whole tables in memory, which must not count as the
mirror's: so it is never in the process that is measured.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lccmirror.demo import DemoServer, populate

from .make_table import COLUMNS, rows
from .make_zip import objectids
from .measure import PROJECT, BenchmarkFailed

_ZIP_COLUMNS = {"db_oid": "U20", "db_ra": "f8", "db_decl": "f8", "collection": "U20"}


@contextmanager
def served(*what: object) -> Iterator[str]:
    """Serve in another process; yield the URL."""
    command = [sys.executable, "-m", "benchmarks.serve", *map(str, what)]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            if not url:
                raise BenchmarkFailed("the demo server did not start")
            yield url
        finally:
            process.stdin.close()
            process.wait(60)


def main(kind: str, *arguments: str) -> None:
    """Serve until standard input ends."""
    with DemoServer() if kind == "demo" else DemoServer(objects=1, points=(1, 2)) as server:
        survey = server.surveys[0]
        if kind == "demo":
            populate(server)
        elif kind == "rows":
            columns = {name: dtype for name, dtype, _ in COLUMNS}
            table = [(*row[:-1], survey.collection) for row in rows(int(arguments[0]))]
            server.make_table(columns, table, collections=[survey.collection])
        else:
            path, members = Path(arguments[0]), int(arguments[1])
            stars = [
                (objectid, 10.0 + number / 1000, 20.0, survey.collection)
                for number, objectid in enumerate(objectids(members))
            ]
            server.make_table(_ZIP_COLUMNS, stars, collections=[survey.collection], lczip=path)
        print(server.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], *sys.argv[2:])
