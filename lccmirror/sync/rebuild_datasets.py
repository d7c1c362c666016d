"""Datasets, their tables and their light curves, from the files of a mirror alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..catalog.connection import transaction
from ..catalog.datasets import set_state
from ..catalog.files import files_of
from ..catalog.lightcurves import put_entries
from ..catalog.restore import OldTable, old_entries, old_table
from ..catalog.rows import write_table
from ..catalog.work import add_work
from ..errors import FormatError, Stopped
from ..formats.lczip import ZipLimits, check_lczip
from ..names import checked_setid
from . import layout
from .fetch import sha256_of
from .rebuild_files import ALTERED, FileReader, Seen
from .rebuild_header import put_columns, put_told, read_told
from .sound import why_unsound
from .table_rows import write_rows
from .verify import Damage
from .zip_index import index_zip

if TYPE_CHECKING:
    from ..config import Config

_TABLE = ("csv", "json")
_ORDER = """
SELECT d.setid FROM datasets AS d WHERE d.setid IN (SELECT setid FROM temp.on_disk)
ORDER BY {shared} d.created_on, d.setid
"""
# First those that held the rows: what shares them finds them there.
_SHARED = "(SELECT o.same_as IS NOT NULL FROM old.datasets AS o WHERE o.setid = d.setid),"
_BARE = """
INSERT OR IGNORE INTO datasets (setid, origin, state, first_seen, last_seen)
VALUES (?, 'listed', ?, ?, ?)
"""


def folders_of_datasets(root: Path) -> Iterator[str]:
    """Yield the setids that have a folder of their own where theirs should be."""
    top = root / "datasets"
    for first in sorted(top.iterdir()) if top.is_dir() else ():
        for folder in sorted(first.iterdir()) if first.is_dir() else ():
            try:
                setid = checked_setid(folder.name)
            except FormatError:
                continue
            plain = folder.is_dir() and not folder.is_symlink()
            if plain and root / layout.dataset_folder(setid) == folder:
                yield setid


class DatasetRebuilder:
    """Takes the datasets of a mirror into a catalog that is made anew.

    Parameters
    ----------
    reader
        Reads the files, and has the new catalog.
    with_old
        An older copy of the catalog is attached as ``old``, and its history is taken.
    """

    def __init__(self, reader: FileReader, config: Config, *, with_old: bool) -> None:
        self._reader = reader
        self._conn = reader.conn
        self._config = config
        self._with_old = with_old
        self.count = 0

    def run(self) -> None:
        """Take in all datasets, in the order in which they were made."""
        self._read_headers()
        shared = _SHARED if self._with_old else ""
        order = [row[0] for row in self._conn.execute(_ORDER.format(shared=shared))]
        for setid in order:
            if self._reader.stop is not None and self._reader.stop.is_set():
                raise Stopped("stopped; the catalog is as it was")
            with transaction(self._conn):
                self._take(setid)
            self.count += 1
        with transaction(self._conn):
            self._note_downloads()

    def _read_headers(self) -> None:
        """Write down what all headers say: a table's columns are described before its rows."""
        conn, root = self._conn, self._reader.root
        conn.execute("CREATE TEMP TABLE on_disk (setid TEXT PRIMARY KEY) WITHOUT ROWID")
        with transaction(conn):
            for setid in folders_of_datasets(root):
                files = {kind: root / layout.product(setid, kind) for kind in layout.KINDS}
                there = {kind: file for kind, file in files.items() if file.is_file()}
                if not there:
                    continue
                conn.execute("INSERT INTO on_disk VALUES (?)", (setid,))
                at = self._came_at(there)
                told = read_told(there.get("csv"), there.get("json"))
                if told is None:
                    conn.execute(_BARE, (setid, "partial", at, at))
                    continue
                if not self._is_as_before(there.get("json")):
                    put_told(conn, setid, told, at)
                put_columns(conn, told, at)

    def _is_as_before(self, document: Path | None) -> bool:
        """Whether a dataset's JSON is that of the copy: then its row, of the list, is right."""
        if document is None:
            return False
        known = self._reader.old(document.relative_to(self._reader.root).as_posix())
        if known is None or known.size != document.stat().st_size:
            return False
        try:
            return sha256_of(document, self._reader.stop) == known.sha256
        except OSError:
            return False

    def _came_at(self, there: dict[str, Path]) -> str:
        """Return when a dataset's files came: its JSON has the time of its writing."""
        path = there.get("json") or next(iter(there.values()))
        relative = path.relative_to(self._reader.root).as_posix()
        known = self._reader.old(relative)
        if known is not None:
            return known.fetched_at
        status = path.stat()
        return Seen(relative, path, 0, "", status.st_mtime_ns / 1e9, None).written

    def _take(self, setid: str) -> None:
        seen: dict[str, Seen] = {}
        for kind in layout.KINDS:
            found = self._reader.see(layout.product(setid, kind))
            if found is not None:
                seen[kind] = found
        at = self._came_at({kind: one.file for kind, one in seen.items()}) if seen else None
        wrong = {kind: self._look(kind, one) for kind, one in seen.items()}
        self._take_table(setid, seen, wrong)
        for kind in ("csv", "json", "pickle"):
            if kind in seen:
                self._reader.put(seen[kind], kind, wrong[kind], setid=setid, fetched_at=at)
        if "lczip" in seen:
            self._take_zip(setid, seen["lczip"], at)
        self._settle(setid)

    def _look(self, kind: str, one: Seen) -> str | None:
        if kind == "csv" and one.altered:
            return ALTERED
        if one.proven or kind in ("csv", "lczip"):
            return None
        return why_unsound(one.file, kind, self._config.limits)

    def _take_table(
        self, setid: str, seen: dict[str, Seen], wrong: dict[str, str | None]
    ) -> None:
        """Write a dataset's rows: from its files, or from the copy if they are not whole."""
        files = {kind: seen[kind].file for kind in _TABLE if kind in seen and not wrong[kind]}
        old = old_table(self._conn, setid) if self._with_old else None
        problem = self._write_rows(setid, files)
        if problem is None and len(files) == len(_TABLE):
            return
        csv = seen.get("csv")
        if problem is not None and csv is not None and not csv.proven:
            # The JSON has checksums of its own, and has passed them.
            wrong["csv"] = (
                f"it does not fit the dataset's JSON: {problem}"
                if ("json" in files)
                else problem
            )
        proven = all(kind in seen and seen[kind].proven for kind in _TABLE)
        if old is not None and not proven:
            self._write_old(setid, old)

    def _write_rows(self, setid: str, files: dict[str, Path]) -> str | None:
        """Write a dataset's rows from its files; return what is wrong with them."""
        if not files:
            return "neither its CSV nor its JSON is here"
        try:
            with transaction(self._conn):
                problems = write_rows(self._conn, setid, files, self._config.limits)
        except (FormatError, OSError) as error:
            message = error.message if isinstance(error, FormatError) else str(error)
            self._conn.execute(
                "UPDATE datasets SET last_error = ? WHERE setid = ?", (message, setid)
            )
            if isinstance(error, OSError):
                # The next cycle reads it again: not the file is at fault, but the disk.
                add_work(self._conn, setid, "repair", self._reader.now)
            return message
        return problems[0] if problems else None

    def _write_old(self, setid: str, old: OldTable) -> None:
        """Write a dataset's rows as the older copy of the catalog has them."""
        write_table(self._conn, setid, old.columns, old.rows(self._conn))
        self._conn.execute(
            "UPDATE datasets SET values_from = ? WHERE setid = ?", (old.values_from, setid)
        )

    def _take_zip(self, setid: str, seen: Seen, at: str | None) -> None:
        limits = self._config.limits
        why_not: str | None = None
        try:
            report = check_lczip(
                seen.file,
                ZipLimits(
                    limits.max_zip_members, limits.max_zip_expanded, int(limits.max_zip_ratio)
                ),
                stop=self._reader.stop.is_set if self._reader.stop is not None else None,
            )
        except FormatError as error:
            self._reader.put(seen, "lczip", error.message, setid=setid, fetched_at=at)
            if self._with_old:
                put_entries(self._conn, setid, seen.path, old_entries(self._conn, seen.path))
            return
        if report.problems and not seen.proven:
            why_not = report.problems[0]
        self._reader.put(seen, "lczip", why_not, setid=setid, fetched_at=at)
        index_zip(self._conn, setid, seen.path, report, self._reader.now)
        if why_not is not None and self._with_old:
            put_entries(self._conn, setid, seen.path, old_entries(self._conn, seen.path))
        self._conn.execute("UPDATE datasets SET has_lczip = 1 WHERE setid = ?", (setid,))

    def _settle(self, setid: str) -> None:
        """Say how far the mirror is with a dataset, and plan what is to be fetched of it."""
        conn = self._conn
        state, has_lczip, nrows, error = conn.execute(
            "SELECT state, has_lczip, nrows, last_error FROM datasets WHERE setid = ?", (setid,)
        ).fetchone()
        sound = {kind for kind, row in files_of(conn, setid).items() if row.state == "ok"}
        wanted = {"json", *self._wanted(setid)}
        if has_lczip == 0 and "lczip" in wanted:
            wanted.discard("lczip")
            conn.execute(
                "UPDATE datasets SET reason = coalesce(reason, ?) WHERE setid = ?",
                (_NO_ZIP, setid),
            )
        if nrows is None:
            set_state(conn, setid, "partial", reason=_UNREAD, error=error)
        elif state not in ("mirrored", "partial"):
            set_state(conn, setid, "mirrored")
        held = files_of(conn, setid)
        for kind in sorted(wanted - held.keys()):
            path = layout.product(setid, kind)
            if self._reader.old(path) is None:
                wrong = self._reader.lacking(path)
                missing = wrong.what == "missing"
                detail = "it is not here, and may never have been" if missing else wrong.detail
                about = (path, detail, setid, kind)
                self._reader.report.add(Damage(wrong.what, *about, first=wrong.first))
        if lacking := sorted(wanted - sound):
            why = f"not sound here when the catalog was made anew: {', '.join(lacking)}"
            if state != "partial":
                set_state(conn, setid, "partial", reason=why, error=error)
            add_work(conn, setid, "repair", self._reader.now)

    def _wanted(self, setid: str) -> tuple[str, ...]:
        """Return the kinds of files that a dataset should have.

        What was left out of it on purpose (it was too large, say) is not planned again.
        """
        if self._with_old:
            held = self._conn.execute(
                "SELECT kind FROM old.files AS f JOIN old.datasets AS d USING (setid) "
                "WHERE setid = ? AND f.state <> 'superseded' "
                "AND d.state IN ('mirrored', 'partial')",
                (setid,),
            ).fetchall()
            if held:
                return tuple(kind for (kind,) in held)
        return self._config.mirror.products

    def _note_downloads(self) -> None:
        """Let downloads that were begun be gone on with, of datasets that nobody knows now."""
        incoming = self._reader.root / layout.INCOMING
        for part in sorted(incoming.glob("datasets~*.part")):
            path = layout.destination(part.name)
            if path is None:
                continue
            setid, now = path.split("/")[2], self._reader.now
            self._conn.execute(_BARE, (setid, "listed", now, now))
            if not files_of(self._conn, setid):
                add_work(self._conn, setid, "begun", now)


# As a cycle says it.
_NO_ZIP = "the server has no ZIP for it"
_UNREAD = "its table cannot be read; its files are kept"


def take_old_dataset(conn: sqlite3.Connection, setid: str) -> None:
    """Take a dataset's rows from the older copy of the catalog: its files are gone."""
    old = old_table(conn, setid)
    if old is not None:
        write_table(conn, setid, old.columns, old.rows(conn))
        conn.execute(
            "UPDATE datasets SET values_from = ? WHERE setid = ?", (old.values_from, setid)
        )
