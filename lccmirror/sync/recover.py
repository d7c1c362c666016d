"""Put ``incoming/`` in order after whatever ended the last run."""

from __future__ import annotations

from .. import durable
from ..catalog.files import get_file
from . import layout
from .fetch import sha256_of
from .mirror import Mirror


def clean_incoming(mirror: Mirror) -> None:
    """Take back files that have their name but no row, and remove what will not be used.

    A run that was cut off between the rename and the commit of a product leaves the file
    in its place and the note about its download in ``incoming/``. The file goes back to
    the downloads, where the next fetch finds it whole.
    """
    folder = mirror.root / layout.INCOMING
    for entry in sorted(folder.iterdir()):
        if not entry.name.endswith(".part.json"):
            continue
        part = entry.with_name(entry.name.removesuffix(".json"))
        final = mirror.at(layout.destination(part.name))
        if part.exists() or not final.is_file():
            continue
        row = get_file(mirror.conn, layout.destination(part.name))
        if row is None or row.sha256 != sha256_of(final):
            durable.put_in_place(final, part)
    for entry in sorted(folder.iterdir()):
        if not _of_use(mirror, entry.name):
            durable.remove(entry)


def _of_use(mirror: Mirror, name: str) -> bool:
    """Whether a file in ``incoming/`` is a download that is still wanted."""
    name = name.removesuffix(".json")
    if not name.endswith(".part") or not (mirror.root / layout.INCOMING / name).exists():
        return False
    destination = layout.destination(name)
    top, _, rest = destination.partition("/")
    if top == "datasets":
        setid = rest.split("/")[1] if rest.count("/") == 2 else ""
        row = mirror.conn.execute("SELECT 1 FROM work WHERE setid = ?", (setid,)).fetchone()
        return row is not None
    row = mirror.conn.execute("SELECT 1 FROM files WHERE path = ?", (destination,)).fetchone()
    return top == "lightcurves" and row is None
