"""A scenario on a site of its own, to be played, cut off, and played again."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lccmirror.sync.jobs import prune_mirror
from tests.faults.campaign import Verdict
from tests.faults.check import Held, check, held, settle
from tests.faults.child import Job, Outcome
from tests.faults.crashing import CrashChild
from tests.faults.scenarios import Scenario
from tests.faults.torn import torn
from tests.support.searches import SearchSite


class Stage:
    """A site made ready for a scenario's work.

    Parameters
    ----------
    folder
        Its own.
    """

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        folder.mkdir()
        self.scenario = scenario
        self._folder = folder
        self.site = scenario.site(folder)
        self.site.__enter__()
        goes = scenario.prepare(self.site)
        self._at = self.site.clock()
        self._held = Held()
        if self.site.root.exists():
            self._held = self._staying(goes)
        for name in ("mirror", "keys"):
            if (folder / name).exists():
                (folder / name).rename(self._before(name))

    def close(self) -> None:
        """End its server."""
        self.site.__exit__()

    @property
    def roots(self) -> tuple[Path, Path]:
        """The folders that the work may change."""
        return self.site.root, self._folder / "keys"

    def _before(self, name: str) -> Path:
        (self._folder / "before").mkdir(exist_ok=True)
        return self._folder / "before" / name

    def _staying(self, goes: frozenset[str]) -> Held:
        """Return what is to be there after the work, too."""
        known = held(self.site)
        if self.scenario.work == "repair":
            return Held(frozenset(), known.setids)
        if not goes:
            return known
        versions = self.site.sql(
            f"SELECT sha256 FROM files WHERE state = 'ok' AND (setid IS NULL OR setid NOT IN"
            f" ({', '.join('?' * len(goes))}))",
            *sorted(goes),
        )
        return replace(known, versions=frozenset(one for (one,) in versions))

    def restore(self) -> None:
        """Make all as it was before the work."""
        for root in self.roots:
            shutil.rmtree(root, ignore_errors=True)
            if self._before(root.name).exists():
                # cp, because shared files must stay shared
                subprocess.run(["/bin/cp", "-a", self._before(root.name), root], check=True)
        self.site.clock.now = self._at
        self.site.server.requests.clear()
        self.site.seen = 0

    def work(
        self, child: CrashChild, *, die_at: int | None = None, journal: Path | None = None
    ) -> Outcome:
        """Let the child do the work, some time later."""
        # A search may not be asked again too soon.
        self.site.clock.forward(1200 if self.scenario.work == "search" else 30)
        return child.do(
            Job(
                str(self.site.config.path),
                self.site.clock(),
                self.scenario.work,
                "bright" if self.scenario.work == "search" else "",
                die_at,
                None if journal is None else str(journal),
            )
        )

    def torn(self) -> Verdict:
        """Look at what there is, just after it was cut off."""
        if self.scenario.work == "repair":
            # Of what was damaged before, some is damaged still.
            return Verdict()
        return torn(self.site, self._held)

    def finish(self) -> Verdict:
        """Start again, as somebody would, let time pass, and judge."""
        site = self.site
        again: dict[str, Callable[[], object]] = {
            "prune": lambda: prune_mirror(site.config, site.around()),
            "repair": site.repair,
            "rebuild": site.rebuild,
        }
        verdict = self._search() if isinstance(site, SearchSite) else Verdict()
        if self.scenario.work == "prune":
            # What was begun is ended by whatever is done next, not by a pruning alone.
            settle(site)
            verdict += check(site, self._held)
        if self.scenario.work in again:
            again[self.scenario.work]()
        told = settle(site)
        verdict += check(site, self._held, logs=told)
        return verdict if verdict else replace(verdict, notes=(*verdict.notes, *told))

    def _search(self) -> Verdict:
        """Take up what was under way, run what is due; each due time has one run."""
        site = self.site
        assert isinstance(site, SearchSite)
        reports = [*site.take_up(), *site.run_due()]
        amiss = [
            f"stuck: run {one.run_id} is {one.state}: {one.message}"
            for one in reports
            if one.state != "ok"
        ]
        runs = site.sql("SELECT due, state, count(*) FROM search_runs GROUP BY due")
        more = [f"wrong: {n} runs for {due}, {state}" for due, state, n in runs if n != 1]
        return Verdict(wrong=len(more), stuck=len(amiss), notes=(*amiss, *more))


class Stages:
    """Stages that are kept for the next case, where they are the same after one."""

    def __init__(self) -> None:
        self._kept: dict[str, Stage] = {}
        self._made = 0

    def take(self, scenario: Scenario, folder: Path) -> Stage:
        """Return a stage, restored.

        Parameters
        ----------
        folder
            Where one is made that will not be kept.
        """
        stage = self._kept.pop(scenario.name, None)
        if stage is None:
            self._made += 1
            stage = Stage(scenario, folder / f"stage-{self._made}")
        stage.restore()
        return stage

    def give_back(self, stage: Stage, *, good: bool) -> None:
        """Keep a stage for later, or end it."""
        if good and stage.scenario.lasting:
            self._kept[stage.scenario.name] = stage
        else:
            stage.close()

    def close(self) -> None:
        """End them all."""
        for stage in self._kept.values():
            stage.close()
        self._kept.clear()
