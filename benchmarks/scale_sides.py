"""Do with a large catalog what the daemon and the commands do, and tell how long it took.

    python -m benchmarks.scale_sides plan|object|newest|status|add CATALOG

The catalog is one of `benchmarks.make_large`. All is done by the functions that the product
itself calls, several times after a first time that is not counted; what is written is undone
(``plan``), or stays (``add``: a dataset more each time). Prints JSON.
"""

from __future__ import annotations

import gzip
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

from lccmirror.clock import from_text, to_text

from .make_large import COLLECTION, COLUMNS, COPIES, CURVES

NOW: Final = datetime(2026, 11, 23, tzinfo=UTC)
ITEMS: Final = 1_000
"""What a poll finds: half of it new, a quarter changed, a quarter as it was."""

_OBJECTS: Final = 300
_NEWEST = """
SELECT setid, created_on, query_type, nobjects, state, name
FROM datasets ORDER BY created_on DESC, setid LIMIT 25
"""
_COUNTS = "SELECT (SELECT max(rowid) FROM datasets), (SELECT max(rowid) FROM objects)"


def status(catalog: Path) -> dict[str, object]:
    """Open the catalog and read what `lccmirror status` shows."""
    from lccmirror.query import open_readonly
    from lccmirror.query.status import read_status

    def read() -> int:
        with open_readonly(catalog.parent) as opened:
            return len(read_status(opened, to_text(NOW)).problems)

    return _timed([read] * 101)


def newest(catalog: Path) -> dict[str, object]:
    """Ask for the newest 25 datasets, as `lccmirror query` does."""
    from lccmirror.query import open_readonly, run_query

    with open_readonly(catalog.parent) as opened:
        return _timed([lambda: len(list(run_query(opened, _NEWEST).rows))] * 101)


def find_object(catalog: Path) -> dict[str, object]:
    """Find all light curves of some objects, as `lccmirror lc` does."""
    from lccmirror.query import open_readonly
    from lccmirror.query.lightcurves import copies_of

    _, objects = _counts(catalog)
    rng = random.Random(5)  # noqa: S311 (which objects)
    names = [f"HAT-{rng.randrange(objects):07d}" for _ in range(_OBJECTS)]
    with open_readonly(catalog.parent) as opened:

        def find(name: str) -> Callable[[], int]:
            # Some have more, where `add` has been.
            return lambda: min(COPIES, len(copies_of(opened.connection, name)))

        searches = [find(name) for name in names]
        for search in searches:
            search()
        return _timed(searches)


def plan(catalog: Path) -> dict[str, object]:
    """Take in a list of datasets, and read what is to be fetched now; then undo it."""
    from lccmirror.catalog.connection import close_writer, open_writer
    from lccmirror.catalog.log import PollState, set_poll_state
    from lccmirror.catalog.work import due_work
    from lccmirror.config import SelectConfig
    from lccmirror.sync.plan import plan_seen
    from lccmirror.sync.poll import poll_datasets

    now = to_text(NOW)
    select = SelectConfig()
    conn = open_writer(catalog)
    listed, proven = _listed(conn)

    def take_in() -> int:
        conn.execute("BEGIN IMMEDIATE")
        set_poll_state(
            conn, "datasets", PollState(nsets=ITEMS, last_full=now, proven_until=proven)
        )
        poll_datasets(
            cast(Any, _Client(listed)),
            conn,
            NOW,
            full_every=timedelta(days=7),
            on_item=lambda setid, seen: plan_seen(conn, select, setid, seen, now),
        )
        return sum(1 for _ in due_work(conn, now))

    def undo() -> None:
        conn.execute("ROLLBACK")

    try:
        return _timed([take_in] * 6, after=undo)
    finally:
        close_writer(conn)


def _listed(conn: sqlite3.Connection) -> tuple[list[Any], str]:
    """Return the items of the list, and until when all was known before."""
    last = conn.execute("SELECT max(rowid) FROM datasets").fetchone()[0]
    (proven,) = conn.execute("SELECT max(last_updated) FROM datasets").fetchone()
    known = conn.execute(
        "SELECT setid, last_updated FROM datasets WHERE rowid % ? = 1 LIMIT ?",
        (last // (ITEMS // 2), ITEMS // 2),
    ).fetchall()
    later = from_text(proven) + timedelta(hours=1)
    new = [
        _summary(f"New{number:08d}", later + timedelta(seconds=number))
        for number in range(ITEMS // 2)
    ]
    changed = [_summary(setid, from_text(at), updated=later) for setid, at in known[1::2]]
    same = [_summary(setid, from_text(at)) for setid, at in known[::2]]
    return [*reversed(new), *changed, *same], proven


def _summary(setid: str, created: datetime, *, updated: datetime | None = None) -> Any:
    from lccmirror.server import DatasetSummary

    return DatasetSummary(
        setid=setid,
        created_on=created.replace(tzinfo=None).isoformat(),
        last_updated=(updated or created).replace(tzinfo=None).isoformat(),
        nobjects=CURVES,
        name=f"dataset {int(''.join(filter(str.isdigit, setid)))}",
        description="made for a benchmark",
        citation=None,
        queried_collections=(COLLECTION,),
        query_type="sqlite_column_search",
        query_params='{"conditions": "(sdssr lt 13.0)"}',
        visibility="public",
        csv_path=f"/d/dataset-{setid}.csv",
        fpath=None,
        lczip_path=f"/p/lightcurves-{setid}.zip",
        owned=False,
    )


class _Client:
    """What a poll needs of a client: the list, already read and understood."""

    def __init__(self, listed: list[Any]) -> None:
        self._listed = listed

    @contextmanager
    def datasets(self, *, nsets: int, etag: str | None) -> Iterator[_Client]:
        """Return the answer, which is this itself."""
        assert (nsets, etag) == (ITEMS, None)
        yield self

    not_modified = False
    etag = None
    nfound = 10 * ITEMS
    problems: tuple[str, ...] = ()

    def items(self) -> Iterator[Any]:
        """Yield the items."""
        return iter(self._listed)


def add(catalog: Path) -> dict[str, object]:
    """Take in datasets, one by one: list, table, ZIP and full text, each commit flushed."""
    from lccmirror.catalog.connection import close_writer, open_writer

    datasets, objects = _counts(catalog)
    conn = open_writer(catalog)
    try:
        with tempfile.TemporaryDirectory() as folder:
            adding = [
                _adding(conn, Path(folder), f"Added{datasets + number:06d}", objects)
                for number in range(12)
            ]
            return _timed(adding)
    finally:
        close_writer(conn)


def _adding(
    conn: sqlite3.Connection, folder: Path, setid: str, objects: int
) -> Callable[[], int]:
    """Write a dataset's files, and return what takes them into the catalog."""
    from lccmirror.catalog.connection import transaction
    from lccmirror.catalog.datasets import record_listed, set_state
    from lccmirror.catalog.files import FileRow, put_file
    from lccmirror.catalog.texts import index_objects
    from lccmirror.catalog.work import done
    from lccmirror.config import LimitsConfig, SelectConfig
    from lccmirror.formats.lczip import ZipMember, ZipReport
    from lccmirror.sync.layout import product
    from lccmirror.sync.plan import plan_seen
    from lccmirror.sync.table_rows import write_rows
    from lccmirror.sync.zip_index import index_zip
    from tests.support.published import PublishedDataset

    rng = random.Random(setid)  # noqa: S311 (which objects)
    names = [f"HAT-{number:07d}" for number in rng.sample(range(objects), CURVES)]
    rows = [
        (rng.uniform(8, 15), rng.randrange(9999), name, rng.uniform(0, 360), 0.0, COLLECTION)
        for name in names
    ]
    table = PublishedDataset(COLUMNS, rows, setid, (COLLECTION,))
    csv, document = folder / f"{setid}.csv", folder / f"{setid}.json.gz"
    csv.write_bytes(table.csv())
    document.write_bytes(gzip.compress(table.json()))
    members = tuple(
        ZipMember(f"{COLLECTION}-{name}-csvlc.gz", 20_000, 1, at * 20_100)
        for at, name in enumerate(names)
    )
    report = ZipReport(members, tuple(f"{name}-csvlc.gz" for name in names), (), (), ())
    now = to_text(NOW)

    def put(kind: str) -> None:
        row = FileRow(product(setid, kind), setid, kind, 10_000, "0" * 64, None, None, now)
        put_file(conn, row)

    def take_in() -> int:
        with transaction(conn):
            seen = record_listed(conn, _summary(setid, NOW), now)
            plan_seen(conn, SelectConfig(), setid, seen, now)
        with transaction(conn):
            write_rows(conn, setid, {"csv": csv, "json": document}, LimitsConfig())
            put("csv")
            put("json")
        with transaction(conn):
            put("lczip")
            index_zip(conn, setid, product(setid, "lczip"), report, now)
        with transaction(conn):
            set_state(conn, setid, "mirrored", mirrored_at=now)
            done(conn, setid)
        index_objects(conn)
        found: int = conn.execute(
            "SELECT count(*) FROM lightcurves WHERE path = ?", (product(setid, "lczip"),)
        ).fetchone()[0]
        return found

    return take_in


def _counts(catalog: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(f"{catalog.as_uri()}?mode=ro", uri=True)) as conn:
        datasets, objects = conn.execute(_COUNTS).fetchone()
        return datasets, objects


def _timed(
    works: list[Callable[[], int]], *, after: Callable[[], None] = lambda: None
) -> dict[str, object]:
    """Do each once; return the median without the first, and what all of them found."""
    times, found = [], 0
    for work in works:
        began = time.perf_counter()
        found += work()
        times.append(time.perf_counter() - began)
        after()
    return {"seconds": statistics.median(times[1:]), "found": found}


SIDES: Final[dict[str, Callable[[Path], dict[str, object]]]] = {
    "plan": plan,
    "object": find_object,
    "newest": newest,
    "status": status,
    "add": add,
}

if __name__ == "__main__":
    print(json.dumps(SIDES[sys.argv[1]](Path(sys.argv[2]).absolute())))
