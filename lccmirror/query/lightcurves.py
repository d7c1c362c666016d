"""Light curves of the mirror: which copies there are, and reading them."""

from __future__ import annotations

import os
import sqlite3
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..closing import Closing
from ..errors import Damaged, FormatError, UsageError
from ..names import printable
from .readonly import no_permission

if TYPE_CHECKING:
    from ..formats import LightCurve, LightCurveHeader
    from ..formats.lczip_member import OpenLczip

_OPEN_ZIPS = 8
# A light curve of ten thousand points and thirty columns, expanded.
_KEPT = 1 << 22

# Newest first, as the catalog has settled it; the others by what is known of their age.
_COPIES = """
SELECT l.collection, l.objectid, l.path, l.member, l.setid, l.size, l.crc32, l.newest,
       f.fetched_at, d.created_on, f.state
FROM lightcurves AS l
LEFT JOIN files AS f ON f.path = l.path
LEFT JOIN datasets AS d ON d.setid = l.setid
WHERE l.objectid = :objectid
  AND (:collection IS NULL OR l.collection = :collection)
ORDER BY l.collection, l.newest DESC, f.state = 'superseded', f.fetched_at DESC, l.path
"""
# Without an index on objectid alone: one look-up in each collection that is there.
_WHY_MISSING = """
WITH RECURSIVE there (collection) AS (
  SELECT min(collection) FROM missing_lightcurves
  UNION ALL
  SELECT (SELECT min(m.collection) FROM missing_lightcurves AS m
          WHERE m.collection > there.collection)
  FROM there WHERE there.collection IS NOT NULL)
SELECT m.reason FROM there CROSS JOIN missing_lightcurves AS m
WHERE m.collection = there.collection AND m.objectid = coalesce(?, there.collection)
ORDER BY m.since DESC LIMIT 1
"""
_COLLECTION = "SELECT collection FROM collections WHERE collection = ?1 OR collection_id = ?1"


@dataclass(frozen=True)
class Copy:
    """Where one copy of an object's light curve is.

    Parameters
    ----------
    collection, objectid
        Whose it is.
    path
        The file, below the mirror's root.
    member
        Its name inside that ZIP; None for a light curve alone.
    setid
        The dataset that it came with; None for a light curve alone.
    size, crc32
        Of the packed light curve, in bytes.
    newest
        Whether it is the one that is read unless another is asked for.
    fetched_at, created_on
        When its file was mirrored, and when its dataset was made.
    state
        Of its file: ``ok``, ``damaged``, ``missing``, ``superseded``.
    """

    collection: str
    objectid: str
    path: str
    member: str | None
    setid: str | None = None
    size: int | None = None
    crc32: int | None = None
    newest: bool = True
    fetched_at: str | None = None
    created_on: str | None = None
    state: str | None = None


def copies_of(
    conn: sqlite3.Connection, objectid: str, collection: str | None = None
) -> tuple[Copy, ...]:
    """Return all copies of an object's light curve, the newest of each collection first.

    Parameters
    ----------
    conn
        To the catalog.
    objectid
        As the catalog has it.
    collection
        The database ID or the path form; None for all.

    Raises
    ------
    UsageError
        If there are none, with the reason where one is known.
    """
    copies = any_copies(conn, objectid, collection)
    if not copies:
        raise _none(conn, objectid, collection)
    return copies


def any_copies(
    conn: sqlite3.Connection, objectid: str, collection: str | None = None
) -> tuple[Copy, ...]:
    """Return the same as `copies_of`, and nothing if there are none."""
    known = collection and conn.execute(_COLLECTION, (collection,)).fetchone()
    name = known[0] if known else collection
    rows = conn.execute(_COPIES, {"objectid": objectid, "collection": name}).fetchall()
    return tuple(_copy(row) for row in rows)


def newest_copy(conn: sqlite3.Connection, objectid: str, collection: str | None = None) -> Copy:
    """Return the newest copy of an object's light curve.

    Raises
    ------
    UsageError
        If the mirror has none, or the object is in several collections and none is named.
    """
    return chosen_copy(conn, objectid, collection)


def chosen_copy(
    conn: sqlite3.Connection,
    objectid: str,
    collection: str | None = None,
    setid: str | None = None,
) -> Copy:
    """Return one copy of an object's light curve.

    Parameters
    ----------
    conn, objectid, collection
        As for `copies_of`.
    setid
        The dataset whose copy it shall be; None for the newest.

    Raises
    ------
    UsageError
        If the mirror has none, or there are several and nothing says which.
    """
    copies = copies_of(conn, objectid, collection)
    if setid is not None:
        wanted = [copy for copy in copies if copy.setid == setid]
        if not wanted:
            there = ", ".join(copy.setid or "(alone)" for copy in copies)
            raise UsageError(
                f"no copy of the light curve of {printable(objectid)} came with dataset "
                f"{printable(setid)}",
                hint=f"there are copies of: {there}",
            )
        copies = tuple(wanted)
    collections = sorted({copy.collection for copy in copies})
    if len(collections) > 1:
        raise UsageError(
            f"{printable(objectid)} is in several collections: " + ", ".join(collections),
            hint=f"name one of them: --collection {collections[0]}",
        )
    return copies[0]


def read_copy(root: Path, copy: Copy) -> LightCurve:
    """Read a light curve of the mirror at `root`.

    Raises
    ------
    Damaged
        If its file is gone or broken.
    """
    with LightCurveFiles(root) as files:
        return files.read(copy)


class LightCurveFiles(Closing):
    """The mirror's light-curve files, some of them open: for reading many.

    Parameters
    ----------
    root
        The mirror's folder.
    many
        Whether it is worth the time to import what reads fastest, if it is installed.
    """

    def __init__(self, root: Path, *, many: bool = False) -> None:
        self._root = root
        self._arrow = many and _has_arrow()
        if many:
            _keep_memory()
        self._zips: OrderedDict[str, OpenLczip] = OrderedDict()

    def close(self) -> None:
        """Close what is open."""
        while self._zips:
            self._zips.popitem()[1].close()

    def read(self, copy: Copy) -> LightCurve:
        """Read a light curve.

        Raises
        ------
        Damaged
            If its file is gone or broken.
        LccMirrorError
            If NumPy is not installed.
        """
        from ..formats import read_lightcurve  # the commands start faster without

        try:
            return read_lightcurve(self.packed(copy), arrow=self._arrow)
        except FormatError as error:
            raise _damaged(copy, error.message) from error

    def header(self, copy: Copy) -> LightCurveHeader:
        """Read what a light curve says of its object and columns.

        Raises
        ------
        Damaged
            If its file is gone or broken.
        """
        from ..formats import read_lightcurve_header

        try:
            return read_lightcurve_header(self.packed(copy))
        except FormatError as error:
            raise _damaged(copy, error.message) from error

    def packed(self, copy: Copy) -> bytes:
        """Return a light curve as the server publishes it, gzipped.

        Raises
        ------
        Damaged
            If its file is gone or broken.
        MirrorUnusable
            If this user may not read it.
        """
        try:
            if copy.member is None:
                return (self._root / copy.path).read_bytes()
            return self._zip(copy.path).read(copy.member)
        except PermissionError as error:
            raise no_permission(self._root / copy.path) from error
        except OSError as error:
            raise _damaged(copy, os.strerror(error.errno or 0)) from error
        except FormatError as error:
            raise _damaged(copy, error.message) from error

    def _zip(self, path: str) -> OpenLczip:
        from ..formats.lczip_member import OpenLczip

        if path in self._zips:
            self._zips.move_to_end(path)
            return self._zips[path]
        opened = OpenLczip(self._root / path)
        self._zips[path] = opened
        if len(self._zips) > _OPEN_ZIPS:
            self._zips.popitem(last=False)[1].close()
        return opened


def _keep_memory() -> None:
    """Have what one light curve's arrays took in memory kept for those of the next.

    glibc takes pieces from the system that are larger than any that was freed before, and
    gives back what is free beyond twice as much: for light curves of a thousand points each
    time, page by page, which costs a tenth of reading them. Elsewhere this changes nothing.
    """
    bytearray(_KEPT)


def _has_arrow() -> bool:
    from ..formats.lc_arrow import is_installed

    return is_installed()


def _copy(row: tuple[Any, ...]) -> Copy:
    values = list(row)
    values[7] = bool(values[7])
    return Copy(*values)


def _damaged(copy: Copy, reason: str) -> Damaged:
    return Damaged(
        f"{copy.path}: the light curve of {printable(copy.objectid)} cannot be read: {reason}",
        hint="`lccmirror verify --repair` fetches it again; `--copy list` names other copies",
    )


def _none(conn: sqlite3.Connection, objectid: str, collection: str | None) -> UsageError:
    """Say that there is no light curve, and why, as far as that is known."""
    from .object_names import OF_OBJECTS  # most light curves are there

    shown = printable(objectid, 80)
    known = [row[0] for row in conn.execute(OF_OBJECTS, {"objectid": objectid})]
    elsewhere = _collections_with(conn, objectid)
    if collection is not None and elsewhere:
        return UsageError(
            f"the mirror has no light curve of {shown} in the collection "
            f"{printable(collection, 80)}",
            hint="it has one in: " + ", ".join(elsewhere),
        )
    why = conn.execute(_WHY_MISSING, (objectid,)).fetchone()
    hint = None
    if why is not None:
        hint = f"the server has none: {printable(why[0], 200)}"
    elif known:
        hint = (
            f"the object itself is known, in {', '.join(known)}: no dataset with its light "
            'curve has been mirrored; `[lightcurves] singles = "missing"` in the '
            "configuration has `lccmirror sync` fetch it"
        )
    return UsageError(f"the mirror has no light curve of {shown}", hint=hint)


def _collections_with(conn: sqlite3.Connection, objectid: str) -> Sequence[str]:
    found = conn.execute(
        "SELECT DISTINCT collection FROM lightcurves WHERE objectid = ? ORDER BY 1", (objectid,)
    )
    return [row[0] for row in found]
