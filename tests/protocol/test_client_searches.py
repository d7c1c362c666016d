"""Searches over a real connection: sent once, read live."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from lccmirror import errors
from lccmirror.server import (
    ColumnSearch,
    ConeSearch,
    Finished,
    FulltextSearch,
    Queued,
    Search,
    XmatchSearch,
)
from tests.support.clients import client_for
from tests.support.scripted import (
    Answer,
    ScriptedServer,
    html_answer,
    json_answer,
    key_answer,
    key_refusal,
    stream_answer,
)
from tests.support.timing import FakeTime


def line(status: str, **result: Any) -> bytes:
    told = {"setid": "N1tZWPOZyxk", **result}
    return json.dumps({"status": status, "result": told, "message": status}).encode() + b"\n"


GOOD = stream_answer(line("queued"), line("running"), line("ok", actual_nrows=3))
CONE = ConeSearch((290.0, 45.0))


@pytest.mark.parametrize(
    ("search", "path"),
    [
        (CONE, "/api/conesearch"),
        (FulltextSearch("RRab"), "/api/ftsquery"),
        (ColumnSearch(filters="(sdssr lt 13)"), "/api/columnsearch"),
        (XmatchSearch((("a", 1.0, 2.0),)), "/api/xmatch"),
    ],
)
def test_each_search_is_posted_to_its_service_with_its_form(search: Search, path: str) -> None:
    with ScriptedServer([GOOD]) as server, client_for(server) as client:
        last = list(client.search(search))[-1]
    assert isinstance(last, Finished)
    assert last.actual_nrows == 3
    request = server.requests[0]
    assert (request.method, request.target) == ("POST", path)
    assert request.form == list(search.form())
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.key == "account-key"


def test_the_setid_is_known_while_the_server_still_works() -> None:
    hang = threading.Event()
    answer = stream_answer(line("queued"), hang=hang, hang_after=0)
    with ScriptedServer([answer]) as server, client_for(server) as client:
        events = client.search(CONE)
        first = next(events)
        assert isinstance(first, Queued)
        assert first.setid == "N1tZWPOZyxk"
        hang.set()
        with pytest.raises(errors.CutShort, match="N1tZWPOZyxk"):
            next(events)


@pytest.mark.parametrize("reset", [False, True])
def test_a_search_whose_stream_breaks_is_not_sent_again(reset: bool) -> None:
    answer = stream_answer(line("queued"), line("running"), cut_at=0, reset=reset)
    with ScriptedServer([answer]) as server, client_for(server) as client:
        events = client.search(CONE)
        assert next(events).setid == "N1tZWPOZyxk"
        with pytest.raises(errors.CutShort, match="N1tZWPOZyxk"):
            list(events)


@pytest.mark.parametrize("answer", [Answer(cut_header_at=0), html_answer("<html>", 500)])
def test_a_search_that_may_have_begun_is_not_sent_again(answer: Answer) -> None:
    with (
        ScriptedServer([answer]) as server,
        client_for(server) as client,
        pytest.raises(errors.TransientError),
    ):
        list(client.search(CONE))


def test_a_search_refused_for_the_rate_is_sent_again_when_told() -> None:
    time = FakeTime()
    busy = json_answer({"status": "failed"}, 429, headers=[("Retry-After", "120")])
    with ScriptedServer([busy, GOOD]) as server, client_for(server, time=time) as client:
        assert isinstance(list(client.search(CONE))[-1], Finished)
    assert time.monotonic() >= 120


def test_a_search_refused_for_the_key_is_sent_again_under_a_new_one() -> None:
    # the first key has worked once, else its refusal would be the last word
    worked = json_answer({"status": "ok", "result": []})
    script = [
        key_answer("old-old-old"),
        worked,
        key_refusal(),
        key_answer("new-new-new"),
        GOOD,
    ]
    with ScriptedServer(script) as server, client_for(server, key=None) as client:
        client.datasets().close()
        assert isinstance(list(client.search(CONE))[-1], Finished)
    assert [request.key for request in server.requests] == [
        None,
        "old-old-old",
        "old-old-old",
        None,
        "new-new-new",
    ]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(
            200,
            b'{"status": "failed", "result": null, "message": "no coords"}'
            b'{"status": "failed", "result": null, "message": "args missing"}',
            [("Content-Type", "application/json")],
        ),
        json_answer({"status": "failed", "message": "xmatch: no coords; args missing"}, 400),
    ],
)
def test_bad_arguments_are_refused_with_the_servers_reasons(answer: Answer) -> None:
    with (
        ScriptedServer([answer]) as server,
        client_for(server) as client,
        pytest.raises(errors.RequestRefused, match="no coords; args missing"),
    ):
        list(client.search(CONE))


def test_a_web_page_in_place_of_a_stream_is_no_lcc_server() -> None:
    with (
        ScriptedServer([html_answer("\n<!doctype html>")]) as server,
        client_for(server) as client,
        pytest.raises(errors.NotAnLccServer),
    ):
        list(client.search(CONE))


def test_a_message_that_is_cut_before_a_less_than_is_no_web_page() -> None:
    told = b"\n" + line("ok", message="sdssr < 13").replace(b'"ok"}', b'"ok <br>"}')
    answer = stream_answer(*(told[at : at + 1] for at in range(len(told))))
    assert told.count(b"<") == 2
    with ScriptedServer([answer]) as server, client_for(server) as client:
        assert isinstance(list(client.search(CONE))[-1], Finished)


def test_a_search_left_early_leaves_no_connection_behind() -> None:
    with ScriptedServer([GOOD, GOOD]) as server, client_for(server) as client:
        events = client.search(CONE)
        next(events)
        events.close()  # type: ignore[attr-defined]  # it is a generator
        assert isinstance(list(client.search(CONE))[-1], Finished)


def test_nothing_is_sent_before_the_first_event_is_asked_for() -> None:
    with ScriptedServer() as server, client_for(server) as client:
        client.search(CONE)
    assert server.requests == []
