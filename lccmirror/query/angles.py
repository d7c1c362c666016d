"""Where to look and how far, as people say it: positions, names of objects, radii."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ..errors import UsageError
from ..names import printable
from ..positions import checked_position, parse_position
from .readonly import ReadOnlyCatalog
from .run import run_query

_ARCSEC: Final = {
    **dict.fromkeys(("deg", "degree", "degrees", "d", "°"), 3600.0),
    **dict.fromkeys(("arcmin", "arcminute", "arcminutes", "amin", "'", "′", "’"), 60.0),
    **dict.fromkeys(("arcsec", "arcsecond", "arcseconds", "asec", '"', "″", "”", "''"), 1.0),
}
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_RADIUS = re.compile(rf"({_NUMBER})\s*(\D*)", re.ASCII)
_DEGREES = re.compile(rf"({_NUMBER})\s*d?(?:\s*,\s*|\s+)({_NUMBER})\s*d?", re.ASCII)
# Signs of angles as text editors and telescopes write them, in the form that is read.
_SIGNS: Final = str.maketrans(
    {"°": "d", "′": "m", "'": "m", "’": "m", "″": "s", '"': "s", "”": "s", "−": "-"}
)
# What no name looks like: only the characters of a position, and more than one part.
_MEANT_AS_POSITION = re.compile(
    r"[-+.0-9][-+.0-9:hmsd°'\"′″’”−\s]*[,:\s][-+.0-9:hmsde°'\"′″’”−,\s]+"
)
# Positions of one object in several collections differ by less than this.
_SAME_PLACE_ARCSEC = 2.0

# Without an index on objectid alone: one look-up in each collection that has objects.
# coalesce makes the name a condition on two tables: seeing one on `objects` alone, the planner
# would, once ANALYZE has run, read the whole table to build a Bloom filter.
_NAMED: Final = """
WITH RECURSIVE there (collection) AS (
  SELECT min(collection) FROM objects
  UNION ALL
  SELECT (SELECT min(o.collection) FROM objects AS o WHERE o.collection > there.collection)
  FROM there WHERE there.collection IS NOT NULL)
SELECT o.collection, o.ra, o.decl
FROM there CROSS JOIN objects AS o
WHERE o.collection = there.collection AND o.objectid = coalesce(:objectid, there.collection)
ORDER BY o.collection
"""


@dataclass(frozen=True)
class Centre:
    """Where a cone has its middle.

    Parameters
    ----------
    ra, decl
        Degrees.
    objectid
        The object that stands there, if it was named.
    """

    ra: float
    decl: float
    objectid: str | None = None


def parse_radius_arcmin(text: str) -> float:
    """Return a radius in arcminutes.

    Parameters
    ----------
    text
        A number of arcminutes, or one with its unit: ``1.5deg``, ``30'``, ``5″``,
        ``10 arcsec``.

    Raises
    ------
    UsageError
        If it is neither, or not above 0 and at most 180 degrees.

    Examples
    --------
    >>> parse_radius_arcmin("5"), parse_radius_arcmin("2 deg"), parse_radius_arcmin("30arcsec")
    (5.0, 120.0, 0.5)
    """
    return _radius(text, 60.0, "arcminutes") / 60


def parse_radius_arcsec(text: str) -> float:
    """Return a radius in arcseconds; as `parse_radius_arcmin`, a bare number is arcseconds.

    Examples
    --------
    >>> parse_radius_arcsec("3"), parse_radius_arcsec("1'")
    (3.0, 60.0)
    """
    return _radius(text, 1.0, "arcseconds")


def _radius(text: str, bare: float, meant: str) -> float:
    match = _RADIUS.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f"not a radius: {printable(text, 40)!r}",
            hint=f"write a number of {meant}, or one with deg, arcmin or arcsec",
        )
    number, unit = float(match[1]), match[2].strip()
    if unit and unit.casefold() not in _ARCSEC:
        raise UsageError(
            f"unknown unit {printable(unit, 20)!r} of a radius",
            hint="one of deg, arcmin, arcsec, or none for " + meant,
        )
    arcsec = number * (_ARCSEC[unit.casefold()] if unit else bare)
    if not 0 < arcsec <= 180 * 3600:
        raise UsageError(
            f"a radius must be above 0 and at most 180 degrees, not {printable(text, 40)}"
        )
    return arcsec


def parse_centre(text: str) -> tuple[float, float]:
    """Return the right ascension and declination of a position, in degrees.

    Parameters
    ----------
    text
        ``"291.366 42.784"`` or ``"19:25:27.9 +42:47:03.7"``; also with ``h m s`` and
        ``d m s`` or ``° ′ ″``, and with a comma between the two.

    Raises
    ------
    UsageError
        If it is none of these, or outside 0° ≤ RA < 360°, -90° ≤ Dec ≤ 90°.

    Examples
    --------
    >>> parse_centre("15:00:00 -90:00:00"), parse_centre("1e-7, -0.5")
    ((225.0, -90.0), (1e-07, -0.5))
    """
    plain = text.strip().replace("''", '"').translate(_SIGNS)
    if match := _DEGREES.fullmatch(plain):
        return checked_position(float(match[1]), float(match[2]), poles=True)
    return parse_position(plain, poles=True)


def find_centre(catalog: ReadOnlyCatalog, text: str) -> Centre:
    """Return where to look.

    Parameters
    ----------
    catalog
        From `lccmirror.query.open_readonly`; asked for the object if `text` is a name.
    text
        A position as for `parse_centre`, or the name of a mirrored object.

    Raises
    ------
    UsageError
        If it is a position out of range, or neither a position nor an object that the
        mirror has a position of, or two objects at different places.
    """
    try:
        return Centre(*parse_centre(text))
    except UsageError:
        if _MEANT_AS_POSITION.fullmatch(text.strip()) or _is_two_numbers(text):
            raise
    return _named(catalog, text.strip())


def _is_two_numbers(text: str) -> bool:
    """Tell whether a name would be two words that Python takes for numbers: "nan 30"."""
    words = text.replace(",", " ").split()
    return len(words) == 2 and all(map(_is_number, words))


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _named(catalog: ReadOnlyCatalog, objectid: str) -> Centre:
    from .geometry import angular_distance_arcsec, turned
    from .object_names import nearest_names

    rows = list(run_query(catalog, _NAMED, {"objectid": objectid}).rows)
    shown = printable(objectid, 60)
    if not rows:
        if _is_number(objectid):
            raise UsageError(
                f"{shown} is half of a position, and no object of the mirror",
                hint="right ascension and declination come first, then the radius",
            )
        near = nearest_names(catalog, objectid)
        meant = f"did you mean {' or '.join(map(printable, near))}? " if near else ""
        raise UsageError(
            f"the mirror has no object {shown}",
            hint=f"{meant}names are those of `objects`, in the same case; a position is "
            'written "291.366 42.784" or "19:25:27.9 +42:47:03.7"',
        )
    places = [
        (str(collection), ra, decl)
        for collection, ra, decl in rows
        if isinstance(ra, float) and isinstance(decl, float)
    ]
    if not places:
        raise UsageError(f"the mirror has no position of {shown}")
    _, ra, decl = places[0]
    if any(
        angular_distance_arcsec(ra, decl, other_ra, other_decl) > _SAME_PLACE_ARCSEC
        for _, other_ra, other_decl in places[1:]
    ):
        where = "; ".join(f"{name}: {one_ra} {one_decl}" for name, one_ra, one_decl in places)
        raise UsageError(
            f"several objects are called {shown}, at different places ({printable(where)})",
            hint="give the position of the one you mean",
        )
    # as published it may be anything
    return Centre(turned(ra), decl, objectid)
