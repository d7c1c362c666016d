"""Put the mirror in order after whatever ended the last run."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from .. import durable
from ..catalog.files import get_file
from ..linked import refuse_linked
from . import layout
from .fetch import discard, sha256_of, sidecar
from .mirror import Mirror
from .unlink import finish_pruning


def take_back(mirror: Mirror) -> None:
    """Undo what was cut off between the rename of a product and the commit of its row.

    Such a run leaves the new version in its place and the note about its download in
    ``incoming/``. The file goes back to the downloads, where the next fetch finds it whole;
    the version that it had replaced, and that the catalog still speaks of, goes back to its
    place. Files that a pruning had begun to remove are removed.
    """
    refuse_linked(mirror.root / layout.INCOMING)
    finish_pruning(mirror)
    for part, path in _noted(mirror):
        final = mirror.at(path)
        if not part.exists() and _is_plain(final):
            row = get_file(mirror.conn, path)
            if row is None or row.sha256 != sha256_of(final):
                durable.put_in_place(final, part)
        _put_old_back(mirror, path)
    for (path,) in mirror.conn.execute(_BEING_REPLACED):
        _put_old_back(mirror, path)


# A link to another dataset's ZIP comes without a note.
_BEING_REPLACED = """
SELECT path FROM files INDEXED BY files_setid
WHERE setid IN (SELECT setid FROM work) AND state <> 'superseded'
"""


def _put_old_back(mirror: Mirror, path: str) -> None:
    row = get_file(mirror.conn, path)
    if row is None:
        return
    kept = layout.superseded(path, row.sha256)
    old, final = mirror.at(kept), mirror.at(path)
    if not _is_plain(old) or get_file(mirror.conn, kept) is not None:
        return
    if _is_plain(final) and final.samefile(old):
        durable.remove(old)
    else:
        durable.put_in_place(old, final)


def clean_incoming(mirror: Mirror) -> None:
    """Remove from ``incoming/`` what no download will go on with.

    A folder there is not ours, and left alone.
    """
    refuse_linked(mirror.root / layout.INCOMING)
    for entry in sorted((mirror.root / layout.INCOMING).iterdir()):
        if not _is_folder(entry) and not _of_use(mirror, entry):
            durable.remove(entry)


def drop_downloads(mirror: Mirror, setid: str) -> None:
    """Remove what is left in ``incoming/`` of a dataset with which nothing is to be done.

    A ZIP that was begun for it, and then came under another dataset's name, is.
    """
    for kind in layout.KINDS:
        part = mirror.at(layout.arriving(layout.product(setid, kind)))
        if part.exists() or sidecar(part).exists():
            discard(part)


def _noted(mirror: Mirror) -> Iterator[tuple[Path, str]]:
    """Yield the downloads about which there is a note, with the paths they are for."""
    for note in sorted((mirror.root / layout.INCOMING).iterdir()):
        if note.name.endswith(".part.json"):
            part = note.with_name(note.name.removesuffix(".json"))
            path = layout.destination(part.name)
            if path is not None:
                yield part, path


def _of_use(mirror: Mirror, entry: Path) -> bool:
    """Whether a file in ``incoming/`` is a download that is still wanted, or its note."""
    part = entry.with_name(entry.name.removesuffix(".json"))
    path = layout.destination(part.name)
    if path is None or not _is_plain(entry) or not _is_plain(part):
        return False
    top, *rest = path.split("/")
    if top == "datasets":
        row = mirror.conn.execute("SELECT 1 FROM work WHERE setid = ?", (rest[1],)).fetchone()
        return row is not None
    if top == "objects":
        # An answer of the server, which the next step takes in; pictures are made of it.
        key = layout.object_of(path)
        return key is not None and path == layout.object_info(*key)
    return top == "lightcurves" and get_file(mirror.conn, path) is None


def _is_plain(path: Path) -> bool:
    try:
        return not path.is_symlink() and path.is_file()
    except PermissionError:
        # Its folder was closed to us. Nothing is put there until it is open again.
        return False


def _is_folder(path: Path) -> bool:
    return stat.S_ISDIR(path.lstat().st_mode)
