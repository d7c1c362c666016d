"""The mirror that the documentation's examples ask: the demo's server, on days of its own.

Everything in it follows from a seed and from a clock that moves when it is told to, so that
the same questions have the same answers every time.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from lccmirror.config import load_config
from lccmirror.demo import DemoServer
from lccmirror.demo.populate import populate
from lccmirror.demo.surveys import CatalogObject
from lccmirror.server import Timing
from lccmirror.sync.jobs import Surroundings, open_session, sync
from lccmirror.sync.progress import Silent
from lccmirror.sync.searches import run_search

_BEGIN: Final = datetime(2026, 11, 1, 20, tzinfo=UTC)
_DAY_S: Final = 86_400.0
_SEARCH: Final = "bright_movers"
_MAKES_NO_SET: Final = "usSKap6Ca9Y"

_CONFIG = """\
[server]
url = "{url}"
requests_per_minute = 6000

[mirror]
root = "mirror"
workers = 1
min_free = 0

[keys]
dir = "keys"

[select]
deny = ["{denied}"]

[[search]]
name = "{search}"
kind = "columnsearch"
filters = "sdssr < 13.0 and propermotion > 50"
columns = ["sdssr", "propermotion"]
sort = ["sdssr", "asc"]
cron = "0 4 * * *"
timezone = "UTC"
"""

# An observer's own list: two stars of the mirror, one a little beside it, and one elsewhere.
_TARGETS = """\
# objectid  ra  decl
mine-1  290.05694  47.33605
mine-2  359.30078  -30.90767
mine-3  1.38472  -30.50052
mine-4  83.63308  22.01450
"""


class _Clock:
    """Seconds since 1970, which pass when told to; `tick` more whenever they are asked."""

    def __init__(self) -> None:
        self.seconds = _BEGIN.timestamp()
        self.tick = 0.0

    def __call__(self) -> float:
        self.seconds += self.tick
        return self.seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        self.seconds += seconds
        return stop.is_set()


@contextmanager
def demo_mirror() -> Iterator[Path]:
    """Make the mirror in a folder that lasts as long as the context.

    Yields
    ------
    pathlib.Path
        The folder, with ``lccmirror.toml``, ``targets.txt`` and the mirror in ``mirror``. The
        server is gone: whoever asks is offline.
    """
    with TemporaryDirectory(prefix="lccmirror-docs-") as name:
        folder = Path(name)
        _make(folder)
        yield folder


def _make(folder: Path) -> None:
    clock = _Clock()
    timing = Timing(clock, clock, clock.wait, lambda: 0.5)
    around = Surroundings(Silent(), threading.Event(), clock.now, timing)
    with DemoServer(clock=clock) as server:
        # Each dataset some seconds after the one before.
        clock.tick = 1.5
        populate(server)
        clock.tick = 0.0
        settings = _CONFIG.format(url=server.url, denied=_MAKES_NO_SET, search=_SEARCH)
        path = folder / "lccmirror.toml"
        path.write_text(settings, "utf-8")
        (folder / "targets.txt").write_text(_TARGETS, "utf-8")
        config = load_config(path)
        clock.seconds += 3600
        sync(config, around)
        for night in range(2):
            clock.seconds = _BEGIN.timestamp() + (night + 1 / 3) * _DAY_S
            with open_session(config, around) as session:
                run_search(session, _SEARCH, wait=True, pause=clock.wait)
            _new_catalog(server)
    shutil.rmtree(folder / "keys")


def _new_catalog(server: DemoServer) -> None:
    """Publish a new catalog: one of the bright movers was a blend, another one is found."""
    survey = server.surveys[0]
    movers = [one for one in survey.objects if _moves(one) and _bright(one)]
    still = next(one for one in survey.objects if _bright(one) and not _moves(one))
    new = {movers[0].objectid: 12.5, still.objectid: 87.31}
    server.change_catalog(
        survey.collection,
        [
            replace(one, values={**one.values, "propermotion": new[one.objectid]})
            if one.objectid in new
            else one
            for one in survey.objects
        ],
    )


def _bright(one: CatalogObject) -> bool:
    magnitude = one.values["sdssr"]
    return isinstance(magnitude, float) and magnitude < 13


def _moves(one: CatalogObject) -> bool:
    motion = one.values["propermotion"]
    return isinstance(motion, float) and motion > 50
