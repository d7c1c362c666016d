"""The mirrors that the examples of the documentation run on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.demo_mirrors import SEARCH, make_demo


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what `lccmirror demo` makes."""
    return make_demo(tmp_path_factory.mktemp("demo") / "lccmirror-demo")


@pytest.fixture(scope="session")
def searches_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the same with a saved search that has run once."""
    return make_demo(
        tmp_path_factory.mktemp("searches") / "lccmirror-searches", searches=SEARCH
    )


@pytest.fixture
def here(
    demo_folder: Path, searches_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Return the current folder, in which both mirrors are."""
    for folder in (demo_folder, searches_folder):
        (tmp_path / folder.name).symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LCCMIRROR_CONFIG", raising=False)
    return tmp_path
