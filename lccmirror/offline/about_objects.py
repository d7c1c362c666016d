"""What a mirror answers about objects: where they are, which are near, all that is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..query.angles import find_centre
from ..query.find import KINDS, Found, find
from ..query.sky import USUAL_COLUMNS, cone
from ..query.xmatch import xmatch
from .arguments import names_of
from .collections import unknown
from .columns import object_columns
from .objects import MirroredObject, read_object
from .positions import degrees, targets_of
from .rows import Rows
from .session import Questions


class ObjectQuestions(Questions):
    """The part of a mirror that knows objects."""

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
            The centre: numbers of degrees, the right ascension at least 0 and below 360, or
            angles of Astropy. `position` makes them of a text or of an object's name:
            ``m.cone(*m.position("DMB-358-0000058"), 5)``.
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

    def object(
        self,
        objectid: str,
        collection: str | None = None,
        *,
        radius_arcsec: float = 30.0,
        most: int | None = 10,
    ) -> MirroredObject:
        """Return everything that is known of an object.

        Parameters
        ----------
        objectid
            As the catalog has it.
        collection
            Of which collection, by either form of its name, if it is in several.
        radius_arcsec
            How far away neighbours may be.
        most
            Of datasets, light curves and neighbours; None for all.

        Raises
        ------
        UsageError
            If the mirror has no such object, or it is in several collections and none is
            named.

        Examples
        --------
        >>> star = m.object("DMB-358-0000058")
        >>> star.values["objtype"], star.ndatasets, len(star.lightcurve())
        ('RRab', 3, 407)
        """
        with self._session.reading() as catalog:
            return read_object(
                catalog, self._session, objectid, collection, radius_arcsec, most
            )

    def find(
        self, text: str, kinds: Sequence[str] = KINDS, *, limit: int | None = 20
    ) -> tuple[Found, ...]:
        """Find what has all of some words: datasets, collections, columns, objects.

        Parameters
        ----------
        text
            Words, in any order and case; between double quotes next to each other; with a
            star at the end any ending.
        kinds
            Some of ``datasets``, ``collections``, ``columns``, ``objects``.
        limit
            At most so many of each kind; None for all.

        Returns
        -------
        tuple of lccmirror.query.find.Found
            One kind after the other, the best first.

        Raises
        ------
        UsageError
            If there is no such kind.

        Examples
        --------
        >>> [(one.name, one.collection) for one in m.find("proper motion")]
        [('propermotion', 'demo_field_a'), ('propermotion', 'demo_field_b')]
        """
        chosen = names_of(kinds)
        for kind in chosen:
            if kind not in KINDS:
                raise unknown("kind of thing", kind, KINDS)
        with self._session.reading() as catalog:
            return tuple(find(catalog, text, chosen, limit=limit))
