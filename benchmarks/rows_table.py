"""Rows about tables: a dataset into the catalog, and a large JSON read."""

from __future__ import annotations

import functools
import json
import shutil
import sqlite3
import statistics
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from .make_catalog import add_listed, new_catalog
from .make_table import (
    COLLECTION,
    COLUMNS,
    SETID,
    TableFiles,
    make_json,
    make_table,
    ten_times,
    ten_times_json,
)
from .measure import (
    BIN,
    Run,
    by_turns,
    median_peak,
    median_seconds,
    run,
    run_task,
    same,
    seconds,
    task,
)
from .rows import Growth, Limit, Outcome

INGESTED_ROWS = 200_000
JSON_BYTES = 200_000_000
_RUNS = 3
_MEMORY_MB = 60


def beside_sqlite3(folder: Path) -> Outcome:
    """Ingest a table beside ``sqlite3 .import`` into a table without types or indices."""
    outcome = _ingest(folder, "sqlite3 .import", _import_bare)
    return replace(outcome, growth=_ingest_growth(folder, outcome.ours))


def beside_sqlite_utils(folder: Path) -> Outcome:
    """Ingest a table beside ``sqlite-utils insert --csv``, which finds types, too."""
    return _ingest(folder, "sqlite-utils insert", _insert)


def json_read(folder: Path) -> Outcome:
    """Read a large dataset JSON beside ``json.load``."""
    path = folder / "dataset.json"
    nrows = make_json(path, JSON_BYTES)
    found = by_turns(
        {
            "lccmirror": functools.partial(run_task, "read_json", path),
            "json.load": functools.partial(run_task, "load_json", path),
        },
        _RUNS,
    )
    ours, theirs = found["lccmirror"], found["json.load"]
    same("rows and a sum", *(json.loads(one.output) for one in (*ours, *theirs)))
    same("rows", nrows, json.loads(ours[0].output)["rows"])
    peak, their_peak = median_peak(ours), median_peak(theirs)
    return Outcome(
        ratio=median_seconds(theirs) / median_seconds(ours),
        ours=median_seconds(ours),
        theirs=median_seconds(theirs),
        unit="s",
        runs=_RUNS,
        peak_mb=peak,
        their_peak_mb=their_peak,
        limits=(Limit("peak memory through theirs", peak / their_peak, 1 / 20),),
        details={"MB of JSON": path.stat().st_size / 1e6, "rows": nrows},
        series=seconds(found),
        growth=_json_growth(folder, path, nrows, median_seconds(ours)),
    )


def _json_growth(folder: Path, path: Path, nrows: int, known: float) -> Growth:
    """Time a tenth of the rows, and once ten times of them."""
    small, large = folder / "small.json", folder / "large.json"
    few = make_json(small, JSON_BYTES // 10)
    ten_times_json(path, nrows, large)
    times = {
        few: statistics.median(run_task("read_json", small).seconds for _ in range(_RUNS)),
        nrows: known,
    }
    done = run_task("read_json", large)
    same("rows of the largest", 10 * nrows, json.loads(done.output)["rows"])
    times[10 * nrows] = done.seconds
    return Growth(of="rows", seconds=times)


def _ingest(folder: Path, name: str, other: Callable[[Path, Path], Run]) -> Outcome:
    files = make_table(folder, INGESTED_ROWS)
    empty = folder / "empty.sqlite"
    with closing(new_catalog(empty, COLLECTION, COLUMNS)) as conn:
        add_listed(conn, SETID, COLLECTION)
    found = by_turns(
        {
            "lccmirror": functools.partial(_ours, folder, empty, files),
            name: functools.partial(other, folder, files.plain),
        },
        _RUNS,
    )
    ours, theirs = found["lccmirror"], found[name]
    _compare(folder)
    peak = median_peak(ours)
    return Outcome(
        ratio=median_seconds(theirs) / median_seconds(ours),
        ours=median_seconds(ours),
        theirs=median_seconds(theirs),
        unit="s",
        runs=_RUNS,
        peak_mb=peak,
        their_peak_mb=median_peak(theirs),
        limits=(Limit("peak memory, MB", peak, _MEMORY_MB),),
        details={
            "rows": INGESTED_ROWS,
            "columns": len(COLUMNS),
            "MB of CSV": files.csv.stat().st_size / 1e6,
        },
        series=seconds(found),
    )


def _ingest_growth(folder: Path, known: float) -> Growth:
    """Time a tenth of the rows, and once ten times of them."""
    empty = folder / "empty.sqlite"
    times = {INGESTED_ROWS: known}
    small, large = folder / "small", folder / "large"
    for sub in (small, large):
        sub.mkdir()
    few = make_table(small, INGESTED_ROWS // 10)
    times[few.nrows] = statistics.median(_ours(small, empty, few).seconds for _ in range(_RUNS))
    kept = TableFiles(
        folder / "t.csv", folder / "t.json.gz", folder / "plain.csv", INGESTED_ROWS
    )
    many = ten_times(kept, large)
    times[many.nrows] = _ours(large, empty, many).seconds
    with closing(sqlite3.connect(large / "catalog.sqlite")) as conn:
        found = conn.execute(
            "SELECT (SELECT count(*) FROM dataset_rows), (SELECT count(*) FROM objects), "
            "(SELECT values_from FROM datasets)"
        ).fetchone()
    same("rows of the largest", (many.nrows, many.nrows, "both"), found)
    return Growth(of="rows", seconds=times)


def _ours(folder: Path, empty: Path, files: TableFiles) -> Run:
    catalog = folder / "catalog.sqlite"
    shutil.copy(empty, catalog)
    return run(task("ingest", catalog, SETID, files.csv, files.json, "plain"))


def _import_bare(folder: Path, plain: Path) -> Run:
    target = _fresh(folder)
    return run(["sqlite3", str(target), "-cmd", ".mode csv", f".import {plain} t"])


def _insert(folder: Path, plain: Path) -> Run:
    target = _fresh(folder)
    return run([str(BIN / "sqlite-utils"), "insert", str(target), "t", str(plain), "--csv"])


def _fresh(folder: Path) -> Path:
    target = folder / "theirs.sqlite"
    target.unlink(missing_ok=True)
    return target


def _compare(folder: Path) -> None:
    """Compare what the last runs left: all rows, and columns of each kind."""
    with (
        closing(sqlite3.connect(folder / "catalog.sqlite")) as ours,
        closing(sqlite3.connect(folder / "theirs.sqlite")) as theirs,
    ):
        asked = "count(*), sum(ndet), round(sum(db_ra), 3), round(sum(kmag), 3)"
        # The bare table has no NULLs, only empty texts.
        texts = "count(nullif(starname, '')), max(starname), max(db_lcfname)"
        wanted = theirs.execute(f"SELECT {asked}, {texts} FROM t").fetchone()
        stored = ours.execute(
            "SELECT count(*), sum(data ->> 'ndet'), round(sum(ra), 3),"
            " round(sum(data ->> 'kmag'), 3), count(data ->> 'starname'),"
            " max(data ->> 'starname'), max(data ->> 'db_lcfname') FROM dataset_rows"
        ).fetchone()
        same("rows and sums", wanted, stored)
        objects = ours.execute(
            "SELECT count(*), sum(ndet), round(sum(ra), 3), round(sum(kmag), 3),"
            " count(starname), max(starname), max(objectid) || '-lc.csv' FROM objects"
        ).fetchone()
        same("objects", wanted, objects)
        state = ours.execute("SELECT values_from, nrows FROM datasets").fetchone()
        same("state", ("both", wanted[0]), state)
