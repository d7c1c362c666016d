"""The stream of lines with which a search is answered, in both dialects.

The running server's streams have quirks that a client must live with: some last lines
have no newline, the failed line escapes ``</``, one message has its values swapped. The
documented server ends every line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from .arguments import SearchRequest
from .backend import SearchStep
from .dialects import Dialect, written, zip_path

_NOTHING = (
    "Sorry, your query failed. No matching objects were found in any searched LC collection."
)
_NOTHING_NEAR = (
    "Sorry, your query failed. No matching objects were found.<br>The object you searched "
    'for may be outside the footprint of the <a href="#collections" '
    'class="collection-link">available LC collections</a>.'
)
_TIMEOUT_S = 30.0


def search_stream(
    dialect: Dialect,
    request: SearchRequest,
    steps: Iterable[SearchStep],
    base_url: str,
    lczip_max_nrows: int,
    now: Callable[[], datetime],
) -> Iterator[bytes]:
    """Yield the lines of a search's answer, one a step; a crashed search just ends."""
    count = "total_nmatches" if dialect == "running" else "nobjects"
    for step in steps:
        url = f"{base_url}/set/{step.setid}"
        line = _line(dialect, request, step, url, count, lczip_max_nrows)
        line["time"] = f"{now().isoformat()}Z"
        # what the server writes last by itself has no newline in the running dialect
        bare = step.kind in ("no match", "query timeout", "zip timeout")
        end = b"" if bare and dialect == "running" else b"\n"
        yield (written(line) if bare else json.dumps(line).encode()) + end


def _line(
    dialect: Dialect,
    request: SearchRequest,
    step: SearchStep,
    url: str,
    count: str,
    lczip_max_nrows: int,
) -> dict[str, object]:
    setid = step.setid
    if step.kind == "queued":
        return _said(
            "queued",
            f"query in run-queue. executing with set ID: {setid}...",
            {
                "setid": setid,
                "api_service": request.service,
                "api_args": _shown_arguments(dialect, request),
            },
        )
    if step.kind == "found":
        text = f"query finished OK. objects matched: {step.nmatches}, building dataset..."
        return _said("running", text, {"setid": setid, count: step.nmatches})
    if step.kind == "table":
        text = "dataset pickle generation complete. collecting light curves into ZIP file..."
        return _said("running", text, {"setid": setid})
    if step.kind == "zip":
        assert step.dataset is not None
        link = zip_path(step.dataset) if step.dataset.has_lczip else None
        return _said("running", "dataset LC ZIP complete.", {"setid": setid, "lczip": link})
    if step.kind == "done":
        return _said("ok", f"dataset now ready: {url}", _final_result(dialect, step, url))
    if step.kind == "no match":
        text = _NOTHING_NEAR if request.service == "conesearch" else _NOTHING
        none = "actual_nrows" if dialect == "running" else "nobjects"
        return {"status": "failed", "result": {"setid": setid, none: 0}, "message": text}
    return _said(
        "background",
        _background_text(step, url, lczip_max_nrows),
        {"setid": setid, "seturl": url},
    )


def _said(status: str, message: str, result: dict[str, object]) -> dict[str, object]:
    return {"message": message, "status": status, "result": result}


def _background_text(step: SearchStep, url: str, lczip_max_nrows: int) -> str:
    if step.kind == "query timeout":
        return (
            f"Query sent to background after {_TIMEOUT_S} seconds. The query is still "
            f"running, check {url} for results later."
        )
    if step.kind == "zip timeout":
        # the server has these two values the wrong way round
        return (
            f"Query sent to background after {url} seconds. Query is complete, but light "
            "curves of matching objects are still being zipped. Check "
            f"{2 * _TIMEOUT_S} for results later"
        )
    return (
        f"Dataset pickle generation complete. There are more than {lczip_max_nrows} light "
        f"curves to collect, so we won't generate a a ZIP file. See {url} for dataset object "
        "lists and a CSV."
    )


def _shown_arguments(dialect: Dialect, request: SearchRequest) -> dict[str, object]:
    if dialect == "running":
        return dict(request.arguments)
    left_out = ("results_", "dataset_")
    shown = {k: v for k, v in request.arguments.items() if not k.startswith(left_out)}
    return {**shown, "result_ispublic": request.visibility == "public"}


def _final_result(dialect: Dialect, step: SearchStep, url: str) -> dict[str, object]:
    dataset = step.dataset
    assert dataset is not None
    result: dict[str, object] = {
        "setid": dataset.setid,
        "seturl": url,
        "created": dataset.created.isoformat(),
        "updated": dataset.updated.isoformat(),
        "backend_function": dataset.searchtype,
        "backend_parsedargs": dataset.searchargs,
    }
    if dialect == "documented":
        return {**result, "nobjects": len(dataset.rows)}
    return {
        **result,
        "owner": dataset.owner,
        "visibility": dataset.visibility,
        "sharedwith": dataset.sharedwith,
        "total_nmatches": dataset.total_nmatches,
        "actual_nrows": len(dataset.rows),
        "npages": dataset.npages,
        "rows_per_page": dataset.rows_per_page,
    }
