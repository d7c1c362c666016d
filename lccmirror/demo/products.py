"""The files the server publishes for a dataset: the table as CSV, the ZIP, the pickle.

The CSV is the server's own: a JSON header behind ``# `` with paths of the server's file
system in it, then the rows without names or quoting, with ``|`` in a text turned into
``; `` and missing values as ``nan``, ``-9999`` or ``None``.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from .backend import ColumnDescription, Dataset
from .surveys import Value

# Where this server says its files are. Nothing is there; the real server leaks such paths.
BASEDIR = "/srv/lccserver/demo"


def format_value(value: Value, column: ColumnDescription) -> str:
    """Return one value as the CSV and ``strformat=1`` show it."""
    if value is None:
        if "f" in column.format:
            return "nan"
        return "-9999" if "i" in column.format else "None"
    return (column.format % value).replace("|", "; ")


def format_row(dataset: Dataset, row: Sequence[Value]) -> list[str]:
    """Return a row as strings, in the order of the dataset's columns."""
    return [
        format_value(value, dataset.coldesc[name])
        for name, value in zip(dataset.columns, row, strict=True)
    ]


def dataset_header(dataset: Dataset) -> dict[str, object]:
    """Return what both the CSV's header and the dataset's JSON begin with."""
    n = dataset.rows_per_page
    return {
        "setid": dataset.setid,
        "name": dataset.name,
        "desc": dataset.description,
        "citation": dataset.citation,
        "created": dataset.created.isoformat(),
        "updated": dataset.updated.isoformat(),
        "owner": dataset.owner,
        "visibility": dataset.visibility,
        "sharedwith": dataset.sharedwith,
        "searchtype": dataset.searchtype,
        "searchargs": dataset.searchargs,
        "collections": list(dataset.collections),
        "lcmagcols": dict(dataset.lcmagcols),
        "lcformatdescs": {
            c: f"{BASEDIR}/{d}/lcformat-description.json" for c, d in dataset.coll_dirs.items()
        },
        "coll_dirs": dict(dataset.coll_dirs),
        "npages": dataset.npages,
        "rows_per_page": n,
        "page_slices": [[i * n, i * n + n] for i in range(dataset.npages)],
        "nmatches_by_collection": dict(dataset.nmatches_by_collection),
        "total_nmatches": dataset.total_nmatches,
        "actual_nrows": len(dataset.rows),
        "columns": list(dataset.columns),
        "coldesc": {
            name: {
                "title": c.title,
                "desc": c.description,
                "dtype": c.dtype,
                "format": c.format,
            }
            for name, c in dataset.coldesc.items()
        },
        "dataset_csv": f"{BASEDIR}/datasets/dataset-{dataset.setid}.csv",
        "dataset_pickle": f"{BASEDIR}/datasets/dataset-{dataset.setid}.pkl.gz",
        "lczipfpath": f"{BASEDIR}/products/lightcurves-{dataset.setid}.zip",
    }


def dataset_csv(dataset: Dataset) -> bytes:
    """Return the CSV of a dataset, as it is written once when the dataset is made."""
    return "".join(_csv_pieces(dataset)).encode()


def _csv_pieces(dataset: Dataset) -> Iterator[str]:
    header = json.dumps(dataset_header(dataset), indent=2)
    yield "".join(f"# {line}\n" for line in header.split("\n"))
    for row in dataset.rows:
        yield "|".join(format_row(dataset, row)) + "\n"


def dataset_pickle(dataset: Dataset) -> bytes:
    """Return what is served as the dataset's pickle.

    It is not one: nobody may load a pickle from a server, so the demo sends opaque bytes
    that change when the real ones change (with visibility and completion).
    """
    state = f"{dataset.setid} {dataset.visibility} {dataset.status} {dataset.updated}"
    return gzip.compress(b"\x80\x04not a pickle: " + state.encode() + b".", mtime=0)


def light_curve_zip(members: Iterable[tuple[str, str, bytes | None]], when: datetime) -> bytes:
    """Return the ZIP of a dataset's light curves, the same bytes for the same arguments.

    Parameters
    ----------
    members
        (collection ID, file name, content) in the rows' order; no content for a light
        curve that could not be converted.
    when
        The time every member carries.
    """
    stamp = (when.year, when.month, when.day, when.hour, when.minute, when.second)
    manifest: list[str] = []
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", allowZip64=True) as archive:
        for collection_id, name, content in members:
            if content is None:
                manifest.append(f"{name} missing")
                continue
            manifest.append(name)
            archive.writestr(_member(f"{collection_id}-{name}", stamp), content)
        listing = json.dumps(manifest, ensure_ascii=True, indent=2)
        archive.writestr(_member("lczip-manifest.json", stamp), listing)
    return out.getvalue()


def _member(name: str, stamp: tuple[int, int, int, int, int, int]) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, stamp)
    info.external_attr = 0o644 << 16
    return info
