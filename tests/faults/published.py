"""What else the server publishes than tables and ZIPs, compared byte by byte or as values."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

from lccmirror.clock import server_time
from tests.support.site import Site

# Of a dataset's JSON: what changes without its table, or depends on who asks.
_PASSING = frozenset(("updated", "visibility", "sharedwith", "owned", "session_token"))
_BESIDE = """
SELECT path, kind, c.collection_id FROM files AS f JOIN collections AS c USING (collection)
WHERE kind IN ('lcformat', 'lc') AND state = 'ok'
"""
_JSON = """
SELECT f.path, d.setid FROM files AS f JOIN datasets AS d USING (setid)
WHERE f.kind = 'json' AND f.state = 'ok' AND d.state = 'mirrored'
  AND NOT EXISTS (SELECT 1 FROM work AS w WHERE w.setid = d.setid)
"""
_OBJECTS = "SELECT path, collection, objectid FROM object_info WHERE state = 'ok'"


def others(site: Site) -> Iterator[str]:
    """Yield what differs in descriptions of formats, single light curves, and JSON."""
    for path, kind, folder in site.sql(_BESIDE):
        ours = site.root / path
        top = "c" if kind == "lcformat" else "l"
        if ours.is_file() and not _is_same(
            ours.read_bytes(), site, f"/{top}/{folder}/{ours.name}"
        ):
            yield f"{path} is not the server's"
    there = {one.setid for one in site.server.datasets()}
    for path, setid in site.sql(_JSON):
        file = site.root / path
        if not file.is_file() or setid not in there:
            continue
        theirs = site.server.product(setid, "json")
        if _lasting(file.read_bytes()) != _lasting(gzip.compress(theirs)):
            yield f"{path} is not what the server says"


_TOLD = """
SELECT setid, created_on, last_updated, nobjects, query_type, query_params, name, description,
  citation, visibility FROM datasets WHERE vanished_at IS NULL
"""
_COLLECTIONS = """
SELECT collection, collection_id, name, description, nobjects, datarelease FROM collections
"""
_COLUMNS = """
SELECT name, title, description, dtype, format FROM columns WHERE collection = ?1
  AND last_seen = (SELECT last_seen FROM collections WHERE collection = ?1) ORDER BY name
"""


def lists(site: Site) -> Iterator[str]:
    """Yield what the catalog says of datasets and collections, and the server does not."""
    ours = {setid: rest for setid, *rest in site.sql(_TOLD)}
    for one in site.server.datasets():
        theirs = [
            server_time(one.created.isoformat()),
            server_time(one.last_updated.isoformat()),
            len(one.rows),
            one.searchtype,
            json.dumps(one.searchargs),
        ]
        if site.server.dialect == "running":
            theirs += [one.name, one.description, one.citation, one.visibility]
        known = ours.get(one.setid)
        if one.visibility == "public" and known and known[: len(theirs)] != theirs:
            yield f"of {one.setid} the catalog says {known}, the server {theirs}"
    for collection, *known in site.sql(_COLLECTIONS):
        for survey in site.server.surveys:
            if survey.collection != collection:
                continue
            theirs = [survey.collection_id, survey.name, survey.description]
            theirs += [len(survey.objects), survey.datarelease]
            if known != theirs:
                yield f"of {collection} the catalog says {known}, the server {theirs}"
            columns = sorted(
                (c.name, c.title, c.description, c.dtype, c.format) for c in survey.columns
            )
            if site.sql(_COLUMNS, collection) != columns:
                yield f"the columns of {collection} are not the server's"


def _is_same(ours: bytes, site: Site, path: str) -> bool:
    try:
        return ours == site.server.file(path)
    except KeyError:
        # The server has it no longer.
        return True


def _lasting(packed: bytes) -> dict[str, Any] | None:
    """Return what the first page of a dataset's JSON says, but for what passes."""
    try:
        document = json.loads(gzip.decompress(packed).partition(b"\n")[0])
    except (OSError, EOFError, ValueError, zlib.error):
        return None
    return {key: value for key, value in document.items() if key not in _PASSING}


def objects(site: Site) -> Iterator[str]:
    """Yield what differs in what the server told of objects, where it tells the same always."""
    for path, collection, objectid in site.sql(_OBJECTS):
        ours = json.loads(gzip.decompress((site.root / path).read_bytes()))
        query = f"objectid={quote(objectid)}&collection={quote(collection)}"
        with urlopen(f"{site.server.url}/api/object?{query}") as answer:  # noqa: S310 # loopback
            theirs = json.load(answer)["result"]
        if ours != theirs:
            yield f"{path} is not what the server says of it"
