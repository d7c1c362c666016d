"""Keys of an account: used until they end, never given up for the server's own trouble."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from lccmirror import errors
from lccmirror.server import (
    ApiKey,
    KeyEvent,
    LccClient,
    Secret,
)
from tests.support.clients import client_for
from tests.support.key_server import UNSAID, WALL, KeyServer, ask
from tests.support.scripted import (
    Answer,
    Received,
    ScriptedServer,
)
from tests.support.timing import FakeTime

NEVER = threading.Event()


def account(ends: float | None = None) -> ApiKey:
    expires = None if ends is None else datetime.fromtimestamp(ends, UTC)
    return ApiKey(Secret("account-key"), expires, "account", "http://host")


def account_client(
    server: ScriptedServer,
    time: FakeTime,
    key: ApiKey,
    told: list[KeyEvent],
    *,
    anonymous_fallback: bool = True,
) -> LccClient:
    return client_for(
        server,
        key=key,
        time=time,
        on_key_event=told.append,
        anonymous_fallback=anonymous_fallback,
    )


def test_an_expired_account_key_is_told_once_and_work_goes_on_anonymously() -> None:
    time = FakeTime(WALL)
    keys = KeyServer(time)
    keys.ends["account-key"] = WALL + 90_000
    told: list[KeyEvent] = []
    with (
        ScriptedServer(keys) as server,
        account_client(server, time, account(WALL + 90_000), told) as client,
    ):
        ask(client)
        time.pass_(10_000)
        ask(client)
        time.pass_(100_000)
        ask(client)
        ask(client)
    assert [one.kind for one in told] == ["account_expiring", "account_expired", "renewed"]
    assert [request.key for request in server.requests][-1] == "made-by-server-1"


def test_a_refused_account_key_is_told_once_and_work_goes_on_anonymously() -> None:
    time = FakeTime(WALL)
    keys = KeyServer(time)
    told: list[KeyEvent] = []
    with (
        ScriptedServer(keys) as server,
        account_client(server, time, account(), told) as client,
    ):
        ask(client)
        ask(client)
    assert [one.kind for one in told] == ["account_refused", "renewed"]
    assert [request.key for request in server.requests].count("account-key") == 1


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("fallback", [True, False])
def test_an_account_key_that_is_refused_once_without_a_word_stays_in_use(
    method: str, fallback: bool
) -> None:
    time = FakeTime(WALL)
    keys = KeyServer(time)
    keys.ends["account-key"] = WALL + 1e7
    told: list[KeyEvent] = []
    refusals = [UNSAID]

    def script(request: Received) -> Answer:
        return refusals.pop() if refusals else keys(request)

    with (
        ScriptedServer(script) as server,
        account_client(server, time, account(), told, anonymous_fallback=fallback) as client,
    ):
        if method == "GET":
            ask(client)
        else:
            client.head("/d/dataset-AAAAAAAAAAA.csv")
    assert told == []
    assert [request.key for request in server.requests] == ["account-key"] * 2


def test_an_account_key_is_kept_while_the_server_cannot_look_it_up() -> None:
    time = FakeTime(WALL)
    keys = KeyServer(time)
    keys.ends["account-key"] = WALL + 1e7
    told: list[KeyEvent] = []
    away = True

    def script(request: Received) -> Answer:
        return UNSAID if away else keys(request)

    with (
        ScriptedServer(script) as server,
        account_client(server, time, account(), told) as client,
    ):
        with pytest.raises(errors.ServerFault, match="does not say why"):
            ask(client)
        away = False
        ask(client)
    assert told == []
    assert {request.key for request in server.requests} == {"account-key"}


def test_without_fallback_a_refused_account_key_ends_the_work() -> None:
    time = FakeTime(WALL)
    keys = KeyServer(time)
    told: list[KeyEvent] = []
    with (
        ScriptedServer(keys) as server,
        account_client(server, time, account(), told, anonymous_fallback=False) as client,
    ):
        for _ in range(3):
            with pytest.raises(errors.KeyRefused):
                ask(client)
    assert [one.kind for one in told] == ["account_refused"]
    assert keys.made == 0


def test_without_fallback_an_expired_account_key_ends_the_work() -> None:
    time = FakeTime(WALL)
    keys = KeyServer(time)
    keys.ends["account-key"] = WALL + 100
    told: list[KeyEvent] = []
    with (
        ScriptedServer(keys) as server,
        account_client(
            server, time, account(WALL + 100), told, anonymous_fallback=False
        ) as client,
    ):
        ask(client)
        time.pass_(1000)
        with pytest.raises(errors.KeyRefused, match="expired"):
            ask(client)
    assert len(server.requests) == 1
