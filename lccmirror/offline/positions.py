"""Lists of positions for a cross-match, whatever people keep them in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ..errors import UsageError
from ..names import printable
from ..positions import Target, checked_position
from ..query.angles import parse_centre
from ..query.targets import DECLS, IDS, RAS, read_list

_NAMES: Final = {"name": IDS, "ra": RAS, "decl": DECLS}


def degrees(value: Any, what: str) -> float:
    """Return an angle in degrees: a number is one, a quantity of Astropy is converted.

    Raises
    ------
    UsageError
        If it is no angle.
    """
    try:
        return float(value.to_value("deg") if hasattr(value, "to_value") else value)
    except (TypeError, ValueError) as error:
        shown = printable(repr(value), 60)
        hint = None
        if isinstance(value, str):
            hint = "position('19:25:27.9 +42:47:03.7') of a mirror makes degrees of a text"
        raise UsageError(
            f"{what} must be a number of degrees, not {shown}", hint=hint
        ) from error


def targets_of(positions: Any, columns: Mapping[str, str | None]) -> Iterator[Target]:
    """Yield the targets that `positions` holds.

    Parameters
    ----------
    positions
        As for `lccmirror.offline.Mirror.xmatch`.
    columns
        What a table's columns are called: ``name``, ``ra``, ``decl``; None to find them
        by their usual names.

    Raises
    ------
    UsageError
        If it is nothing of that kind; while they are taken, for a position that is none.
    """
    if isinstance(positions, str | Path):
        return _of_file(Path(positions).expanduser())
    if hasattr(positions, "spherical"):
        # an astropy.coordinates.SkyCoord, or several in one, in any frame
        equatorial = positions.icrs
        return _of_columns(None, equatorial.ra.deg, equatorial.dec.deg)
    names = _column_names(positions)
    if names is not None:
        return _of_table(positions, names, columns)
    if not isinstance(positions, Iterable):
        raise UsageError(f"{printable(repr(positions), 60)} is no list of positions")
    return _of_pairs(positions)


def _column_names(positions: Any) -> list[str] | None:
    """Return the columns' names of a table of any kind, None for what is no table."""
    if isinstance(positions, Mapping):
        return [str(name) for name in positions]
    if hasattr(positions, "colnames"):
        return list(positions.colnames)  # Astropy
    if hasattr(positions, "columns") and hasattr(positions, "iloc"):
        return [str(name) for name in positions.columns]  # pandas
    fields = getattr(getattr(positions, "dtype", None), "names", None)
    return list(fields) if fields else None  # a NumPy record array


def _usual(names: Iterable[str], what: str) -> str | None:
    folded = {name.casefold(): name for name in reversed(list(names))}
    return next((folded[usual] for usual in _NAMES[what] if usual in folded), None)


def _of_table(
    table: Any, names: list[str], columns: Mapping[str, str | None]
) -> Iterator[Target]:
    chosen: dict[str, str | None] = {}
    for what in ("name", "ra", "decl"):
        asked = columns.get(what)
        chosen[what] = _usual(names, what) if asked is None else asked
        if asked is not None and asked not in names:
            raise UsageError(
                f"the table of positions has no column {printable(asked, 60)}",
                hint="it has: " + printable(", ".join(names), 200),
            )
        if chosen[what] is None and what != "name":
            raise UsageError(
                f"none of the table's columns is called as {what} usually is",
                hint=f"say which: {what}=… (it has: {printable(', '.join(names), 200)})",
            )
    name = chosen["name"]
    ra, decl = (_in_degrees(table[chosen[what]]) for what in ("ra", "decl"))
    return _of_columns(None if name is None else table[name], ra, decl)


def _in_degrees(column: Any) -> Any:
    """Return a column in degrees, if it knows its unit; in degrees are those that do not."""
    unit = getattr(column, "unit", None)
    if unit is None or not hasattr(unit, "to"):
        return column
    return [value * unit.to("deg") for value in getattr(column, "value", column)]


def _of_columns(names: Any, ra: Any, decl: Any) -> Iterator[Target]:
    ras, decls = ([*_plain(column)] for column in (ra, decl))
    if len(ras) != len(decls):
        raise UsageError(f"{len(ras)} right ascensions and {len(decls)} declinations")
    labels = [*range(len(ras))] if names is None else [*_plain(names)]
    if len(labels) != len(ras):
        raise UsageError(f"{len(labels)} names of {len(ras)} positions")
    return (
        _target(label, one, other, number)
        for number, (label, one, other) in enumerate(zip(labels, ras, decls, strict=True))
    )


def _plain(column: Any) -> Iterable[Any]:
    """Return a column's values one by one; a single one is a column, too."""
    if hasattr(column, "tolist"):
        column = column.tolist()
    return column if isinstance(column, Iterable) and not isinstance(column, str) else [column]


def _of_pairs(positions: Iterable[Any]) -> Iterator[Target]:
    for number, position in enumerate(positions):
        if isinstance(position, str):
            ra, decl = parse_centre(position)
            yield _target(number, ra, decl, number)
            continue
        try:
            values = tuple(position)
        except TypeError as error:
            raise UsageError(
                f"position {number}: expected (ra, decl) or (name, ra, decl), not "
                f"{printable(repr(position), 60)}"
            ) from error
        if len(values) not in (2, 3):
            raise UsageError(
                f"position {number}: expected (ra, decl) or (name, ra, decl), not "
                f"{len(values)} values"
            )
        name = number if len(values) == 2 else values[0]
        yield _target(name, values[-2], values[-1], number)


def _target(name: Any, ra: Any, decl: Any, number: int) -> Target:
    try:
        place = degrees(ra, "right ascension"), degrees(decl, "declination")
        checked_position(*place, poles=True)
    except UsageError as error:
        raise UsageError(f"position {number}: {error.message}") from error
    # a number stays one: it is only handed back
    label: Any = name if isinstance(name, int) else str(name)
    return Target(label, *place, number)


def _of_file(path: Path) -> Iterator[Target]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    with file:
        yield from read_list(file, str(path))
