"""A mirror, as a Python program sees it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ..clock import to_text
from ..closing import Closing
from ..query import run_query
from ..query.status import Status, read_status
from . import show
from .about_curves import LightCurveQuestions
from .about_objects import ObjectQuestions
from .arguments import Params, values_of
from .collections import Collections, read_collections
from .dataset_list import Datasets, read_dataset, read_datasets
from .datasets import Dataset
from .rows import Rows
from .searches import Search, Searches, changes, read_searches


class Mirror(ObjectQuestions, LightCurveQuestions, Closing):
    """A mirror, opened for reading: what `lccmirror.open` returns.

    It works beside a daemon that writes, and sees what that has committed. Each question
    has a connection of its own, for as long as its answer is read: a mirror can be used by
    several threads at once, sent to other processes (it opens itself there anew), and is
    there after a fork.

    Parameters
    ----------
    session
        Of the mirror that `lccmirror.open` has found.
    """

    @property
    def root(self) -> Path:
        """The folder below which its files are."""
        return self._session.root

    @property
    def path(self) -> Path:
        """The catalog's file."""
        return self._session.catalog.path

    def close(self) -> None:
        """End what is still being read, and answer no more questions.

        A mirror that answers nothing just now holds nothing open, so it need not be closed.
        """
        self._session.close()

    def __repr__(self) -> str:
        return f"<Mirror {self.path}{' (closed)' if self._session.closed else ''}>"

    def _repr_html_(self) -> str:
        status = self.status()
        states = ", ".join(f"{number:,} {state}" for state, number in status.datasets.items())
        about = {
            "of": status.server,
            "collections": ", ".join(self.collections) or "none yet",
            "datasets": states or "none yet",
            "objects": f"{status.objects:,}",
            "light curves": f"{status.lightcurves:,}",
            "files": f"{status.file_bytes / 1e6:,.1f} MB",
            "last good cycle": status.last_good_cycle and status.last_good_cycle.finished,
        }
        return show.facts(f"mirror {self.root}", about)

    def query(self, sql: str, params: Params | None = None, /, **named: Any) -> Rows:
        """Ask the catalog in SQL.

        Parameters
        ----------
        sql
            One statement that reads. With the extra ``sql`` also ``lightcurve('OBJECTID')``
            and ``dataset('SETID')`` are tables.
        params
            Values for its ``:name`` parameters, or a sequence of them for its ``?``.
        named
            Values for its ``:name`` parameters, in place of `params`.

        Returns
        -------
        Rows
            They are read as they are asked for.

        Raises
        ------
        UsageError
            If the statement is wrong, or would write.
        LocalError
            If it takes longer than the mirror's time limit.

        Examples
        --------
        >>> m.query("SELECT sdssr FROM objects WHERE objectid = ?", ["DMB-358-0000058"]).one()
        (10.084,)
        >>> m.query("SELECT count(*) FROM objects WHERE sdssr < :faintest", faintest=12).one()
        (62,)
        >>> m.query("SELECT count(*) FROM lightcurve('DMB-358-0000058')").one()
        (407,)
        """
        values = values_of(params, named)
        return self._session.rows(lambda catalog: run_query(catalog, sql, values))

    @property
    def collections(self) -> Collections:
        """The collections by name, as they are now.

        Examples
        --------
        >>> [column.name for column in m.collections["demo_field_b"].columns][:3]
        ['decl', 'jmag', 'lcfname']
        """
        with self._session.reading() as catalog:
            return read_collections(catalog)

    def datasets(
        self,
        *,
        state: str | None = None,
        collection: str | None = None,
        text: str | None = None,
    ) -> Datasets:
        """Return the datasets, the newest first.

        Parameters
        ----------
        state
            Only those in this state: ``mirrored``, ``failed`` …
        collection
            Only those of this collection, by either form of its name.
        text
            Only those in whose name, description, citation, parameters or setid each of
            these words is, in any case (of ASCII letters).

        Raises
        ------
        UnknownName
            If there is no such state or collection.

        Examples
        --------
        >>> len(m.datasets()), len(m.datasets(text="RRAB")), len(m.datasets(state="failed"))
        (12, 1, 0)
        """
        with self._session.reading() as catalog:
            return read_datasets(
                catalog, self._session, state=state, collection=collection, text=text
            )

    def dataset(self, setid: str) -> Dataset:
        """Return one dataset.

        Raises
        ------
        UnknownName
            If the mirror knows none of this setid.
        """
        with self._session.reading() as catalog:
            return read_dataset(catalog, self._session, setid)

    @property
    def searches(self) -> Searches:
        """The saved searches by name, as they are now."""
        with self._session.reading() as catalog:
            return read_searches(catalog, self._session)

    def search(self, name: str) -> Search:
        """Return one saved search.

        Raises
        ------
        UnknownName
            If the catalog has none of this name.
        """
        return self.searches[name]

    def changes(self, name: str, since: str | date | timedelta | None = None) -> Rows:
        """Return the objects that came, went or changed in the runs of a saved search.

        Parameters
        ----------
        name
            Of the search.
        since
            Only runs that finished since then: a time (UTC), or how long ago: ``"7d"``.

        Returns
        -------
        Rows
            ``time``, ``run``, ``change`` (added, removed, changed), ``collection``,
            ``objectid``, ``ra``, ``decl``.

        Raises
        ------
        UnknownName
            If the catalog has no search of this name.
        UsageError
            If `since` is no time.
        """
        self.search(name)
        return changes(self._session, name, since)

    def status(self) -> Status:
        """Return what is here, what waits, what failed.

        Examples
        --------
        >>> status = m.status()
        >>> status.collections, status.objects, status.datasets
        (2, 247, {'mirrored': 12})
        """
        with self._session.reading() as catalog:
            return read_status(catalog, to_text(self._session.now()))
