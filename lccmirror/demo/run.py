"""The demonstration: a server inside this process, and the mirror's main job on it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import Config, load_config
from ..config_template import render_config
from ..errors import MirrorUnusable
from ..formats.lc_convert import library
from ..query import open_readonly, run_query
from ..query.lightcurves import newest_copy, read_copy
from ..query.plot import plot_folded
from ..sync.jobs import Surroundings, sync
from .populate import populate
from .server import DemoServer

if TYPE_CHECKING:
    from ..query import Result
    from ..sync.report import CycleReport

_MARKER = ".lccmirror-demo"

QUERIES = (
    (
        "The brightest RR Lyrae stars of the mirror",
        "SELECT objectid, round(ra, 4) AS ra, round(decl, 4) AS decl, sdssr, period\n"
        "FROM objects WHERE objtype = 'RRab' AND sdssr < 13 ORDER BY sdssr LIMIT 5",
    ),
    (
        "Light curves per dataset",
        "SELECT d.query_type, d.nobjects, count(l.objectid) AS lightcurves,\n"
        "       d.query_params ->> '$.conditions' AS filters\n"
        "FROM datasets AS d LEFT JOIN lightcurves AS l USING (setid)\n"
        "GROUP BY d.setid ORDER BY d.nobjects DESC LIMIT 5",
    ),
)
"""What the demonstration asks of its mirror: a line of explanation, and the SQL."""

_STAR = """
SELECT objectid, collection, period FROM objects
JOIN lightcurves USING (collection, objectid)
WHERE objtype = 'RRab' AND period IS NOT NULL AND newest = 1 AND sdssr IS NOT NULL
ORDER BY sdssr LIMIT 1
"""
_MAGNITUDES = ("aep_000", "aim_000")


@dataclass(frozen=True)
class Demo:
    """A demonstration that is set up: its server runs, its mirror is configured."""

    server: DemoServer
    config: Config

    def sync(self, around: Surroundings) -> CycleReport:
        """Mirror the server."""
        return sync(self.config, around)

    def ask(self, sql: str, show: Callable[[Result], None]) -> None:
        """Run a query on the mirror, as `lccmirror query` does."""
        with open_readonly(self.config.mirror.root) as catalog:
            show(run_query(catalog, sql))

    def plot(self) -> Path:
        """Draw the folded light curve of the brightest RR Lyrae star that is mirrored.

        Raises
        ------
        LccMirrorError
            If Matplotlib is not installed.
        """
        # Before the light curve is read: that needs NumPy alone, and would ask for no more.
        library("matplotlib", "plot", "a plot")
        root = self.config.mirror.root
        with open_readonly(root) as catalog:
            objectid, collection, period = catalog.connection.execute(_STAR).fetchone()
            lightcurve = read_copy(root, newest_copy(catalog.connection, objectid, collection))
        column = next(name for name in _MAGNITUDES if name in lightcurve.arrays)
        errors = lightcurve.arrays.get(column.replace("aep", "aie").replace("aim", "aie"))
        target = root.parent / f"{objectid}.png"
        plot_folded(
            target,
            lightcurve.arrays["rjd"],
            lightcurve.arrays[column],
            errors,
            period=period,
            title=f"{objectid}, an RR Lyrae star of {collection}",
            label=column,
        )
        return target


@contextmanager
def demonstration(folder: Path) -> Iterator[Demo]:
    """Start a server with a dozen datasets, and configure a new mirror of it in `folder`.

    A folder of an earlier demonstration is emptied first; any other that has something in
    it is refused.

    Raises
    ------
    MirrorUnusable
        If so.
    """
    _empty(folder)
    with DemoServer() as server:
        populate(server)
        path = folder / "lccmirror.toml"
        settings = render_config(server.url, "mirror")
        # A demonstration shall not fail on a disk that is nearly full; its keys are worth
        # nothing after it.
        settings = settings.replace('#min_free = "5 GB"', 'min_free = "50 MB"')
        # Nobody else uses this server: no need to be slow.
        settings = settings.replace("#requests_per_minute = 300", "requests_per_minute = 6000")
        settings = settings.replace("\n[keys]\n", '\n[keys]\ndir = "keys"\n')
        path.write_text(settings, "utf-8")
        yield Demo(server, load_config(path))


def _empty(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / _MARKER).is_file():
            raise MirrorUnusable(
                f"{folder} is not empty, and not of an earlier demonstration",
                hint="name another folder: lccmirror demo FOLDER",
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARKER).touch()
