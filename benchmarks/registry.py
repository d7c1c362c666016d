"""Every row of the table, in its order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from . import (
    rows_files,
    rows_idle,
    rows_lightcurves,
    rows_memory,
    rows_poll,
    rows_readers,
    rows_real,
    rows_scale,
    rows_sky,
    rows_startup,
    rows_table,
    rows_zip,
)
from .measure import BenchmarkFailed
from .rows import Row

_INGEST = "a dataset of 200,000 rows × 25 columns, CSV and JSON, into the catalog"
_OBJECTS = "5 million objects, warm, rows included"
_LIGHTCURVES = "2,000 light curves of 1,000 points × 30 columns to arrays, from the ZIP"
_ZIP = "index a ZIP of 2,000 light curves, all CRCs checked"
_READERS = "8 readers while the daemon ingests (99th percentile of their answers)"
_FILES = "2,000 files of 100 KiB to disk, checked, flushed and in the catalog"
_TENTH = "the same in a catalog of a tenth of the size"
_MILLION = "in a catalog of 1,000,000 datasets and 20 million light curves"
_STARTUP = "`lccmirror --version`, `status` on a catalog of 100,000 datasets"

ROWS: Final[tuple[Row, ...]] = (
    Row(
        name="idle_poll",
        work="a poll with nothing new, 1,000 datasets known (bytes received)",
        beside="the reference client's `list_recent_datasets(1000)`",
        reach=0.01,
        at_least=False,
        measure=rows_poll.idle_poll,
    ),
    Row(
        name="mirror_200",
        work="mirror 200 datasets, CSV and ZIP, from the genuine server",
        beside="a loop over `astrobase.services.lccs`",
        reach=3,
        at_least=True,
        measure=rows_real.mirror_200,
    ),
    Row(
        name="mirror_200_far",
        work="the same with the server 30 ms away",
        beside="a loop over `astrobase.services.lccs`",
        reach=3,
        at_least=True,
        measure=rows_real.mirror_200_far,
    ),
    Row(
        name="search_replay",
        work="a saved search repeated that finds what it found before (bytes received)",
        beside="the reference client's `column_search`, which downloads what it finds",
        reach=0.1,
        at_least=False,
        measure=rows_real.search_replay,
    ),
    Row(
        name="file_1gib",
        work="one file of 1 GiB to disk, hashed, verified, flushed and in the catalog",
        beside="`curl -o`, then `sha256sum`",
        reach=1.3,
        at_least=True,
        measure=rows_files.file_1gib,
    ),
    Row(
        name="files_latency",
        work=f"{_FILES}; 30 ms of server latency, 8 workers",
        beside="`aria2c -j8`, then `sync`",
        reach=0.9,
        at_least=True,
        measure=rows_files.files_latency,
    ),
    Row(
        name="files_aria2",
        work=f"{_FILES}; no latency, 4 workers",
        beside="`aria2c -j4`",
        reach=0.4,
        at_least=True,
        measure=rows_files.files_aria2,
    ),
    Row(
        name="files_reference",
        work=f"{_FILES}; no latency, 4 workers",
        beside="the reference client's way: `urlopen`, one after the other",
        reach=1.5,
        at_least=True,
        measure=rows_files.files_reference,
    ),
    Row(
        name="startup",
        work=_STARTUP,
        beside="`python -c pass`",
        reach=6,
        at_least=False,
        measure=rows_startup.beside_python,
    ),
    Row(
        name="startup_sqlite_utils",
        work=_STARTUP,
        beside="`sqlite-utils --version`",
        reach=1,
        at_least=False,
        measure=rows_startup.beside_sqlite_utils,
    ),
    Row(
        name="table_ingest",
        work=_INGEST,
        beside="`sqlite3 .import` into a bare table",
        reach=0.1,
        at_least=True,
        measure=rows_table.beside_sqlite3,
    ),
    Row(
        name="table_ingest_sqlite_utils",
        work=_INGEST,
        beside="`sqlite-utils insert --csv`",
        reach=3,
        at_least=True,
        measure=rows_table.beside_sqlite_utils,
    ),
    Row(
        name="json_read",
        work="every row of a dataset JSON of 200 MB",
        beside="`json.load`",
        reach=2.5,
        at_least=True,
        measure=rows_table.json_read,
    ),
    Row(
        name="zip_index",
        work=_ZIP + ", installed by default",
        beside="`zipfile.ZipFile.testzip()`",
        reach=1.5,
        at_least=True,
        measure=rows_zip.zip_index,
    ),
    Row(
        name="zip_index_fast",
        work=_ZIP + ", with the extra `fast`",
        beside="`zipfile.ZipFile.testzip()`",
        reach=1.5,
        at_least=True,
        measure=rows_zip.zip_index_fast,
    ),
    Row(
        name="cone_5arcsec",
        work=f"cone search of 5″, {_OBJECTS}",
        beside="SciPy `cKDTree` in memory",
        reach=1 / 5,
        at_least=True,
        measure=rows_sky.cone_5arcsec,
    ),
    Row(
        name="cone_5arcmin",
        work=f"cone search of 5′, {_OBJECTS}",
        beside="SciPy `cKDTree` in memory",
        reach=1 / 5,
        at_least=True,
        measure=rows_sky.cone_5arcmin,
    ),
    Row(
        name="cone_1deg",
        work=f"cone search of 1°, {_OBJECTS}",
        beside="SciPy `cKDTree` in memory",
        reach=1 / 5,
        at_least=True,
        measure=rows_sky.cone_1deg,
    ),
    Row(
        name="cone_1deg_rtree",
        work=f"cone search of 1°, {_OBJECTS}",
        beside="SQLite's R*Tree",
        reach=1,
        at_least=True,
        measure=rows_sky.cone_1deg_rtree,
    ),
    Row(
        name="xmatch_5000",
        work=f"cross-match of 5,000 positions at 3″, {_OBJECTS}",
        beside="SciPy `cKDTree` in memory",
        reach=1 / 3,
        at_least=True,
        measure=rows_sky.xmatch_5000,
    ),
    Row(
        name="lc_read",
        work=_LIGHTCURVES + ", NumPy only",
        beside="the reference reader (`gzip` and `np.genfromtxt`)",
        reach=4,
        at_least=True,
        measure=rows_lightcurves.lc_read,
    ),
    Row(
        name="lc_read_fast",
        work=_LIGHTCURVES + ", with the extra `fast`",
        beside="the reference reader",
        reach=10,
        at_least=True,
        measure=rows_lightcurves.lc_read_fast,
    ),
    Row(
        name="lc_read_two",
        work=_LIGHTCURVES + ", with `fast`, in two processes",
        beside="the reference reader",
        reach=18,
        at_least=True,
        measure=rows_lightcurves.lc_read_two,
    ),
    Row(
        name="lc_headers",
        work="the headers of 2,000 light curves, from the ZIP",
        beside="gunzip each and parse",
        reach=6,
        at_least=True,
        measure=rows_lightcurves.lc_headers,
    ),
    Row(
        name="scale_plan",
        work=f"planning a poll of 1,000 items, {_MILLION}",
        beside=_TENTH,
        reach=1.5,
        at_least=False,
        measure=rows_scale.scale_plan,
    ),
    Row(
        name="scale_object",
        work=f"finding an object's light curves, {_MILLION}",
        beside=_TENTH,
        reach=1.5,
        at_least=False,
        measure=rows_scale.scale_object,
    ),
    Row(
        name="scale_newest",
        work=f"the newest 25 datasets, {_MILLION}",
        beside=_TENTH,
        reach=1.5,
        at_least=False,
        measure=rows_scale.scale_newest,
    ),
    Row(
        name="scale_status",
        work=f"reading what `status` shows, {_MILLION}",
        beside=_TENTH,
        reach=2,
        at_least=False,
        measure=rows_scale.scale_status,
    ),
    Row(
        name="scale_add",
        work=f"adding a dataset of 20 objects and 20 light curves, {_MILLION}",
        beside=_TENTH,
        reach=2,
        at_least=False,
        measure=rows_scale.scale_add,
    ),
    Row(
        name="readers",
        work=_READERS,
        beside="the same readers alone",
        reach=2,
        at_least=False,
        measure=rows_readers.at_fixed_times,
    ),
    Row(
        name="readers_flat_out",
        work=_READERS + ", each asking as fast as it can",
        beside="the same readers alone",
        reach=2,
        at_least=False,
        measure=rows_readers.as_fast_as_they_can,
    ),
    Row(
        name="memory_zip",
        work="peak memory of `lccmirror sync` for a ZIP of 1 GB",
        beside="120 MB",
        reach=1,
        at_least=False,
        measure=rows_memory.memory_zip,
    ),
    Row(
        name="memory_table",
        work="peak memory of `lccmirror sync` for a dataset of 100,000 rows",
        beside="120 MB",
        reach=1,
        at_least=False,
        measure=rows_memory.memory_table,
    ),
    Row(
        name="idle_hour",
        work="a daemon's idle hour: its memory at the end",
        beside="its memory at the beginning, everything done that is due at a start",
        reach=1.05,
        at_least=False,
        measure=rows_idle.idle_hour,
    ),
)


def chosen(names: str, rows: Sequence[Row] = ROWS) -> tuple[Row, ...]:
    """Return the rows named in a comma-separated list, or all if it names none.

    Raises
    ------
    BenchmarkFailed
        If a name is of no row.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = {row.name: row for row in rows}
    if unknown := [name for name in wanted if name not in known]:
        raise BenchmarkFailed(
            f"no such row: {', '.join(unknown)}; there are {', '.join(known)}"
        )
    return tuple(known[name] for name in wanted) if wanted else tuple(rows)
