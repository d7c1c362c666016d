"""Base directories of the genuine server: how they are built, and copied.

Building the usual one takes three seconds, the large one ten; copying takes a fraction of
that. A base directory knows its own absolute path in several places, so a copy has to be
told its new one.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.real.environment import RealEnvironment

HOME = ".home"
OPTIONS = "test-options.json"
# What the server allows to a key that belongs to nobody.
_REQUESTS_PER_S = 10


@dataclass(frozen=True)
class Site:
    """The server's own settings, by the names they have in its ``site-info.json``."""

    query_timeout_sec: float = 30.0
    lczip_timeout_sec: float = 30.0
    lczip_max_nrows: int = 500
    dataset_rows_per_page: int = 500
    rate_limit_active: bool = False
    project: str = "Synthetic LCC"


@dataclass(frozen=True)
class Options:
    """What is in a base directory.

    ``collections`` are names and sizes for the functions of the module ``synthetic``:
    ``alpha``, ``beta`` and ``large``.
    """

    collections: tuple[dict[str, Any], ...] = ({"name": "alpha"}, {"name": "beta"})
    site: Site = field(default_factory=Site)
    seed: int = 42


LARGE = Options(collections=({"name": "alpha"}, {"name": "beta"}, {"name": "large"}))


def build(env: RealEnvironment, target: Path, options: Options = Options()) -> Path:
    """Build a base directory at ``target``, which must not exist yet."""
    target = target.absolute()
    wanted = target.with_name(target.name + "-options.json")
    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted.write_text(json.dumps(asdict(options)))
    # the formats' registry has to be below the base directory, which is not there yet
    home = target.with_name(target.name + "-home")
    env.run(["-m", "tests.real.build_basedir", str(target), str(wanted)], home=home)
    home.rename(target / HOME)
    wanted.rename(target / OPTIONS)
    return target


def copy(template: Path, target: Path, site: Mapping[str, object] | None = None) -> Path:
    """Copy a base directory whose server does not run, and tell the copy where it is.

    Parameters
    ----------
    template, target
        The one to copy and the new one, which must not exist yet.
    site
        Settings of the server to change in the copy (see ``Site``).
    """
    target = target.absolute()
    shutil.copytree(template, target, symlinks=True)
    old, new = str(template.absolute()), str(target)
    _repoint_links(target, old, new)
    for path in (target / "site-info.json", *(target / HOME).rglob("lcm-*.json")):
        path.write_text(path.read_text().replace(old, new))
    for path in (target / "lcc-index.sqlite", *target.glob("*/catalog-objectinfo.sqlite")):
        _repoint_database(path, old, new)
    change_site(target, site or {})
    return target


def change_site(basedir: Path, settings: Mapping[str, object]) -> None:
    """Change the server's settings; it reads them at its start."""
    path = basedir / "site-info.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | dict(settings), indent=4))


def read_options(basedir: Path) -> Options:
    """Return what a base directory was built with."""
    raw = json.loads((basedir / OPTIONS).read_text())
    return Options(
        collections=tuple(raw["collections"]), site=Site(**raw["site"]), seed=raw["seed"]
    )


def revoke_keys(basedir: Path) -> None:
    """Make every API key given out so far invalid, as if it had expired."""
    with closing(sqlite3.connect(basedir / ".authdb.sqlite")) as db, db:
        db.execute("delete from apikeys")


def use_up_allowance(basedir: Path, for_s: float) -> None:
    """Let every key that was used so far have asked for more than it may, for some seconds.

    The server refuses who has asked more than ten times a second, on the average since the
    first time. It keeps both in a cache on the disk, in some files by the keys' hashes; the
    place is in the settings, the names are those of the package diskcache.
    """
    folder = Path(json.loads((basedir / "site-info.json").read_text())["cache_location"])
    began: dict[str, float] = {}
    shards = sorted(folder.glob("*/cache.db"))
    for path in shards:
        with closing(sqlite3.connect(path)) as db:
            began |= db.execute("select key, value from Cache where typeof(value) = 'real'")
    assert began, "no key was used"
    for path in shards:
        with closing(sqlite3.connect(path)) as db, db:
            db.executemany(
                "update Cache set value = ? where key = ?",
                [
                    (int(_REQUESTS_PER_S * (time.time() - first + for_s)), f"{key}-counter")
                    for key, first in began.items()
                ],
            )


def _repoint_links(folder: Path, old: str, new: str) -> None:
    for path in folder.rglob("*"):
        if path.is_symlink():
            goal = str(path.readlink())
            if goal.startswith(old + os.sep):
                path.unlink()
                path.symlink_to(new + goal.removeprefix(old))


def _repoint_database(path: Path, old: str, new: str) -> None:
    """Replace a path at the beginning of every text of a SQLite database's plain tables.

    The full-text index has no path in it, and its triggers would rebuild it row by row:
    they are set aside meanwhile.
    """
    with closing(sqlite3.connect(path)) as db, db:
        master = db.execute("select type, name, sql from sqlite_master").fetchall()
        triggers = [(name, sql) for kind, name, sql in master if kind == "trigger"]
        for name, _ in triggers:
            db.execute(f'drop trigger "{name}"')
        for kind, table, sql in master:
            if kind != "table" or "virtual table" in sql.lower() or "_fts" in table:
                continue
            for column in db.execute(f'pragma table_info("{table}")').fetchall():
                name = column[1]
                db.execute(
                    f'update "{table}" set "{name}" = ? || substr("{name}", ?)'
                    f' where substr("{name}", 1, ?) = ?',
                    [new, len(old) + 1, len(old) + 1, old + os.sep],
                )
        for _, sql in triggers:
            db.execute(sql)
