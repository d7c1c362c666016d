"""A mirror, as a Python program sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal, Self, overload

from ..clock import to_text
from ..query import run_query
from ..query.angles import find_centre
from ..query.sky import USUAL_COLUMNS, cone
from ..query.status import Status, read_status
from ..query.xmatch import xmatch
from . import curve_lookup, show
from .arguments import Params, by_name, names_of, values_of
from .collections import Collections, read_collections
from .columns import object_columns
from .curves import LightCurves, MirroredLightCurve
from .datasets import Dataset, Datasets, read_dataset, read_datasets
from .positions import degrees, targets_of
from .rows import Rows
from .searches import Search, Searches, changes, read_searches
from .session import Session


class Mirror:
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

    def __init__(self, session: Session) -> None:
        self._session = session

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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

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

    def position(self, where: str) -> tuple[float, float]:
        """Return right ascension and declination of an object, in degrees.

        Parameters
        ----------
        where
            The name of a mirrored object, or a position as people write it.

        Raises
        ------
        UsageError
            If it is neither.

        Examples
        --------
        >>> m.position("DMB-358-0000058"), m.position("15:00:00 -45:30:00")
        ((358.8593835, -28.3156862), (225.0, -45.5))
        """
        with self._session.reading() as catalog:
            centre = find_centre(catalog, where)
        return centre.ra, centre.decl

    def cone(
        self,
        ra: Any,
        decl: Any,
        radius_arcmin: float,
        *,
        columns: Sequence[str] = USUAL_COLUMNS,
        collections: Sequence[str] = (),
        limit: int | None = None,
    ) -> Rows:
        """Find the objects inside a cone or on its edge, nearest first.

        Parameters
        ----------
        ra, decl
            The centre: numbers of degrees, or angles of Astropy.
        radius_arcmin
            Above 0, up to the whole sky (10,800).
        columns
            Of ``objects``, and ``dist_arcsec``; ``*`` stands for all of them.
        collections
            Look only in these; in all if there are none.
        limit
            The nearest so many; None for all.

        Raises
        ------
        UsageError
            If a number is out of range, or there is no such column or collection.

        Examples
        --------
        >>> near = m.cone(358.86, -28.32, 60, columns=["objectid", "sdssr", "dist_arcsec"])
        >>> objectid, sdssr, dist_arcsec = next(near)
        >>> objectid, sdssr, round(dist_arcsec, 1)
        ('DMB-358-0000058', 10.084, 15.7)
        """
        centre = degrees(ra, "right ascension"), degrees(decl, "declination")
        return self._session.rows(
            lambda catalog: cone(
                catalog,
                *centre,
                radius_arcmin,
                columns=names_of(columns),
                collections=names_of(collections),
                limit=limit,
            ),
            object_columns,
        )

    def xmatch(
        self,
        positions: Any,
        radius_arcsec: float = 3.0,
        *,
        name: str | None = None,
        ra: str | None = None,
        decl: str | None = None,
        nearest: bool = True,
        unmatched: bool = False,
        columns: Sequence[str] = USUAL_COLUMNS,
        collections: Sequence[str] = (),
    ) -> Rows:
        """Match positions against the mirrored objects.

        Parameters
        ----------
        positions
            ``(ra, decl)`` or ``(name, ra, decl)``, degrees, one after the other, or an
            array of shape (n, 2); positions as text; a `pandas.DataFrame`, an
            `astropy.table.Table`, a dict of columns; a `astropy.coordinates.SkyCoord`; the
            path of a list, as for ``lccmirror xmatch``. A position without a name is known
            by its number, from 0.
        radius_arcsec
            Above 0, up to 180 degrees.
        name, ra, decl
            What a table's columns are called, where that is not what they usually are.
        nearest
            Only the nearest object of each position; otherwise all, nearest first.
        unmatched
            Also a row without an object for a position that has none.
        columns, collections
            As for `cone`.

        Returns
        -------
        Rows
            In the order of the positions: ``target``, ``target_ra``, ``target_decl``, then
            `columns`.

        Raises
        ------
        UsageError
            If there is no such column or collection, the radius is out of range, or (then
            perhaps not before the rows are read) a position is.

        Examples
        --------
        >>> m.xmatch([(358.8594, -28.3157), (10, 10)], columns=["objectid"]).all()
        [(0, 358.8594, -28.3157, 'DMB-358-0000058')]
        >>> m.xmatch({"id": ["a", "b"], "ra": [358.8594, 10], "dec": [-28.3157, 10]},
        ...          columns=["objectid"], unmatched=True).all()
        [('a', 358.8594, -28.3157, 'DMB-358-0000058'), ('b', 10.0, 10.0, None)]
        """
        targets = targets_of(positions, {"name": name, "ra": ra, "decl": decl})
        return self._session.rows(
            lambda catalog: xmatch(
                catalog,
                targets,
                radius_arcsec,
                nearest=nearest,
                unmatched=unmatched,
                columns=names_of(columns),
                collections=names_of(collections),
            ),
            object_columns,
        )

    def lightcurve(
        self,
        objectid: str,
        collection: str | None = None,
        *,
        setid: str | None = None,
        columns: Sequence[str] | None = None,
    ) -> MirroredLightCurve:
        """Read a light curve.

        Parameters
        ----------
        objectid
            As the catalog has it.
        collection
            Of which collection, by either form of its name, if it is in several.
        setid
            The dataset whose copy it shall be; None for the newest.
        columns
            Only these, in this order.

        Raises
        ------
        LccMirrorError
            If the mirror has none, or it is in several collections and none is named.
        UsageError
            If it has no such column.
        Damaged
            If its file is gone or broken.

        Examples
        --------
        >>> curve = m.lightcurve("DMB-358-0000058", columns=["rjd", "aep_000"])
        >>> curve.to_pandas().shape
        (407, 2)
        """
        chosen = None if columns is None else names_of(columns)
        return curve_lookup.read_one(self._session, objectid, collection, setid, chosen)

    @overload
    def lightcurves(
        self,
        where: str = ...,
        params: Mapping[str, Any] | None = ...,
        *,
        workers: int | None = ...,
        errors: Literal["raise"] = ...,
    ) -> LightCurves[Literal["raise"]]: ...
    @overload
    def lightcurves(
        self,
        where: str = ...,
        params: Mapping[str, Any] | None = ...,
        *,
        workers: int | None = ...,
        errors: Literal["yield"],
    ) -> LightCurves[Literal["yield"]]: ...
    def lightcurves(
        self,
        where: str = "1",
        params: Mapping[str, Any] | None = None,
        *,
        workers: int | None = None,
        errors: Literal["raise", "yield"] = "raise",
    ) -> Any:
        """Read the newest light curve of each object that fulfils a condition.

        Parameters
        ----------
        where
            SQL on the columns of ``objects``; all objects if it is left out.
        params
            Values for its ``:name`` parameters.
        workers
            How many processes read; None for one for each processor, if the light curves
            are many; 1 for this one only. The order is the same.
        errors
            Whether a light curve that cannot be read is raised (``raise``), which ends the
            iteration, or handed out as `Unreadable` (``yield``).

        Returns
        -------
        LightCurves
            An iterator that reads as they are taken, no more than a few dozen ahead for
            each process, and ends its processes when it ends. Its length is known.

        Raises
        ------
        UsageError
            If the condition is wrong.

        Examples
        --------
        >>> curves = m.lightcurves("objtype = :kind AND sdssr < 11", {"kind": "RRab"})
        >>> len(curves)
        6
        >>> sorted(curve.objectid for curve in curves)[:2]
        ['DMA-288-0000148', 'DMA-290-0000128']
        """
        return curve_lookup.read_where(
            self._session, where, by_name(params or {}), workers, errors
        )

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
