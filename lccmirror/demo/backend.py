"""What the server's handlers ask for: the backend interface.

The handlers know HTTP and the two dialects; everything they show comes through
`Backend`. The demo's own backend is `memory.MemoryBackend`; a mirror could stand here as
well and serve what it holds to the site's own LCC-Server clients.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from .arguments import SearchRequest
from .surveys import Survey, Value

ANONYMOUS_USER = 2


@dataclass(frozen=True)
class Requester:
    """Who asks: a session (or key) and the user it belongs to.

    All anonymous people are user 2; what tells them apart is the session token, which
    a key carries along.
    """

    token: str
    user_id: int = ANONYMOUS_USER
    role: str = "anonymous"


@dataclass(frozen=True)
class ColumnDescription:
    """A column of a dataset: what the server calls ``coldesc``."""

    title: str
    description: str
    dtype: str
    format: str


Row = tuple[Value, ...]


@dataclass(frozen=True)
class Dataset:
    """One dataset at one moment.

    Parameters
    ----------
    status
        ``initialized`` (nobody sees it), ``in progress`` or ``complete``.
    created, updated, last_updated
        UTC. `updated` is in the dataset's own JSON, `last_updated` in the list; the
        server reads the clock twice, so the two are never equal.
    owner, session
        The user and the session that made it; `session` is None after a query timeout.
    rows
        The values as in the database, in the order of `columns`.
    """

    setid: str
    name: str
    description: str
    citation: str | None
    created: datetime
    updated: datetime
    last_updated: datetime
    status: str
    owner: int
    session: str | None
    visibility: str
    sharedwith: str | None
    searchtype: str
    searchargs: Mapping[str, object]
    collections: tuple[str, ...]
    lcmagcols: Mapping[str, str]
    coll_dirs: Mapping[str, str]
    rows_per_page: int
    nmatches_by_collection: Mapping[str, int]
    columns: tuple[str, ...]
    coldesc: Mapping[str, ColumnDescription]
    rows: Sequence[Row]
    has_lczip: bool

    @property
    def npages(self) -> int:
        """The number of pages; an empty dataset has none."""
        return -(-len(self.rows) // self.rows_per_page)

    @property
    def total_nmatches(self) -> int:
        """Objects found before sample and limit."""
        return sum(self.nmatches_by_collection.values())

    def page(self, number: int) -> Sequence[Row]:
        """Return the rows of page `number` (from 1)."""
        start = (number - 1) * self.rows_per_page
        return self.rows[start : start + self.rows_per_page]

    def with_changes(self, **changes: object) -> Dataset:
        """Return this dataset with some fields replaced."""
        return replace(self, **changes)  # type: ignore[arg-type] # names are checked at run time

    def readable_by(self, requester: Requester) -> bool:
        """Whether `requester` may see this dataset when it knows the setid."""
        if self.owned_by(requester) or requester.role in ("staff", "superuser"):
            return True
        open_to = ("public", "unlisted", "shared")[: 2 if requester.role == "anonymous" else 3]
        return self.visibility in open_to

    def owned_by(self, requester: Requester) -> bool:
        """Whether `requester` made this dataset."""
        if requester.role == "anonymous":
            return self.session == requester.token
        return self.owner == requester.user_id


@dataclass(frozen=True)
class ServedFile:
    """A file as it is at this moment: its content and its time of change."""

    content: bytes | Path
    modified: datetime


@dataclass(frozen=True)
class SearchStep:
    """One step in the life of a running search, in the order they happen.

    `kind` is ``queued``, ``no match``, ``found``, ``table``, ``zip``, ``done``, or how a
    search leaves the foreground: ``query timeout``, ``zip timeout``, ``too many rows``;
    a search that crashes just ends.
    """

    kind: str
    setid: str
    nmatches: int = 0
    dataset: Dataset | None = None


class Backend(Protocol):
    """What the handlers ask for."""

    @property
    def lczip_max_nrows(self) -> int:
        """More rows than this: no ZIP of light curves."""
        ...

    def collections(self) -> Sequence[Survey]:
        """Return every collection."""
        ...

    def collections_updated(self) -> datetime:
        """Return when the collections were last changed."""
        ...

    def datasets(self) -> Sequence[Dataset]:
        """Return every complete dataset, the latest `last_updated` first."""
        ...

    def dataset(self, setid: str) -> Dataset | None:
        """Return a dataset, or None if there is none (yet)."""
        ...

    def page(self, setid: str, number: int) -> Sequence[Row] | None:
        """Return a page's rows, or None if the page has to be rendered first."""
        ...

    def render_around(self, setid: str, number: int) -> None:
        """Called after page `number` was answered: render what may be asked for next."""
        ...

    def file(self, path: str) -> ServedFile | None:
        """Return the file at the URL path `path`, or None."""
        ...

    def owner_of(self, path: str) -> Dataset | Survey | None:
        """Return what the file at `path` belongs to, whether or not the file is there."""
        ...

    def search(self, request: SearchRequest, requester: Requester) -> Iterator[SearchStep]:
        """Run a search, step by step."""
        ...

    def object_info(self, collection: str, objectid: str) -> Mapping[str, object] | None:
        """Return everything known of an object, or None."""
        ...

    def change_visibility(self, setid: str, visibility: str, requester: Requester) -> bool:
        """Change a dataset's visibility if `requester` may; return whether it was done."""
        ...


def utc(timestamp: float) -> datetime:
    """Return a POSIX time as the naive UTC datetime that the server prints."""
    return datetime.fromtimestamp(timestamp, UTC).replace(tzinfo=None)
