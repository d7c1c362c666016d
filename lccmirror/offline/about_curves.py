"""What a mirror answers about light curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, overload

from . import curve_lookup
from .arguments import by_name, names_of
from .curves import LightCurves, MirroredLightCurve
from .session import Questions


class LightCurveQuestions(Questions):
    """The part of a mirror that reads light curves."""

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
