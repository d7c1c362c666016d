"""What must be the same after something went wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lccmirror.errors import LccMirrorError
from tests.support.confined import Told
from tests.support.site import Site


class Kept:
    """All that lies around a mirror, and what it held, to be the same afterwards."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._folder = site.root.parent
        self._around = self._files(lambda path: not path.is_relative_to(site.root))
        self._products = self._files(lambda path: "datasets" in path.parts)

    def _files(self, wanted: Callable[[Path], bool]) -> dict[Path, bytes | Path]:
        return {
            path: path.readlink() if path.is_symlink() else path.read_bytes()
            for path in self._folder.rglob("*")
            if wanted(path)
            and (path.is_symlink() or path.is_file())
            and "keys" not in path.parts
            and path.suffix != ".toml"
        }

    def check(self) -> None:
        """Compare; new products may have come."""
        around = self._files(lambda path: not path.is_relative_to(self._site.root))
        assert around == self._around
        now = self._files(lambda path: "datasets" in path.parts)
        assert {path: now.get(path) for path in self._products} == self._products


def assert_told(error: LccMirrorError | Told | None, *words: str) -> None:
    """Make sure that an error says what and where, and what to do next."""
    assert error is not None
    for word in words:
        assert word in error.message
    assert "Errno" not in error.message
    assert error.hint
