"""The misbehaving server does what it is ordered to, and only that."""

from __future__ import annotations

import gzip
import http.client
import json
import threading
from collections.abc import Iterator

import pytest

from tests.support import misbehaving as mis
from tests.support.misbehaving import MisbehavingServer
from tests.support.rawhttp import RawClient, raw_client


@pytest.fixture
def server() -> Iterator[MisbehavingServer]:
    with MisbehavingServer(objects=10, points=(5, 9), rows_per_page=5) as server:
        yield server


@pytest.fixture
def client(server: MisbehavingServer) -> Iterator[RawClient]:
    with raw_client(server.url) as client:
        yield client


@pytest.fixture
def csv(server: MisbehavingServer) -> str:
    return f"/d/dataset-{server.make_dataset('columnsearch')}.csv"


def test_a_rule_takes_as_many_requests_as_it_is_told(
    server: MisbehavingServer, client: RawClient
) -> None:
    rule = server.add("/api/collections", mis.status(503), times=2, skip=1)
    statuses = [client.get("/api/collections").status for _ in range(5)]
    assert statuses == [200, 503, 503, 200, 200]
    assert rule.fired == 2
    assert client.get("/api/datasets").status == 200
    assert [e.rule for e in server.requests] == [
        None,
        "/api/collections",
        "/api/collections",
        None,
        None,
        None,
    ]


def test_rules_can_look_at_method_and_headers(
    server: MisbehavingServer, client: RawClient, csv: str
) -> None:
    server.add("/d/", mis.status(500), method="HEAD", times=None)
    server.add("/d/", mis.status(502), when=lambda r: "range" in r.headers, times=None)
    assert client.ask("HEAD", csv).status == 500
    assert client.get(csv, Range="bytes=5-").status == 502
    assert client.get(csv).status == 200
    server.behave()
    assert client.ask("HEAD", csv).status == 200


def test_refusals(server: MisbehavingServer, client: RawClient) -> None:
    server.add("/api", mis.status(401, as_json=True))
    server.add("/api", mis.status(401))
    server.add("/api", mis.rate_limited("Wed, 21 Oct 2026 07:28:00 GMT"))
    server.add("/api", mis.rate_limited(None))
    assert client.get("/api/datasets").json()["status"] == "failed"
    assert client.get("/api/datasets").headers["Content-Type"].startswith("text/html")
    assert client.get("/api/datasets").headers["Retry-After"].endswith("GMT")
    last = client.get("/api/datasets")
    assert (last.status, last.headers["Retry-After"]) == (429, None)


def test_other_answers(server: MisbehavingServer, client: RawClient) -> None:
    server.add("/api", mis.redirect(""))
    server.add("/api", mis.redirect("http://foreign.invalid/"))
    server.add("/api", mis.html_instead())
    server.add("/api", mis.glued({"a": 1}, {"b": 2}))
    server.add("/api", mis.phantom_not_modified())
    server.add("/api", mis.gzip_bomb(10_000_000))
    server.add("/api", mis.altered_body(lambda b: b.replace(b"ok", b"\xff\xfe")))
    assert client.get("/api/datasets").headers["Location"] == "/api/datasets"
    assert client.get("/api/datasets").headers["Location"] == "http://foreign.invalid/"
    assert client.get("/api/datasets").body.startswith(b"<!doctype")
    assert client.get("/api/datasets").body == b'{"a": 1}{"b": 2}'
    assert client.get("/api/datasets").status == 304
    bomb = client.get("/api/datasets").body
    assert len(bomb) < 20_000
    assert len(gzip.decompress(bomb)) == 10_000_000
    assert b"\xff\xfe" in client.get("/api/collections", Accept_Encoding="gzip").body


def test_a_cut_body_is_short_of_its_length(
    server: MisbehavingServer, client: RawClient, csv: str
) -> None:
    server.add("/d/", mis.cut(100))
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.get(csv)
    assert len(caught.value.partial) == 100
    assert server.requests[-1].sent == 100


def test_a_cut_body_without_a_length_looks_whole(
    server: MisbehavingServer, client: RawClient, csv: str
) -> None:
    server.add("/d/", mis.cut(100, declared=False))
    assert len(client.get(csv).body) == 100


def test_a_cut_stream_lacks_its_end(server: MisbehavingServer, client: RawClient) -> None:
    client.take_key()
    server.add("/api/columnsearch", mis.cut(80))
    with pytest.raises(http.client.IncompleteRead):
        client.search("columnsearch", {"filters": "(ndet gt 0)"})


@pytest.mark.parametrize("within_head", [False, True])
def test_a_reset(server: MisbehavingServer, client: RawClient, within_head: bool) -> None:
    server.add("/api/datasets", mis.reset(within_head=within_head))
    with pytest.raises(ConnectionResetError):
        client.get("/api/datasets")
    client.close()
    assert client.get("/api/datasets").status == 200


def test_a_reset_in_the_body(server: MisbehavingServer, client: RawClient, csv: str) -> None:
    server.add("/d/", mis.cut(100, by_reset=True))
    with pytest.raises(ConnectionResetError):
        client.get(csv)


def test_wrong_lengths(server: MisbehavingServer, client: RawClient, csv: str) -> None:
    honest = client.get(csv).body
    server.add("/d/", mis.wrong_length(+10))
    server.add("/d/", mis.wrong_length(-10))
    with pytest.raises(http.client.IncompleteRead):
        client.get(csv)
    client.close()
    assert client.get(csv).body == honest[:-10]


def test_another_version_comes_for_a_range(
    server: MisbehavingServer, client: RawClient, csv: str
) -> None:
    server.add("/d/", mis.other_version(b"0123456789" * 100))
    part = client.get(csv, Range="bytes=5-")
    assert part.status == 206
    assert part.headers["Content-Range"] == "bytes 5-999/1000"
    assert part.body.startswith(b"56789")


def test_a_part_of_a_file_passes_for_the_whole(
    server: MisbehavingServer, client: RawClient, csv: str
) -> None:
    honest = client.get(csv)
    server.add("/d/", mis.growing(0.5))
    part = client.get(csv)
    assert part.body == honest.body[: len(honest.body) // 2]
    assert int(part.headers["Content-Length"]) == len(part.body)
    assert part.headers["Etag"] == honest.headers["Etag"]


def test_a_changed_header(server: MisbehavingServer, client: RawClient, csv: str) -> None:
    server.add("/d/", mis.header("Etag", '"stale"'))
    server.add("/d/", mis.header("Content-Range", "bytes 9-9/9"))
    assert client.get(csv).headers["Etag"] == '"stale"'
    assert client.get(csv, Range="bytes=5-").headers["Content-Range"] == "bytes 9-9/9"


def test_an_empty_page(server: MisbehavingServer, client: RawClient, csv: str) -> None:
    setid = server.datasets()[0].setid
    server.add("/set/", mis.empty_page())
    assert client.get(f"/set/{setid}?json=1").json()["rows"] == []
    assert len(client.get(f"/set/{setid}?json=1").json()["rows"]) == 5


@pytest.mark.parametrize("word", ["queued", "running"])
def test_a_stream_ends_too_early(
    server: MisbehavingServer, client: RawClient, word: str
) -> None:
    client.take_key()
    server.add("/api/columnsearch", mis.stream_ends_after(word))
    reply = client.search("columnsearch", {"filters": "(ndet gt 0)"})
    assert reply.status == 200
    assert json.loads(reply.body.splitlines()[-1])["status"] == word


def test_a_hanging_request_goes_on_when_it_is_released(server: MisbehavingServer) -> None:
    until = threading.Event()
    server.add("/api/datasets", mis.hang(until))
    replies: list[int] = []

    def ask() -> None:
        with raw_client(server.url) as client:
            replies.append(client.get("/api/datasets").status)

    thread = threading.Thread(target=ask)
    thread.start()
    with raw_client(server.url) as client:
        assert client.get("/api/collections").status == 200
    assert replies == []
    until.set()
    thread.join(10)
    assert replies == [200]


def test_closing_releases_what_hangs() -> None:
    failures: list[BaseException] = []
    arrived = threading.Event()
    with MisbehavingServer(objects=5, points=(5, 9)) as server:

        def announced(turn: mis.Turn) -> None:
            arrived.set()
            mis.hang()(turn)

        server.add("/api/datasets", announced)

        def ask(url: str) -> None:
            with raw_client(url) as client:
                try:
                    client.get("/api/datasets")
                except (OSError, http.client.HTTPException) as error:
                    failures.append(error)

        thread = threading.Thread(target=ask, args=(server.url,))
        thread.start()
        assert arrived.wait(10)
    thread.join(10)
    assert len(failures) == 1
    assert server.web.errors == []


def test_a_trickle_sends_everything_in_the_end(
    server: MisbehavingServer, client: RawClient, csv: str
) -> None:
    pauses: list[int] = []
    server.add("/d/", mis.trickle(1000, lambda: pauses.append(1)))
    body = client.get(csv).body
    assert body == client.get(csv).body
    assert len(pauses) == -(-len(body) // 1000)


def test_actions_in_turn(server: MisbehavingServer, client: RawClient) -> None:
    server.add("/api", mis.in_turn(mis.status(500), mis.status(502)), times=None)
    assert [client.get("/api/key").status for _ in range(3)] == [500, 502, 502]


def test_the_log_has_no_keys(server: MisbehavingServer, client: RawClient) -> None:
    client.take_key()
    client.get("/api/datasets")
    assert server.requests[-1].with_key
    assert "authorization" not in server.requests[-1].headers
