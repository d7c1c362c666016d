"""The answer to a question: rows that are read as they are asked for."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Final, Self

from ..closing import Closing
from ..errors import UsageError
from ..query import ReadOnlyCatalog, Result, Value
from . import frames, show
from .columns import Column

Row = tuple[Value, ...]
_SHOWN: Final = 20


class Rows(Iterator[Row], Closing):
    """Rows of the catalog: an iterator of tuples, which can be read once.

    They come from the catalog as they are asked for, so that millions of them take no more
    memory than one; until the last has been read, a connection is open. `close`, or ``with``,
    ends that before. Also several threads may take rows from it.

    Attributes
    ----------
    columns
        The names, as SQLite gives them; the same one can come twice.
    described
        What the server says of columns of these names, where it says something.

    Examples
    --------
    >>> rows = m.query("SELECT objectid, ra FROM objects ORDER BY ra LIMIT 2")
    >>> rows.columns
    ('objectid', 'ra')
    >>> for objectid, ra in rows:
    ...     print(objectid, ra)
    DMB-000-0000039 0.0147415
    DMB-000-0000032 0.0169498
    """

    def __init__(
        self,
        result: Result,
        catalog: ReadOnlyCatalog,
        *,
        described: Mapping[str, Column] | None = None,
    ) -> None:
        self.columns = result.columns
        self.described: Mapping[str, Column] = described or {}
        self._rows = result.rows
        self._catalog = catalog
        self._ahead: deque[Row] = deque()
        self._state = "open"
        self._taken = False
        self._process = os.getpid()
        self._lock = threading.RLock()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Row:
        with self._lock:
            if self._ahead:
                return self._ahead.popleft()
            row = self._read()
            self._taken = row is None
        if row is None:
            raise StopIteration
        return row

    def __del__(self) -> None:
        if hasattr(self, "_lock"):
            self.close()

    def __reduce__(self) -> Any:
        raise TypeError("rows cannot be pickled: take them first, or pickle the mirror")

    def close(self) -> None:
        """End the statement; no more rows can be read. That is possible more than once."""
        with self._lock:
            if self._state == "open":
                self._ahead.clear()
                self._end("closed")

    def all(self) -> list[Row]:
        """Return the rows that are left, as a list."""
        return list(self)

    def one(self) -> Row:
        """Return the only row.

        Raises
        ------
        UsageError
            If there is none, or another.

        Examples
        --------
        >>> m.query("SELECT count(*) FROM objects").one()
        (247,)
        """
        self._require_unread()
        with self:
            first, second = next(self, None), next(self, None)
        if first is None or second is not None:
            found = "none" if first is None else "more"
            raise UsageError(f"one row was expected, and there is {found}")
        return first

    def dicts(self) -> Iterator[dict[str, Value]]:
        """Yield the rows that are left as dicts; a name that comes twice gets a number.

        Examples
        --------
        >>> next(m.query("SELECT objectid, ra FROM objects ORDER BY ra").dicts())
        {'objectid': 'DMB-000-0000039', 'ra': 0.0147415}
        """
        names = frames.distinct(self.columns)
        return (dict(zip(names, row, strict=True)) for row in self)

    def to_pandas(self) -> Any:
        """Return the rows as a `pandas.DataFrame`.

        Integers with missing values are nullable (``Int64``), a missing real is NaN; units,
        titles and descriptions are in its ``attrs``.

        Raises
        ------
        LccMirrorError
            If pandas is not installed.
        UsageError
            If the rows have been read already.
        """
        self._require_unread()
        return frames.to_pandas(self.columns, self, self.described)

    def to_astropy(self) -> Any:
        """Return the rows as an `astropy.table.Table`; what is missing is masked.

        Raises
        ------
        LccMirrorError
            If Astropy is not installed.
        UsageError
            If the rows have been read already.
        """
        self._require_unread()
        return frames.to_astropy(self.columns, self, self.described)

    def __repr__(self) -> str:
        return f"<Rows of {', '.join(self.columns)} ({self._state})>"

    def _repr_html_(self) -> str:
        """Show the first rows; they stay to be read."""
        with self._lock:
            while len(self._ahead) <= _SHOWN and self._state == "open":
                row = self._read()
                if row is None:
                    break
                self._ahead.append(row)
            rows = list(self._ahead)
        titles = [
            self.described[name].label if name in self.described else name
            for name in self.columns
        ]
        more = len(rows) > _SHOWN
        note = f"the first {_SHOWN} rows" if more else ""
        return show.table(self.columns, rows[:_SHOWN], titles=titles, note=note)

    def _read(self) -> Row | None:
        if self._state == "read":
            return None
        if self._state == "closed":
            raise UsageError(
                "these rows were closed before the last was read", hint="ask again"
            )
        if self._process != os.getpid():
            raise UsageError(
                "these rows belong to the process that asked for them",
                hint="ask the mirror again in this one",
            )
        try:
            row = next(self._rows, None)
        except BaseException:
            self._end("closed")
            raise
        if row is None:
            self._end("read")
        return row

    def _require_unread(self) -> None:
        if self._taken:
            raise UsageError("these rows have been read already", hint="ask again")

    def _end(self, state: str) -> None:
        self._state = state
        self._rows = iter(())
        # in a forked process the connection is still the other's
        if self._process == os.getpid():
            self._catalog.connection.close()
