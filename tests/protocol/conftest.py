"""A mirror of the demonstration's server, made once, for tests that only read it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from lccmirror.demo.run import demonstration
from lccmirror.sync.jobs import Surroundings
from lccmirror.sync.progress import Silent


@pytest.fixture(scope="session")
def demo_mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder; its config is ``lccmirror.toml``, its root ``mirror``."""
    folder = tmp_path_factory.mktemp("demo")
    with demonstration(folder) as demo:
        report = demo.sync(Surroundings(Silent(), threading.Event()))
        assert not report.failed
    return folder
