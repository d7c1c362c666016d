"""Damaged files that nobody can replace: kept, under a name that says so.

What is in a file's own place is taken for sound by whoever does not ask the catalog. What is
left of one that the server no longer has may still be of use: most members of a ZIP, say.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from .. import durable
from ..catalog.connection import transaction
from ..catalog.files import get_file
from ..catalog.kept import move_row
from . import layout

if TYPE_CHECKING:
    from .mirror import Mirror
    from .verify import VerifyReport


def set_aside_what_is_gone(
    mirror: Mirror, found: VerifyReport, gone: Collection[str]
) -> list[str]:
    """Give damaged files that the server no longer has a name that says so.

    Their own names are free when `unlink.finish_pruning` has run.

    Parameters
    ----------
    found
        What a verification found; a repair was tried since.
    gone
        The setids of which the server has said that it has something no longer.

    Returns
    -------
    list of str
        Their new paths.
    """
    moved = []
    for one in found.damage:
        row = get_file(mirror.conn, one.path)
        file = mirror.at(one.path)
        if row is None or row.setid not in gone or row.kind not in layout.KINDS:
            continue
        if row.state != "damaged" or layout.is_kept_damaged(row.path):
            continue
        if file.is_file() and not file.is_symlink():
            moved.append(_set_aside(mirror, one.path, row.sha256))
    return moved


def _set_aside(mirror: Mirror, path: str, sha256: str) -> str:
    kept = layout.kept_damaged(path, sha256)
    with transaction(mirror.conn):
        # The link may be there already, made by a run that was cut off.
        durable.remove(mirror.at(kept))
        durable.link(mirror.at(path), mirror.at(kept))
        move_row(mirror.conn, path, kept)
    return kept
