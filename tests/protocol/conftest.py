"""What several modules begin with: a mirror to read, and what a daemon's process needs."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import lccmirror
from lccmirror.demo.run import demonstration
from lccmirror.offline import Mirror
from lccmirror.sync.jobs import Surroundings
from lccmirror.sync.progress import Silent
from tests.support.daemon import DaemonSite
from tests.support.daemon_process import Run, commands, configured
from tests.support.misbehaving import MisbehavingServer
from tests.support.site import Site


@pytest.fixture(scope="session")
def demo_mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return its folder, to be read only: ``lccmirror.toml``, and the root ``mirror``."""
    folder = tmp_path_factory.mktemp("demo")
    with demonstration(folder) as demo:
        report = demo.sync(Surroundings(Silent(), threading.Event()))
        assert not report.failed
    return folder


@pytest.fixture
def m(demo_mirror: Path) -> Iterator[Mirror]:
    """Open that mirror in Python."""
    with lccmirror.open(demo_mirror) as mirror:
        yield mirror


@pytest.fixture
def own(demo_mirror: Path, tmp_path: Path) -> Path:
    """Return the root of a copy of the mirror that the test may change or damage."""
    return Path(shutil.copytree(demo_mirror / "mirror", tmp_path / "own"))


@pytest.fixture
def server() -> Iterator[MisbehavingServer]:
    """Serve one dataset."""
    with MisbehavingServer(objects=40, points=(150, 200)) as served:
        served.make_dataset()
        yield served


@pytest.fixture
def config(tmp_path: Path, server: MisbehavingServer) -> Path:
    """Return the configuration of a daemon that mirrors the server."""
    return configured(tmp_path, server.url)


@pytest.fixture
def run(config: Path) -> Run:
    """Return what runs a command beside that daemon."""
    return commands(config)


@pytest.fixture
def daemon(site: Site) -> Iterator[DaemonSite]:
    """Run the daemon of the module's own `site`, in a time of its own."""
    with DaemonSite(site) as daemon:
        yield daemon
