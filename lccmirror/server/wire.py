"""What the server tells, as frozen records in the words of its running version.

A field that one of the two dialects lacks, or that was not understood, is None (or
empty): only what a record makes no sense without is sure to be there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Dialect = Literal["documented", "running"]


@dataclass(frozen=True)
class Column:
    """A column of a collection's catalog or of a dataset's table.

    Parameters
    ----------
    name
        As used in searches.
    title, description
        For people; may hold HTML, as the server sends it.
    dtype
        The NumPy type: ``<f8`` or ``f8``, ``<U17`` or ``U80`` …
    format
        The printf format of the CSV's values.
    """

    name: str
    title: str
    description: str
    dtype: str
    format: str


@dataclass(frozen=True)
class Collection:
    """A collection of light curves.

    Parameters
    ----------
    collection
        The database ID, which searches take and results name.
    collection_id
        The form for paths.
    nobjects
        Objects in it.
    minra, maxra, mindecl, maxdecl
        Extent in decimal degrees; a collection across RA 0h spans nearly all of it.
    lcformatdesc
        Where the server says its light-curve format is described (shown, never used as URL).
    last_updated
        Verbatim: in the server's local time.
    columns
        Its catalog's columns.
    indexed, fts_indexed
        Names of the columns with an index, and of those with full-text search.
    lcmagcols
        Names of magnitude columns in the light curves; empty where not told.
    """

    collection: str
    collection_id: str
    name: str
    description: str
    nobjects: int | None
    datarelease: int | None
    minra: float | None
    maxra: float | None
    mindecl: float | None
    maxdecl: float | None
    lcformatdesc: str | None
    last_updated: str | None
    columns: tuple[Column, ...]
    indexed: frozenset[str]
    fts_indexed: frozenset[str]
    citation: str | None
    project: str | None
    visibility: str | None
    lcmagcols: tuple[str, ...]


@dataclass(frozen=True)
class CollectionsAnswer:
    """The list of collections.

    Parameters
    ----------
    not_modified
        The server says it is as it was under the ETag we sent; nothing else is told.
    etag
        To send next time.
    dialect
        Which description of the API the answer follows; None with `not_modified`.
    collections
        All of them.
    """

    not_modified: bool
    etag: str | None
    dialect: Dialect | None
    collections: tuple[Collection, ...]


@dataclass(frozen=True)
class DatasetSummary:
    """An item of the list of datasets.

    Parameters
    ----------
    created_on, last_updated
        Verbatim: ISO-8601 in UTC without ``Z``.
    nobjects
        Rows of the table.
    queried_collections
        Database IDs.
    query_type
        ``sqlite_kdtree_conesearch`` and the like.
    query_params
        JSON, verbatim.
    csv_path, fpath, lczip_path
        Where the server says table, pickle and ZIP are; None where there is none. To be
        shown and looked at, never used as URLs.
    owned
        Whether it is ours.
    """

    setid: str
    created_on: str | None
    last_updated: str | None
    nobjects: int | None
    name: str | None
    description: str | None
    citation: str | None
    queried_collections: tuple[str, ...]
    query_type: str | None
    query_params: str | None
    visibility: str | None
    csv_path: str | None
    fpath: str | None
    lczip_path: str | None
    owned: bool


@dataclass(frozen=True)
class DatasetHeader:
    """All of a dataset's JSON but its rows.

    The server puts ``null`` in place of each ``nan`` in this document's text, so names and
    descriptions here can be damaged.

    Parameters
    ----------
    setid
        As asked for: the document's own can be damaged like any text in it.
    status
        ``complete`` or ``in progress``.
    created, updated
        ISO-8601 in UTC without ``Z``; never quite those of the list.
    searchtype, searchargs
        Which search made it, and how.
    collections
        Database IDs.
    columns, coldesc
        The table's columns in their order, and their descriptions.
    npages, rows_per_page, page_slices
        How it is paged; a slice is the first row and the one past the last, which can lie
        past the end of the table.
    total_nmatches, actual_nrows
        Objects matched, and rows here after sample and limit.
    currpage
        Which page this document holds.
    has_lczip
        Whether there is a ZIP of light curves, now; None if the document does not say.
    owned
        Whether it is ours; None if the document does not say.
    """

    setid: str
    status: str
    name: str | None
    description: str | None
    citation: str | None
    created: str | None
    updated: str | None
    visibility: str | None
    searchtype: str | None
    searchargs: dict[str, Any]
    collections: tuple[str, ...]
    columns: tuple[str, ...]
    coldesc: dict[str, Column]
    npages: int | None
    rows_per_page: int | None
    page_slices: tuple[tuple[int, int], ...]
    total_nmatches: int | None
    actual_nrows: int | None
    currpage: int | None
    has_lczip: bool | None
    owned: bool | None

    def rows_due(self, page: int) -> int | None:
        """Return how many rows `page` has (from 1), or None if the header does not say."""
        if self.actual_nrows is None:
            return None
        if 1 <= page <= len(self.page_slices):
            first, end = self.page_slices[page - 1]
            return max(0, min(end, self.actual_nrows) - first)
        if self.npages is not None and page > self.npages:
            return 0
        if self.page_slices or self.rows_per_page is None:
            return 0 if self.page_slices else None
        left = self.actual_nrows - (page - 1) * self.rows_per_page
        return max(0, min(left, self.rows_per_page))


@dataclass(frozen=True)
class KeyStatus:
    """What the server says of our key, when it is good.

    Parameters
    ----------
    expires
        When it ends, where the server or our copy says so.
    message
        The server's words.
    dialect
        Which of the two checks answered.
    """

    expires: datetime | None
    message: str
    dialect: Dialect


@dataclass(frozen=True)
class FileInfo:
    """What a ``HEAD`` tells of a file.

    Parameters
    ----------
    size
        Bytes, if told.
    etag
        Verbatim. On the running server the MD5 of the file as it was at its first request,
        for as long as the server runs: a file that has changed keeps it.
    last_modified
        Verbatim; whole seconds.
    """

    size: int | None
    etag: str | None
    last_modified: str | None
