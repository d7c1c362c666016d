"""Move a checked file from ``incoming/`` to its place, and write its row."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

from .. import durable
from ..catalog.files import FileRow, get_file, put_file
from ..catalog.kept import forget_kept
from ..catalog.lightcurves import remove_entries
from ..catalog.prune import forget_file
from ..clock import from_http_date
from ..errors import InTheWay
from ..linked import refuse_linked
from .fetch import Product, sidecar
from .layout import linking, superseded
from .mirror import Mirror


def put_product(
    mirror: Mirror,
    product: Product,
    now: str,
    *,
    setid: str | None = None,
    collection: str | None = None,
    later: set[Path] | None = None,
) -> None:
    """Give a checked file its final name, then its row, in the caller's transaction.

    Another version that has the name is kept beside it. A crash between the rename and
    the commit leaves a whole file without a row, which the next start takes in again.

    Parameters
    ----------
    later
        Takes the folder, which the caller flushes before it commits.
    """
    final = mirror.at(product.path)
    _refuse_odd(mirror, product.path)
    durable.make_folder(final.parent)
    _keep_old(mirror, product.path, product.sha256)
    modified = from_http_date(product.last_modified)
    if modified is not None:
        durable.set_modified(product.part, modified.timestamp())
    durable.put_in_place(product.part, final, later=later)
    put_file(mirror.conn, _row(product, now, setid, collection))
    forget_kept(mirror.conn, product.path)


def link_product(
    mirror: Mirror, product_path: str, twin: FileRow, now: str, setid: str
) -> None:
    """Give a file that we have a second name, for a dataset that shares it.

    Another version that has the name is kept beside it.
    """
    final, shared = mirror.at(product_path), mirror.at(twin.path)
    _refuse_odd(mirror, product_path)
    durable.make_folder(final.parent)
    _keep_old(mirror, product_path, twin.sha256)
    # A rename does nothing between two names of one file.
    if not (final.exists() and final.samefile(shared)):
        new = mirror.at(linking(product_path))
        refuse_linked(new.parent)
        durable.remove(new)
        durable.link(shared, new)
        durable.put_in_place(new, final)
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
    forget_kept(mirror.conn, product_path)


def retire(mirror: Mirror, path: str) -> None:
    """Make an old version of a file that the server has no longer, in the caller's transaction.

    It is kept under a name of its own; its name is free when `unlink.finish_pruning` has run
    after the commit.
    """
    _keep_old(mirror, path, "")
    forget_file(mirror.conn, path)


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


def _refuse_odd(mirror: Mirror, path: str) -> None:
    """Make sure that nothing but a plain file of ours, in plain folders, has a name."""
    here = str(mirror.root)
    *folders, name = path.split("/")
    try:
        for folder in folders:
            here = f"{here}/{folder}"
            if not stat.S_ISDIR(os.lstat(here).st_mode):
                raise _odd(here, "folder")
        if not os.access(here, os.W_OK | os.X_OK):
            raise _closed(here)
        if not stat.S_ISREG(os.lstat(f"{here}/{name}").st_mode):
            raise _odd(f"{here}/{name}", "file")
    except FileNotFoundError:
        return
    except PermissionError:
        raise _closed(here.rpartition("/")[0]) from None


def _odd(here: str, what: str) -> InTheWay:
    return InTheWay(
        f"{here} is not a plain {what}",
        hint="something else put it there; move it away and sync again",
    )


def _closed(folder: str) -> InTheWay:
    # Of one dataset alone, perhaps: the others are not to wait for somebody to open it.
    return InTheWay(
        f"{folder} cannot be entered or written by this user",
        hint="the mirror's user must be able to: change its owner or its permissions",
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
    known = get_file(mirror.conn, kept)
    if known is not None and known.sha256 != old.sha256:
        # What is left of a damaged one; now it is here once more, and sound.
        durable.remove(mirror.at(kept))
    # The link may be there already, made by a run that was cut off.
    if not mirror.at(kept).exists():
        if not final.exists():
            return
        durable.link(final, mirror.at(kept))
    put_file(mirror.conn, replace(old, path=kept, state="superseded"))
