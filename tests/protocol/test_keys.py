"""API keys: fetched, kept, renewed, refused."""

from __future__ import annotations

import json
import os
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lccmirror import errors
from lccmirror.server import (
    ApiKey,
    KeyEvent,
    KeyStore,
    LccClient,
    Origin,
    Secret,
    read_key_file,
)
from lccmirror.server.clock import ServerClock
from lccmirror.server.keys import KeyRing
from tests.support.clients import client_for
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
WALL = 1_800_000_000.0  # 2027-01-15T08:00:00Z
EMPTY = json_answer({"status": "ok", "result": [], "message": "found 0 datasets in total"})


class KeyServer:
    """A server that hands out keys and knows which are good.

    Parameters
    ----------
    time
        Its clock, unless `ahead_s` moves it.
    life_s
        How long its keys live.
    """

    def __init__(self, time: FakeTime, life_s: float = 7 * 86_400, ahead_s: float = 0) -> None:
        self.time = time
        self.life_s = life_s
        self.ahead_s = ahead_s
        self.made = 0
        self.revoked: set[str] = set()
        self.ends: dict[str, float] = {}
        self.lock = threading.Lock()
        self.gate: threading.Event | None = None

    def now(self) -> float:
        return self.time.wall() + self.ahead_s

    def __call__(self, request: Received) -> Answer:
        if request.path == "/api/key":
            if request.key is not None:
                return json_answer({"status": "failed", "message": "backend error"})
            if self.gate is not None:
                self.gate.wait(10)
            with self.lock:
                self.made += 1
                key = f"made-by-server-{self.made}"
                self.ends[key] = self.now() + self.life_s
            ends = (
                datetime.fromtimestamp(self.ends[key], UTC).isoformat().replace("+00:00", "Z")
            )
            return key_answer(key, ends, dated=self.now())
        key = request.key or ""
        if key in self.revoked or self.ends.get(key, 0) <= self.now():
            return key_refusal()
        return Answer(EMPTY.status, EMPTY.body, EMPTY.headers, dated=self.now())


def ask(client: LccClient) -> None:
    client.datasets().close()


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


class Asked(threading.Event):
    """A stop event that tells when somebody who waits has looked at it."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_at = threading.Event()

    def is_set(self) -> bool:
        self.looked_at.set()
        return super().is_set()


class RingBench:
    """A key ring whose fetching is under the test's control.

    Parameters
    ----------
    outcomes
        What the fetches end with, in order: an error, or None for a key.
    """

    def __init__(self, *outcomes: BaseException | None) -> None:
        self.time = FakeTime(WALL)
        clock = ServerClock(self.time.timing())
        self.outcomes = list(outcomes)
        self.fetches = 0
        self.begun = threading.Event()
        self.go_on = threading.Event()
        origin = Origin.parse("http://host")
        self.ring = KeyRing(origin, self.fetch, clock, self.time.timing())
        self.results: list[object] = []
        self.threads: list[threading.Thread] = []

    def fetch(self, stop: threading.Event) -> ApiKey:
        self.fetches += 1
        outcome = self.outcomes.pop(0)
        self.begun.set()
        assert self.go_on.wait(10)
        if outcome is not None:
            raise outcome
        return ApiKey(Secret(f"key-{self.fetches}"), None, "anonymous", "http://host")

    def ask_in_thread(self) -> None:
        """Ask for a key; return once that thread waits for it."""
        stop = Asked()
        first = not self.threads

        def run() -> None:
            try:
                self.results.append(self.ring.get(stop))
            except errors.LccMirrorError as error:
                self.results.append(error)

        thread = threading.Thread(target=run)
        self.threads.append(thread)
        thread.start()
        assert (self.begun if first else stop.looked_at).wait(10)

    def finish(self) -> list[object]:
        """Let the fetch end, and return what came of each thread."""
        self.go_on.set()
        for thread in self.threads:
            thread.join(10)
        return self.results


def test_all_who_ask_while_a_key_is_fetched_wait_for_it() -> None:
    bench = RingBench(None)
    for _ in range(6):
        bench.ask_in_thread()
    results = bench.finish()
    assert bench.fetches == 1
    assert len(results) == 6
    assert {id(one) for one in results} == {id(bench.ring.current)}


def test_a_failed_fetch_fails_for_all_who_waited() -> None:
    bench = RingBench(errors.Unreachable("down"))
    for _ in range(5):
        bench.ask_in_thread()
    results = bench.finish()
    assert len(results) == 5
    assert all(isinstance(one, errors.Unreachable) for one in results)
    assert bench.fetches == 1


def test_a_waiter_can_be_stopped() -> None:
    bench = RingBench(None)
    bench.ask_in_thread()
    stop = threading.Event()
    stop.set()
    with pytest.raises(errors.Stopped):
        bench.ring.get(stop)
    assert isinstance(bench.finish()[0], ApiKey)


def test_when_the_one_who_fetches_is_stopped_another_goes_on() -> None:
    bench = RingBench(errors.Stopped("stopped"), None)
    for _ in range(3):
        bench.ask_in_thread()
    results = bench.finish()
    assert bench.fetches == 2
    assert sum(isinstance(one, errors.Stopped) for one in results) == 1
    assert sum(isinstance(one, ApiKey) for one in results) == 2


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


ORIGIN = Origin.parse("https://data.example.org/lcc")
KEY = ApiKey(
    Secret("a-key-of-the-site"), datetime(2036, 1, 1, tzinfo=UTC), "anonymous", str(ORIGIN)
)


def test_a_stored_key_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "state" / "keys")
    before = os.umask(0)
    try:
        path = store.save(KEY, ORIGIN)
        store.save(KEY, ORIGIN)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert [one.name for one in store.folder.iterdir()] == [path.name]
    assert store.load(ORIGIN, "anonymous") == KEY
    assert store.load(ORIGIN, "account") is None
    assert store.load(Origin.parse("https://data.example.org"), "anonymous") is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_refused_with_a_hint(tmp_path: Path, mode: int) -> None:
    store = KeyStore(tmp_path)
    path = store.save(KEY, ORIGIN)
    path.chmod(mode)
    with pytest.raises(errors.ConfigError, match="chmod 600") as caught:
        store.load(ORIGIN, "anonymous")
    assert KEY.value.reveal() not in str(caught.value)


def test_a_folder_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(errors.ConfigError, match="chmod 700"):
        KeyStore(tmp_path).save(KEY, ORIGIN)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"apikey": 7}', "\0\0\0\0", '{"apikey": "a b"}']
)
def test_a_damaged_anonymous_key_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    store = KeyStore(tmp_path)
    store.save(KEY, ORIGIN).write_text(content)
    assert store.load(ORIGIN, "anonymous") is None


HANDED_OUT = {
    "message": "made",
    "result": {"apikey": "hat-hat-hat", "expires": "2036-01-01T00:00:00Z"},
}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({**HANDED_OUT, "status": "ok"}),
        json.dumps(HANDED_OUT["result"]),
        "hat-hat-hat\n",
    ],
)
def test_an_accounts_key_is_read_from_what_the_server_hands_out(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "hat-key.json"
    path.write_text(content)
    path.chmod(0o600)
    key = read_key_file(path, ORIGIN)
    assert (key.value.reveal(), key.kind) == ("hat-hat-hat", "account")
    assert key.expires == (None if "{" not in content else datetime(2036, 1, 1, tzinfo=UTC))
    assert path.read_text() == content


@pytest.mark.parametrize("content", ["", "not a key", "{}", '{"result": {"apikey": "x"}}'])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(errors.ConfigError, match="not an API key"):
        read_key_file(path, ORIGIN)


def test_an_accounts_key_file_that_others_can_read_or_that_is_not_there_is_refused(
    tmp_path: Path,
) -> None:
    path = tmp_path / "key.json"
    with pytest.raises(errors.ConfigError, match="cannot read"):
        read_key_file(path, ORIGIN)
    path.write_text("hat-hat-hat")
    path.chmod(0o644)
    with pytest.raises(errors.ConfigError, match="chmod 600"):
        read_key_file(path, ORIGIN)


def test_importing_an_accounts_key_leaves_file_and_anonymous_key_alone(tmp_path: Path) -> None:
    source = tmp_path / "mine.json"
    source.write_text("hat-hat-hat")
    source.chmod(0o600)
    store = KeyStore(tmp_path / "keys")
    store.save(KEY, ORIGIN)
    store.import_file(source, ORIGIN)
    assert source.read_text() == "hat-hat-hat"
    assert store.load(ORIGIN, "anonymous") == KEY
    imported = store.load(ORIGIN, "account")
    assert imported is not None
    assert imported.value.reveal() == "hat-hat-hat"
