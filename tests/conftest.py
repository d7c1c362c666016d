"""How the tests are shared among processes (``pytest -n auto``), and that none is timed."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.sharing import by_file, processes

# How long an example takes is a matter of the machine, and of what else it does.
settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep what shares its servers and mirrors in one process."""
    return by_file(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Say what ``auto`` means, unless xdist's own variable does."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return processes(len(os.sched_getaffinity(0)))
