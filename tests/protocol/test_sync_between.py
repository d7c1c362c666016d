"""A proxy and an institute's own certificates: the mirror is the same as without them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lccmirror.errors import TlsError, Unreachable
from tests.support.forward import ForwardProxy, TlsFront
from tests.support.kept import assert_told
from tests.support.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path) as site:
        site.server.make_dataset()
        yield site


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def test_everything_goes_through_the_proxy(site: Site) -> None:
    with ForwardProxy(port_of(site.server.url)) as proxy:
        # A name that only the proxy knows.
        site.configure(f'[server]\nproxy = "{proxy.url}"', url="http://lcc.invalid")
        report = site.sync()
    assert (report.exit_code, report.mirrored) == (0, 1)
    assert len(proxy.asked) == report.requests
    assert all(target.startswith("http://lcc.invalid/") for _, target in proxy.asked)


def test_https_goes_through_the_proxy_as_a_tunnel(site: Site, tmp_path: Path) -> None:
    with (
        TlsFront(tmp_path, port_of(site.server.url)) as front,
        ForwardProxy(front.port) as proxy,
    ):
        site.configure(
            f'[server]\nproxy = "{proxy.url}"\nca_file = "{front.certificate}"', url=front.url
        )
        report = site.sync()
    assert (report.exit_code, report.mirrored) == (0, 1)
    assert set(proxy.asked) == {("CONNECT", f"127.0.0.1:{front.port}")}


def test_the_proxies_of_the_environment_are_not_used(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ForwardProxy(port_of(site.server.url)) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert site.sync().exit_code == 0
    assert proxy.asked == []
    site.check()


def test_a_proxy_that_is_not_there_or_will_not_is_named(site: Site) -> None:
    with ForwardProxy(1, refuse=True) as proxy:
        site.configure(
            f'[server]\nproxy = "{proxy.url}"\nretry_total = "1s"', url="https://lcc.invalid"
        )
        report = site.sync()
        assert isinstance(report.stopped, Unreachable)
        assert_told(report.stopped, "https://lcc.invalid", "proxy", "403")
    report = site.sync()
    assert isinstance(report.stopped, Unreachable)
    assert_told(report.stopped, "https://lcc.invalid", "proxy", "Connection refused")


def test_the_configured_certificates_are_trusted(site: Site, tmp_path: Path) -> None:
    with TlsFront(tmp_path, port_of(site.server.url)) as front:
        site.configure(url=front.url)
        assert isinstance(site.sync().stopped, TlsError)
        site.configure(f'[server]\nca_file = "{front.certificate}"', url=front.url)
        report = site.sync()
    assert (report.exit_code, report.mirrored) == (0, 1)
