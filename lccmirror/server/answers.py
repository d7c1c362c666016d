"""Answers that are read while they are used, and closed afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from ..closing import Closing
from .parse_dataset import read_rows
from .parse_lists import parse_datasets
from .wire import DatasetHeader, DatasetSummary


class _Answer(Closing):
    _body: IO[bytes] | None

    def close(self) -> None:
        """Let go of the answer's temporary file."""
        if self._body is not None:
            self._body.close()


class DatasetsAnswer(_Answer):
    """The list of datasets, newest ``last_updated`` first; a context manager.

    Attributes
    ----------
    not_modified
        The server says it is as it was under the ETag we sent; there are no items.
    etag
        To send next time.
    nfound
        The count in the server's message: how many it looked at, before it left out those
        we may not see. None if it did not say.
    problems
        After `items`: those that made no sense, in words.
    """

    def __init__(
        self, *, body: IO[bytes] | None, what: str, etag: str | None, nfound: int | None
    ) -> None:
        self._body = body
        self._what = what
        self.not_modified = body is None
        self.etag = etag
        self.nfound = nfound
        self.problems: list[str] = []

    def items(self) -> Iterator[DatasetSummary]:
        """Yield the datasets in the server's order."""
        if self._body is not None:
            self.problems.clear()
            yield from parse_datasets(self._body, self._what, self.problems)


class DatasetAnswer(_Answer):
    """A page of a dataset; a context manager.

    Attributes
    ----------
    header
        All but the rows.
    body
        The JSON as the server sent it, at its beginning.
    etag
        Verbatim.
    result_has_all_rows
        Whether the key ``result`` of this document has every row of every page.
    """

    def __init__(
        self,
        *,
        header: DatasetHeader,
        body: IO[bytes],
        what: str,
        etag: str | None,
        result_has_all_rows: bool,
    ) -> None:
        self.header = header
        self.body = body
        self.etag = etag
        self.result_has_all_rows = result_has_all_rows
        self._body = body
        self._what = what

    def rows(self) -> Iterator[list[Any]]:
        """Yield this page's rows, values in the order of ``header.columns``."""
        yield from read_rows(self.body, self._what)
        self.body.seek(0)
