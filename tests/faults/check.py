"""The one judgement after every fault: is the mirror whole, right, and at rest?

It does not believe the mirror: files are read and hashed here, and compared with what the
server publishes. `settle` lets time pass before, as it would for anybody; `held` notes
before a fault what must still be there after it.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import sqlite3
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lccmirror.errors import LccMirrorError
from lccmirror.sync import layout
from tests.faults.campaign import Verdict
from tests.faults.published import lists, others
from tests.faults.worked_out import differences
from tests.support.site import Site

# Beside the products, what may lie in the root of a mirror.
_OURS = frozenset(
    ("catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm", layout.LOCK, layout.CONTROL)
)
# A day apart: longer than any delay after a failure.
_CYCLES = 8
_APART_S = 90_000.0


@dataclass(frozen=True)
class Held:
    """What a mirror held before a fault.

    Parameters
    ----------
    versions
        SHA-256 of each file; nothing mirrored is removed because of a fault.
    setids
        The datasets that were known.
    """

    versions: frozenset[str] = frozenset()
    setids: frozenset[str] = frozenset()


def held(site: Site) -> Held:
    """Note what the mirror of a site holds."""
    return Held(
        frozenset(
            one for (one,) in site.sql("SELECT sha256 FROM files WHERE state <> 'missing'")
        ),
        frozenset(site.states()),
    )


def settle(site: Site, cycles: int = _CYCLES) -> list[str]:
    """Let the site run until nothing waits, a day between two cycles.

    Returns
    -------
    list of str
        How each cycle ended that did not end well.
    """
    told = []
    for _ in range(cycles):
        try:
            report = site.sync()
        except LccMirrorError as error:
            told.append(f"{type(error).__name__}: {error.message}")
        else:
            if report.exit_code == 0 and not site.sql("SELECT 1 FROM work"):
                break
            told.append(f"exit {report.exit_code}: {report.stopped} {report.failed}")
        site.clock.forward(_APART_S)
    return told


class _Findings:
    """What is amiss, as it is found."""

    def __init__(self) -> None:
        self._found: list[tuple[str, str]] = []

    def add(self, kind: str, note: str) -> None:
        self._found.append((kind, note))

    def verdict(self) -> Verdict:
        kinds = [kind for kind, _ in self._found]
        return Verdict(
            kinds.count("lost"),
            kinds.count("wrong"),
            kinds.count("stuck"),
            tuple(f"{kind}: {note}" for kind, note in self._found),
        )


def check(site: Site, before: Held | None = None, *, logs: Iterable[str] = ()) -> Verdict:
    """Judge the mirror of a site after a fault; the server must be honest again.

    Parameters
    ----------
    before
        What it held before the fault.
    logs
        Whatever was said to people, to be searched for keys.
    """
    found = _Findings()
    try:
        verified = site.verify()
    except LccMirrorError as error:
        found.add("wrong", f"verify: {type(error).__name__}: {error.message}")
        return found.verdict()
    for damage in verified.found.damage:
        found.add("wrong", f"verify: {damage.what} {damage.path}: {damage.detail}")
    for path in verified.found.unknown:
        found.add("wrong", f"verify: unknown {path}")
    look: Callable[[Site, _Findings], None]
    for look in (_catalog, _files, _incoming, _datasets, _others, _derived, _folder):
        look(site, found)
    _keys(site, found, logs)
    if before is not None:
        _still_there(site, found, before)
    return found.verdict()


def _catalog(site: Site, found: _Findings) -> None:
    for (line,) in site.sql("PRAGMA integrity_check"):
        if line != "ok":
            found.add("wrong", f"integrity_check: {line}")
    for row in site.sql("PRAGMA foreign_key_check"):
        found.add("wrong", f"foreign_key_check: {row}")
    counted = _counted(site)
    for name, noted in site.sql("SELECT name, n FROM counts"):
        if counted.pop(name, 0) != noted:
            found.add("wrong", f"counts says {noted} of {name}, which is not so")
    for name, number in counted.items():
        found.add("wrong", f"counts does not know {name}, of which there are {number}")


def _counted(site: Site) -> Counter[str]:
    """Count what the catalog keeps counts of, one by one."""
    counted: Counter[str] = Counter()
    for name in ("dataset_rows", "objects", "lightcurves", "missing_lightcurves", "work"):
        counted[name] = len(site.sql(f"SELECT 1 FROM {name}"))
    for state, vanished_at in site.sql("SELECT state, vanished_at FROM datasets"):
        counted[f"datasets:{state}"] += 1
        counted["datasets:vanished"] += vanished_at is not None
    for kind, size in site.sql("SELECT kind, size FROM files"):
        counted[f"files:{kind}"] += 1
        counted["file_bytes"] += size
        counted[f"file_bytes:{kind}"] += size
    for (state,) in site.sql("SELECT state FROM object_info"):
        counted[f"object_info:{state}"] += 1
    return counted


def _files(site: Site, found: _Findings) -> None:
    """Each row has its file, and each file its row."""
    rows = {
        path: rest for path, *rest in site.sql("SELECT path, size, sha256, state FROM files")
    }
    for path, (size, sha256, state) in rows.items():
        file = site.root / path
        if state not in ("ok", "superseded"):
            found.add("lost", f"{path} is {state}")
        elif file.is_symlink() or not file.is_file():
            found.add("lost", f"{path} has a row and no file")
        else:
            content = file.read_bytes()
            if (len(content), hashlib.sha256(content).hexdigest()) != (size, sha256):
                found.add("wrong", f"{path} is not what its row says")
    for one in _below(site.root):
        path = one.relative_to(site.root).as_posix()
        top = path.partition("/")[0]
        elsewhere = path in _OURS or top in (layout.INCOMING, layout.BACKUPS)
        # A catalog that was replaced is kept.
        elsewhere = elsewhere or path.startswith("catalog.sqlite.aside-")
        if path not in rows and not elsewhere:
            found.add("wrong", f"{path} has no row")
    for (path,) in site.sql("SELECT path FROM pruned_files"):
        found.add("stuck", f"{path} is still noted for removal")


def _below(folder: Path) -> Iterator[Path]:
    return (one for one in folder.rglob("*") if one.is_symlink() or not one.is_dir())


def _incoming(site: Site, found: _Findings) -> None:
    """Nothing waits in ``incoming/`` that no work will use."""
    working = {setid for (setid,) in site.sql("SELECT setid FROM work")}
    for one in sorted((site.root / layout.INCOMING).iterdir()):
        if not any(setid in one.name for setid in working):
            found.add("stuck", f"incoming/{one.name} will not be used")


def _datasets(site: Site, found: _Findings) -> None:
    """Every dataset of the server is here, byte by byte and row by row."""
    wanted = site.config.mirror.products
    rows = {
        setid: rest
        for setid, *rest in site.sql(
            "SELECT setid, state, nrows, same_as, has_lczip, last_error FROM datasets"
        )
    }
    for setid, (state, *_, error) in rows.items():
        if state not in ("mirrored", "skipped", "private", "pruned"):
            found.add("stuck", f"dataset {setid} is {state}: {error}")
    for setid, reason, error in site.sql("SELECT setid, reason, last_error FROM work"):
        found.add("stuck", f"dataset {setid} is to be worked on: {reason}: {error}")
    for one in site.server.datasets():
        if one.visibility != "public":
            continue
        setid = one.setid
        if setid not in rows:
            found.add("lost", f"dataset {setid} is not in the catalog")
            continue
        state, nrows, same_as, has_zip, _ = rows[setid]
        if state == "private":
            found.add("stuck", f"dataset {setid} is taken for private")
        if state == "skipped":
            # No rule of a configuration here leaves out what an honest server has.
            found.add("lost", f"dataset {setid} is left out")
        if state != "mirrored":
            continue
        for kind in ("csv", "lczip", "pickle"):
            if kind not in wanted or (kind == "lczip" and not one.has_lczip):
                continue
            file = site.file(setid, kind)
            if not file.exists():
                found.add("lost", f"{kind} of {setid} is not here")
            elif not _same(kind, file.read_bytes(), site.server.product(setid, kind)):
                found.add("wrong", f"{kind} of {setid} is not the server's")
        if one.has_lczip and not has_zip:
            found.add("wrong", f"the catalog knows of no ZIP of {setid}")
        truth = site.server.truth(setid)
        kept = site.sql(
            "SELECT data FROM dataset_rows WHERE setid = ? ORDER BY row", same_as or setid
        )
        if [json.loads(data) for (data,) in kept] != truth or nrows != len(truth):
            found.add("wrong", f"rows of {setid} are not the server's")


def _same(kind: str, ours: bytes, theirs: bytes) -> bool:
    """Whether a product is the server's; a pickle, but for who may see the dataset.

    A dataset whose table is unchanged is not fetched again for that.
    """
    if kind != "pickle":
        return ours == theirs
    try:
        setid, other = (gzip.decompress(one).split()[:5] for one in (ours, theirs))
    except (OSError, EOFError, zlib.error):
        return False
    return setid == other


def _others(site: Site, found: _Findings) -> None:
    for note in (*others(site), *lists(site)):
        found.add("wrong", note)


def _derived(site: Site, found: _Findings) -> None:
    """What is made of the rows and ZIPs is what they say."""
    objects = set(site.sql("SELECT collection, objectid FROM objects"))
    in_rows = set(
        site.sql(
            "SELECT DISTINCT collection, objectid FROM dataset_rows WHERE objectid IS NOT NULL"
        )
    )
    if objects != in_rows:
        found.add("wrong", f"objects differ from the rows: {sorted(objects ^ in_rows)[:5]}")
    if differ := differences(site):
        found.add("wrong", f"values of objects are not those of the newest rows: {differ[0]}")
    if objects != set(site.sql("SELECT collection, objectid FROM objects_text")):
        found.add("wrong", "the words of objects are not those of objects")
    entries: dict[str, set[str]] = {}
    for path, member in site.sql("SELECT path, member FROM lightcurves WHERE member NOT NULL"):
        entries.setdefault(path, set()).add(member)
    zips = site.sql("SELECT path FROM files WHERE kind = 'lczip' AND state = 'ok'")
    for path in entries.keys() - {one for (one,) in zips}:
        found.add("wrong", f"light curves are said to be in {path}, which is not here")
    for (path,) in zips:
        file = site.root / path
        if not file.is_file():
            continue
        with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(file) as opened:
            curves = {name for name in opened.namelist() if name != "lightcurves.txt"}
            unknown = entries.get(path, set()) - curves
            if unknown:
                found.add("wrong", f"{path} has no {sorted(unknown)[:3]}")
    for (path,) in site.sql(
        "SELECT l.path FROM lightcurves AS l LEFT JOIN files AS f USING (path) "
        "WHERE f.path IS NULL AND l.path IS NOT NULL"
    ):
        found.add("wrong", f"a light curve is said to be in {path}, which is not here")


# Of a site's folder: what it makes itself, and what a family may lay beside the mirror.
_SITE = frozenset(("mirror", "keys", "lccmirror.toml"))
_FAMILY = frozenset(("before", "tmp", "journal", "backup"))


def _folder(site: Site, found: _Findings) -> None:
    """Nothing was written outside the mirror, and keys are for their owner alone."""
    folder = site.root.parent
    for one in folder.iterdir():
        if one.name not in _SITE | _FAMILY:
            found.add("wrong", f"{one.name} was made beside the mirror")
    keys = folder / "keys"
    for path in [keys, *_below(keys)] if keys.is_dir() else []:
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode & 0o077:
            found.add("wrong", f"others may use {path.name} (mode {mode:o})")


def _keys(site: Site, found: _Findings, logs: Iterable[str]) -> None:
    """No key is in a file of the mirror, a row, a URL or a log."""
    keys = [key.encode() for key in site.server.keys.handed_out]
    places = [(one.name, one.read_bytes()) for one in _below(site.root) if one.is_file()]
    places += [
        ("a URL", one.target.encode())
        for one in site.server.requests
        # The documented check of a key puts it there; the server asks for that.
        if one.path != "/api/auth"
    ]
    places += [("a log", line.encode("utf-8", "replace")) for line in logs]
    for name, content in places:
        if any(key in content for key in keys):
            found.add("wrong", f"a key is in {name}")


def _still_there(site: Site, found: _Findings, before: Held) -> None:
    now = held(site)
    for sha256 in sorted(before.versions - now.versions):
        found.add("lost", f"a version that was held is gone ({sha256[:12]})")
    for setid in sorted(before.setids - now.setids):
        found.add("lost", f"dataset {setid} was known and is not now")


def contents(root: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return what a catalog says but for times, to compare two mirrors of one server."""
    with contextlib.closing(
        sqlite3.connect(f"file:{root}/catalog.sqlite?mode=ro", uri=True)
    ) as c:
        return {name: c.execute(sql).fetchall() for name, sql in _CONTENTS.items()}


_CONTENTS = {
    "datasets": "SELECT setid, name, description, created_on, last_updated, nobjects, state, "
    "values_from, nrows, has_lczip FROM datasets ORDER BY 1",
    "files": "SELECT path, setid, kind, size, sha256, state FROM files "
    "WHERE state = 'ok' AND kind <> 'json' ORDER BY 1",
    "objects": "SELECT * FROM objects ORDER BY collection, objectid",
    "collections": "SELECT collection, collection_id, name, nobjects FROM collections "
    "ORDER BY 1",
    "columns": "SELECT collection, name, position, title, dtype FROM columns ORDER BY 1, 2",
}
