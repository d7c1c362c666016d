"""Move a checked file from ``incoming/`` to its place, and write its row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from .. import durable
from ..catalog.files import FileRow, get_file, put_file
from ..catalog.lightcurves import remove_entries
from ..clock import from_http_date
from ..errors import MirrorUnusable
from .fetch import Product, sidecar
from .layout import superseded
from .mirror import Mirror


def put_product(
    mirror: Mirror,
    product: Product,
    now: str,
    *,
    setid: str | None = None,
    collection: str | None = None,
) -> None:
    """Give a checked file its final name, then its row, in the caller's transaction.

    Another version that has the name is kept beside it. A crash between the rename and
    the commit leaves a whole file without a row, which the next start takes in again.
    """
    final = mirror.at(product.path)
    durable.make_folder(final.parent)
    _refuse_odd(final)
    _keep_old(mirror, product.path, product.sha256)
    modified = from_http_date(product.last_modified)
    if modified is not None:
        durable.set_modified(product.part, modified.timestamp())
    durable.put_in_place(product.part, final)
    put_file(mirror.conn, _row(product, now, setid, collection))


def link_product(
    mirror: Mirror, product_path: str, twin: FileRow, now: str, setid: str
) -> None:
    """Give a file that we have a second name, for a dataset that shares it."""
    final = mirror.at(product_path)
    durable.make_folder(final.parent)
    _refuse_odd(final)
    _keep_old(mirror, product_path, twin.sha256)
    durable.remove(final)
    durable.link(mirror.at(twin.path), final)
    put_file(
        mirror.conn,
        replace(
            twin,
            path=product_path,
            setid=setid,
            fetched_at=now,
            verified_at=None,
            note=f"linked to {twin.path}",
        ),
    )


def forget_arrival(product: Product) -> None:
    """Remove what was noted beside a download, once its row is committed."""
    durable.remove_note(sidecar(product.part))


def _row(product: Product, now: str, setid: str | None, collection: str | None) -> FileRow:
    return FileRow(
        path=product.path,
        setid=setid,
        kind=product.kind,
        size=product.size,
        sha256=product.sha256,
        etag=product.etag,
        last_modified=product.last_modified,
        fetched_at=now,
        note=product.note,
        collection=collection,
    )


def _refuse_odd(final: Path) -> None:
    if final.is_symlink() or (final.exists() and not final.is_file()):
        raise MirrorUnusable(
            f"{final} is not a plain file",
            hint="something else put it there; move it away and sync again",
        )


def _keep_old(mirror: Mirror, path: str, sha256: str) -> None:
    """Keep the version that is about to be replaced, under a name of its own."""
    old = get_file(mirror.conn, path)
    if old is None:
        return
    remove_entries(mirror.conn, path)
    if old.sha256 == sha256 or old.state != "ok":
        return
    final, kept = mirror.at(path), superseded(path, old.sha256)
    # The link may be there already, made by a run that was cut off.
    if not mirror.at(kept).exists():
        if not final.exists():
            return
        durable.link(final, mirror.at(kept))
    put_file(mirror.conn, replace(old, path=kept, state="superseded"))
