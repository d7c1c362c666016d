"""The catalog as a folder of Parquet files, all of one moment.

The files are made in ``.partial`` below the folder and renamed when all are complete, the
manifest last: while there is a ``manifest.json``, what it lists belongs together.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from .. import __version__
from ..clock import Now, to_text
from ..durable import write_file
from ..errors import MirrorLocked, Stopped, UsageError
from ..names import printable
from .export_folder import MANIFEST, put_in_place
from .moment import one_moment
from .new_file import folder_for, real_path, require_not_ours, room_in
from .parquet_duckdb import VIEWS, duckdb_views
from .parquet_sources import Source, names, sources
from .parquet_write import write_parquet
from .readonly import ReadOnlyCatalog, open_readonly, opening_error

_PARTIAL: Final = ".partial"
_STEPS_BETWEEN_LOOKS: Final = 20_000
_ABOUT: Final = """
SELECT (SELECT value FROM mirror WHERE key = 'server_url'),
       (SELECT max(finished) FROM sync_log WHERE outcome = 'ok')
"""


class ExportedTable(msgspec.Struct, frozen=True):
    """A file of an export: what is in it, and how much."""

    name: str
    file: str
    rows: int
    bytes: int
    mixed: tuple[str, ...] = ()


class Manifest(msgspec.Struct, frozen=True):
    """What an export consists of.

    Parameters
    ----------
    taken
        The time whose catalog it is.
    last_sync
        When the last good sync before that ended.
    server
        Whose mirror it is of.
    files
        All its files but the manifest itself.
    """

    taken: str
    last_sync: str | None
    server: str | None
    lccmirror: str
    tables: tuple[ExportedTable, ...]
    files: tuple[str, ...]


@dataclass(frozen=True)
class Watch:
    """Who looks on.

    Parameters
    ----------
    tell
        Is told the name of a file and the bytes of it that are written.
    stop
        Set to give it up.
    """

    tell: Callable[[str, int], None]
    stop: threading.Event

    def look(self, name: str, written: int) -> None:
        """Tell how far it is; raise `Stopped` if it is given up."""
        self.require_going_on()
        self.tell(name, written)

    def require_going_on(self) -> None:
        """Raise `Stopped` if it is given up."""
        if self.stop.is_set():
            raise Stopped("the export was given up; what was there before is as it was")


def export_parquet(
    root: Path, folder: Path, *, now: Now, watch: Watch, chosen: Sequence[str] = ()
) -> Manifest:
    """Write the catalog of the mirror at `root` into a folder of Parquet files.

    What an earlier export left there is replaced when all is complete; other files are left
    alone.

    Parameters
    ----------
    root
        The mirror's folder.
    folder
        Made if it is not there.
    now
        The clock.
    watch
        Who looks on.
    chosen
        Names of tables and views, or ``dataset_tables``; all if there are none.

    Raises
    ------
    UsageError
        If one of those is not there, or the folder is the mirror's own.
    InTheWay
        If a file that is not of an earlier export has the name of one of ours.
    MirrorLocked
        If another export writes there.
    NoRoom
        If the disk is full.
    """
    target = real_path(folder)
    require_not_ours(target / MANIFEST, root)
    with open_readonly(root) as catalog, one_moment(catalog):
        taken = to_text(now())
        _require_known(catalog, chosen)
        with folder_for(target), room_in(target), _alone(target), _partial(target) as partial:
            server, last_sync = catalog.connection.execute(_ABOUT).fetchone()
            with _told(catalog, watch):
                tables = _written(catalog, partial, chosen, taken, watch)
            write_file(partial / VIEWS, duckdb_views(tables).encode(), mode=0o666)
            files = (*dict.fromkeys(table.file for table in tables), VIEWS)
            manifest = Manifest(taken, last_sync, server, __version__, tables, files)
            text = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
            write_file(partial / MANIFEST, text + b"\n", mode=0o666)
            watch.look(MANIFEST, 0)
            # As with a copy: what few may read is not made public by an export.
            allowed = stat.S_IMODE(catalog.path.stat().st_mode) | 0o600
            for file in (*files, MANIFEST):
                (partial / file).chmod((partial / file).stat().st_mode & allowed & 0o666)
            put_in_place(target, partial, files)
    return manifest


def _require_known(catalog: ReadOnlyCatalog, chosen: Sequence[str]) -> None:
    known = names(catalog.connection)
    for name in chosen:
        if name not in known:
            raise UsageError(
                f"there is no table {printable(name, 80)} to export",
                hint="one of " + ", ".join(known),
            )


@contextlib.contextmanager
def _told(catalog: ReadOnlyCatalog, watch: Watch) -> Iterator[None]:
    """Let a wish to stop end a long statement, and say what is wrong with the catalog."""
    connection = catalog.connection
    connection.set_progress_handler(lambda: int(watch.stop.is_set()), _STEPS_BETWEEN_LOOKS)
    try:
        yield
    except sqlite3.Error as error:
        watch.require_going_on()
        raise opening_error(error, catalog.path) from error
    finally:
        connection.set_progress_handler(catalog.deadline, _STEPS_BETWEEN_LOOKS)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise MirrorLocked(
                f"another export writes into {folder}", hint="let it finish, or name another"
            ) from None
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _partial(folder: Path) -> Iterator[Path]:
    """Make the folder in which files are made; nothing is left of it at the end."""
    partial = folder / _PARTIAL
    if partial.is_dir() and not partial.is_symlink():
        shutil.rmtree(partial)
    partial.mkdir()
    try:
        yield partial
    finally:
        shutil.rmtree(partial)


def _written(
    catalog: ReadOnlyCatalog,
    partial: Path,
    chosen: Sequence[str],
    taken: str,
    watch: Watch,
) -> tuple[ExportedTable, ...]:
    made: dict[str, ExportedTable] = {}
    for source in sources(catalog.connection, chosen):
        watch.look(source.file, 0)
        path = partial / source.file
        path.parent.mkdir(parents=True, exist_ok=True)
        if source.same_as in made:
            twin = made[source.same_as]
            _second_name(partial / twin.file, path)
            table = msgspec.structs.replace(twin, name=source.name, file=source.file)
        else:
            table = _one(source, path, taken, watch)
        made[source.file] = table
    return tuple(made.values())


def _one(source: Source, path: Path, taken: str, watch: Watch) -> ExportedTable:
    fields = source.fields()
    described = {
        name: {
            "title": words.title,
            "description": words.description,
            "unit": words.unit or "",
            "dtype": words.dtype or "",
        }
        for name, words in source.words.columns.items()
    }
    about = {"table": source.name, "description": source.words.description, "taken": taken}
    rows = write_parquet(
        path,
        fields,
        source.rows(),
        described=described,
        about=about,
        look=lambda written: watch.look(source.file, written),
    )
    mixed = tuple(field.name for field in fields if field.kind == "mixed")
    return ExportedTable(source.name, source.file, rows, path.stat().st_size, mixed)


def _second_name(existing: Path, new: Path) -> None:
    try:
        new.hardlink_to(existing)
    except OSError:
        # FAT has no links: then it is a copy.
        shutil.copyfile(existing, new)
