"""API keys: fetched, kept, renewed, refused."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lccmirror import errors
from lccmirror.server import (
    ApiKey,
    KeyEvent,
    KeyStore,
    Origin,
    Secret,
)
from tests.support.clients import client_for
from tests.support.key_server import EMPTY, UNSAID, WALL, KeyServer, ask
from tests.support.scripted import (
    Answer,
    Received,
    ScriptedServer,
    html_answer,
    json_answer,
    key_answer,
    key_refusal,
)
from tests.support.timing import FakeTime

NEVER = threading.Event()


def test_a_key_is_fetched_without_the_header_and_used_for_all_requests() -> None:
    time = FakeTime(WALL)
    keys = KeyServer(time)
    with ScriptedServer(keys) as server, client_for(server, key=None, time=time) as client:
        ask(client)
        ask(client)
    assert keys.made == 1
    assert [request.key for request in server.requests] == [
        None,
        "made-by-server-1",
        "made-by-server-1",
    ]


def test_a_key_is_kept_between_runs(tmp_path: Path) -> None:
    time = FakeTime(WALL)
    keys = KeyServer(time)
    store = KeyStore(tmp_path / "keys")
    with ScriptedServer(keys) as server:
        for _ in range(3):
            with client_for(server, key=None, time=time, key_store=store) as client:
                ask(client)
    assert keys.made == 1


def test_a_key_is_renewed_before_it_ends_without_a_refusal() -> None:
    time = FakeTime(WALL)
    keys = KeyServer(time, life_s=86_400)
    told: list[KeyEvent] = []
    with (
        ScriptedServer(keys) as server,
        client_for(
            server, key=None, time=time, on_key_event=told.append, renew_before_s=3600
        ) as client,
    ):
        ask(client)
        time.pass_(86_400 - 3700)
        ask(client)
        assert keys.made == 1
        time.pass_(200)
        ask(client)
        assert keys.made == 2
    assert [one.kind for one in told] == ["renewed", "renewed"]
    assert client.stats.renewals == 2


@pytest.mark.parametrize("ahead_s", [-30 * 86_400, 30 * 86_400])
def test_a_wrong_local_clock_costs_no_keys(tmp_path: Path, ahead_s: float) -> None:
    time = FakeTime(WALL)
    keys = KeyServer(time, ahead_s=ahead_s)
    store = KeyStore(tmp_path)
    with ScriptedServer(keys) as server:
        for _ in range(3):
            with client_for(server, key=None, time=time, key_store=store) as client:
                for _ in range(3):
                    ask(client)
                assert client.clock_offset_s == pytest.approx(ahead_s, abs=2)
    assert keys.made == 1


def test_a_key_refused_long_before_its_end_is_replaced_once() -> None:
    time = FakeTime(WALL)
    keys = KeyServer(time)
    with ScriptedServer(keys) as server, client_for(server, key=None, time=time) as client:
        ask(client)
        keys.revoked.add("made-by-server-1")  # as after a move to another address
        ask(client)
        ask(client)
    assert keys.made == 2
    # the key, its first use, its refusal, the new key, two uses
    assert len(server.requests) == 6


def test_an_expired_key_from_the_store_costs_one_refusal_and_one_key(tmp_path: Path) -> None:
    time = FakeTime(WALL)
    keys = KeyServer(time)
    store = KeyStore(tmp_path)
    with ScriptedServer(keys) as server:
        origin = Origin.parse(server.url)
        past = datetime(2020, 1, 1, tzinfo=UTC)
        store.save(ApiKey(Secret("long-gone-key"), past, "anonymous", str(origin)), origin)
        with client_for(server, key=None, time=time, key_store=store) as client:
            ask(client)
    assert keys.made == 1
    assert len(server.requests) == 3


def test_a_fresh_key_that_is_refused_is_no_reason_for_another() -> None:
    made = 0

    def script(request: Received) -> Answer:
        nonlocal made
        if request.path == "/api/key":
            made += 1
            return key_answer(f"made-by-server-{made}")
        return key_refusal()

    with ScriptedServer(script) as server, client_for(server, key=None) as client:
        for _ in range(5):
            with pytest.raises(errors.KeyRefused):
                ask(client)
    assert made == 1


def test_a_rate_limit_is_no_reason_for_a_new_key() -> None:
    made = 0
    busy = iter([True, True, False])

    def script(request: Received) -> Answer:
        nonlocal made
        if request.path == "/api/key":
            made += 1
            return key_answer(f"made-by-server-{made}")
        return json_answer({"status": "failed"}, 429) if next(busy) else EMPTY

    with ScriptedServer(script) as server, client_for(server, key=None) as client:
        ask(client)
    assert made == 1
    assert all(request.key for request in server.requests[1:])


def test_threads_that_are_refused_together_share_one_renewal() -> None:
    time = FakeTime(WALL)
    keys = KeyServer(time)
    with ScriptedServer(keys) as server, client_for(server, key=None, time=time) as client:
        ask(client)
        keys.revoked.add("made-by-server-1")
        failures: list[BaseException] = []

        def work() -> None:
            try:
                ask(client)
            except BaseException as error:
                failures.append(error)
                raise

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert failures == []
    assert keys.made == 2


def test_a_renewal_that_fails_leaves_the_old_key_in_use() -> None:
    time = FakeTime(WALL)
    keys = KeyServer(time, life_s=86_400)
    down = False
    told: list[KeyEvent] = []

    def script(request: Received) -> Answer:
        if down and request.path == "/api/key":
            return html_answer("<html>", 500)
        return keys(request)

    with (
        ScriptedServer(script) as server,
        client_for(server, key=None, time=time, on_key_event=told.append) as client,
    ):
        ask(client)
        down = True
        time.pass_(86_400 - 1800)
        ask(client)
        tries = server.paths().count("/api/key")
        ask(client)
        assert server.paths().count("/api/key") == tries
        down = False
        time.pass_(600)
        ask(client)
    assert [one.kind for one in told] == ["renewed", "renewal_failed", "renewed"]


def test_a_key_that_is_refused_twice_without_a_word_is_replaced() -> None:
    time = FakeTime(WALL)
    keys = KeyServer(time)

    def script(request: Received) -> Answer:
        answer = keys(request)
        return UNSAID if answer.status == 401 else answer

    with ScriptedServer(script) as server, client_for(server, key=None, time=time) as client:
        ask(client)
        keys.revoked.add("made-by-server-1")
        ask(client)
    assert keys.made == 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (json_answer({"status": "failed", "message": "backend error"}), errors.RequestRefused),
        (json_answer({"status": "ok", "result": {"apikey": ""}}), errors.ProtocolError),
        (json_answer({"status": "ok", "result": None}), errors.ProtocolError),
        (key_answer("with\r\nInjected: header"), errors.ProtocolError),
        (html_answer("<html>", 404), errors.NotAnLccServer),
    ],
)
def test_an_answer_without_a_key_is_an_error(
    answer: Answer, kind: type[errors.LccMirrorError]
) -> None:
    with (
        ScriptedServer([answer]) as server,
        client_for(server, key=None) as client,
        pytest.raises(kind),
    ):
        ask(client)
