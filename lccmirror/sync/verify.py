"""Compare every byte of the mirror with the catalog, and have what is damaged fetched again."""

from __future__ import annotations

import contextlib
import functools
import os
import sqlite3
import threading
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..catalog.connection import REBUILD_HINT, transaction
from ..catalog.derived import broken_derived
from ..catalog.files import get_file
from ..catalog.migrate import SCHEMA_VERSION, missing_tables
from ..catalog.texts import broken_indexes
from ..clock import Now, to_text
from ..errors import Damaged, Stopped
from .compare import Wrong, compare_file
from .mirror import Mirror
from .progress import Progress, Silent
from .verify_scope import EVERYTHING, Scope, bytes_in, rows_in

_COMMIT_EVERY = 200
MOST_NAMED = 10_000


@dataclass(frozen=True)
class Damage:
    """One thing that is not as the catalog says.

    Attributes
    ----------
    what
        ``missing``, ``damaged`` (bytes differ), ``unreadable`` (for this user, who may only
        read the mirror), ``rows`` (a table's rows are not all there), ``index`` (a full-text
        index does not fit what it is over) or ``derived`` (a table does not fit what it is
        worked out from).
    path
        Below the mirror's root; for ``rows`` the setid, else the name of the index or table.
    detail
        In words.
    verified_at
        When it was last found good; when it came, if it was not verified since.
    first
        What a person has to do before a repair can do anything about it.
    """

    what: str
    path: str
    detail: str
    setid: str | None = None
    kind: str | None = None
    verified_at: str | None = None
    superseded: bool = False
    first: str | None = None

    @property
    def remedy(self) -> str:
        """What a repair does about it, in words."""
        if self.first is not None:
            return f"none before you {self.first}"
        if self.superseded:
            what = "forget it" if self.what == "missing" else "keep what is left of it"
            return f"{what}: the version that has replaced it is here"
        return _REMEDIES.get(self.what) or _FETCHES.get(self.kind or "", "fetch it again")


_REMEDIES = {
    "unreadable": "none by you: ask its owner for permission to read it",
    "rows": "read them again from the dataset's files",
    "index": "make it again from the catalog",
    "derived": "work it out again",
}
_FETCHES = {
    "csv": "fetch the dataset's CSV and JSON again",
    "json": "fetch the dataset's CSV and JSON again",
    "lczip": "fetch the ZIP again",
    "objectinfo": "ask the server for the object again",
    "png": "make it again from what the server told of the object",
}


@dataclass
class VerifyReport:
    """What a verification found.

    Attributes
    ----------
    files, bytes
        How much was read and compared.
    damage
        What is wrong with what the catalog lists, the first of it.
    unknown
        Files that the catalog does not list, the first of them; they harm nothing.
    more_damage, more_unknown
        How many more there are: a disk that is lost, or full of other things, is told as
        that and not by a million names.
    """

    files: int = 0
    bytes: int = 0
    damage: list[Damage] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    more_damage: int = 0
    more_unknown: int = 0

    def add(self, found: Damage) -> None:
        """Take in something that is wrong."""
        if len(self.damage) < MOST_NAMED:
            self.damage.append(found)
        else:
            self.more_damage += 1

    def add_unknown(self, path: str) -> None:
        """Take in a file that the catalog does not list."""
        if len(self.unknown) < MOST_NAMED:
            self.unknown.append(path)
        else:
            self.more_unknown += 1

    @property
    def ndamage(self) -> int:
        """How much is damaged or missing, named or not."""
        return len(self.damage) + self.more_damage

    @property
    def exit_code(self) -> int:
        """Return 65 if something is damaged, else 0."""
        return Damaged.exit_code if self.damage else 0


def verify(
    mirror: Mirror,
    now: Now,
    *,
    scope: Scope = EVERYTHING,
    only: Container[str] | None = None,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
    pace: Callable[[int], None] | None = None,
) -> VerifyReport:
    """Read every mirrored file and compare it with the catalog; change no file.

    What is found is written to the catalog, if that can be: `files.verified_at` and
    `files.state`.

    Parameters
    ----------
    scope
        Which files. With a sample, that tables, indexes and the catalog's list of files are
        complete is not looked at.
    only
        Read these paths alone.
    progress
        Told how much there is to read, and how much has been read.
    stop
        Ends it early.
    pace
        Called with the bytes of each piece that was read; waits where that was too fast.

    Raises
    ------
    Damaged
        If the catalog itself is broken.
    Stopped
        When `stop` is set; what was read until then is in the catalog.
    """
    watcher = Silent() if progress is None else progress
    with _shown(watcher, "checking the catalog"):
        check_catalog(mirror.conn)
    report = VerifyReport()
    began = to_text(now())
    total = bytes_in(mirror.conn, scope) if only is None else None
    with _shown(watcher, "reading the mirror", total) as advance:
        reading = Reading(mirror, now, advance, stop, pace)
        try:
            for batch in rows_in(mirror.conn, scope):
                reading.read([row for row in batch if only is None or row[0] in only], report)
        except Stopped as error:
            raise _stopped(report, scope, began, mirror) from error
    if not scope.sampled:
        with _shown(watcher, "comparing tables, indexes and names"):
            _look_at_the_rest(mirror, report)
    return report


@contextlib.contextmanager
def _shown(
    watcher: Progress, label: str, total: int | None = None
) -> Iterator[Callable[[int], None]]:
    """Tell a watcher of a part of the work; yield what tells how far it is."""
    watcher.begin(label, label, total)
    try:
        yield functools.partial(watcher.advance, label)
    except BaseException:
        watcher.end(label, ok=False)
        raise
    watcher.end(label, ok=True)


def _look_at_the_rest(mirror: Mirror, report: VerifyReport) -> None:
    """Look at what is worked out from the files, and for files that nobody knows."""
    incomplete = incomplete_tables(mirror.conn)
    for found in incomplete:
        report.add(found)
    if not mirror.read_only:
        for name in broken_indexes(mirror.conn):
            detail = "the full-text index does not fit the catalog"
            report.add(Damage("index", name, detail))
    # What is worked out from rows that lack cannot be right, and is when they are there again.
    for name, detail in () if incomplete else broken_derived(mirror.conn).items():
        report.add(Damage("derived", name, detail))
    for path in _unknown_files(mirror):
        report.add_unknown(path)


def _stopped(report: VerifyReport, scope: Scope, began: str, mirror: Mirror) -> Stopped:
    damage = f", {report.ndamage:,} of them damaged or missing" if report.damage else ""
    said = f"stopped after {report.files:,} files{damage}"
    if mirror.read_only:
        return Stopped(said)
    since = scope.not_since or began
    return Stopped(
        f"{said}; what has been read is noted in the catalog: "
        f"`lccmirror verify --not-since {since}` goes on"
    )


class Reading:
    """Files being read and compared; those with several names are read once."""

    def __init__(
        self,
        mirror: Mirror,
        now: Now,
        advance: Callable[[int], None] | None = None,
        stop: threading.Event | None = None,
        pace: Callable[[int], None] | None = None,
    ) -> None:
        self._pace = pace
        self._mirror = mirror
        self._now = now
        self._advance = advance
        self._stop = stop
        self._read: dict[tuple[int, int], str] = {}

    def read(self, rows: Iterable[tuple[Any, ...]], report: VerifyReport) -> None:
        """Read the files of some rows of `FILE_COLUMNS`, and write down what is found."""
        found: list[tuple[str, str | None, str]] = []
        try:
            for path, setid, kind, size, sha256, verified_at, state in rows:
                if self._stop is not None and self._stop.is_set():
                    raise Stopped("stopped; what has been read is noted in the catalog")
                wrong = self._compare(path, size, sha256)
                report.files += 1
                report.bytes += size
                if wrong is not None:
                    old = state == "superseded"
                    about = (setid, kind, verified_at, old, wrong.first)
                    report.add(Damage(wrong.what, path, wrong.detail, *about))
                what = None if wrong is None else wrong.what
                found.append((path, what, to_text(self._now())))
                if self._advance is not None:
                    self._advance(size)
        finally:
            if not self._mirror.read_only:
                with transaction(self._mirror.conn):
                    for path, what, at in found:
                        _record(self._mirror.conn, path, what, at)

    def _compare(self, path: str, size: int, sha256: str) -> Wrong | None:
        file = self._mirror.at(path)
        wrong = compare_file(
            file, size, sha256, read=self._read, stop=self._stop, pace=self._pace
        )
        if wrong is None or not self._mirror.read_only:
            return wrong
        # Whoever writes the mirror may have replaced it meanwhile, and its row.
        row = get_file(self._mirror.conn, path)
        if row is None:
            return None
        if (row.size, row.sha256) != (size, sha256):
            wrong = compare_file(file, row.size, row.sha256, stop=self._stop, pace=self._pace)
        if wrong is not None and wrong.forbidden:
            return Wrong("unreadable", wrong.detail)
        return wrong


def check_catalog(conn: sqlite3.Connection) -> None:
    """Make sure that the catalog itself is sound.

    Raises
    ------
    Damaged
        If it is not.
    """
    # Full-text indexes, which newer SQLite looks at here, too, can be made again.
    check = conn.execute("PRAGMA integrity_check(5)")
    found = [row[0] for row in check if " FTS5 table " not in row[0]]
    if found not in (["ok"], []):
        raise Damaged(
            f"the catalog is damaged: {'; '.join(found)}",
            hint=REBUILD_HINT,
        )
    (version,) = conn.execute("PRAGMA user_version").fetchone()
    if version == SCHEMA_VERSION and (lacking := missing_tables(conn)):
        raise Damaged(
            f"the catalog is damaged: it has no table {', '.join(lacking)}", hint=REBUILD_HINT
        )
    if conn.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise Damaged(
            "the catalog's tables do not fit each other (foreign keys)", hint=REBUILD_HINT
        )


def _record(conn: sqlite3.Connection, path: str, what: str | None, at: str) -> None:
    # A superseded version stays one, sound or not.
    conn.execute(
        "UPDATE files SET verified_at = coalesce(?, verified_at), "
        "state = CASE state WHEN 'superseded' THEN state ELSE ? END WHERE path = ?",
        (at if what is None else None, what or "ok", path),
    )


_INCOMPLETE = """
SELECT d.setid, d.nrows, count(r.row) FROM datasets AS d
LEFT JOIN dataset_rows AS r ON r.setid = d.setid
WHERE d.nrows IS NOT NULL AND d.same_as IS NULL
GROUP BY d.setid HAVING count(r.row) <> d.nrows
"""


def incomplete_tables(conn: sqlite3.Connection) -> list[Damage]:
    """Return the datasets whose rows are not all there."""
    return [
        Damage("rows", setid, f"{found} rows in dataset_rows instead of {nrows}", setid)
        for setid, nrows, found in conn.execute(_INCOMPLETE)
    ]


def _unknown_files(mirror: Mirror) -> Iterator[str]:
    for top in ("datasets", "collections", "lightcurves", "objects"):
        for folder, _, names in os.walk(mirror.at(top)):
            for name in sorted(names):
                path = (Path(folder) / name).relative_to(mirror.root).as_posix()
                if get_file(mirror.conn, path) is None:
                    yield path
