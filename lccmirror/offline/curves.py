"""Light curves that know where they are from, and can be drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, Self, TypeVar, overload

from ..closing import Closing
from ..errors import LccMirrorError, UsageError
from ..formats import LightCurve
from ..formats.lc_convert import library
from ..names import printable
from ..query.lc_many import read_many
from ..query.lc_series import default_magnitude, drawing
from ..query.lightcurves import Copy
from ..query.periods import SHORTEST_D, Period, periods_of
from . import show

if TYPE_CHECKING:
    from collections.abc import Generator

Errors = TypeVar("Errors", bound=str)
_FIRST: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class MirroredLightCurve(LightCurve):
    """A light curve of the mirror: `lccmirror.formats.LightCurve`, and where it is from.

    Parameters
    ----------
    source
        The copy that was read: its collection, dataset, file.
    preferred
        The collection's own choice of columns of magnitudes, best first.

    Examples
    --------
    >>> curve = m.lightcurve("DMB-358-0000058")
    >>> len(curve), curve.source.collection, curve.metadata["objectid"]
    (407, 'demo_field_b', 'DMB-358-0000058')
    >>> curve.time, curve.magnitudes[:2], curve.column("rjd").unit
    ('rjd', ('aim_000', 'aep_000'), 'd')
    >>> curve["rjd"].dtype, curve["rjd"].shape
    (dtype('float64'), (407,))
    """

    source: Copy
    preferred: tuple[str, ...]

    @property
    def magnitude(self) -> str:
        """The column of magnitudes that is meant if none is named.

        Raises
        ------
        UsageError
            If the light curve has no magnitudes.
        """
        return default_magnitude(self, self.preferred)

    def plot(
        self, *magnitudes: str, period_d: float | None = None, epoch: float | None = None
    ) -> Any:
        """Draw it, bright up, each filter for itself.

        Parameters
        ----------
        magnitudes
            Columns; the collection's first if none is named.
        period_d
            Fold it on this period, in days: phases from 0 to 2.
        epoch
            Where phase 0 is: a Julian date, or a time as the light curve has them; its
            first time if None.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        UsageError
            If there is no such column, or nothing to draw.
        LccMirrorError
            If Matplotlib is not installed.
        """
        from ..query.plot import figure_of

        title = f"{printable(self.source.objectid)} ({printable(self.source.collection)})"
        chosen = magnitudes or (self.magnitude,)
        return figure_of(drawing(self, chosen, title=title, period_d=period_d, epoch=epoch))

    def periods(
        self,
        magnitude: str | None = None,
        *,
        shortest_d: float = SHORTEST_D,
        longest_d: float | None = None,
        count: int = 5,
    ) -> Periods:
        """Find the best periods, by Lomb and Scargle's method.

        Parameters
        ----------
        magnitude
            A column; the collection's first if None. Each filter's median is subtracted.
        shortest_d, longest_d, count
            As for `lccmirror.query.periods.find_periods`.

        Raises
        ------
        UsageError
            If there are too few points, or the periods asked for make no sense.
        LccMirrorError
            If Astropy is not installed.

        Examples
        --------
        >>> best = m.lightcurve("DMB-358-0000058").periods()[0]
        >>> round(best.period_d, 4)
        0.7333
        """
        return Periods(
            periods_of(
                self,
                magnitude or self.magnitude,
                shortest_d=shortest_d,
                longest_d=longest_d,
                count=count,
            )
        )

    def to_lightkurve(self, magnitude: str | None = None) -> Any:
        """Return a `lightkurve.LightCurve`: `lccmirror.formats.LightCurve.to_lightkurve`.

        Parameters
        ----------
        magnitude
            The column that becomes the flux; the collection's first if None.

        Raises
        ------
        LccMirrorError
            If lightkurve is not installed.
        UsageError
            If there is no such column, or no column of times.
        """
        return LightCurve.to_lightkurve(self, magnitude or self.magnitude)

    def __repr__(self) -> str:
        names = " ".join(column.name for column in self.columns)
        said = (self.objectid, self.source.collection, f"{len(self)} points", names)
        return show.in_brackets(type(self), said)

    def _repr_html_(self) -> str:
        about = {
            "collection": self.source.collection,
            "dataset": self.source.setid,
            "file": self.source.path,
            "points": len(self),
            "problems": len(self.problems) or None,
        }
        heads = ("column", "unit", "type", "description")
        rows = [(c.name, c.unit, c.dtype, c.description) for c in self.columns]
        listed = f"<details><summary>columns</summary>{show.table(heads, rows)}</details>"
        return show.facts(self.objectid or "light curve", about, self._small_plot() + listed)

    def _small_plot(self) -> str:
        """Return a picture, where there is something to draw and something to draw with."""
        try:
            library("matplotlib", "plot", "a plot")
            return show.picture(self.plot())
        except LccMirrorError as error:
            return f"<p>{show.escaped(error.message)}</p>"


class Periods(tuple[Period, ...]):
    """Periods that a light curve may have, the best first."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        heads = tuple(field.name for field in fields(Period))
        return show.table(heads, [[getattr(one, name) for name in heads] for one in self])


@dataclass(frozen=True)
class Unreadable:
    """A light curve that cannot be read.

    Parameters
    ----------
    source
        Which one.
    error
        Why: `lccmirror.errors.Damaged`, mostly.
    """

    source: Copy
    error: LccMirrorError

    @property
    def objectid(self) -> str:
        """Whose it is."""
        return self.source.objectid


class LightCurves(Generic[Errors], Iterator[Any], Closing):
    """Light curves, read as they are asked for; in several processes if they are many.

    An iterator, with a length: how many there are in all. The processes end with it: when
    all have been taken, when it is closed (or leaves a ``with``), or thrown away.
    """

    def __init__(
        self,
        root: Path,
        copies: Sequence[Copy],
        preferred: Mapping[str, tuple[str, ...]],
        workers: int | None,
        errors: Errors,
    ) -> None:
        if errors not in ("raise", "yield"):
            raise UsageError(f"errors is 'raise' or 'yield', not {errors!r}")
        if workers is not None and workers < 1:
            raise UsageError(f"at least one process has to read, not {workers}")
        self.copies = tuple(copies)
        self._errors = errors
        self._found = self._read(root, preferred, workers)

    def __len__(self) -> int:
        return len(self.copies)

    def __iter__(self) -> Self:
        return self

    @overload
    def __next__(self: LightCurves[Literal["raise"]]) -> MirroredLightCurve: ...
    @overload
    def __next__(
        self: LightCurves[Literal["yield"]],
    ) -> MirroredLightCurve | Unreadable: ...
    def __next__(self) -> Any:
        """Return the next one.

        Raises
        ------
        Damaged
            If it cannot be read, and errors are to be raised.
        LocalError
            If a process that reads is ended from outside.
        """
        return next(self._found)

    def close(self) -> None:
        """Read no more, and end the processes."""
        self._found.close()

    def __repr__(self) -> str:
        return f"<{len(self):,} LightCurves>"

    def _read(
        self, root: Path, preferred: Mapping[str, tuple[str, ...]], workers: int | None
    ) -> Generator[MirroredLightCurve | Unreadable, None, None]:
        found = read_many(root, self.copies, workers)
        try:
            for copy, curve in found:
                if not isinstance(curve, LccMirrorError):
                    yield mirrored(curve, copy, preferred.get(copy.collection, ()))
                elif self._errors == "raise":
                    raise curve
                else:
                    yield Unreadable(copy, curve)
        finally:
            found.close()


def mirrored(curve: LightCurve, source: Copy, preferred: tuple[str, ...]) -> MirroredLightCurve:
    """Return a light curve with where it is from."""
    values = {field.name: getattr(curve, field.name) for field in fields(LightCurve)}
    return MirroredLightCurve(**values, source=source, preferred=preferred)
