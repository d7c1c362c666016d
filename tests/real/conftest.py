"""Fixtures for tests against the genuine LCC-Server 0.2.7.

Everything here is made when a test first asks for it, and fails the test when it cannot be
made. Times are those of two cores.

====================  ========  ==========================================================
fixture               scope     what it is
====================  ========  ==========================================================
``real_env``          session   the environment that has the server (``RealEnvironment``);
                                made once per machine, 40 s
``small_template``    session   a base directory with ``synth-alpha`` and ``synth-beta``,
                                never served; 3 s
``large_template``    session   the same with ``synth-large``, 20,000 objects; 12 s
``make_basedir``      function  ``make_basedir(large=False, **site)``: a fresh copy; names
                                of ``basedir.Site`` change the server's settings
``make_server``       function  ``make_server(basedir=None, port=None, **site)``: a
                                running server of its own, killed after the test; 1.5 s
``real_server``       session   a running server that tests share: they may add datasets,
                                and must not count on anybody's being the newest
``sixty``             session   ``SeededServer``: a running server with the sixty public
                                datasets of ``searches.sixty`` and its ``truth``; tests may
                                read it only; 30 s
====================  ========  ==========================================================

A server's state is at hand in Python: ``Truth(server.basedir)`` reads its databases and
files; ``Seeder(server.url)`` makes datasets with a key of its own; ``clone_dataset`` makes
a thousand of them in a few seconds, ``add_public`` and ``add_hidden`` a crowd;
``reference.download`` runs the reference client;
``basedir.revoke_keys(server.basedir)`` makes all keys invalid; ``server.kill()`` and
``server.start()`` keep the address.

When a test fails, the last lines of the logs of the servers it used are in its report.
All tests here have the marker ``real``. They run after those of the other tiers; where several
processes share the tests, one of them begins with these, which take it the longest.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.real import basedir as basedirs
from tests.real.environment import RealEnvironment, ensure_environment
from tests.real.seed import Seeded, seed_sixty
from tests.real.server import RealServer
from tests.real.truth import Truth

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class SeededServer:
    """A running server, what was made on it, and what it really has."""

    server: RealServer
    made: tuple[Seeded, ...]
    truth: Truth

    @property
    def url(self) -> str:
        """Return the server's address."""
        return self.server.url


class BasedirMaker:
    """Makes base directories for one test."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self._request = request
        self._folder = folder
        self._made: list[Path] = []

    def __call__(self, large: bool = False, **site: object) -> Path:
        """Return a copy of a template, with other settings of the server."""
        template = self._request.getfixturevalue(
            "large_template" if large else "small_template"
        )
        self._made.append(self._folder / f"basedir-{len(self._made) + 1}")
        return basedirs.copy(template, self._made[-1], site)

    def remove(self) -> None:
        """Remove what was made: pytest would keep it for three runs, and some are large."""
        for path in self._made:
            shutil.rmtree(path)


class ServerMaker:
    """Starts servers for one test."""

    def __init__(self, env: RealEnvironment, make_basedir: BasedirMaker) -> None:
        self._env = env
        self._make_basedir = make_basedir
        self.servers: list[RealServer] = []

    def __call__(
        self, basedir: Path | None = None, port: int | None = None, **site: object
    ) -> RealServer:
        """Serve a base directory, or a fresh small one, with other settings."""
        basedir = basedir or self._make_basedir()
        basedirs.change_site(basedir, site)
        self.servers.append(RealServer(self._env, basedir, port))
        return self.servers[-1].start()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real: against the genuine LCC-Server from PyPI")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if _is_ours(item):
            item.add_marker("real")
    # A mistake should be found by a fast test first; a process of several begins with us.
    items.sort(key=_is_ours, reverse=hasattr(config, "workerinput"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if _is_ours(item) and report.failed:
        for server in _servers_of(item):
            report.sections.append((f"logs of {server.basedir.name}", server.logs()))
    return report


@pytest.fixture(scope="session")
def real_env() -> RealEnvironment:
    return ensure_environment()


@pytest.fixture(scope="session")
def small_template(real_env: RealEnvironment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return basedirs.build(real_env, tmp_path_factory.mktemp("templates") / "small")


@pytest.fixture(scope="session")
def large_template(real_env: RealEnvironment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("templates") / "large"
    return basedirs.build(real_env, target, basedirs.LARGE)


@pytest.fixture
def make_basedir(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BasedirMaker]:
    maker = BasedirMaker(request, tmp_path)
    yield maker
    maker.remove()


@pytest.fixture
def make_server(real_env: RealEnvironment, make_basedir: BasedirMaker) -> Iterator[ServerMaker]:
    maker = ServerMaker(real_env, make_basedir)
    yield maker
    for server in maker.servers:
        server.kill()


@pytest.fixture(scope="session")
def real_server(
    real_env: RealEnvironment, small_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealServer]:
    target = tmp_path_factory.mktemp("shared") / "basedir"
    with RealServer(real_env, basedirs.copy(small_template, target)) as server:
        yield server


@pytest.fixture(scope="session")
def sixty(
    real_env: RealEnvironment, large_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SeededServer]:
    target = tmp_path_factory.mktemp("sixty") / "basedir"
    with RealServer(real_env, basedirs.copy(large_template, target)) as server:
        made = seed_sixty(server.url, server.basedir)
        yield SeededServer(server, tuple(made), Truth(server.basedir))
    shutil.rmtree(target)


def _is_ours(item: pytest.Item) -> bool:
    return HERE in item.path.parents


def _servers_of(item: pytest.Item) -> Iterator[RealServer]:
    for value in getattr(item, "funcargs", {}).values():
        if isinstance(value, SeededServer):
            yield value.server
        elif isinstance(value, ServerMaker):
            yield from value.servers
        elif isinstance(value, RealServer):
            yield value
