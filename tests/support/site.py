"""A mirror and the server it mirrors, for one test, in a time of their own."""

from __future__ import annotations

import contextlib
import gzip
import json
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from lccmirror.config import Config, load_config
from lccmirror.server import Timing
from lccmirror.sync import layout
from lccmirror.sync.jobs import (
    Planned,
    Surroundings,
    Verified,
    dry_run,
    repair_mirror,
    sync,
    verify_mirror,
)
from lccmirror.sync.progress import Progress, Silent
from lccmirror.sync.rebuild import Rebuilt, rebuild_catalog
from lccmirror.sync.report import CycleReport
from tests.support.clocks import ManualClock
from tests.support.misbehaving import MisbehavingServer


class Site:
    """A misbehaving server and a mirror of it.

    Parameters
    ----------
    folder
        The test's own; configuration, keys and mirror lie below it.
    settings
        More lines of the configuration; a table may not appear twice, searches come last.
    options
        Of the server.
    """

    def __init__(self, folder: Path, settings: str = "", **options: Any) -> None:
        self.clock = ManualClock()
        # By so much this machine's own clock is ahead of the time.
        self.ahead = timedelta(0)
        options = {"objects": 8, "points": (5, 9), **options}
        self.server = MisbehavingServer(clock=self.clock, **options)
        self._folder = folder
        self.config = self.configure(settings)
        self.root = self.config.mirror.root
        self.seen = 0

    def __enter__(self) -> Self:
        self.server.__enter__()
        self.config = self.configure(self._settings)
        return self

    def __exit__(self, *error: object) -> None:
        self.server.close()

    def configure(self, settings: str = "", *, url: str | None = None) -> Config:
        """Write the configuration anew and return it."""
        self._settings = settings
        settings, first, searches = settings.partition("[[")
        tables: dict[str, str] = {}
        for block in ("\n" + settings).split("\n[")[1:]:
            name, _, lines = block.partition("]")
            tables[name] = lines
        try:
            here = self.server.url
        except (AttributeError, RuntimeError):
            here = "http://127.0.0.1:1"
        fixed = {
            "server": f'url = "{url or here}"\nrequests_per_minute = 6000\nread_timeout = "2s"',
            "mirror": 'root = "mirror"\nmin_free = 0',
            "keys": f'dir = "{self._folder / "keys"}"',
        }
        text = "".join(
            f"[{name}]\n{fixed.get(name, '')}\n{tables.get(name, '')}\n"
            for name in {**fixed, **tables}
        )
        text += first + searches
        path = self._folder / "lccmirror.toml"
        path.write_text(text, "utf-8")
        self.config = load_config(path)
        return self.config

    def around(
        self, progress: Progress | None = None, stop: threading.Event | None = None
    ) -> Surroundings:
        """Return surroundings in which waiting takes no time but moves the clock."""

        def wait(event: threading.Event, seconds: float) -> bool:
            self.clock.forward(seconds)
            return event.is_set()

        timing = Timing(self.clock, lambda: self.now().timestamp(), wait, lambda: 0.5)
        return Surroundings(
            progress or Silent(), stop or threading.Event(), self.now, timing=timing
        )

    def now(self) -> datetime:
        """Return the time of this site, by its own clock."""
        return datetime.fromtimestamp(self.clock(), UTC) + self.ahead

    def sync(self, **around: Any) -> CycleReport:
        """Run one cycle, some time after whatever happened last."""
        self.clock.forward(30)
        self.seen = len(self.server.requests)
        return sync(self.config, self.around(**around))

    def plan(self) -> list[Planned]:
        """Do a dry run."""
        self.clock.forward(60)
        self.seen = len(self.server.requests)
        return dry_run(self.config, self.around())

    def verify(self) -> Verified:
        """Verify the mirror."""
        return verify_mirror(self.config, self.around())

    def repair(self) -> Verified:
        """Repair the mirror."""
        self.clock.forward(60)
        return repair_mirror(self.config, self.around())

    def rebuild(self) -> Rebuilt:
        """Make the catalog anew."""
        self.clock.forward(60)
        self.seen = len(self.server.requests)
        return rebuild_catalog(self.config, self.around())

    def requests(self, path: str = "") -> list[str]:
        """Return ``GET /path`` of each request since the last sync began."""
        asked = [f"{one.method} {one.target}" for one in self.server.requests[self.seen :]]
        return [one for one in asked if path in one]

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the catalog."""
        conn = sqlite3.connect(f"file:{self.root / 'catalog.sqlite'}?mode=ro", uri=True)
        try:
            return conn.execute(statement, values).fetchall()
        finally:
            conn.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Write in the catalog behind the mirror's back."""
        with contextlib.closing(sqlite3.connect(self.root / "catalog.sqlite")) as conn:
            yield conn
            conn.commit()

    def states(self) -> dict[str, str]:
        """Return the state of each dataset in the catalog."""
        return dict(self.sql("SELECT setid, state FROM datasets"))

    def file(self, setid: str, kind: str) -> Path:
        """Return where a product of a dataset lies."""
        return self.root / layout.product(setid, kind)

    def check(self, *setids: str) -> None:
        """Compare datasets (all that are listed, by default) with the server's truth."""
        verified = self.verify()
        assert verified.found.damage == []
        assert verified.found.unknown == []
        if not self.sql("SELECT * FROM work"):
            assert list((self.root / "incoming").iterdir()) == []
        listed = [one.setid for one in self.server.datasets() if one.visibility == "public"]
        for setid in setids or listed:
            self._check_dataset(setid)
        for name in ("dataset_rows", "objects", "lightcurves"):
            counted = self.sql(f"SELECT count(*) FROM {name}")
            assert counted == self.sql("SELECT n FROM counts WHERE name = ?", name)
        # Verifying has compared the words; this is that nothing is left to be indexed.
        objects, indexed = (
            self.sql(f"SELECT collection, objectid FROM {name} ORDER BY 1, 2")
            for name in ("objects", "objects_text")
        )
        assert objects == indexed

    def _check_dataset(self, setid: str) -> None:
        state, nrows, same_as, has_zip, values_from = self.sql(
            "SELECT state, nrows, same_as, has_lczip, values_from FROM datasets "
            "WHERE setid = ?",
            setid,
        )[0]
        assert state == "mirrored"
        assert values_from == "both"
        assert self.file(setid, "csv").read_bytes() == self.server.product(setid, "csv")
        published = json.loads(self.server.product(setid, "json"))
        kept = gzip.decompress(self.file(setid, "json").read_bytes())
        assert json.loads(kept.splitlines()[0])["columns"] == published["columns"]
        if has_zip:
            zipped = self.file(setid, "lczip").read_bytes()
            assert zipped == self.server.product(setid, "lczip")
        rows = self.sql(
            "SELECT data FROM dataset_rows WHERE setid = ? ORDER BY row", same_as or setid
        )
        truth = self.server.truth(setid)
        assert [json.loads(data) for (data,) in rows] == truth
        assert nrows == len(truth)


def make_small(site: Site, lczip: Path) -> str:
    """Make a dataset of one row, with whatever ZIP."""
    return site.server.make_table({"db_oid": "U9", "n": "i8"}, [["a", 1]], lczip=lczip)
