"""Mend what a verification has found: plan what is to be fetched, work out the rest anew."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from ..catalog.connection import transaction
from ..catalog.derived import (
    count_again,
    infos_without_row,
    mend_newest,
    mend_objects,
    note_nobodys,
    zips_without_entries,
)
from ..catalog.files import files_of, get_file, put_file
from ..catalog.object_info import put_info
from ..catalog.texts import rebuild_index
from ..catalog.work import add_work
from ..errors import FormatError
from ..formats.lczip import ZipLimits, check_lczip
from ..formats.object_info import read_object_file, understand
from . import layout
from .fetch import sha256_of
from .lcformats import forget_format
from .mirror import Mirror
from .table_rows import write_rows
from .verify import VerifyReport
from .zip_index import index_zip

if TYPE_CHECKING:
    from ..config import LimitsConfig

_LEFT = "damaged here; of this version nothing else is left"
# Beyond those that a report names; single light curves need no plan.
_REPAIR_ALL = """
INSERT OR IGNORE INTO work (setid, reason, since, not_before)
SELECT DISTINCT setid, 'repair', :now, :now FROM files
WHERE state IN ('damaged', 'missing') AND setid IS NOT NULL
"""


def plan_repair(mirror: Mirror, report: VerifyReport, limits: LimitsConfig, now: str) -> None:
    """Put what is damaged to work for the next fetch, and mend the catalog from the files.

    A dataset's sound ZIP is not fetched again; CSV and JSON come together. A superseded
    version cannot be had again, and the newer one is there: what is left of it is kept as
    what it is now. Single light curves need no plan: every cycle fetches the damaged ones.
    """
    with transaction(mirror.conn):
        if any(one.what in ("rows", "derived") for one in report.damage):
            # What was lost by no doing of ours: from here on each change counts itself.
            count_again(mirror.conn)
        for one in report.damage:
            if one.what == "rows":
                _mend_rows(mirror, one.path, limits, now)
            elif one.what == "index":
                rebuild_index(mirror.conn, one.path)
            elif one.what == "derived":
                continue
            elif one.superseded:
                _note_what_is_left(mirror, one.path)
            elif one.setid is not None:
                add_work(mirror.conn, one.setid, "repair", now)
            elif one.kind == "lcformat":
                forget_format(mirror.conn, one.path.split("/")[1])
        if report.more_damage:
            mirror.conn.execute(_REPAIR_ALL, {"now": now})
    for one in report.damage:
        if one.what == "derived":
            _mend_derived(mirror, one.path, limits, now)


def _note_what_is_left(mirror: Mirror, path: str) -> None:
    """Let the row of an old version say what its file is now; without a file it goes."""
    file, row = mirror.at(path), get_file(mirror.conn, path)
    if row is None:
        return
    if file.is_symlink() or not file.is_file():
        mirror.conn.execute("DELETE FROM files WHERE path = ?", (path,))
        return
    # One that cannot be read may be another time.
    with contextlib.suppress(OSError):
        size, sha256 = file.stat().st_size, sha256_of(file)
        put_file(mirror.conn, replace(row, size=size, sha256=sha256, note=_LEFT))


def _mend_rows(mirror: Mirror, setid: str, limits: LimitsConfig, now: str) -> None:
    # A damaged one may be read without complaint, and as something else.
    files = {
        kind: mirror.at(row.path)
        for kind, row in files_of(mirror.conn, setid).items()
        if kind in ("csv", "json") and row.state == "ok" and mirror.at(row.path).is_file()
    }
    if not files:
        add_work(mirror.conn, setid, "repair", now)
        return
    try:
        with transaction(mirror.conn):
            write_rows(mirror.conn, setid, files, limits)
    except FormatError:
        add_work(mirror.conn, setid, "repair", now)


def _mend_derived(mirror: Mirror, name: str, limits: LimitsConfig, now: str) -> None:
    conn = mirror.conn
    if name == "objects":
        with transaction(conn):
            mend_objects(conn)
    elif name == "lightcurves":
        for path, setid in zips_without_entries(conn):
            _index_again(mirror, path, setid, limits, now)
        with transaction(conn):
            mend_newest(conn)
    elif name == "object_info":
        for path in infos_without_row(conn):
            with contextlib.suppress(FormatError), transaction(conn):
                _tell_again(mirror, path, limits)


def _index_again(mirror: Mirror, path: str, setid: str, limits: LimitsConfig, now: str) -> None:
    """Write down anew what is in a ZIP; one that cannot be read is fetched again."""
    most = ZipLimits(limits.max_zip_members, limits.max_zip_expanded, int(limits.max_zip_ratio))
    try:
        report = check_lczip(mirror.at(path), most)
    except FormatError:
        with transaction(mirror.conn):
            add_work(mirror.conn, setid, "repair", now)
        return
    with transaction(mirror.conn):
        index_zip(mirror.conn, setid, path, report, now)
        note_nobodys(mirror.conn, path)


def _tell_again(mirror: Mirror, path: str, limits: LimitsConfig) -> None:
    """Write down anew what the server told of an object, from its file."""
    key, row = layout.object_of(path), get_file(mirror.conn, path)
    if key is None or row is None:
        return
    answer = read_object_file(mirror.at(path), limits.max_object_info)
    info = understand(answer, key[1], limits.max_pixels)
    pictures = {name: layout.object_picture(*key, name) for name in info.pictures}
    put_info(mirror.conn, key, info, row.fetched_at, path, pictures)
