"""Every way of the server to say something, and what the client makes of it."""

from __future__ import annotations

import hashlib
import json
from email.utils import formatdate

import pytest

from lccmirror import errors
from lccmirror.errors import LccMirrorError
from lccmirror.server import RetryPolicy
from tests.support.clients import client_for
from tests.support.scripted import (
    Answer,
    ScriptedServer,
    gzip_answer,
    html_answer,
    json_answer,
    key_refusal,
)
from tests.support.timing import FakeTime

EMPTY_LIST = {
    "status": "failed",
    "result": None,
    "message": "No datasets matching query parameters were found.",
}
PRIVATE = {"status": "failed", "message": "You don't have access to this dataset."}
FAILED = {"status": "failed", "result": None, "message": "Not <b>today</b>.<br>Sorry."}


def asked(answer: Answer, what: str = "collections") -> LccMirrorError:
    """Return the error a first request meets."""
    with (
        ScriptedServer(lambda request: answer) as server,
        client_for(server, anonymous_fallback=False) as client,
        pytest.raises(LccMirrorError) as caught,
    ):
        client.collections() if what == "collections" else client.dataset("abc")
    return caught.value


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (key_refusal(), errors.KeyRefused),
        (html_answer("<html>no</html>", 401), errors.AccessDenied),
        (json_answer(PRIVATE, 401), errors.AccessDenied),
        (json_answer({"status": "failed", "message": "no access"}, 403), errors.AccessDenied),
        (html_answer("<html>gone</html>", 410), errors.NotAnLccServer),
        (html_answer("<html>no</html>", 404), errors.NotAnLccServer),
        (html_answer("<html>no</html>", 405), errors.RequestRefused),
        (json_answer(FAILED, 400), errors.RequestRefused),
        (json_answer(FAILED, 429), errors.RateLimited),
        (html_answer("<html>500: Internal Server Error</html>", 500), errors.ServerFault),
        (html_answer("<html>busy</html>", 503), errors.ServerFault),
        (Answer(408), errors.Unreachable),
        (json_answer(FAILED), errors.RequestRefused),
        (json_answer({"result": []}), errors.ProtocolError),
        (html_answer("  <!DOCTYPE html><html>log in</html>"), errors.NotAnLccServer),
        (json_answer([1, 2]), errors.ProtocolError),
        (Answer(200, b"hello"), errors.ProtocolError),
        (Answer(200, b'{"status": nonsense}'), errors.TransientError),
        (Answer(200, b""), errors.CutShort),
        (Answer(204), errors.ProtocolError),
        (Answer(304), errors.ProtocolError),
        (Answer(raw=b"SSH-2.0-OpenSSH_9.2\r\n"), errors.NotAnLccServer),
    ],
)
def test_each_way_of_saying_no_is_its_own_error(
    answer: Answer, kind: type[LccMirrorError]
) -> None:
    error = asked(answer)
    assert isinstance(error, kind), repr(error)


def test_the_servers_words_come_through_without_html() -> None:
    assert "Not today. Sorry." in asked(json_answer(FAILED)).message


def test_control_characters_in_the_servers_words_are_escaped() -> None:
    error = asked(json_answer({"status": "failed", "message": "a\x1b[31mred\u202e"}, 400))
    assert "\x1b" not in str(error)
    assert "\u202e" not in str(error)


def test_a_dataset_that_is_not_there_is_not_found() -> None:
    answer = json_answer({"status": "failed", "message": "doesn't exist"}, 404)
    assert isinstance(asked(answer, "dataset"), errors.NotFound)


def test_an_error_page_without_end_is_not_read_to_its_end() -> None:
    assert isinstance(asked(html_answer("x" * 10_000_000, 404), "dataset"), errors.NotFound)


def test_a_server_that_fails_for_a_moment_is_asked_again() -> None:
    good = json_answer(EMPTY_LIST)
    script = [html_answer("<html>", 500), Answer(503), Answer(cut_header_at=20), good]
    with (
        ScriptedServer(script) as server,
        client_for(server) as client,
        client.datasets() as answer,
    ):
        assert (answer.nfound, list(answer.items())) == (0, [])
    assert client.stats.retries == 3
    assert client.stats.requests == 4


def test_gzip_is_unpacked() -> None:
    with (
        ScriptedServer([gzip_answer(json.dumps(EMPTY_LIST).encode())]) as server,
        client_for(server) as client,
        client.datasets() as answer,
    ):
        assert answer.nfound == 0
    assert server.requests[0].headers["accept-encoding"] == "gzip"


def test_a_gzip_bomb_is_stopped_at_the_limit() -> None:
    bomb = gzip_answer(b'{"status": "' + b"x" * 50_000_000)
    with (
        ScriptedServer([bomb]) as server,
        client_for(server, max_json=1_000_000) as client,
        pytest.raises(errors.TooLarge),
    ):
        client.collections()


def test_a_large_answer_is_stopped_at_the_limit() -> None:
    with (
        ScriptedServer([Answer(200, b"{" + b" " * 3_000_000)]) as server,
        client_for(server, max_json=1_000_000) as client,
        pytest.raises(errors.TooLarge),
    ):
        client.collections()


@pytest.mark.parametrize(
    "damaged",
    [
        Answer(200, b'{"status": "ok"}', cut_at=5),
        Answer(200, b'{"status": "ok"', sized=False),
        Answer(200, chunks=[b'{"status"'], cut_at=0),
        Answer(200, chunks=[b'{"status"'], cut_at=0, reset=True),
        Answer(200, b"\x1f\x8b\x08\x00garbage", [("Content-Encoding", "gzip")]),
        Answer(
            200,
            gzip_answer(json.dumps(EMPTY_LIST).encode()).body[:-12],
            [("Content-Encoding", "gzip")],
        ),
    ],
)
def test_a_body_that_broke_off_is_fetched_again(damaged: Answer) -> None:
    with (
        ScriptedServer([damaged, json_answer(EMPTY_LIST)]) as server,
        client_for(server) as client,
        client.datasets() as answer,
    ):
        assert answer.nfound == 0
    assert len(server.requests) == 2


def tagged(content: bytes, tag: str) -> Answer:
    return Answer(200, content, [("ETag", tag), ("Content-Type", "application/json")])


def sha1_of(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


LIST = json.dumps(EMPTY_LIST).encode()


@pytest.mark.parametrize("form", ['"{}"', 'W/"{}"'])
def test_an_answer_that_is_not_what_its_etag_says_is_fetched_again(form: str) -> None:
    tag = form.format(sha1_of(LIST))
    spoilt = LIST.replace(b"No datasets", b"no datasets")
    with (
        ScriptedServer([tagged(spoilt, tag), tagged(LIST, tag)]) as server,
        client_for(server) as client,
    ):
        client.datasets().close()
    assert len(server.requests) == 2


def test_an_etag_of_another_kind_costs_one_request_and_no_more() -> None:
    tag = f'"{"ab" * 20}"'
    with (
        ScriptedServer([tagged(LIST, tag)] * 4) as server,
        client_for(server) as client,
    ):
        for _ in range(3):
            client.datasets().close()
    assert len(server.requests) == 4


def test_where_etags_do_agree_each_one_that_does_not_is_looked_at() -> None:
    good, odd = tagged(LIST, f'"{sha1_of(LIST)}"'), tagged(LIST, f'"{"ab" * 20}"')
    with (
        ScriptedServer([good, odd, odd, odd, odd, good]) as server,
        client_for(server) as client,
    ):
        for _ in range(4):
            client.datasets().close()
    assert len(server.requests) == 6


@pytest.mark.parametrize("tag", ['"abc"', '"v1"', "", f'"{"AB" * 20}"', f"{'ab' * 20}"])
def test_an_etag_that_is_no_sha1_says_nothing(tag: str) -> None:
    with (
        ScriptedServer([tagged(LIST, tag)]) as server,
        client_for(server) as client,
    ):
        client.datasets().close()
    assert len(server.requests) == 1


def test_who_asks_once_only_compares_nothing() -> None:
    patience = RetryPolicy(attempts=4, total_s=0.0)
    with (
        ScriptedServer([tagged(LIST, f'"{"ab" * 20}"')]) as server,
        client_for(server, retry=patience) as client,
    ):
        client.datasets().close()
    assert len(server.requests) == 1


def test_a_packing_we_did_not_ask_for_is_a_protocol_error() -> None:
    error = asked(Answer(200, b"{}", [("Content-Encoding", "br")]))
    assert isinstance(error, errors.ProtocolError)


def test_retry_after_of_a_429_is_waited_for_by_the_servers_own_clock() -> None:
    time = FakeTime()
    # the server's clock is a day ahead of ours
    ahead = time.wall() + 86_400
    refusal = json_answer(
        FAILED, 429, headers=[("Retry-After", formatdate(ahead + 40, usegmt=True))], dated=ahead
    )
    with (
        ScriptedServer([refusal, json_answer(EMPTY_LIST)]) as server,
        client_for(server, time=time) as client,
        client.datasets(),
    ):
        pass
    assert sum(time.waits) == pytest.approx(40, abs=2)
    assert len(server.requests) == 2
