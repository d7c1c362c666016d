"""Light curves in the server's own text format, LCC-CSVLC.

A gzipped text: the format's name, the comment character and the separator, a line each;
then, commented, a JSON of the object's metadata and one of the columns; then the rows. The
metadata has bare ``NaN``. A value that its column's format cannot write (``nan`` among
integers) stands as Python's ``str``, and nothing is quoted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from ..errors import FormatError, LccMirrorError, UsageError
from . import lc_meaning
from .inflate import expand, expand_until
from .lc_header import (
    MAX_HEADER_BYTES,
    LightCurveColumn,
    LightCurveHeader,
    end_of_header,
    parse_header,
)
from .problems import Problems

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_EXPANDED_BYTES = 1 << 30
# A line of two bytes can be a row of a kilobyte; three million rows of twenty columns are less.
_MOST_HELD = 4 << 30


@dataclass(frozen=True, slots=True, eq=False)
class LightCurve:
    """A light curve.

    Parameters
    ----------
    objectid
        From the metadata, None if it is not there.
    metadata
        Values by name, as the file has them.
    descriptions
        What the metadata's values are.
    columns
        In the file's order.
    arrays
        One-dimensional NumPy arrays by column name, all of the same length.
    masks
        Of the columns in which some values were not of the column's type (``nan`` among
        integers, an empty real): where those are. They are NaN among reals, -1 (the
        largest, if unsigned) among integers and False among booleans, as with the
        reference reader.
    problems
        Lines that could not be read (they are left out), with their numbers.
    """

    objectid: str | None
    metadata: Mapping[str, Any]
    descriptions: Mapping[str, str]
    columns: tuple[LightCurveColumn, ...]
    arrays: Mapping[str, NDArray[Any]] = field(repr=False)
    masks: Mapping[str, NDArray[Any]] = field(repr=False)
    problems: tuple[str, ...]

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values()), ()))

    def __getitem__(self, column: str) -> NDArray[Any]:
        """Return the values of `column`.

        Raises
        ------
        UsageError
            If there is no such column.
        """
        self.column(column)
        return self.arrays[column]

    def column(self, name: str) -> LightCurveColumn:
        """Return what is known of a column.

        Raises
        ------
        UsageError
            If there is none of this name.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise UsageError(
            f"the light curve of {self.objectid} has no column {name}",
            hint="it has: " + ", ".join(column.name for column in self.columns),
        )

    @property
    def missing(self) -> Mapping[str, int]:
        """How many values of a column were not of its type, where some were not."""
        return {name: int(mask.sum()) for name, mask in self.masks.items()}

    @property
    def time(self) -> str | None:
        """The name of the column of times, if one can be told."""
        return lc_meaning.time_column(self.columns)

    @property
    def filters(self) -> str | None:
        """The name of the column that says in which filter was measured, if there is one."""
        return lc_meaning.filter_column(self.columns)

    @property
    def magnitudes(self) -> tuple[str, ...]:
        """The names of the columns of magnitudes."""
        return lc_meaning.magnitude_columns(self.columns)

    def error_of(self, magnitude: str) -> str | None:
        """Return the name of the column with the errors of `magnitude`, if there is one."""
        return lc_meaning.error_column(magnitude, self.columns)

    def select(self, names: Sequence[str]) -> Self:
        """Return the light curve with these columns only, in this order.

        Raises
        ------
        UsageError
            If there is no such column.
        """
        return replace(
            self,
            columns=tuple(self.column(name) for name in names),
            arrays={name: self.arrays[name] for name in names},
            masks={name: self.masks[name] for name in names if name in self.masks},
        )

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame`; units, descriptions and metadata are in its ``attrs``.

        Raises
        ------
        LccMirrorError
            If pandas is not installed.
        """
        from .lc_convert import to_pandas

        return to_pandas(self)

    def to_astropy(self) -> Any:
        """Return an `astropy.table.Table` with units, descriptions, masks and metadata.

        Raises
        ------
        LccMirrorError
            If Astropy is not installed.
        """
        from .lc_convert import to_astropy

        return to_astropy(self)

    def to_lightkurve(self, magnitude: str | None = None) -> Any:
        """Return a `lightkurve.LightCurve`: times as `astropy.time.Time`, fluxes.

        Parameters
        ----------
        magnitude
            The column that becomes the flux, 1 at its median; the first one of magnitudes
            if None. The other columns are kept as they are, points without a time are not.
            lightkurve knows no filters: where there are several, choose the points of one.

        Raises
        ------
        LccMirrorError
            If lightkurve is not installed.
        UsageError
            If there is no such column, or no column of times.
        """
        from .lc_convert import to_lightkurve

        return to_lightkurve(self, magnitude)

    def to_parquet(self, path: Path | str) -> None:
        """Write a Parquet file; units, descriptions and metadata are in its schema.

        Raises
        ------
        LccMirrorError
            If PyArrow is not installed.
        """
        from .lc_convert import to_parquet

        to_parquet(self, Path(path))


def read_lightcurve(
    source: Path | bytes | BinaryIO,
    *,
    max_bytes: int = MAX_EXPANDED_BYTES,
    arrow: bool = False,
) -> LightCurve:
    """Read a light curve.

    Parameters
    ----------
    source
        A path, the bytes themselves, or a binary file; gzipped or not.
    max_bytes
        How large it may be when expanded.
    arrow
        Read the rows with Arrow (see `lccmirror.formats.lc_arrow`); the result is the same.

    Raises
    ------
    FormatError
        If it is no LCC-CSVLC light curve, with the line, or one whose rows would take
        gigabytes of memory.
    LccMirrorError
        If NumPy is not installed.
    """
    _require_numpy()
    # NumPy's is the slowest import of all, so this module does without
    from .lc_values import read_at_once, read_columns, row_bytes

    name = source.name if isinstance(source, Path) else "light curve"
    data = expand(source, max_bytes=max_bytes, what=name)
    header = parse_header(data, name)
    problems = Problems()
    dtypes = [column.dtype for column in header.columns]
    most = _MOST_HELD // row_bytes(dtypes)
    # No more rows than bytes: that is enough to know of nearly all.
    if len(data) > most and data.count(b"\n", header.size) > most:
        raise FormatError(f"{name}: more than {most:,} rows are more than memory should hold")
    found = None
    if arrow:
        from .lc_arrow import read_by_arrow

        found = read_by_arrow(data[header.size :], dtypes, header.separator)
    if found is None:
        found = read_at_once(data, header.size, dtypes, header.separator)
    if found is None:
        lines = _whole(_rows(data, header, problems), header, problems)
        found = read_columns(lines, dtypes, header.separator)
    arrays: dict[str, NDArray[Any]] = {}
    masks: dict[str, NDArray[Any]] = {}
    for column, (values, mask) in zip(header.columns, found, strict=True):
        arrays[column.name] = values
        if mask is not None:
            masks[column.name] = mask
    return LightCurve(
        objectid=header.objectid,
        metadata=header.metadata,
        descriptions=header.descriptions,
        columns=header.columns,
        arrays=arrays,
        masks=masks,
        problems=tuple(problems),
    )


def read_lightcurve_header(
    source: Path | bytes | BinaryIO, *, max_bytes: int = MAX_HEADER_BYTES
) -> LightCurveHeader:
    """Read what a light curve says of its object and columns, and expand no more than that.

    Needs no NumPy. Damage in the rows is not seen.

    Raises
    ------
    FormatError
        If it is no LCC-CSVLC light curve, with the line.
    """
    name = source.name if isinstance(source, Path) else "light curve"
    # the comment character is nearly always this one; if not, more is read than needed
    return parse_header(expand_until(source, end_of_header(), max_bytes=max_bytes), name)


def _rows(data: bytes, header: LightCurveHeader, problems: Problems) -> list[str]:
    """Return the lines after the header."""
    body = data[header.size :]
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = "\n".join(_decoded(body, header.nlines, problems))
    # LF ends a line, and nothing else does
    lines = text.split("\n")
    if lines[-1]:
        problems.add("the last line has no line feed; the file may be cut short")
    else:
        lines.pop()
    return lines


def _whole(lines: list[str], header: LightCurveHeader, problems: Problems) -> list[str]:
    """Return the lines that have as many values as there are columns."""
    separator, width = header.separator, len(header.columns)
    good = []
    for number, line in enumerate(lines, header.nlines + 1):
        values = line.count(separator) + 1
        if values == width:
            good.append(line)
        else:
            problems.add(f"line {number}: {values} values in {width} columns: left out")
    return good


def _decoded(body: bytes, nlines: int, problems: Problems) -> list[str]:
    lines = []
    for number, line in enumerate(body.split(b"\n"), nlines + 1):
        try:
            lines.append(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            problems.add(f"line {number}: not UTF-8: {error.reason}")
            lines.append(line.decode("utf-8", "backslashreplace"))
    return lines


def _require_numpy() -> None:
    try:
        import numpy  # noqa: F401 (whether it is there)
    except ImportError as error:
        raise LccMirrorError(
            "reading a light curve needs NumPy", hint="pip install 'lccmirror[lc]'"
        ) from error


__all__ = [
    "LightCurve",
    "LightCurveColumn",
    "LightCurveHeader",
    "read_lightcurve",
    "read_lightcurve_header",
]
