"""The work of a side that has to be a process of its own; each prints its result as JSON.

    python -m benchmarks.tasks NAME ARGUMENTS...

Imports are in the functions: a side has in its memory what it needs, and nothing else.
Where one library is compared with another, what is printed has the ``seconds`` of the work
alone: a mirror imports its parts once, and not for each file.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final


def ingest(catalog: str, setid: str, csv: str, json_gz: str, kind: str) -> dict[str, object]:
    """Ingest a table as a cycle does, into a catalog that is closed as a cycle closes it."""
    _install(kind)
    from lccmirror.catalog.connection import close_writer, open_writer, transaction
    from lccmirror.config_model import LimitsConfig
    from lccmirror.sync.table_rows import write_rows

    conn = open_writer(Path(catalog))
    with transaction(conn):
        problems = write_rows(
            conn, setid, {"csv": Path(csv), "json": Path(json_gz)}, LimitsConfig()
        )
    close_writer(conn)
    return {"problems": list(problems)}


def read_json(path: str) -> dict[str, object]:
    """Read every row of a dataset's JSON as the mirror does."""
    from lccmirror.formats.dataset_json import open_json

    begin = time.perf_counter()
    table = open_json(Path(path))
    at = [column.name for column in table.columns].index("ndet")
    rows = total = 0
    for row in table.iter_rows():
        rows += 1
        value = row[at]
        assert isinstance(value, int)
        total += value
    return {"seconds": time.perf_counter() - begin, "rows": rows, "ndet": total}


def load_json(path: str) -> dict[str, object]:
    """Read every row of a dataset's JSON with the standard library."""
    begin = time.perf_counter()
    with Path(path).open("rb") as file:
        document = json.load(file)
    rows = total = 0
    for row in document["result"]:
        rows += 1
        total += row["ndet"]
    return {"seconds": time.perf_counter() - begin, "rows": rows, "ndet": total}


def check_zip(path: str, kind: str) -> dict[str, object]:
    """Index a light-curve ZIP as the mirror does: every CRC, and the manifest."""
    _install(kind)
    from lccmirror.formats.lczip import check_lczip
    from lccmirror.formats.zip_members import crc32_function

    crc32_function()  # a daemon imports it once
    begin = time.perf_counter()
    report = check_lczip(Path(path))
    seconds = time.perf_counter() - begin
    return {
        "seconds": seconds,
        "members": len(report.members) + 1,
        "bad": list(report.problems[:1]),
    }


def test_zip(path: str) -> dict[str, object]:
    """Check a ZIP with the standard library."""
    import zipfile

    begin = time.perf_counter()
    with zipfile.ZipFile(path) as archive:
        bad = archive.testzip()
    seconds = time.perf_counter() - begin
    return {
        "seconds": seconds,
        "members": len(archive.namelist()),
        "bad": [bad] if bad else [],
    }


def _install(kind: str) -> None:
    """Let ``plain`` do as if ISA-L, of the extra ``fast``, were not installed."""
    if kind == "plain":
        sys.modules["isal"] = None  # type: ignore[assignment]  # importing it then fails


TASKS: Final[dict[str, Callable[..., dict[str, object]]]] = {
    "ingest": ingest,
    "read_json": read_json,
    "load_json": load_json,
    "check_zip": check_zip,
    "test_zip": test_zip,
}


if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](*sys.argv[2:])))
