"""The JSON of both API dialects: the documented one of 2018 and the running 0.2.7.

``documented`` shows exactly the keys that the published documentation names;
``running`` what lccserver 0.2.7 sends, its oddities included.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from .backend import Dataset, Requester, Row
from .products import dataset_header, format_row
from .surveys import CatalogColumn, Survey

Dialect = Literal["running", "documented"]

LIST_CAP = 1000
_DOCUMENTED_ITEM = (
    "setid", "created_on", "last_updated", "nobjects", "queried_collections", "query_type",
    "query_params", "dataset_fpath", "dataset_csv", "lczip_fpath",
)  # fmt: skip
_DOCUMENTED_SET = (
    "setid", "name", "desc", "created", "updated", "searchtype", "searchargs", "collections",
    "npages", "rows_per_page", "page_slices", "total_nmatches", "actual_nrows", "columns",
    "coldesc", "dataset_csv", "dataset_pickle", "lczipfpath", "rows", "status", "currpage",
)  # fmt: skip


def enveloped(status: str, result: object, message: object) -> bytes:
    """Return the usual envelope as the server's framework writes it (``</`` escaped)."""
    return written({"status": status, "result": result, "message": message})


def written(value: object) -> bytes:
    """Return `value` as JSON the way the server's framework writes a dict."""
    return json.dumps(value).replace("</", "<\\/").encode()


def collections_result(
    dialect: Dialect, surveys: Sequence[Survey], updated: datetime
) -> dict[str, object]:
    """Return ``result`` of ``/api/collections``: parallel lists, one entry a collection."""

    def common(chosen: Callable[[CatalogColumn], bool]) -> list[str]:
        sets = [{c.name for c in s.columns if chosen(c)} for s in surveys]
        return sorted(set.intersection(*sets)) if sets else []

    def joined(survey: Survey, chosen: Callable[[CatalogColumn], bool]) -> str:
        return ",".join(sorted(c.name for c in survey.columns if chosen(c)))

    running = dialect == "running"
    lists: dict[str, list[object]] = {
        "collection_id": [s.collection_id for s in surveys],
        "db_collection_id": [s.collection for s in surveys],
        "columnlist": [joined(s, lambda c: True) for s in surveys],
        "indexedcols": [joined(s, lambda c: c.indexed) for s in surveys],
        "ftsindexedcols": [joined(s, lambda c: c.fts_indexed) for s in surveys],
        "name": [s.name for s in surveys],
        "description": [s.description for s in surveys],
        "datarelease": [s.datarelease for s in surveys],
        "minra": [min((o.ra for o in s.objects), default=0.0) for s in surveys],
        "maxra": [max((o.ra for o in s.objects), default=0.0) for s in surveys],
        "mindecl": [min((o.decl for o in s.objects), default=0.0) for s in surveys],
        "maxdecl": [max((o.decl for o in s.objects), default=0.0) for s in surveys],
        "nobjects": [len(s.objects) for s in surveys],
        "lcformatdesc": [f"/c/{s.collection_id}/lcformat-description.json" for s in surveys],
        "columnjson": [
            {c.name: _column(c) for c in sorted(s.columns, key=lambda c: c.title)}
            for s in surveys
        ],
    }
    if running:
        lists |= {
            "collection_owner": [1 for _ in surveys],
            "collection_visibility": ["public" for _ in surveys],
            "collection_sharedwith": [None for _ in surveys],
            "project": [s.project for s in surveys],
            "last_updated": [updated.isoformat(sep=" ") for _ in surveys],
            "citation": [s.citation for s in surveys],
            "lcformatkey": [f"demo-{s.collection_id}" for s in surveys],
            "lcmagcols": [magnitude_list(s) for s in surveys],
        }
    indexed_key = "available_indexed_columns" if running else "available_index_columns"
    return {
        "available_columns": common(lambda c: True),
        indexed_key: common(lambda c: c.indexed),
        "available_fts_columns": common(lambda c: c.fts_indexed),
        "collections": lists,
    }


def _column(column: CatalogColumn) -> dict[str, object]:
    return {
        "title": column.title,
        "dtype": column.dtype,
        "format": column.format,
        "description": column.description,
        "index": column.indexed,
        "ftsindex": column.fts_indexed,
    }


def magnitude_list(survey: Survey) -> str:
    """Return the magnitude columns a light-curve plot of `survey` offers."""
    return ",".join(n for n in survey.magnitude_columns if n.startswith(("aep", "atf")))


def list_item(
    dialect: Dialect, dataset: Dataset, requester: Requester, base_url: str
) -> dict[str, object]:
    """Return a dataset's item in ``/api/datasets``."""
    link = "" if dialect == "running" else base_url
    item: dict[str, object] = {
        "setid": dataset.setid,
        "created_on": dataset.created.isoformat(),
        "last_updated": dataset.last_updated.isoformat(),
        "nobjects": len(dataset.rows),
        "name": dataset.name,
        "description": dataset.description,
        "citation": dataset.citation,
        "queried_collections": ", ".join(dataset.collections),
        "query_type": dataset.searchtype,
        "query_params": json.dumps(dataset.searchargs),
        "dataset_owner": dataset.owner,
        "dataset_visibility": dataset.visibility,
        "dataset_sharedwith": dataset.sharedwith,
        "dataset_sessiontoken": "redacted",
        "dataset_fpath": f"{link}/d/dataset-{dataset.setid}.pkl.gz",
        "dataset_csv": f"{link}/d/dataset-{dataset.setid}.csv",
        "lczip_fpath": f"{link}{zip_path(dataset)}" if dataset.has_lczip else None,
        "owned": dataset.owned_by(requester),
    }
    if dialect == "documented":
        return {key: item[key] for key in _DOCUMENTED_ITEM}
    return item


def zip_path(dataset: Dataset) -> str:
    """Return the URL path of a dataset's ZIP."""
    return f"/p/lightcurves-{dataset.setid}.zip"


def dataset_json(
    dialect: Dialect,
    dataset: Dataset,
    requester: Requester,
    *,
    page: int,
    rows: Sequence[Row],
    strformat: bool,
) -> bytes:
    """Return ``/set/<setid>?json=1``.

    ``nan`` and ``NaN`` are replaced by ``null`` wherever they stand in its text, as the
    server does it; the running server also repeats every row of every page in ``result``.
    """
    header = dataset_header(dataset)
    del header["lcformatdescs"]
    answer = {
        **header,
        "dataset_csv": f"/d/dataset-{dataset.setid}.csv",
        "dataset_pickle": f"/d/dataset-{dataset.setid}.pkl.gz",
        "lczipfpath": zip_path(dataset) if dataset.has_lczip else None,
        "rows": [format_row(dataset, r) for r in rows]
        if strformat
        else [list(r) for r in rows],
        "status": dataset.status,
        "currpage": page,
    }
    if dialect == "documented":
        answer = {key: answer[key] for key in _DOCUMENTED_SET}
    else:
        tail = {key: answer.pop(key) for key in ("rows", "status", "currpage")}
        result = [dict(zip(dataset.columns, row, strict=True)) for row in dataset.rows]
        answer |= {"result": result, **tail, "session_token": "redacted"}
        answer["owned"] = dataset.owned_by(requester)
    text = json.dumps(answer)
    return text.replace("nan", "null").replace("NaN", "null").encode()


def key_answer(key: str, expires: datetime) -> bytes:
    """Return the answer of ``GET /api/key``."""
    result: Mapping[str, str] = {"apikey": key, "expires": f"{expires.isoformat()}Z"}
    message = f"API key generated successfully, expires: {expires.isoformat()}Z."
    return enveloped("ok", result, message)
