"""What is fetched beside the datasets: format descriptions, and light curves one by one."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..catalog.connection import transaction
from ..catalog.files import get_file
from ..catalog.lightcurves import Entry, put_entries, put_missing
from ..catalog.log import get_setting, set_setting
from ..clock import to_text
from ..errors import (
    AccessDenied,
    FormatError,
    InTheWay,
    NoRoom,
    NotFound,
    ServerError,
    Stopped,
    Unreachable,
)
from ..server.urls import lcformat_path, lightcurve_path
from . import layout
from .fetch import Fetcher, Product, discard, fetch_file, unchanged
from .place import forget_arrival, put_product
from .trouble import local_errors

if TYPE_CHECKING:
    from .session import Session

_CHUNK = 1 << 20


def fetch_formats(session: Session, fetcher: Fetcher, failed: dict[str, str]) -> None:
    """Fetch each collection's light-curve format description, where it may have changed.

    A collection without one is not asked again until it is updated.
    """
    conn = session.mirror.conn
    for collection, folder, updated in conn.execute(
        "SELECT collection, collection_id, coalesce(last_updated, '') FROM collections"
    ).fetchall():
        key = _format_key(collection)
        if get_setting(conn, key) == updated:
            continue
        try:
            path, source = layout.lcformat(collection), lcformat_path(folder)
        except FormatError as error:
            # Nothing of it can lie under such a name; asking again would not help.
            session.progress.note(f"no light-curve format is fetched: {error.message}")
            with transaction(conn):
                set_setting(conn, key, updated)
            continue
        try:
            held = get_file(conn, path)
            if held is not None and held.state != "ok":
                held = None
            if held is None or not unchanged(held, session.client.head(source)):
                with local_errors():
                    product = fetch_file(fetcher, source, path, "lcformat")
                    with transaction(conn):
                        put_product(
                            session.mirror, product, _at(session), collection=collection
                        )
                    forget_arrival(product)
        except (NotFound, AccessDenied):
            pass  # the collection has none, and is not asked again until it is updated
        except (ServerError, FormatError, InTheWay) as error:
            failed[f"light-curve format of {collection}"] = error.message
            if isinstance(error, Unreachable):
                raise
            continue
        with transaction(conn):
            set_setting(conn, key, updated)


def forget_format(conn: sqlite3.Connection, collection: str) -> None:
    """Have a collection's format description fetched by the next cycle."""
    conn.execute("DELETE FROM mirror WHERE key = ?", (_format_key(collection),))


def _format_key(collection: str) -> str:
    """Return under which setting stands what its description was last asked for at."""
    return f"lcformat:{collection}"


@dataclass(frozen=True)
class _Wanted:
    """A light curve that the server has and we have not, or not sound any more (no setid)."""

    setid: str | None
    collection: str
    objectid: str
    link: str | None
    folder: str


_WANTED = """
SELECT min(d.setid), r.collection, r.objectid, min(json_extract(r.data, '$.db_lcfname')),
       coalesce(min(c.collection_id), replace(r.collection, '_', '-'))
FROM datasets AS d
JOIN dataset_rows AS r ON r.setid = coalesce(d.same_as, d.setid)
LEFT JOIN collections AS c ON c.collection = r.collection
WHERE d.has_lczip = 0 AND d.state = 'mirrored'
  AND r.collection IS NOT NULL AND r.objectid IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM lightcurves AS l
                  WHERE l.collection = r.collection AND l.objectid = r.objectid)
  AND NOT EXISTS (SELECT 1 FROM missing_lightcurves AS m
                  WHERE m.collection = r.collection AND m.objectid = r.objectid)
GROUP BY r.collection, r.objectid LIMIT ?
"""


_DAMAGED = """
SELECT NULL, l.collection, l.objectid, f.path,
       coalesce(c.collection_id, replace(l.collection, '_', '-'))
FROM files AS f JOIN lightcurves AS l USING (path)
LEFT JOIN collections AS c ON c.collection = l.collection
WHERE f.kind = 'lc' AND f.state IN ('damaged', 'missing') LIMIT ?
"""


def fetch_singles(session: Session, fetcher: Fetcher, failed: dict[str, str]) -> int:
    """Fetch light curves one by one: the damaged ones, and missing ones as configured.

    Returns
    -------
    int
        How many came.
    """
    conn, rules = session.mirror.conn, session.config.lightcurves
    wanted = [_Wanted(*row) for row in conn.execute(_DAMAGED, (rules.limit,))]
    if rules.singles == "missing" and "lczip" in session.config.mirror.products:
        wanted += [_Wanted(*row) for row in conn.execute(_WANTED, (rules.limit,))]
    session.progress.plan(len(wanted), None)
    fetched = 0
    for one, result in _fetch_all(session, fetcher, wanted):
        if isinstance(result, Product):
            try:
                _keep(session, one, result)
            except InTheWay as error:
                failed[f"light curve of {one.objectid}"] = error.message
            else:
                fetched += 1
        elif isinstance(result, NotFound | AccessDenied | _NoName) and one.setid is not None:
            with transaction(conn):
                reason = (
                    result.message
                    if isinstance(result, _NoName)
                    else "the server has no light curve of it"
                )
                key = (one.collection, one.objectid)
                put_missing(conn, one.setid, [key], reason, _at(session))
        else:
            failed[f"light curve of {one.objectid}"] = result.message
        session.progress.item_done(one.objectid, ok=isinstance(result, Product))
    return fetched


def _fetch_all(
    session: Session, fetcher: Fetcher, wanted: list[_Wanted]
) -> Iterator[tuple[_Wanted, Product | ServerError | FormatError | InTheWay]]:
    def fetch(one: _Wanted) -> Product | ServerError | FormatError | InTheWay:
        try:
            with local_errors():
                return _fetch_one(fetcher, one)
        except Unreachable:
            raise
        except (ServerError, FormatError, InTheWay) as error:
            return error

    with ThreadPoolExecutor(session.config.mirror.workers, thread_name_prefix="lc") as pool:
        try:
            for start in range(0, len(wanted), 256):
                batch = wanted[start : start + 256]
                if session.stop.is_set():
                    raise Stopped("asked to stop")
                yield from zip(batch, pool.map(fetch, batch), strict=True)
        except (Unreachable, NoRoom, Stopped):
            pool.shutdown(cancel_futures=True)
            raise


class _NoName(FormatError):
    """A light curve whose name on the server can be no path here."""


def _fetch_one(fetcher: Fetcher, one: _Wanted) -> Product:
    name = f"{one.objectid}-csvlc.gz" if one.link is None else one.link.rsplit("/", 1)[-1]
    try:
        path = layout.single_lightcurve(one.collection, name)
        source = lightcurve_path(one.folder, name)
    except FormatError as error:
        raise _NoName(error.message) from error
    product = fetch_file(fetcher, source, path, "lc")
    try:
        _check_gzip(product.part, fetcher.config.limits.max_lightcurve)
    except FormatError:
        discard(product.part)
        raise
    return product


def _check_gzip(path: Path, limit: int) -> None:
    """Make sure that a file is whole gzip: every CRC is checked, nothing is kept."""
    inflate = zlib.decompressobj(wbits=31)
    total = 0
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            while data:
                if inflate.eof:  # another gzip member follows
                    inflate = zlib.decompressobj(wbits=31)
                try:
                    total += len(inflate.decompress(data, _CHUNK))
                except zlib.error as error:
                    raise FormatError(f"{path.name} is no sound gzip file: {error}") from error
                if total > limit:
                    raise FormatError(f"{path.name} is larger than {limit:,} bytes unpacked")
                data = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
    if not inflate.eof:
        raise FormatError(f"{path.name} ends in the middle")


def _keep(session: Session, one: _Wanted, product: Product) -> None:
    conn = session.mirror.conn
    with transaction(conn):
        put_product(session.mirror, product, _at(session), collection=one.collection)
        entry = Entry(one.collection, one.objectid, None, product.size, None)
        put_entries(conn, None, product.path, [entry])
    forget_arrival(product)


def _at(session: Session) -> str:
    return to_text(session.now())
