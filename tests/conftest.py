"""How the tiers share the machine's cores."""

from __future__ import annotations

from pathlib import Path

import pytest

REAL = Path(__file__).parent / "real"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the real tier in one process: its servers are shared by its tests."""
    for item in items:
        if item.path.is_relative_to(REAL):
            item.add_marker(pytest.mark.xdist_group("real"))
