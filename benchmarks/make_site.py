"""An LCC-Server as files, for nginx to serve: what the API answers, and one dataset's products.

The answers are those of the demo server, written down. Nothing of a site like this changes
while it is measured, so a file is as good as a program that makes one; and the server is then
the same program for both sides.
"""

from __future__ import annotations

import binascii
import gzip
import struct
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from lccmirror.demo import DemoServer

from .make_lightcurves import lightcurve_text
from .make_zip import make_zip, objectids

_COLUMNS = {"db_oid": "U20", "db_ra": "f8", "db_decl": "f8", "collection": "U20"}
_DISTINCT = 8
_MEMBER_BYTES = 512 * 1024
# 100 KiB of gzip
_POINTS = 1_170
_GZIP_WITH_NAME = b"\x1f\x8b\x08\x08\0\0\0\0\x00\x03"


@dataclass(frozen=True, slots=True)
class Site:
    """A folder to be served.

    Parameters
    ----------
    root
        The folder.
    paths
        The products that the row is about, as paths of URLs.
    nbytes
        Of all of those.
    """

    root: Path
    paths: tuple[str, ...]
    nbytes: int


def site_of_lightcurves(root: Path, count: int) -> Site:
    """Make a site whose one dataset has no ZIP: its light curves are files of 100 KiB each."""
    names = objectids(count)
    collection_id = _record(root, names, None)[1]
    packed = [_packed(lightcurve_text(seed, _POINTS)) for seed in range(_DISTINCT)]
    folder = root / "l" / collection_id
    folder.mkdir(parents=True)
    nbytes = 0
    for number, objectid in enumerate(names):
        # No two are the same: the name inside differs.
        content = _GZIP_WITH_NAME + objectid.encode() + b"\0" + packed[number % _DISTINCT]
        (folder / f"{objectid}-csvlc.gz").write_bytes(content)
        nbytes += len(content)
    paths = tuple(f"/l/{collection_id}/{objectid}-csvlc.gz" for objectid in names)
    return Site(root, paths, nbytes)


def site_of_zip(root: Path, members: int) -> Site:
    """Make a site whose one dataset has a ZIP of so many light curves, of 512 KiB each."""
    made = root.with_name(f"{root.name}.zip")
    with DemoServer(objects=1, points=(1, 2)) as server:
        collection_id = server.surveys[0].collection_id
    make_zip(made, collection_id, members, _MEMBER_BYTES)
    setid, _ = _record(root, objectids(members), made)
    path = f"/p/lightcurves-{setid}.zip"
    target = root / path[1:]
    target.parent.mkdir(parents=True)
    made.rename(target)
    return Site(root, (path,), target.stat().st_size)


def _record(root: Path, names: list[str], lczip: Path | None) -> tuple[str, str]:
    """Write down what the demo server answers; return the dataset and its collection's ID."""
    with DemoServer(objects=1, points=(1, 2)) as server:
        survey = server.surveys[0]
        rows = [
            (objectid, 10.0 + number / 1000, 20.0, survey.collection)
            for number, objectid in enumerate(names)
        ]
        setid = server.make_table(
            _COLUMNS,
            rows,
            collections=[survey.collection],
            lczip=False if lczip is None else lczip,
        )
        for path in (
            "/api/key",
            "/api/collections",
            "/api/datasets",
            f"/set/{setid}?json=1&page=1",
            f"/d/dataset-{setid}.csv",
            *(f"/c/{one.collection_id}/lcformat-description.json" for one in server.surveys),
        ):
            file = root / path[1:].partition("?")[0]
            file.parent.mkdir(parents=True, exist_ok=True)
            with urllib.request.urlopen(server.url + path) as answer:  # noqa: S310 (our own)
                file.write_bytes(answer.read())
        return setid, survey.collection_id


def _packed(text: bytes) -> bytes:
    """Return gzip without its header: to be put behind one that has a name."""
    plain = gzip.compress(text, 6, mtime=0)
    end = struct.pack("<II", binascii.crc32(text), len(text))
    assert plain.endswith(end)
    return plain[10:]
