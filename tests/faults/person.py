"""A person who does what lccmirror says, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lccmirror.errors import LccMirrorError
from lccmirror.sync.rebuild import rebuild_catalog
from tests.support.site import Site

_TIMES = 3
_DAY_S = 90_000.0
_DAMAGED = 65
_ADVICE = "--rebuild-catalog"


@dataclass
class Person:
    """Somebody before a terminal.

    Attributes
    ----------
    told
        All that was said to them.
    codes
        The exit codes of what they ran.
    """

    site: Site
    told: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    def sync(self) -> int:
        """Run ``lccmirror sync``."""

        def job() -> int:
            report = self.site.sync()
            self.told += [*report.failed.values(), *report.notes, report.summary()]
            if report.stopped is not None:
                self.told.append(str(report.stopped))
            return report.exit_code

        return self._run(job)

    def repair(self) -> int:
        """Run ``lccmirror verify --repair``."""

        def job() -> int:
            verified = self.site.repair()
            self.told += [f"{one.path}: {one.detail}" for one in verified.found.damage]
            self.told += verified.found.unknown
            if verified.repair is not None:
                self.told += [*verified.repair.failed.values(), str(verified.repair.error)]
            return verified.exit_code

        return self._run(job)

    def rebuild(self) -> int:
        """Run ``lccmirror verify --repair --rebuild-catalog``, and remove the old one then."""

        def job() -> int:
            rebuilt = rebuild_catalog(self.site.config, self.site.around())
            self.told += [f"{one.path}: {one.detail}" for one in rebuilt.found.damage]
            for left in self.site.root.glob("catalog.sqlite.aside-*"):
                left.unlink()
            return rebuilt.exit_code

        return self._run(job)

    def mend(self) -> int:
        """Sync and repair, for some days; make the catalog anew if that is advised."""
        for _ in range(_TIMES):
            if self.sync() != _DAMAGED and self.repair() == 0:
                break
            if _ADVICE in self.told[-1]:
                self.rebuild()
            self.site.clock.forward(_DAY_S)
        return self.codes[-1]

    def _run(self, job: Callable[[], int]) -> int:
        try:
            code = job()
        except LccMirrorError as error:
            self.told.append(str(error))
            code = error.exit_code
        self.codes.append(code)
        return code

    def was_told(self, word: str) -> bool:
        """Whether something was said with `word` in it."""
        return any(word in one for one in self.told)
