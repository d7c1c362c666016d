"""What lies beside the datasets: single light curves, objects, formats, replaced versions."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .. import durable
from ..catalog.connection import transaction
from ..catalog.files import get_file
from ..catalog.lightcurves import Entry, put_entries
from ..catalog.object_info import put_info
from ..catalog.restore import old_entries, old_files
from ..errors import FormatError
from ..formats.object_info import ObjectInfo, read_object_file, understand
from . import layout
from .rebuild_files import FileReader, Seen
from .sound import why_unsound

if TYPE_CHECKING:
    from ..config import LimitsConfig

_OLD = re.compile(r"(.+)\.([0-9a-f]{12})\.old")
_AT_A_TIME = 200
_NAMES = """
INSERT OR IGNORE INTO temp.single_names
SELECT collection, objectid, json_extract(data, '$.db_lcfname') FROM dataset_rows
WHERE collection = ? AND objectid IS NOT NULL
"""


class OtherFiles:
    """Takes what is not a dataset's into a catalog that is made anew; after the datasets."""

    def __init__(self, reader: FileReader, limits: LimitsConfig, *, with_old: bool) -> None:
        self._reader = reader
        self._conn = reader.conn
        self._limits = limits
        self._with_old = with_old

    def run(self) -> None:
        """Take in all of it, and tell of files that are nobody's."""
        for take, paths in (
            (self._take_format, self._below("collections")),
            (self._take_single, self._below("lightcurves")),
            (self._take_object, self._below("objects", ".json.gz")),
            (self._take_picture, self._below("objects", ".png")),
        ):
            pending: list[str] = []
            for path in paths:
                pending.append(path)
                if len(pending) == _AT_A_TIME:
                    self._take_some(take, pending)
            self._take_some(take, pending)
        for path in self._all_unknown():
            with transaction(self._conn):
                if not self._take_replaced(path):
                    self._reader.report.add_unknown(path)

    def _take_some(self, take: Callable[[str], None], pending: list[str]) -> None:
        with transaction(self._conn):
            for path in pending:
                take(path)
        pending.clear()

    def _below(self, top: str, ending: str = "") -> Iterator[str]:
        root = self._reader.root
        for folder, _, names in os.walk(root / top):
            for name in sorted(names):
                if name.endswith(ending) and not _OLD.fullmatch(name):
                    yield (Path(folder) / name).relative_to(root).as_posix()

    def _take_format(self, path: str) -> None:
        match path.split("/"):
            case ["collections", collection, _] if path == _path(layout.lcformat, collection):
                self._take(path, "lcformat", collection)

    def _take(self, path: str, kind: str, collection: str) -> Seen | None:
        seen = self._reader.see(path)
        if seen is not None:
            why_not = None if seen.proven else why_unsound(seen.file, kind, self._limits)
            self._reader.put(seen, kind, why_not, collection=collection)
        return seen

    def _take_single(self, path: str) -> None:
        match path.split("/"):
            case ["lightcurves", collection, name] if path == _path(
                layout.single_lightcurve, collection, name
            ):
                pass
            case _:
                return
        seen = self._take(path, "lc", collection)
        if seen is not None:
            objectid = self._object_of_single(collection, name)
            put_entries(
                self._conn, None, path, [Entry(collection, objectid, None, seen.size, None)]
            )

    def _object_of_single(self, collection: str, name: str) -> str:
        """Return whose a light curve is: by the rows that link to it, else by its own name."""
        conn = self._conn
        conn.execute(
            "CREATE TEMP TABLE IF NOT EXISTS single_names (collection TEXT, objectid TEXT, "
            "link TEXT, PRIMARY KEY (collection, objectid)) WITHOUT ROWID"
        )
        seen = "SELECT 1 FROM temp.single_names WHERE collection = ? LIMIT 1"
        if conn.execute(seen, (collection,)).fetchone() is None:
            conn.execute(_NAMES, (collection,))
            conn.execute(
                "CREATE INDEX IF NOT EXISTS temp.single_names_link ON single_names "
                "(collection, replace(link, rtrim(link, replace(link, '/', '')), ''))"
            )
        own = name.removesuffix("-csvlc.gz")
        found = conn.execute(
            "SELECT objectid FROM temp.single_names WHERE collection = ? "
            "AND replace(link, rtrim(link, replace(link, '/', '')), '') = ? "
            "ORDER BY objectid <> ? LIMIT 1",
            (collection, name, own),
        ).fetchone()
        return own if found is None else str(found[0])

    def _take_object(self, path: str) -> None:
        key = layout.object_of(path)
        seen = None if key is None else self._reader.see(path)
        if key is None or seen is None:
            return
        info: ObjectInfo | None = None
        why_not: str | None = None
        try:
            answer = read_object_file(seen.file, self._limits.max_object_info)
            info = understand(answer, key[1], self._limits.max_pixels)
        except FormatError as error:
            why_not = error.message
        self._reader.put(seen, "objectinfo", why_not, collection=key[0])
        if info is None or (self._with_old and seen.proven):
            return
        pictures = {}
        for name, content in info.pictures.items():
            pictures[name] = layout.object_picture(*key, name)
            self._expect(pictures[name], key[0], content, seen)
        put_info(self._conn, key, info, seen.written, path, pictures)

    def _expect(self, path: str, collection: str, content: bytes, whole: Seen) -> None:
        """Write the row of a picture that was made of an object's file, sound or not."""
        seen = self._reader.see(path)
        if seen is not None and seen.sha256 == hashlib.sha256(content).hexdigest():
            self._reader.put(seen, "png", None, collection=collection, fetched_at=whole.written)
        elif seen is not None:
            why_not = "not the picture that is in the object's file"
            self._reader.put(seen, "png", why_not, collection=collection)

    def _take_picture(self, path: str) -> None:
        key = layout.object_of(path)
        if key is not None and get_file(self._conn, path) is None:
            self._take(path, "png", key[0])

    def _all_unknown(self) -> Iterator[str]:
        for top in ("datasets", "collections", "lightcurves", "objects"):
            root = self._reader.root
            for folder, _, names in os.walk(root / top):
                for name in sorted(names):
                    path = (Path(folder) / name).relative_to(root).as_posix()
                    if get_file(self._conn, path) is None:
                        yield path

    def _take_replaced(self, path: str) -> bool:
        """Take in a version that the server has replaced: its name says its hash."""
        match = _OLD.fullmatch(path)
        newer = None if match is None else get_file(self._conn, match[1])
        seen = None if newer is None else self._reader.see(path)
        if match is None or newer is None or seen is None:
            return False
        known = self._reader.old(path)
        is_as_known = known is not None and known.sha256 == seen.sha256
        if seen.sha256[:12] != match[2] and not is_as_known:
            return False
        if newer.state == "ok" and newer.sha256 == seen.sha256:
            # A run was cut off while it kept the old version: nothing had replaced it yet.
            durable.remove(seen.file)
            return True
        self._reader.put(
            seen,
            newer.kind,
            None,
            setid=newer.setid,
            collection=newer.collection,
            state="superseded",
        )
        return True

    def note_missing(self) -> None:
        """Write down what only the older copy of the catalog knows: it is not on the disk."""
        for known in old_files(self._conn):
            gone = known.state == "superseded"
            if gone or get_file(self._conn, known.path) is not None:
                continue
            with transaction(self._conn):
                self._reader.put_missing(known)
                if entries := old_entries(self._conn, known.path):
                    put_entries(self._conn, known.setid, known.path, entries)


def _path(make: Callable[..., str], *names: str) -> str | None:
    try:
        return make(*names)
    except FormatError:
        return None
