"""How the tests are shared among processes: ``pytest -n auto``."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sharing import by_file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep what shares its servers and mirrors in one process."""
    return by_file(config, log)
