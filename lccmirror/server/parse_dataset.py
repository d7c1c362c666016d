"""A dataset's JSON: its header, and its rows one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from ..errors import CutShort, PageNotReady, ProtocolError
from .fields import integer, mapping, names, text
from .jsonfile import Outline, check_ok, read_items, read_outline
from .mended import Mended
from .parse_lists import parse_column
from .wire import DatasetHeader

_LARGE = frozenset({"rows", "result"})


def parse_dataset(
    file: IO[bytes], setid: str, page: int, what: str
) -> tuple[DatasetHeader, bool]:
    """Read a page's header.

    Parameters
    ----------
    file
        The document.
    setid, page
        As asked for.
    what
        For messages.

    Returns
    -------
    header, result_has_all_rows
        The second: whether this page, as on the running server, carries every row of every
        page besides its own, in the key ``result``.

    Raises
    ------
    PageNotReady
        If the page has no rows although it should: the server is still rendering it.
    ProtocolError
        If it is no dataset.
    """
    outline = _outline(file, what)
    header = _header(outline, setid, what)
    due = header.rows_due(page)
    if due and outline.lengths.get("rows") == 0:
        raise PageNotReady(f"{what}: page {page} is not rendered yet")
    nresult = outline.lengths.get("result")
    return header, nresult is not None and nresult == header.actual_nrows


def _outline(file: IO[bytes], what: str) -> Outline:
    try:
        return read_outline(file, what, count_only=_LARGE)
    except (CutShort, ProtocolError) as error:
        # A cell that JSON, or our parser, has no number for must not cost the dataset:
        # its values can be taken from the CSV.
        try:
            return read_outline(Mended(file, what), what, count_only=_LARGE)
        except (CutShort, ProtocolError):
            raise error from None


def _header(outline: Outline, setid: str, what: str) -> DatasetHeader:
    fields = outline.fields
    status = text(fields.get("status"))
    if status == "failed":
        check_ok(fields, what)
    if "columns" not in fields:
        raise ProtocolError(f"{what}: the answer is no dataset")
    described = mapping(fields.get("coldesc"))
    return DatasetHeader(
        setid=setid,
        status=status or "complete",
        name=text(fields.get("name")),
        description=text(fields.get("desc")),
        citation=text(fields.get("citation")),
        created=text(fields.get("created")),
        updated=text(fields.get("updated")),
        visibility=text(fields.get("visibility")),
        searchtype=text(fields.get("searchtype")),
        searchargs=mapping(fields.get("searchargs")),
        collections=names(fields.get("collections")),
        columns=names(fields.get("columns")),
        coldesc={name: parse_column(name, told) for name, told in described.items()},
        npages=integer(fields.get("npages")),
        rows_per_page=integer(fields.get("rows_per_page")),
        page_slices=_slices(fields.get("page_slices")),
        total_nmatches=integer(fields.get("total_nmatches")),
        actual_nrows=integer(fields.get("actual_nrows")),
        currpage=integer(fields.get("currpage")),
        has_lczip=bool(fields["lczipfpath"]) if "lczipfpath" in fields else None,
        owned=fields["owned"] is True if "owned" in fields else None,
    )


def _slices(value: object) -> tuple[tuple[int, int], ...]:
    if not isinstance(value, list):
        return ()
    slices = []
    for one in value:
        ends = [integer(end) for end in one] if isinstance(one, list) else []
        if len(ends) != 2 or ends[0] is None or ends[1] is None:
            return ()
        slices.append((ends[0], ends[1]))
    return tuple(slices)


def read_rows(file: IO[bytes], what: str) -> Iterator[list[Any]]:
    """Yield the page's own rows, values in the order of the header's columns."""
    for row in read_items(file, "rows.item", what):
        if not isinstance(row, list):
            raise ProtocolError(f"{what}: a row is not a list")
        yield row
