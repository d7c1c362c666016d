"""Damaged files that nobody can replace: kept, under a name that says so.

What is in a file's own place is taken for sound by whoever does not ask the catalog. What is
left of one that the server no longer has may still be of use: most members of a ZIP, say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import durable
from ..catalog.connection import transaction
from ..catalog.files import FileRow, get_file
from ..catalog.kept import move_row
from ..catalog.prune import removed, to_remove
from . import layout

if TYPE_CHECKING:
    from .mirror import Mirror
    from .report import CycleReport
    from .verify import VerifyReport


def set_aside_what_is_gone(
    mirror: Mirror, found: VerifyReport, report: CycleReport
) -> list[str]:
    """Give damaged files that the server no longer has a name that says so.

    Their own names are free when `unlink.finish_pruning` has run.

    Parameters
    ----------
    found
        What a verification found.
    report
        Of the repair that was tried since: what the server said that it has no longer.

    Returns
    -------
    list of str
        Their new paths.
    """
    moved = []
    for one in found.damage:
        row = get_file(mirror.conn, one.path)
        file = mirror.at(one.path)
        if row is None or row.state != "damaged" or layout.is_kept_damaged(row.path):
            continue
        if not _is_gone(row, report):
            continue
        if file.is_file() and not file.is_symlink():
            moved.append(_set_aside(mirror, one.path, row.sha256))
    return moved


def _is_gone(row: FileRow, report: CycleReport) -> bool:
    of_dataset = row.kind in layout.KINDS and row.setid in report.gone
    return of_dataset or row.path in report.gone_files


def _set_aside(mirror: Mirror, path: str, sha256: str) -> str:
    kept = layout.kept_damaged(path, sha256)
    with transaction(mirror.conn):
        # If this is cut off, the next start removes the link.
        to_remove(mirror.conn, kept)
    durable.remove(mirror.at(kept))
    durable.link(mirror.at(path), mirror.at(kept))
    with transaction(mirror.conn):
        removed(mirror.conn, kept)
        move_row(mirror.conn, path, kept)
    return kept
