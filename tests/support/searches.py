"""A site with saved searches, run a step at a time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lccmirror.config import Config, load_config
from lccmirror.sync.jobs import open_session
from lccmirror.sync.searches import (
    DueSearch,
    Run,
    RunReport,
    advance,
    begin,
    due_searches,
    report_of,
    run_search,
    unfinished,
)
from lccmirror.sync.session import Session
from tests.support.site import Site

BRIGHT = """
[[search]]
name = "bright"
kind = "columnsearch"
filters = "sdssr < 15.0"
columns = ["sdssr", "objtype"]
every = "1h"
"""


class SearchSite(Site):
    """A `Site` whose configuration ends with saved searches.

    Parameters
    ----------
    searches
        The tables ``[[search]]``.
    """

    def __init__(self, folder: Path, searches: str = BRIGHT, **options: Any) -> None:
        self._searches = searches
        super().__init__(folder, **options)

    def configure(self, settings: str = "", *, url: str | None = None) -> Config:
        """Write the configuration anew, searches and all."""
        super().configure(settings, url=url)
        return self.ask(self._searches)

    def ask(self, searches: str) -> Config:
        """Put other searches into the configuration."""
        path = self._folder / "lccmirror.toml"
        text = path.read_text("utf-8").partition("\n# searches\n")[0]
        path.write_text(f"{text}\n# searches\n{searches}", "utf-8")
        self._searches = searches
        self.config = load_config(path)
        return self.config

    @contextlib.contextmanager
    def session(self, stop: threading.Event | None = None) -> Iterator[Session]:
        """Open the mirror and a client, as one process does."""
        with open_session(self.config, self.around(stop=stop)) as session:
            yield session

    def run(self, name: str = "bright", *, wait: bool = True) -> RunReport:
        """Run a search as a process of its own, 20 minutes after whatever was last."""
        self.clock.forward(1200)
        self.seen = len(self.server.requests)
        with self.session() as session:
            pause = self.around().timing
            assert pause is not None
            return run_search(session, name, wait=wait, pause=pause.wait)

    def due(self) -> list[DueSearch]:
        """Return what is due now."""
        with self.session() as session:
            return due_searches(session.mirror.conn, self.config, self.now())

    def run_due(self) -> list[RunReport]:
        """Run all that is due now to its end, as the daemon does."""
        with self.session() as session:
            runs = [
                begin(session, one)
                for one in due_searches(session.mirror.conn, self.config, self.now())
            ]
            return [self.follow(session, run) for run in runs]

    def take_up(self) -> list[RunReport]:
        """Go on with what is under way, to its end."""
        with self.session() as session:
            return [self.follow(session, run) for run in unfinished(session.mirror.conn)]

    def follow(self, session: Session, run: Run, *, background: bool = False) -> RunReport:
        """Call `advance` at the times it asks for; `background`: the server goes on, too."""
        while (following := advance(session, run)) is not None:
            self.clock.forward(max(0.0, (following - self.now()).total_seconds()))
            if background:
                self.server.advance()
        return report_of(session.mirror.conn, run)

    def latest(self, name: str = "bright", columns: str = "*") -> list[tuple[Any, ...]]:
        """Return the rows of a search's view."""
        return self.sql(f"SELECT {columns} FROM latest_{name}")

    def changes(self, run_id: int) -> dict[str, str]:
        """Return ``{object: change}`` of a run."""
        return dict(
            self.sql("SELECT objectid, change FROM search_changes WHERE run_id = ?", run_id)
        )
