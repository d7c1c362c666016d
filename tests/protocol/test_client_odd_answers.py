"""Answers that make no sense are the server's fault, never an accident of ours."""

from __future__ import annotations

import gzip
import json
import zlib
from urllib.parse import urlsplit

import pytest

from lccmirror import errors
from lccmirror.server.guard import Guard, guarded_pools
from tests.support.clients import client_for
from tests.support.scripted import Answer, ScriptedServer, json_answer
from tests.support.timing import FakeTime

EMPTY = {"status": "ok", "result": [], "message": "found 0 datasets in total"}


@pytest.mark.parametrize("location", ["http://[::1/api/datasets", "http://[nonsense]/"])
def test_a_redirect_to_what_is_no_url_is_an_error_of_the_server(location: str) -> None:
    moved = Answer(302, b"", [("Location", location)])
    with (
        ScriptedServer([moved]) as server,
        client_for(server) as client,
        pytest.raises(errors.ServerError),
    ):
        client.datasets()


def test_a_length_of_thousands_of_digits_is_no_length() -> None:
    answer = json_answer(EMPTY, sized=False, headers=[("Content-Length", "9" * 5000)])
    with ScriptedServer([answer]) as server, client_for(server) as client:
        client.datasets().close()


@pytest.mark.parametrize("key", ["result", "message", "unknown"])
def test_json_nested_without_end_is_refused_before_it_fills_the_memory(key: str) -> None:
    deep = b'{"status": "ok", "%s": %s}' % (key.encode(), b"[" * 300_000)
    with (
        ScriptedServer([Answer(200, deep, [("Content-Type", "application/json")])]) as server,
        client_for(server) as client,
        pytest.raises(errors.ProtocolError, match="nested"),
    ):
        client.datasets()


def test_of_a_million_items_that_make_no_sense_some_are_told() -> None:
    answer = {**EMPTY, "result": [0] * 20_000}
    with (
        ScriptedServer([json_answer(answer)]) as server,
        client_for(server) as client,
        client.datasets() as datasets,
    ):
        assert list(datasets.items()) == []
        assert len(datasets.problems) == 10_000


_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def _chunked(*behind: bytes, answer: object = EMPTY) -> bytes:
    body = json.dumps(answer).encode()
    return b"%bTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n%b\r\n" % (
        *(_OK, len(body), body),
        b"".join(behind),
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n" * 400_000 + _chunked(),
        _chunked(b"X-More: of it\r\n" * 600_000),
    ],
    ids=["interim answers", "headers behind the body"],
)
def test_headers_without_end_are_not_read_for_ever(raw: bytes) -> None:
    with (
        ScriptedServer([Answer(raw=raw), json_answer(EMPTY)]) as server,
        client_for(server) as client,
    ):
        client.datasets().close()
        assert len(server.requests) == 2


def test_an_answer_may_be_longer_than_headers_may() -> None:
    items = [{"setid": f"set{number}", "description": "x" * 1_000_000} for number in range(12)]
    with (
        ScriptedServer([Answer(raw=_chunked(answer={**EMPTY, "result": items}))]) as server,
        client_for(server) as client,
        client.datasets() as datasets,
    ):
        assert [one.setid for one in datasets.items()] == [one["setid"] for one in items]


def test_gzips_of_nothing_without_end_are_refused() -> None:
    packed = gzip.compress(b"") * 2_000 + gzip.compress(json.dumps(EMPTY).encode())
    headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")]
    with (
        ScriptedServer([Answer(200, packed, headers)]) as server,
        client_for(server) as client,
        pytest.raises(errors.ProtocolError, match="too many pieces"),
    ):
        client.datasets()


def test_a_gzip_that_never_gives_a_byte_is_stopped_at_the_limit() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    begun = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    packed = begun + b"\0\0\0\xff\xff" * 400_000 + packer.compress(b"{}") + packer.flush()
    headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")]
    with (
        ScriptedServer([Answer(200, packed, headers)]) as server,
        client_for(server, max_json=10_000) as client,
        pytest.raises(errors.TooLarge),
    ):
        client.datasets()


def test_what_follows_an_answer_without_a_body_is_not_read() -> None:
    raw = b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nmore\r\n"
    guard = Guard(FakeTime().timing())
    with ScriptedServer([Answer(raw=raw)]) as server:
        site = urlsplit(server.url)
        assert site.hostname is not None
        with guarded_pools(guard)["http"](site.hostname, site.port) as pool:
            answer = pool.urlopen("GET", "/", preload_content=False)
            assert answer.read1(1000) == b""
