"""Make the table that is ingested: like a real catalog's, and the same every time.

Twenty-five columns: the object's own, magnitudes and their errors with NULLs in them,
counts, flags, and texts with ``|`` and ``nan`` in some.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.published import PublishedDataset

SETID = "BenchTable1"
COLLECTION = "bench_north"
_BANDS = ("sdssu", "sdssg", "sdssr", "sdssi", "sdssz", "jmag", "hmag", "kmag")
COLUMNS: tuple[tuple[str, str, str], ...] = (
    *((band, "f8", "%.3f") for band in _BANDS),
    *((f"e_{band}", "f8", "%.3f") for band in _BANDS[:5]),
    ("ndet", "i8", "%i"),
    ("varflag", "i8", "%i"),
    ("objtype", "U20", "%s"),
    ("starname", "U40", "%s"),
    ("remarks", "U80", "%s"),
    ("parallax", "f8", "%.5f"),
    ("propermotion", "f8", "%.5f"),
    ("db_oid", "U20", "%s"),
    ("db_ra", "f8", "%.5f"),
    ("db_decl", "f8", "%.5f"),
    ("db_lcfname", "U60", "%s"),
    ("collection", "U20", "%s"),
)
assert len(COLUMNS) == 25
_TYPES = ("RRab", "RRc", "DCEP", "EA", "EW", None)
_REMARKS = (None, "", "blend", "blend|crowded", "saturated; see notes", "checked by Fernando")
_REMARK_WEIGHTS = (50, 10, 18, 10, 10, 2)


@dataclass(frozen=True, slots=True)
class TableFiles:
    """One table in every form that a side reads.

    Parameters
    ----------
    csv, json
        As the server publishes them and the mirror keeps them.
    plain
        The same rows as everybody's CSV, with a line of names: for the other tools.
    nrows
        Its rows.
    """

    csv: Path
    json: Path
    plain: Path
    nrows: int


def rows(count: int, seed: int = 1) -> Iterator[tuple[Any, ...]]:
    """Yield `count` rows of `COLUMNS`."""
    rng = random.Random(seed)  # noqa: S311 (made-up stars)
    for number in range(count):
        base = rng.uniform(8, 18)
        magnitudes = [base + rng.gauss(0, 1) if rng.random() > 0.03 else None for _ in _BANDS]
        errors = [abs(rng.gauss(0, 0.02)) if rng.random() > 0.03 else None for _ in range(5)]
        objectid = f"HAT-{number % 1000:03d}-{number:07d}"
        yield (
            *magnitudes,
            *errors,
            rng.randrange(100, 20_000),
            rng.randrange(4) if number % 7 else None,
            rng.choice(_TYPES),
            f"V{number} Lyr" if number % 3 == 0 else None,
            rng.choices(_REMARKS, _REMARK_WEIGHTS)[0],
            rng.gauss(1, 3),
            rng.uniform(0, 200) if number % 11 else None,
            objectid,
            rng.uniform(0, 360),
            rng.uniform(-30, 60),
            f"{objectid}-lc.csv",
            COLLECTION,
        )


def make_table(folder: Path, count: int) -> TableFiles:
    """Write a table of `count` rows in all its forms."""
    table = PublishedDataset(COLUMNS, list(rows(count)), SETID, (COLLECTION,))
    files = TableFiles(folder / "t.csv", folder / "t.json.gz", folder / "plain.csv", count)
    files.csv.write_bytes(table.csv())
    with gzip.open(files.json, "wb", compresslevel=6) as out:
        out.write(table.json())
    with files.plain.open("w", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(table.names)
        writer.writerows(table.rows)
    return files


def make_json(path: Path, size: int) -> int:
    """Write a dataset's JSON of about `size` bytes to `path`; return its number of rows.

    Row by row: the whole of it would not fit where this runs.
    """
    names = [name for name, _, _ in COLUMNS]
    sample = [_object(names, row) for row in rows(500)]
    count = size // (sum(map(len, sample)) // len(sample) + 2)
    header = _header(count)
    with path.open("w", encoding="utf-8") as out:
        out.write(json.dumps(header)[:-1] + ', "result": [')
        first: list[str] = []
        for number, row in enumerate(rows(count)):
            out.write((", " if number else "") + _object(names, row))
            if number < 500:
                first.append(_damaged(json.dumps(list(row))))
        out.write(f'], "rows": [{", ".join(first)}], "status": "complete", "currpage": 1}}')
    return count


def ten_times(files: TableFiles, folder: Path) -> TableFiles:
    """Write ten times the rows of a table, CSV and JSON alone: the objects have other names."""
    count = 10 * files.nrows
    tenfold = TableFiles(folder / "t.csv", folder / "t.json.gz", files.plain, count)
    data = files.csv.read_bytes()
    begin = data.index(b"\n# }\n") + 5
    head = textwrap.indent(json.dumps(_header(count), indent=2), "# ").encode() + b"\n"
    with tenfold.csv.open("wb") as out:
        out.write(head)
        out.writelines(_renamed(data[begin:]))
    document = gzip.decompress(files.json.read_bytes())
    with gzip.open(tenfold.json, "wb", compresslevel=1) as packed:
        for part in _tenfold_document(document, count):
            packed.write(part)
    return tenfold


def ten_times_json(path: Path, count: int, target: Path) -> None:
    """Write ten times the `count` rows of a dataset's JSON to `target`."""
    with target.open("wb") as out:
        out.writelines(_tenfold_document(path.read_bytes(), 10 * count))


def _tenfold_document(document: bytes, count: int) -> Iterator[bytes]:
    begin = document.index(b'"result": [') + len(b'"result": [')
    end = document.index(b'], "rows": [')
    yield json.dumps(_header(count))[:-1].encode() + b', "result": ['
    for number, rows_of_objects in enumerate(_renamed(document[begin:end])):
        yield b", " if number else b""
        yield rows_of_objects
    yield document[end:]


def _renamed(text: bytes) -> Iterator[bytes]:
    for digit in b"0123456789":
        yield text.replace(b"HAT-", b"HA%c-" % digit)


def _header(count: int) -> dict[str, Any]:
    header = PublishedDataset(COLUMNS, [], SETID, (COLLECTION,)).header()
    return header | {"actual_nrows": count, "total_nmatches": count}


def _object(names: list[str], row: tuple[Any, ...]) -> str:
    return _damaged(json.dumps(dict(zip(names, row, strict=True))))


def _damaged(text: str) -> str:
    return text.replace("nan", "null").replace("NaN", "null")
