"""A file that has its final name is whole, at every moment: readers may come at any."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import zipfile
import zlib
from pathlib import Path

from tests.faults.campaign import Verdict
from tests.faults.check import Held
from tests.support.site import Site

_PRODUCTS = ("datasets", "collections", "lightcurves", "objects")
_PNG_END = b"IEND\xaeB`\x82"


def torn(site: Site, before: Held) -> Verdict:
    """Look at the files of a mirror that was cut off just now, without its catalog.

    Parameters
    ----------
    before
        What it held before; versions that are known need no look inside.
    """
    notes = tuple(
        f"wrong: {path.relative_to(site.root)} has its final name and is not whole"
        for top in _PRODUCTS
        for path in sorted((site.root / top).rglob("*"))
        if path.is_file() and not _is_whole(site, path, before)
    )
    return Verdict(wrong=len(notes), notes=notes)


def _is_whole(site: Site, path: Path, before: Held) -> bool:
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    if path.suffix == ".old":
        return path.name.split(".")[-2] == sha256[:12]
    if sha256 in before.versions:
        return True
    match path.suffix:
        case ".gz":
            return _expands(content)
        case ".zip":
            return _is_zip(path)
        case ".csv":
            return _is_published(site, path, content)
        case ".png":
            return content.endswith(_PNG_END)
    with contextlib.suppress(ValueError):
        return isinstance(json.loads(content), dict)
    return False


def _expands(content: bytes) -> bool:
    try:
        return bool(gzip.decompress(content))
    except (OSError, EOFError, zlib.error):
        return False


def _is_zip(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as opened:
            return opened.testzip() is None
    except zipfile.BadZipFile:
        return False


def _is_published(site: Site, path: Path, content: bytes) -> bool:
    setid = path.parent.name
    known = {one.setid for one in site.server.datasets()}
    return setid in known and content == site.server.product(setid, "csv")
