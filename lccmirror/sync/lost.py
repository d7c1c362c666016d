"""A catalog that is lost beside its files, and one that was made anew and takes its place.

The old catalog is moved aside, never removed. What belongs to it (its write-ahead log, its
journal) goes with it: SQLite would apply that to the new one.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from .. import durable
from ..catalog.connection import CATALOG_NAME, REBUILD_HINT
from ..errors import Damaged
from . import layout

BUILDING = f"{CATALOG_NAME}.building.part"
SOURCE = f"{CATALOG_NAME}.source.part"
"""A copy of an older backup, brought up to date to be read."""
REBUILT = f"{CATALOG_NAME}.rebuilt"
"""A whole catalog that has passed its checks, about to become the mirror's."""
_ASIDE = f"{CATALOG_NAME}.aside-"
_COMPANIONS = ("-wal", "-journal", "-shm")
_PRODUCTS = ("datasets", "lightcurves", "objects")


def is_lost(root: Path) -> bool:
    """Whether there are mirrored files, and no catalog or an empty one."""
    path = root / CATALOG_NAME
    if path.exists() and path.stat().st_size > 0:
        return False
    return any(
        _is_product(root, Path(folder) / name)
        for top in _PRODUCTS
        for folder, _, names in os.walk(root / top)
        for name in names
    )


def _is_product(root: Path, file: Path) -> bool:
    """Whether a file can be one of ours; what else lies about was never in a catalog."""
    path = layout.arriving(file.relative_to(root).as_posix())
    known = layout.destination(path.removeprefix(f"{layout.INCOMING}/")) is not None
    return known and file.is_file() and not file.is_symlink()


def require_not_lost(root: Path) -> None:
    """Refuse a mirror whose catalog is lost.

    A sync would make an empty one and fetch everything again, over files that are sound.

    Raises
    ------
    Damaged
        If it is so.
    """
    if is_lost(root):
        catalog = root / CATALOG_NAME
        what = "is empty" if catalog.exists() else "is gone"
        left = [path.name for path in _companions(catalog) if os.path.lexists(path)]
        # SQLite would apply them to the copy.
        first = f"move {' and '.join(left)} away, and " if left else ""
        raise Damaged(
            f"{catalog} {what}, and mirrored files are there",
            hint=f"{REBUILD_HINT}; or {first}put a copy of it back",
        )


def replace_catalog(root: Path, now: datetime) -> Path | None:
    """Let the catalog that was made anew take the place of the mirror's.

    The caller holds the mirror's lock, and the new catalog is on the disk as `BUILDING`. After
    a crash anywhere in here, either the old catalog is in its place with all that belongs to
    it, or `finish_replacing` ends it.

    Returns
    -------
    Path or None
        Where the old one is now, if there was one.
    """
    old = root / CATALOG_NAME
    durable.put_in_place(root / BUILDING, root / REBUILT)
    aside: Path | None = None
    if os.path.lexists(old):
        aside = _free_name(root, now)
        durable.put_in_place(old, aside)
    finish_replacing(root, now)
    return aside


def finish_replacing(root: Path, now: datetime) -> None:
    """End what `replace_catalog` had begun, and remove what a rebuilding left half made."""
    catalog, rebuilt = root / CATALOG_NAME, root / REBUILT
    # With a catalog in its place it was not begun, and that one has been in use since, perhaps.
    begun = not os.path.lexists(catalog)
    half_made = [root / BUILDING, root / SOURCE]
    for left in half_made if begun else (*half_made, rebuilt):
        for path in (left, *_companions(left)):
            if path.exists():
                durable.remove(path)
    if rebuilt.exists():
        for path in _companions(catalog):
            if os.path.lexists(path):
                ending = path.name.removeprefix(CATALOG_NAME)
                owner = _newest_aside(root) or _free_name(root, now)
                durable.put_in_place(path, owner.with_name(owner.name + ending))
        durable.put_in_place(rebuilt, catalog)


def _companions(path: Path) -> list[Path]:
    return [path.with_name(path.name + ending) for ending in _COMPANIONS]


def _newest_aside(root: Path) -> Path | None:
    asides = [
        path
        for path in root.glob(f"{_ASIDE}*")
        if not path.name.endswith(_COMPANIONS) and not _has_companion(path)
    ]
    return max(asides, default=None, key=lambda path: path.name)


def _has_companion(path: Path) -> bool:
    # The log and the journal are never there together, and the rest is of no use alone.
    return any(os.path.lexists(one) for one in _companions(path)[:2])


def _free_name(root: Path, now: datetime) -> Path:
    stamp = f"{_ASIDE}{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    path, number = root / stamp, 1
    while os.path.lexists(path):
        number += 1
        path = root / f"{stamp}.{number}"
    return path
