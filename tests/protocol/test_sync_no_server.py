"""No server, or not an LCC-Server: a clear error, and nothing lost."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from lccmirror.errors import (
    LccMirrorError,
    NotAnLccServer,
    TlsError,
    Unreachable,
)
from lccmirror.sync.jobs import PATIENCE_S
from tests.support import misbehaving as wrong
from tests.support.forward import self_signed
from tests.support.kept import Kept, assert_told
from tests.support.site import Site
from tests.support.sites import site_fixture

QUICK = '[server]\nretry_total = "1s"'


site = site_fixture(QUICK)


def some_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def move(site: Site, url: str) -> None:
    """Name another address of the same server."""
    site.configure(f'{QUICK}\nformerly = ["{site.server.url}"]', url=url)


def move_back(site: Site) -> None:
    site.configure(QUICK)


NOT_OURS: dict[str, tuple[wrong.Action, type[LccMirrorError]]] = {
    "404 everywhere": (wrong.status(404), NotAnLccServer),
    "a captive portal": (wrong.html_instead(), NotAnLccServer),
    "other JSON": (wrong.body(b'{"hello": "world"}'), LccMirrorError),
    "a JSON list": (wrong.body(b"[1, 2]"), LccMirrorError),
}


@pytest.mark.parametrize("what", sorted(NOT_OURS))
def test_a_server_that_is_no_lcc_server(site: Site, what: str) -> None:
    site.server.make_dataset()
    action, kind = NOT_OURS[what]
    rule = site.server.add("", action, times=None)
    report = site.sync()
    assert isinstance(report.stopped, kind)
    assert report.exit_code == 69
    assert_told(report.stopped)
    assert rule.fired < 6
    # The folder is not bound to a server that never was one.
    other = f"http://127.0.0.1:{some_port()}"
    site.configure(QUICK, url=other)
    assert isinstance(site.sync().stopped, Unreachable)
    move_back(site)
    site.server.behave()
    assert site.sync().exit_code == 0
    site.check()


def test_a_dry_run_soon_gives_up_a_server_that_is_gone(tmp_path: Path) -> None:
    with Site(tmp_path, '[server]\nretry_total = "15m"') as site:
        site.configure('[server]\nretry_total = "15m"', url=f"http://127.0.0.1:{some_port()}")
        began = site.clock()
        with pytest.raises(Unreachable) as error:
            site.plan()
        # the site itself goes on by 60 s before
        assert site.clock() - began < 60 + 2 * PATIENCE_S
        assert_told(error.value)


def test_a_portal_in_front_of_a_server_that_we_mirror_costs_nothing(site: Site) -> None:
    site.server.make_dataset()
    site.sync()
    kept = Kept(site)
    site.server.add("", wrong.html_instead(), times=None)
    assert isinstance(site.sync().stopped, NotAnLccServer)
    kept.check()
    site.server.behave()
    assert site.sync().exit_code == 0
    site.check()


def test_nobody_listens(site: Site) -> None:
    site.server.make_dataset()
    site.sync()
    kept = Kept(site)
    port = some_port()
    move(site, f"http://127.0.0.1:{port}")
    report = site.sync()
    assert isinstance(report.stopped, Unreachable)
    assert report.exit_code == 69
    assert_told(report.stopped, f"http://127.0.0.1:{port}", "Connection refused")
    kept.check()
    assert site.verify().exit_code == 0


def test_a_name_that_is_not_there(site: Site) -> None:
    site.server.make_dataset()
    site.sync()
    kept = Kept(site)
    move(site, "http://lcc.invalid")
    report = site.sync()
    assert isinstance(report.stopped, Unreachable)
    assert report.exit_code == 69
    assert_told(report.stopped, "http://lcc.invalid", "name")
    kept.check()
    assert site.verify().exit_code == 0


@pytest.fixture
def https(tmp_path: Path) -> Iterator[str]:
    """A web server with a certificate that nobody vouches for; its address."""
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Handler(BaseHTTPRequestHandler):
        def setup(self) -> None:
            self.request.settimeout(5)
            self.request = context.wrap_socket(self.request, server_side=True)
            super().setup()

    class Server(HTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """The client hangs up, as it should."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_certificate_that_nobody_vouches_for(site: Site, https: str) -> None:
    site.server.make_dataset()
    site.sync()
    kept = Kept(site)
    move(site, https)
    report = site.sync()
    assert isinstance(report.stopped, TlsError)
    assert report.exit_code == 69
    assert_told(report.stopped, https, "certificate", "self-signed")
    kept.check()
    assert site.verify().exit_code == 0


def test_https_where_http_is_spoken(site: Site) -> None:
    site.configure(QUICK, url=site.server.url.replace("http:", "https:"))
    report = site.sync()
    assert isinstance(report.stopped, TlsError)
    assert_told(report.stopped, "https://", "TLS")
