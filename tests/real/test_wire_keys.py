"""What WIRE.md states of keys, refusals and the rate limit, held against the real server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.real.conftest import ServerMaker
from tests.real.searches import columnsearch
from tests.real.server import RealServer
from tests.real.waiting import wait_for
from tests.real.wire import Answer, Wire

# Tornado believes this header, as it must behind a proxy: the caller's address, to order.
ELSEWHERE = {"X-Real-Ip": "192.0.2.7"}
UNGUARDED_REQUESTS = 25


@pytest.fixture
def anonymous(real_server: RealServer) -> Wire:
    return Wire(real_server.url)


@pytest.fixture
def keyed(anonymous: Wire) -> Wire:
    return anonymous.with_new_key()


def is_html(answer: Answer) -> bool:
    return answer.headers.get_content_type() == "text/html"


def test_a_key_comes_with_its_end_in_utc(anonymous: Wire) -> None:
    document = anonymous.get("/api/key").json()
    assert document["status"] == "ok"
    assert set(document["result"]) == {"apikey", "expires"}
    assert document["result"]["expires"].endswith("Z")


def test_a_new_key_is_not_given_to_a_caller_that_shows_one(keyed: Wire) -> None:
    answer = keyed.get("/api/key")
    assert answer.status == 200
    assert answer.json()["status"] == "failed"
    assert answer.json()["result"] is None


def test_a_bad_key_is_refused_even_where_none_is_needed(anonymous: Wire) -> None:
    bad = Wire(anonymous.url, "bad")
    for path in ("/api/key", "/api/collections", "/api/datasets", "/d/dataset-x.csv"):
        answer = bad.get(path)
        assert answer.status == 401, path
        assert answer.json()["status"] == "failed", path
    assert anonymous.get("/api/datasets").status == 200


def test_a_key_is_checked_by_verify_and_not_by_the_documented_auth(keyed: Wire) -> None:
    answer = keyed.post("/api/verify")
    assert answer.status == 200
    document = answer.json()
    assert document["status"] == "ok"
    assert document["result"] is None
    assert len(document["message"]) == 1  # a list; elsewhere it is a string
    assert keyed.get("/api/verify").status == 405
    documented = keyed.post(f"/api/auth?key={keyed.key}")
    assert documented.status == 404
    assert is_html(documented)


def test_a_key_is_bound_to_the_callers_address(keyed: Wire) -> None:
    assert keyed.get("/api/datasets").status == 200
    assert keyed.get("/api/datasets", ELSEWHERE).status == 401
    assert keyed.get("/api/datasets").status == 200


def test_the_second_word_of_the_header_is_the_key(anonymous: Wire) -> None:
    key = anonymous.new_key()
    for value, status in (
        (f"Bearer {key}", 200),
        (f"Token {key}", 200),
        (f"Bearer: {key}", 200),
        (key, 401),
    ):
        answer = anonymous.post("/api/verify", headers={"Authorization": value})
        assert answer.status == status, value.partition(" ")[0]


def test_searching_needs_a_key_and_a_post(anonymous: Wire, keyed: Wire) -> None:
    search = columnsearch("(ndet gt 0)")
    assert anonymous.post("/api/columnsearch", search.form).status == 403
    assert keyed.get("/api/columnsearch?filters=x").status == 405


def test_cookies_come_without_a_key_only(anonymous: Wire, keyed: Wire) -> None:
    assert "Set-Cookie" in anonymous.get("/api/collections").headers
    assert "Set-Cookie" not in keyed.get("/api/collections").headers


def test_a_key_outlives_the_server(make_server: ServerMaker) -> None:
    server = make_server()
    wire = Wire(server.url).with_new_key()
    server.restart()
    assert wire.post("/api/verify").status == 200


def test_a_young_key_is_limited_after_a_burst_of_25_and_a_new_one_is_not(
    make_server: ServerMaker,
) -> None:
    anonymous = Wire(make_server(rate_limit_active=True).url)

    def refused_burst() -> list[Answer] | None:
        wire = anonymous.with_new_key()
        with ThreadPoolExecutor(max_workers=8) as pool:
            answers = list(pool.map(wire.get, ["/d/dataset-x.csv"] * 50))
        return answers if any(answer.status == 429 for answer in answers) else None

    # The limit is ten a second on average; a busy machine may be too slow for it at times.
    answers = wait_for("a burst faster than the limit", refused_burst, deadline_s=60)
    refused = [answer for answer in answers if answer.status == 429]
    assert len(answers) - len(refused) >= UNGUARDED_REQUESTS
    assert refused[0].headers["Retry-After"] == "120"
    assert refused[0].json()["status"] == "failed"
    assert refused[0].json()["result"]["rate"] > 600
    assert anonymous.with_new_key().get("/api/collections").status == 200
