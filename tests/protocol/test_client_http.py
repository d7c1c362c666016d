"""Connections, redirects, time: what the client does below the API."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from lccmirror import __version__, errors
from lccmirror.server import Timing, csv_path
from lccmirror.server.budget import RequestBudget
from lccmirror.server.guard import Patience
from lccmirror.server.stats import Stats
from lccmirror.server.transport import Request, Transport, TransportOptions
from lccmirror.server.urls import Origin
from tests.support.clients import OPTIONS, client_for
from tests.support.scripted import Answer, Received, ScriptedServer, html_answer, json_answer

EMPTY = json_answer({"status": "failed", "result": None, "message": "No datasets ..."})
NEVER = threading.Event()


def test_the_connection_is_used_again() -> None:
    with ScriptedServer([EMPTY, EMPTY, EMPTY]) as server, client_for(server) as client:
        for _ in range(3):
            client.datasets().close()
    assert {request.connection for request in server.requests} == {1}


def test_the_connection_is_used_again_after_answers_without_a_body() -> None:
    def script(request: Received) -> Answer:
        if request.method == "HEAD":
            return Answer(200, b"", [("Content-Length", "1000")], sized=False)
        return Answer(304, b"", sized=False) if "if-none-match" in request.headers else EMPTY

    with ScriptedServer(script) as server, client_for(server) as client:
        assert client.head(csv_path("abcdefghijk")).size == 1000
        assert client.datasets(etag='"x"').not_modified
        client.datasets().close()
    assert [request.connection for request in server.requests] == [1, 1, 1]


def test_no_cookie_is_ever_sent_back() -> None:
    cookie = json_answer(
        {"status": "failed", "message": "No datasets"},
        headers=[("Set-Cookie", "lccserver_session=abc; Path=/")],
    )
    with ScriptedServer([cookie, EMPTY]) as server, client_for(server) as client:
        client.datasets().close()
        client.datasets().close()
    assert all("cookie" not in request.headers for request in server.requests)


def test_the_user_agent_says_who_we_are() -> None:
    with (
        ScriptedServer([EMPTY]) as server,
        client_for(server, contact="mailto:keeper@example.org") as client,
    ):
        client.datasets().close()
    agent = server.requests[0].headers["user-agent"]
    assert agent == f"lccmirror/{__version__} (+mailto:keeper@example.org)"


def test_the_environments_proxy_and_netrc_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with ScriptedServer([EMPTY]) as server, client_for(server) as client:
        client.datasets().close()
    assert server.requests[0].headers["authorization"] == "Bearer account-key"


def test_with_trust_env_the_proxy_is_used_but_netrc_never_replaces_our_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine lcc.invalid login user password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with ScriptedServer([EMPTY]) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        with client_for("http://lcc.invalid", trust_env=True) as client:
            client.datasets().close()
    assert proxy.requests[0].target.startswith("http://lcc.invalid/api/datasets")
    assert proxy.requests[0].headers["authorization"] == "Bearer account-key"


def test_a_site_below_a_prefix_is_asked_below_it() -> None:
    with ScriptedServer([EMPTY]) as server, client_for(server, prefix="/lcc/") as client:
        client.datasets().close()
    assert server.paths() == ["/lcc/api/datasets"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_within_the_site_is_followed(status: int) -> None:
    moved = Answer(status, b"", [("Location", "/api/datasets2?x=1")])
    with ScriptedServer([moved, EMPTY]) as server, client_for(server) as client:
        client.datasets().close()
    assert server.paths() == ["/api/datasets", "/api/datasets2"]


def test_a_redirect_to_another_host_gets_nothing_of_us() -> None:
    with ScriptedServer() as other:
        moved = Answer(302, b"", [("Location", f"{other.url}/api/datasets?token=abc")])
        with (
            ScriptedServer([moved]) as server,
            client_for(server) as client,
            pytest.raises(errors.ForeignRedirect) as caught,
        ):
            client.datasets()
    assert other.requests == []
    assert "token=abc" not in str(caught.value)


@pytest.mark.parametrize(
    "target", ["/elsewhere", "/lcc/../elsewhere", "/lccx", "//evil.invalid/lcc"]
)
def test_a_redirect_out_of_the_sites_prefix_is_foreign(target: str) -> None:
    moved = Answer(302, b"", [("Location", target)])
    with (
        ScriptedServer([moved]) as server,
        client_for(server, prefix="/lcc") as client,
        pytest.raises(errors.ForeignRedirect),
    ):
        client.datasets()


def test_redirects_without_end_are_an_error() -> None:
    with (
        ScriptedServer(lambda _: Answer(302, b"", [("Location", "/api/datasets")])) as server,
        client_for(server) as client,
        pytest.raises(errors.ProtocolError, match="redirects"),
    ):
        client.datasets()
    assert len(server.requests) <= 5


def test_the_body_of_a_redirect_is_not_read() -> None:
    moved = Answer(302, b"x" * 50_000_000, [("Location", "/there")])
    with ScriptedServer([moved, EMPTY]) as server, client_for(server) as client:
        client.datasets().close()
        assert client.stats.bytes_received < 1000


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with ScriptedServer() as server:
        url = server.url
    with client_for(url) as client, pytest.raises(errors.Unreachable, match="connect"):
        client.datasets()


def test_a_host_without_address_is_unreachable() -> None:
    with (
        client_for("http://host.invalid") as client,
        pytest.raises(errors.Unreachable, match="name cannot be resolved"),
    ):
        client.datasets()


def test_https_to_a_server_that_speaks_none_is_a_tls_error() -> None:
    with ScriptedServer(greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n") as server:
        url = server.url.replace("http:", "https:")
        with client_for(url) as client, pytest.raises(errors.TlsError):
            client.datasets()


def test_a_silent_server_is_given_up_after_the_read_timeout() -> None:
    hang = threading.Event()
    with (
        ScriptedServer([Answer(hang=hang)] * 4) as server,
        client_for(server, read_timeout_s=0.2) as client,
        pytest.raises(errors.Unreachable, match="in time"),
    ):
        client.datasets()
    assert len(server.requests) == 4


def test_a_stop_is_noticed_while_the_server_is_silent() -> None:
    stop = threading.Event()

    def script(_: object) -> Answer:
        stop.set()
        return Answer(hang=threading.Event())

    with (
        ScriptedServer(script) as server,
        client_for(server, stop=stop, read_timeout_s=60) as client,
        pytest.raises(errors.Stopped),
    ):
        client.datasets()


def transport(server: ScriptedServer) -> Transport:
    timing = Timing()
    budget = RequestBudget(60_000, timing)
    options = TransportOptions(read_timeout_s=5)
    return Transport(Origin.parse(server.url), budget, options, timing, Stats())


def test_a_byte_a_second_is_too_slow_although_no_single_wait_is() -> None:
    # not a second but a moment: what counts is bytes in a window
    slow = Answer(200, b"x" * 5000, drip_s=0.01)
    patience = Patience(floor_bytes=1000, window_s=0.2)
    request = Request("GET", "/x", "something", patience=patience)
    with ScriptedServer([slow]) as server:
        http = transport(server)
        with http.open(request, NEVER) as reply, pytest.raises(errors.CutShort, match="slowly"):
            list(reply.raw_chunks())
        http.close()


def test_the_total_time_of_an_exchange_is_bounded() -> None:
    slow = Answer(200, b"x" * 5000, drip_s=0.01)
    request = Request("GET", "/x", "something", patience=Patience(total_s=0.2))
    with ScriptedServer([slow]) as server:
        http = transport(server)
        with http.open(request, NEVER) as reply, pytest.raises(errors.CutShort, match="slowly"):
            list(reply.raw_chunks())
        http.close()


def test_a_header_that_trickles_is_too_slow() -> None:
    request = Request("GET", "/x", "something", patience=Patience(total_s=0.2))
    with ScriptedServer([Answer(drip_head_s=0.02)]) as server:
        http = transport(server)
        with pytest.raises(errors.Unreachable, match="in time"):
            http.open(request, NEVER)
        http.close()


@pytest.mark.parametrize("at", [0, 1, 7, 20, 40, 75])
@pytest.mark.parametrize("reset", [False, True])
def test_a_header_that_breaks_off_is_no_answer(at: int, reset: bool) -> None:
    request = Request("GET", "/x", "something")
    with ScriptedServer([Answer(cut_header_at=at, reset=reset)]) as server:
        http = transport(server)
        with pytest.raises(errors.Unreachable):
            http.open(request, NEVER)
        http.close()


def test_nothing_of_a_key_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    key = "a-very-secret-key"
    script = [
        html_answer("<html>404</html>", 404),
        json_answer({"status": "ok", "result": {"expires": "2036-01-01T00:00:00Z"}}),
    ]
    with (
        caplog.at_level(logging.DEBUG),
        ScriptedServer(script) as server,
        client_for(server, key=key) as client,
    ):
        client.verify_key()
    assert server.requests[1].query == {"key": key}
    assert "POST" in caplog.text
    assert "/api/auth" in caplog.text
    assert key not in caplog.text


def test_a_failing_request_with_a_key_in_its_url_does_not_tell_it() -> None:
    key = "a-very-secret-key"

    def script(request: object) -> Answer:
        return html_answer("", 404) if len(server.requests) == 1 else Answer(cut_header_at=3)

    with (
        ScriptedServer(script) as server,
        client_for(server, key=key) as client,
        pytest.raises(errors.Unreachable) as caught,
    ):
        client.verify_key()
    assert any("key=" in request.target for request in server.requests)
    shown: BaseException | None = caught.value
    while shown is not None:
        assert key not in f"{shown!r} {shown} {shown.args}"
        assert (
            not isinstance(shown, requests.RequestException)
            or shown.request is None
            or (key not in (shown.request.url or ""))
        )
        shown = shown.__cause__ or shown.__context__


@pytest.mark.parametrize(
    "url",
    [
        "data.example.org",
        "ftp://data.example.org",
        "http://",
        "http://user:pw@host",
        "http://host/?a=b",
        "http://host/#x",
        "http://host:99999",
        "http://ho st",
        "http://host\n",
    ],
)
def test_a_url_that_is_none_is_a_mistake_in_the_configuration(url: str) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        client_for(url)
    assert "pw" not in str(caught.value).replace("password", "")


@pytest.mark.parametrize(
    "path",
    ["d/x", "/d/../x", "//host/x", "/d/%2e%2e/x", "/d/x?y", "/d/a b", "http://host/x", "/"],
)
def test_a_path_that_leads_elsewhere_is_not_asked_for(path: str) -> None:
    with (
        ScriptedServer() as server,
        client_for(server) as client,
        pytest.raises(errors.FormatError),
    ):
        client.head(path)


def test_many_threads_share_one_client() -> None:
    with (
        ScriptedServer(lambda _: EMPTY) as server,
        client_for(server, options=replace(OPTIONS, requests_per_minute=6e5)) as client,
    ):

        def ask() -> None:
            for _ in range(5):
                client.datasets().close()

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert client.stats.snapshot()["requests"] == 40
    assert len({request.connection for request in server.requests}) <= 8
