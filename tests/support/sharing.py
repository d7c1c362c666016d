"""Which tests stay together when several processes share them.

The marker ``xdist_group`` is not used: pytest-xdist hands it over in a test's id, which
pytest 9.2 does not let it change any more; the tests are then shared as if there were no
marker, and everything that is made once is made by each process.
"""

from __future__ import annotations

from typing import Any

import pytest

_REAL = "tests/real/"


def group(nodeid: str) -> str:
    """Return what a test belongs to: its file, or the real tier, whose servers are shared."""
    path, _, _ = nodeid.partition("::")
    return _REAL if path.startswith(_REAL) else path


def processes(cores: int) -> int:
    """Return how many are to run tests: half of the time a test waits, mostly for the disk."""
    return cores + max(1, cores // 2)


def by_file(config: pytest.Config, log: Any) -> Any:
    """Return a scheduler that gives groups to processes, in the order of collection.

    The order is that of the folders, where long tests come before short ones (what has the
    most tests, which xdist would begin with, is not what takes the longest): so that no
    process is left alone at the end.
    """
    # Only where it is asked for: pytest runs without xdist, too. It has no types.
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid)

    config.option.loadscopereorder = False
    return ByFile(config, log)
