"""What a mirror, its datasets and its searches share: where it is, and what is being read."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..clock import Now, utc_now
from ..errors import LccMirrorError, MirrorUnusable
from ..query.status import require_schema
from .rows import Rows

if TYPE_CHECKING:
    from ..query import ReadOnlyCatalog, Result
    from .columns import Column
    from .reading import Catalog

_WITH_LIGHT_CURVES = ("datasets", "lightcurves")


class Session:
    """A mirror that is open: for several threads, and, when pickled, for other processes.

    Parameters
    ----------
    catalog
        Which one.
    now
        Returns the time.

    Raises
    ------
    MirrorUnusable, CatalogTooNew, Damaged, MirrorLocked
        If it cannot be read.
    """

    def __init__(self, catalog: Catalog, now: Now = utc_now) -> None:
        self.catalog = catalog
        self.now = now
        self.closed = False
        self._lock = threading.Lock()
        self._open: weakref.WeakSet[Rows] = weakref.WeakSet()
        with self.reading() as opened:
            require_schema(opened)

    def __reduce__(self) -> Any:
        return type(self), (self.catalog, self.now)

    @property
    def root(self) -> Path:
        """The folder below which the mirror's files are."""
        return self.catalog.root

    @contextlib.contextmanager
    def reading(self) -> Iterator[ReadOnlyCatalog]:
        """Open the catalog for a question whose answer is read at once.

        Raises
        ------
        LccMirrorError
            If it has been closed, or cannot be read.
        """
        self._require_open()
        with self.catalog.reading() as opened:
            yield opened

    def rows(
        self,
        ask: Callable[[ReadOnlyCatalog], Result],
        describe: Callable[[ReadOnlyCatalog], Mapping[str, Column]] | None = None,
    ) -> Rows:
        """Ask a question whose answer is read bit by bit.

        Parameters
        ----------
        ask
            Called with a catalog that stays open until the rows have been read.
        describe
            Called with the same one, for what is known of the columns.

        Raises
        ------
        LccMirrorError
            If it has been closed, or cannot be read.
        """
        self._require_open()
        opened = self.catalog.connect()
        try:
            described = None if describe is None else describe(opened)
            rows = Rows(ask(opened), opened, described=described)
        except BaseException:
            opened.connection.close()
            raise
        with self._lock:
            self._open.add(rows)
        if self.closed:
            # by another thread, meanwhile
            rows.close()
        return rows

    def require_files(self) -> None:
        """Refuse to look for light curves where there are no files at all.

        Raises
        ------
        MirrorUnusable
            If only the catalog is here.
        """
        if not any((self.root / name).is_dir() for name in _WITH_LIGHT_CURVES):
            raise MirrorUnusable(
                f"there are no light curves beside {self.catalog.path}: it is a catalog alone",
                hint="say where the mirror's folder is: lccmirror.open(…, files=…)",
            )

    def close(self) -> None:
        """End what is still being read, and answer no more questions."""
        self.closed = True
        with self._lock:
            left = list(self._open)
        for rows in left:
            rows.close()

    def _require_open(self) -> None:
        if self.closed:
            raise LccMirrorError(
                f"the mirror {self.catalog.path} has been closed", hint="open it again"
            )


class Questions:
    """What can be asked of a session.

    Parameters
    ----------
    session
        Of the mirror that `lccmirror.open` has found.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
