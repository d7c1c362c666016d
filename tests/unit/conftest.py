"""What several modules of unit tests begin with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.announcing import Desk, configured
from tests.support.catalog import fresh_catalog
from tests.support.configuration import Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a configuration into the test's folder, and return its path."""

    def write(text: str) -> Path:
        path = tmp_path / "lccmirror.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Announce to one command, with a catalog, a clock and hands of the test's own."""
    with contextlib.closing(fresh_catalog()) as conn:
        yield Desk(configured(tmp_path, '[[notify]]\ncommand = ["/bin/true"]\n'), conn)
