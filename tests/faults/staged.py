"""What the families that play scenarios on stages have in common."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.faults.crashing import CrashChild
from tests.faults.stage import Stages


class Staged:
    """Stages, a process that works on them, and a folder of their own; made when wanted."""

    name: str

    def __init__(self) -> None:
        self._stages = Stages()
        self._child: CrashChild | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def close(self) -> None:
        """End the process and the servers."""
        self._stages.close()
        if self._child is not None:
            self._child.close()
        if self._folder is not None:
            self._folder.cleanup()

    def _process(self) -> CrashChild:
        self._child = self._child or CrashChild()
        return self._child

    def _own(self) -> Path:
        prefix = f"{self.name}-"
        self._folder = self._folder or tempfile.TemporaryDirectory(prefix=prefix)
        return Path(self._folder.name)
