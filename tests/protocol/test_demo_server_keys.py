"""The demo server's keys and rate limit are those of the real one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lccmirror.demo import DemoServer
from tests.support.clocks import ManualClock
from tests.support.rawhttp import RawClient, raw_client

DAY_S = 86400.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def server(clock: ManualClock) -> Iterator[DemoServer]:
    with DemoServer(objects=5, points=(5, 9), clock=clock, rate_limit=True) as server:
        yield server


@pytest.fixture
def client(server: DemoServer) -> Iterator[RawClient]:
    with raw_client(server.url) as client:
        yield client


def test_a_key_is_handed_out_to_whoever_has_none(client: RawClient) -> None:
    reply = client.get("/api/key")
    result = reply.json()["result"]
    assert reply.status == 200
    assert result["expires"].endswith("Z")
    assert len(result["apikey"]) > 300


def test_a_key_cannot_be_renewed_with_a_key(client: RawClient) -> None:
    client.take_key()
    reply = client.get("/api/key")
    assert reply.status == 200
    assert reply.json()["status"] == "failed"


def test_a_wrong_key_is_refused_even_where_none_is_needed(client: RawClient) -> None:
    for path in ("/api/datasets", "/api/collections", "/d/dataset-xxxxxxxxxxx.csv"):
        reply = client.get(path, Authorization="Bearer wrong")
        assert reply.status == 401
        assert reply.json()["message"].startswith("Your API key appears to be invalid")
    assert client.get("/c/demo-field-a/lcformat-description.json").status == 200


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer {}", 200),
        ("bearer  {} x", 200),
        ("Token {}", 200),
        ("{}", 401),
        ("Bearer", 401),
    ],
)
def test_the_second_word_of_the_header_is_the_key(
    client: RawClient, header: str, status: int
) -> None:
    key = client.take_key()
    assert client.get("/api/datasets", Authorization=header.format(key)).status == status


def test_a_key_ends_after_seven_days(client: RawClient, clock: ManualClock) -> None:
    client.take_key()
    clock.forward(7 * DAY_S - 1)
    assert client.get("/api/collections").status == 200
    clock.forward(1)
    assert client.get("/api/collections").status == 401


def test_a_key_is_bound_to_the_address(client: RawClient, server: DemoServer) -> None:
    client.take_key()
    server.move_client("192.0.2.7")
    assert client.get("/api/collections").status == 401
    client.take_key()
    assert client.get("/api/collections").status == 200


def test_verifying_says_so_in_a_list_and_tells_no_time_elsewhere(client: RawClient) -> None:
    client.take_key()
    answer = client.post("/api/verify").json()
    assert isinstance(answer["message"], list)
    assert answer["result"] is None
    assert client.get("/api/verify").status == 405
    assert client.post("/api/auth").status == 404


def test_a_burst_is_limited_from_its_26th_request_on(
    client: RawClient, clock: ManualClock
) -> None:
    client.take_key()
    statuses = []
    for _ in range(26):
        statuses.append(client.get("/api/collections").status)
        clock.forward(0.05)
    assert statuses == [200] * 25 + [429]


def test_the_limit_is_an_average_since_the_first_use(
    client: RawClient, clock: ManualClock
) -> None:
    client.take_key()
    client.get("/api/collections")
    clock.forward(10.0)
    statuses = [client.get("/api/collections").status for _ in range(101)]
    # ten a second are allowed, so ten seconds of rest are worth a hundred requests
    assert statuses.index(429) == 99
    refused = client.get("/api/collections")
    assert refused.headers["Retry-After"] == "120"
    clock.forward(2.0)
    assert client.get("/api/collections").status == 200


def test_requests_without_a_key_are_not_limited(client: RawClient) -> None:
    assert {client.get("/api/collections").status for _ in range(60)} == {200}


def test_a_session_cookie_is_an_identity_too(client: RawClient, server: DemoServer) -> None:
    cookie = client.get("/api/collections").headers["Set-Cookie"].partition(";")[0]
    key = client.get("/api/key", Cookie=cookie).json()["result"]["apikey"]
    form = {"filters": "(ndet gt 0)", "visibility": "private"}
    headers = {"Authorization": f"Bearer {key}"}
    stream = client.ask("POST", "/api/columnsearch", form=form, headers=headers)
    setid = stream.lines()[-1]["result"]["setid"]
    assert client.get(f"/set/{setid}?json=1", Cookie=cookie).json()["owned"] is True
    assert client.get(f"/set/{setid}?json=1").status == 401
    assert client.get("/api/collections", Cookie=cookie).headers["Set-Cookie"] is None


def test_documented_keys_are_checked_by_their_own_path() -> None:
    clock = ManualClock()
    with (
        DemoServer(dialect="documented", objects=5, points=(5, 9), clock=clock) as server,
        raw_client(server.url) as client,
    ):
        key = client.take_key()
        assert "." in key
        answer = client.post(f"/api/auth?key={key}").json()
        assert answer["result"]["expires"].endswith("Z")
        assert client.post("/api/verify").status == 404
        clock.forward(DAY_S)
        refused = client.post(f"/api/auth?key={key}")
        assert refused.status == 401
        assert refused.json()["message"] == "API key could not be verified or has expired."
