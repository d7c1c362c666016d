"""What the server answers: its stream, its lists, its datasets, its headers."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import requests
import urllib3

from lccmirror.daemon.protocol import line, read_event, read_request
from lccmirror.errors import FormatError, LccMirrorError, ServerError
from lccmirror.formats.object_info import read_object_file, understand
from lccmirror.server import SearchEvent
from lccmirror.server.classify import (
    check_json_start,
    check_no_page,
    check_status,
    plain,
)
from lccmirror.server.gunzip import gunzipped
from lccmirror.server.jsonfile import read_outline
from lccmirror.server.keystore import parse_time
from lccmirror.server.mended import Mended
from lccmirror.server.parse_dataset import parse_dataset, read_rows
from lccmirror.server.parse_lists import (
    parse_collections,
    parse_datasets,
    read_list_outline,
)
from lccmirror.server.reply import Reply
from lccmirror.server.retry import http_date, retry_after
from lccmirror.server.services import read_object_answer
from lccmirror.server.sidecar import content_range, load_sidecar, of_reply, same_version
from lccmirror.server.stats import Stats
from lccmirror.server.streams import read_search

from . import seeds
from .target import Target, find, pieces, storable

_JSON_WORDS = tuple(
    b'" { } [ ] , : \\u \\ud800 \\udc00 \\n null true false NaN Infinity 1e999 -0 '
    b"9223372036854775808 1.0 \xed\xa0\x80 \xff".split(b" ")
)


def _outcome(call: Callable[[], Any]) -> Any:
    """Return what `call` gives, or the type of its error."""
    try:
        return call()
    except LccMirrorError as error:
        return type(error)


def _events(chunks: tuple[bytes, ...]) -> tuple[list[SearchEvent], type | None]:
    events: list[SearchEvent] = []
    try:
        events.extend(read_search(chunks, "conesearch"))
    except ServerError as error:
        return events, type(error)
    return events, None


def _stream(data: bytes, folder: Path) -> None:
    del folder
    events: list[SearchEvent] = []
    for step in (1, 7):
        if _events((data,)) != _events(pieces(data, step)):
            find(f"other events when it comes in pieces of {step}")
    for event in read_search((data,), "conesearch"):
        events.append(event)
        storable(list(asdict(event).values()))
        if not event.message.isprintable():
            find("a message that is not printable")


def _datasets(data: bytes, folder: Path) -> None:
    del folder
    file = io.BytesIO(data)
    outline, nfound = read_list_outline(file, "list of datasets")
    storable(nfound)
    problems: list[str] = []
    items = list(parse_datasets(file, "list of datasets", problems))
    for one in items:
        storable(list(asdict(one).values()))
    if any(not problem.isprintable() for problem in problems):
        find("a problem that is not printable")
    nresult = outline.lengths.get("result")
    if nresult is not None and nresult != len(items) + len(problems):
        find(f"{nresult} items, of which {len(items)} understood and {len(problems)} not")
    plain_ = _plain_json(data)
    if plain_ is not None:
        theirs = [one.get("setid") for one in plain_["result"] if isinstance(one, dict)]
        if not {one.setid for one in items} <= {one for one in theirs if isinstance(one, str)}:
            find("a setid that is not in the JSON")


def _plain_json(data: bytes) -> dict[str, Any] | None:
    """Read an object with a list of results in the plainest way, if it is one without traps."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("which of them counts is not said")
        return dict(pairs)

    try:
        value = json.loads(data.decode(), object_pairs_hook=once)
    except (ValueError, RecursionError):
        return None
    good = isinstance(value, dict) and isinstance(value.get("result"), list)
    return value if good else None


def _dataset(data: bytes, folder: Path) -> None:
    del folder
    file = io.BytesIO(data)
    header, _ = parse_dataset(file, "AbCdEfGhIjK", 1, "dataset AbCdEfGhIjK")
    shown = asdict(header)
    storable(shown)
    json.dumps(shown)
    rows = 0
    for _row in read_rows(file, "dataset AbCdEfGhIjK"):
        rows += 1
    outline = read_outline(Mended(file, "it"), "it", count_only=frozenset({"rows"}))
    if outline.lengths.get("rows") not in (rows, None):
        find(f"{rows} rows where the outline counts {outline.lengths['rows']}")


def _collections(data: bytes, folder: Path) -> None:
    del folder
    _, found = parse_collections(io.BytesIO(data), "list of collections")
    for one in found:
        storable(list(asdict(one).values()))


def _object(data: bytes, folder: Path) -> None:
    answer = read_object_answer(data)
    info = understand(answer, "HAT-123-0004567", 1_000_000)
    storable(
        [value for value in vars(info).values() if not isinstance(value, dict | bytes | tuple)]
    )
    storable([list(asdict(period).values()) for period in info.periods])
    for problem in info.problems:
        if not problem.isprintable():
            find("a problem that is not printable")
    json.loads(info.info)
    path = folder / "object.json.gz"
    path.write_bytes(info.file)
    again = understand(read_object_file(path, 1 << 24), "HAT-123-0004567", 1_000_000)
    if again.file != info.file or again.info != info.info:
        find("what is kept of an answer is understood in another way than the answer")


def _gzip(data: bytes, folder: Path) -> None:
    del folder
    limit = 1 << 20

    def unpacked(chunks: tuple[bytes, ...]) -> bytes | None:
        content = b""
        for piece in gunzipped(chunks, "an answer"):
            if len(piece) > 1 << 16:
                find("a piece of more than 64 KiB")
            content += piece
            if len(content) > limit:
                return None  # how much comes before damage is noticed depends on the pieces
        return content

    whole = _outcome(lambda: unpacked((data,)))
    cut = _outcome(lambda: unpacked(pieces(data, 3)))
    if whole != cut and None not in (whole, cut):
        find("another content when it comes in pieces")


def _reply(status: int, headers: dict[str, str], body: bytes) -> Reply:
    """Return the reply that this answer of a server becomes."""
    response = requests.Response()
    response.status_code = status
    response.headers = requests.structures.CaseInsensitiveDict(headers)
    response.request = requests.Request("GET", "http://host/d/x.csv").prepare()
    response.raw = urllib3.HTTPResponse(
        io.BytesIO(body), headers, status, preload_content=False
    )
    return Reply(response, "file /d/x.csv", Stats(), lambda: None)


def _headers(data: bytes, folder: Path) -> None:
    """First a line with the status, then the headers, then a blank line and the body."""
    head, _, body = data.partition(b"\n\n")
    status, *given = head.decode("latin-1").split("\n")
    pairs = dict(one.split(":", 1) for one in given if ":" in one)
    pairs = {name: value for name, value in pairs.items() if name and name.isascii()}
    code = int(status) if status.isascii() and status.isdigit() and len(status) == 3 else 500
    now = 1_800_000_000.0
    for value in (status, *pairs.values()):
        wait = retry_after(value, now)
        if wait is not None and not 0 <= wait <= 1e9:
            find(f"a wait of {wait}")
        moment = http_date(value)
        if moment is not None and not -7e10 < moment < 3e11:
            find(f"a date of {moment} s")
        time = parse_time(value)
        if time is not None:
            time.isoformat()
    with _reply(code, pairs, body) as reply:
        span = content_range(reply)
        if span is not None and not 0 <= span[0] <= span[1] < span[2]:
            find(f"a range of {span}")
        storable([reply.length, reply.content_type])
        version = of_reply("/d/x.csv", reply, reply.length)
        if not same_version(version.info, version.info):
            find("a file of another version than itself")
        (folder / "part.json").write_bytes(body)
        load_sidecar(folder / "part")
        if code == 206:
            content = b"".join(reply.chunks(1000))
            if len(content) > 1000:
                find("more than the limit")
            check_json_start(reply, content[:200])
        check_no_page(reply)
        check_status(reply, now)


def _messages(data: bytes, folder: Path) -> None:
    """What somebody on this machine says at the control socket, or in the daemon's place."""
    del folder
    words = plain(data.decode("utf-8", "surrogateescape"))
    if not words.isprintable() or len(words) > 3000:
        find("plain text that is none")
    kinds = (read_request, read_event)
    problems = []
    for read in kinds:
        try:
            message = read(data)
        except FormatError as error:
            problems.append(error)
            continue
        line(message)
    if len(problems) == len(kinds):
        raise problems[0]


_S = "lccmirror.server."
TARGETS = (
    Target(
        "stream",
        _stream,
        (f"{_S}streams", f"{_S}fields"),
        seeds.streams,
        (*_JSON_WORDS, b'"status": "ok"', b'"setid"', b'"failed"', b'"background"', b"queued"),
    ),
    Target(
        "datasets",
        _datasets,
        (f"{_S}parse_lists", f"{_S}jsonfile", f"{_S}mended", f"{_S}fields"),
        seeds.dataset_lists,
        (*_JSON_WORDS, b'"result"', b'"setid"', b"found 3 datasets in total", b'"message"'),
    ),
    Target(
        "dataset",
        _dataset,
        (f"{_S}parse_dataset", f"{_S}jsonfile", f"{_S}mended", f"{_S}wire"),
        seeds.dataset_jsons,
        (*_JSON_WORDS, b'"rows"', b'"page_slices"', b'"columns"', b'"coldesc"', b'"result"'),
    ),
    Target(
        "collections",
        _collections,
        (f"{_S}parse_lists", f"{_S}jsonfile", f"{_S}mended", f"{_S}fields"),
        seeds.collection_lists,
        (*_JSON_WORDS, b'"db_collection_id"', b'"columnjson"', b'"collections"'),
    ),
    Target(
        "object",
        _object,
        (
            "lccmirror.formats.object_info",
            "lccmirror.formats.object_pictures",
            "lccmirror.formats.png",
        ),
        seeds.object_infos,
        (*_JSON_WORDS, b'"finderchart"', b'"pfmethods"', b'"nbestperiods"', b"iVBORw0KGgo"),
        max_len=8192,
    ),
    Target("gzip", _gzip, (f"{_S}gunzip",), seeds.gzips, (b"\x1f\x8b\x08",)),
    Target(
        "headers",
        _headers,
        (f"{_S}retry", f"{_S}sidecar", f"{_S}classify", f"{_S}reply"),
        seeds.headers,
        (
            *(b"Retry-After:", b"Date:", b"Content-Range: bytes ", b"ETag:", b"Last-Modified:"),
            *(b"Content-Length:", b"Content-Type: application/json", b"Thu, 01 Jan 1970"),
            *(b"00:00:00 GMT", b"-2400", b"9999", b"<title>", b"</title>", b"&#x", b"chunked"),
        ),
        max_len=1024,
    ),
    Target(
        "messages",
        _messages,
        ("lccmirror.daemon.protocol",),
        seeds.messages,
        (*_JSON_WORDS, b'"say"', b'"search run"', b'"done"', b'"failed"'),
        max_len=1024,
    ),
)
