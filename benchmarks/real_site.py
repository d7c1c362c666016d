"""A genuine LCC-Server with two hundred datasets, each made by a search."""

from __future__ import annotations

import contextlib
import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.real import basedir, synthetic
from tests.real.environment import RealEnvironment, ensure_environment
from tests.real.searches import Extras, Search, columnsearch, sixty
from tests.real.seed import Seeder, wait_until_complete
from tests.real.server import RealServer

from .make_zip import write_zip
from .measure import BIN, Run, cpu_seconds, run

POINTS: Final = 1_000
"""Measurements of a light curve: some months of a survey."""

_CONFIG = """
[server]
url = "{url}"
requests_per_minute = 1000000
[mirror]
root = "mirror"
min_free = 0
{more}
[keys]
dir = "keys"
"""


@dataclass(frozen=True)
class ServerCpu:
    """CPU seconds of the server.

    Attributes
    ----------
    all_s
        Of all its processes.
    loop_s
        Of the one in which every request is taken, and every file sent.
    """

    all_s: float
    loop_s: float

    def since(self, before: ServerCpu) -> ServerCpu:
        """Return what was added."""
        return ServerCpu(self.all_s - before.all_s, self.loop_s - before.loop_s)


@dataclass(frozen=True)
class RealSite:
    """The server, and the two clients that are compared."""

    env: RealEnvironment
    server: RealServer
    folder: Path

    def reference(self, url: str, target: Path, what: str, *arguments: str) -> Run:
        """Run `benchmarks.reference_client` into a folder."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        target.mkdir(parents=True)
        command = [str(self.env.python), "-m", "benchmarks.reference_client", what, url]
        return run([*command, str(target), *arguments], env=self.env.variables(home))

    def server_cpu(self) -> ServerCpu:
        """Return the CPU seconds of the server so far."""
        pids = self.server.pids
        children = [
            int(child)
            for pid in pids.values()
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
        return ServerCpu(
            sum(map(cpu_seconds, (*pids.values(), *children))), cpu_seconds(pids["indexserver"])
        )

    def make(self, searches: Iterator[Search] | list[Search]) -> list[str]:
        """Make datasets that are complete; return their ids."""
        made = Seeder(self.server.url).make_all(searches)
        wait_until_complete(self.server.basedir, made)
        return [one.setid for one in made]


@contextlib.contextmanager
def real_site(folder: Path) -> Iterator[RealSite]:
    """Run the genuine server, with light curves of `POINTS` points and no dataset yet."""
    env = ensure_environment()
    options = basedir.Options(
        collections=(
            {"name": "alpha", "npoints": POINTS},
            {"name": "beta", "npoints": POINTS},
        )
    )
    base = basedir.build(env, folder / "server", options)
    with RealServer(env, base) as server:
        yield RealSite(env, server, folder)


def searches(count: int) -> list[Search]:
    """Return searches of all kinds, each another, always the same."""
    found: dict[Search, None] = {}
    seed = 7
    while len(found) < count:
        large = synthetic.large().db_id
        found |= {
            one: None for one in sixty(seed) if (("collections[]", large) not in one.form)
        }
        seed += 1
    return list(found)[:count]


def configured(folder: Path, url: str, more: str = "") -> Path:
    """Write a configuration without a budget for requests; return its path.

    Parameters
    ----------
    more
        Further lines of ``[mirror]``, and further tables.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "lccmirror.toml"
    path.write_text(_CONFIG.format(url=url, more=more), "utf-8")
    return path


def lccmirror(config: Path, *arguments: str) -> Run:
    """Run one of our commands."""
    return run([str(BIN / "lccmirror"), "-c", str(config), *arguments])


def large_zip(site: RealSite, size: int) -> str:
    """Make a dataset, and let the server publish a ZIP of `size` bytes for it; its setid.

    The server would need an hour to convert light curves for it. So the ZIP that it has made
    gives way on its disk to one with the same members, which are longer.
    """
    only = Extras(collections=(synthetic.alpha().db_id,))
    limit = synthetic.alpha().unconvertible_above
    (setid,) = site.make([columnsearch(f"(decl lt {limit})", only)])
    path = site.server.basedir / "products" / f"lightcurves-{setid}.zip"
    with zipfile.ZipFile(path) as archive:
        listed = json.loads(archive.read("lczip-manifest.json"))
    names = [name.removesuffix("-csvlc.gz") for name in listed]
    path.unlink()
    write_zip(path, synthetic.alpha().collection_id, names, size // len(names))
    return setid


def downloaded(folder: Path) -> dict[str, str]:
    """Return the hashes of the CSVs and ZIPs that the reference client left, by name."""
    return {path.name: sha256(path) for path in sorted(folder.iterdir())}


def mirrored(root: Path) -> dict[str, str]:
    """Return the hashes of the CSVs and ZIPs of a mirror, by name, as they lie on the disk."""
    found = (root / "datasets").glob("*/*/*")
    return {
        path.name: sha256(path)
        for path in sorted(found, key=lambda path: path.name)
        if path.suffix in (".csv", ".zip")
    }


def sha256(path: Path) -> str:
    """Return a file's hash."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
