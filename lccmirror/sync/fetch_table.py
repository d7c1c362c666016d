"""Bring a dataset's table to ``incoming/``: its JSON, all pages of it, its CSV and pickle."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..catalog.files import FileRow
from ..durable import flush_file, open_for_write, remove, remove_note, write_note
from ..errors import AccessDenied, ProtocolError, TransientError
from ..linked import refuse_linked
from . import layout
from .fetch import Fetcher, Product, fetch_file, server_path, sha256_of, sidecar, unchanged

if TYPE_CHECKING:
    from ..server import DatasetHeader

_COPY_BYTES = 1 << 20
# Ten times as many as a table has that is as large as one may be.
_MOST_PAGES = 200_000


class NotComplete(TransientError):
    """The dataset is still being made."""


class NotForUs(AccessDenied):
    """The dataset is there, but somebody else's."""


@dataclass(frozen=True)
class FetchedTable:
    """A dataset's table and its JSON; empty where what we hold is still the server's."""

    setid: str
    has_lczip: bool | None
    products: dict[str, Product] = field(default_factory=dict)


def fetch_table(
    fetcher: Fetcher, setid: str, version: str | None, held: dict[str, FileRow]
) -> FetchedTable:
    """Fetch a dataset's JSON, and its CSV and pickle as configured.

    Parameters
    ----------
    version
        The dataset's ``last_updated`` in the list.
    held
        The sound files that we have of it, by kind.

    Raises
    ------
    NotComplete
        If the server is still making the dataset.
    NotForUs
        If it is private.
    """
    wanted = [kind for kind in ("csv", "pickle") if kind in fetcher.config.mirror.products]
    if _unchanged_here(fetcher, setid, wanted, held):
        return FetchedTable(setid, None)
    try:
        document, has_lczip = fetch_json(fetcher, setid, version)
    except AccessDenied as error:
        raise NotForUs(error.message, hint=error.hint) from error
    products = {"json": document}
    for kind in wanted:
        products[kind] = fetch_file(
            fetcher, server_path(setid, kind), layout.product(setid, kind), kind
        )
    return FetchedTable(setid, has_lczip, products)


def _unchanged_here(
    fetcher: Fetcher, setid: str, kinds: Sequence[str], held: dict[str, FileRow]
) -> bool:
    """Whether we hold a dataset's table as the server has it now.

    The table does not change with a dataset's visibility, nor does the CSV: only the JSON
    and the pickle do, and what they say of it is in the list.
    """
    if not {"json", "csv", *kinds} <= held.keys():
        return False
    return unchanged(held["csv"], fetcher.client.head(server_path(setid, "csv")))


def fetch_json(
    fetcher: Fetcher,
    setid: str,
    version: str | None,
    on_header: Callable[[DatasetHeader], None] | None = None,
) -> tuple[Product, bool | None]:
    """Fetch the dataset's JSON, all pages of it, into one gzip file as published.

    A JSON that was whole when an earlier run was cut off is not asked for again: whatever
    happens to a dataset moves its ``last_updated``, which is noted beside the file.

    Parameters
    ----------
    on_header
        Called with the header, unless it is such a JSON.

    Raises
    ------
    NotComplete
        If the server is still making the dataset.
    NoRoom
        If it does not fit.
    """
    path = layout.product(setid, "json")
    part = fetcher.root / layout.arriving(path)
    # Somebody may put one there at any time: looked at before each thing that is written.
    refuse_linked(part.parent)
    if (whole := whole_json(fetcher, setid, version)) is not None:
        return whole
    note = sidecar(part)
    remove_note(note)
    admission = fetcher.admission
    # How large it is shows when it has come; on a disk with no room at all it is not asked for.
    admission.ask(path, 0, 0)
    try:
        header = _fetch_pages(fetcher, setid, part, path)
        size = part.stat().st_size
        admission.ask(path, size, size)
    except BaseException:
        admission.give_back(path)
        # Nothing goes on with a part of it, so it must not take room.
        remove(part)
        raise
    if on_header is not None:
        on_header(header)
    sha256 = sha256_of(part)
    noted = {"version": version, "sha256": sha256, "has_lczip": header.has_lczip}
    refuse_linked(part.parent)
    write_note(note, json.dumps(noted).encode())
    return Product("json", path, part, size, sha256), header.has_lczip


def whole_json(
    fetcher: Fetcher, setid: str, version: str | None
) -> tuple[Product, bool | None] | None:
    """Return a dataset's JSON that came whole in an earlier run, if there is one.

    Raises
    ------
    NoRoom
        If it does not fit.
    """
    path = layout.product(setid, "json")
    part = fetcher.root / layout.arriving(path)
    note = sidecar(part)
    if not part.exists() or not note.exists():
        return None
    known = _noted(note)
    if known.get("version") != version or known.get("sha256") != sha256_of(part):
        return None
    size = part.stat().st_size
    fetcher.admission.ask(path, size, size)
    return Product("json", path, part, size, known["sha256"]), known.get("has_lczip")


def _fetch_pages(fetcher: Fetcher, setid: str, part: Path, path: str) -> DatasetHeader:
    """Write all pages of a dataset's JSON to `part`, packed; return the last one's header."""
    npages = page = 1
    with open_for_write(part) as raw:
        # No name and no time in the gzip header: the same JSON gives the same file.
        with gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
            while page <= npages:
                with fetcher.client.dataset(setid, page=page) as answer:
                    header = answer.header
                    if header.status != "complete":
                        raise NotComplete(f"dataset {setid} is {header.status} on the server")
                    come = part.stat().st_size
                    # It is no larger than before it is packed.
                    fetcher.admission.ask(path, come + _size_of(answer.body), come)
                    shutil.copyfileobj(answer.body, packed, _COPY_BYTES)
                    packed.write(b"\n")
                    if not answer.result_has_all_rows:
                        npages = _checked_pages(setid, header)
                page += 1
        flush_file(raw)
    return header


def _checked_pages(setid: str, header: DatasetHeader) -> int:
    """Return how many pages a dataset has, if its rows can be on so many.

    Raises
    ------
    ProtocolError
        If not: they would be asked for without end.
    """
    npages, rows, each = header.npages or 1, header.actual_nrows, header.rows_per_page
    most = _MOST_PAGES
    if rows is not None and each is not None and each > 0:
        most = min(most, max(1, -(-rows // each)))
    if npages > most:
        raise ProtocolError(f"dataset {setid}: {npages:,} pages are said to be of {rows} rows")
    return npages


def _size_of(body: IO[bytes]) -> int:
    """Return how many bytes a file at its beginning has."""
    size = body.seek(0, os.SEEK_END)
    body.seek(0)
    return size


def _noted(note: Path) -> dict[str, Any]:
    """Read a note, which a power cut may have left empty."""
    try:
        known = json.loads(note.read_bytes())
    except ValueError:
        return {}
    return known if isinstance(known, dict) else {}
