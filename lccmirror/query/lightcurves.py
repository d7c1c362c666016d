"""Light curves of the mirror, read straight from the ZIPs and files they came in."""

from __future__ import annotations

import sqlite3
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Damaged, LccMirrorError

if TYPE_CHECKING:
    from ..formats import LightCurve


@dataclass(frozen=True)
class Copy:
    """Where one copy of an object's light curve is.

    Attributes
    ----------
    path
        The file, below the mirror's root.
    member
        Its name inside that ZIP; None for a light curve alone.
    """

    collection: str
    objectid: str
    path: str
    member: str | None


def newest_copy(conn: sqlite3.Connection, objectid: str, collection: str | None = None) -> Copy:
    """Return the newest copy of an object's light curve.

    Raises
    ------
    LccMirrorError
        If the mirror has none, or the object is in several collections and none is named.
    """
    rows = conn.execute(
        "SELECT collection, objectid, path, member FROM lightcurves "
        "WHERE objectid = ? AND newest = 1 AND (?2 IS NULL OR collection = ?2)",
        (objectid, collection),
    ).fetchall()
    if not rows:
        raise LccMirrorError(f"the mirror has no light curve of {objectid}")
    if len(rows) > 1:
        names = ", ".join(sorted(row[0] for row in rows))
        raise LccMirrorError(
            f"{objectid} is in several collections: {names}", hint="name one of them"
        )
    return Copy(*rows[0])


def read_copy(root: Path, copy: Copy) -> LightCurve:
    """Read a light curve of the mirror at `root`.

    Raises
    ------
    Damaged
        If its file is gone or broken.
    FormatError
        If it is no light curve.
    """
    # Imported here: reading needs the extra `lc`.
    from ..formats import read_lightcurve

    path = root / copy.path
    try:
        if copy.member is None:
            return read_lightcurve(path)
        with zipfile.ZipFile(path) as zipped:
            return read_lightcurve(zipped.read(copy.member))
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise Damaged(
            f"{copy.path}: the light curve of {copy.objectid} cannot be read: {error}",
            hint="`lccmirror verify --repair` fetches it again",
        ) from error
