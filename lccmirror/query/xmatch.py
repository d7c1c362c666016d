"""Cross-match: for each position of a list, the objects near it.

The list is taken in pieces. Each piece becomes the rows of one statement, sorted the way
the sky index is, so that it walks through the index once instead of jumping about.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import asin, cos, degrees, radians, sin
from typing import Any, Final

from ..positions import Target, checked_position
from .geometry import angular_distance_arcsec
from .readonly import ReadOnlyCatalog
from .run import Result, Value, run_query
from .sky import (
    ONLY_COLLECTIONS,
    USUAL_COLUMNS,
    checked_radius,
    chosen_columns,
    known_collections,
    select_more,
)

TARGET_COLUMNS: Final = ("target", "target_ra", "target_decl")
# Many at once, so that neighbours in the index are looked up one after the other; but a
# long statement takes long to prepare.
_TARGETS_AT_ONCE: Final = 5_000
_BOXES_AT_ONCE: Final = 500
# See `lccmirror.query.sky`: 4 microarcseconds, for what rounding could push over an edge.
_MARGIN_DEG: Final = 1e-9

# One box is a piece of a strip of declination. CROSS JOIN and INDEXED BY leave the planner
# no choice, whatever ANALYZE has told it: each box is looked up in the sky index.
_MATCH: Final = """
WITH box (zone, low, high, bottom, top, target) AS (VALUES {boxes})
SELECT box.target, o.ra, o.decl{columns}
FROM box CROSS JOIN objects AS o INDEXED BY objects_sky
WHERE o.zone = box.zone
  AND o.ra BETWEEN box.low AND box.high
  AND o.decl BETWEEN box.bottom AND box.top
  {only}
"""
_ONLY: Final = ONLY_COLLECTIONS.format(other="box.zone", collections="?")
_ONE_BOX: Final = "(?, ?, ?, ?, ?, ?)"

Box = tuple[int, float, float, float, float, int]
"""Zone, right ascension from and to, declination from and to, and whose it is."""
# Fills a statement up to its usual number of boxes: no object is in that zone.
_NOWHERE: Final[Box] = (-1, 0, 0, 0, 0, -1)

Match = tuple[float, tuple[Value, ...]]
"""Distance in arcseconds, and a row of `_MATCH`."""


def xmatch(
    catalog: ReadOnlyCatalog,
    targets: Iterable[Target],
    radius_arcsec: float = 3.0,
    *,
    nearest: bool = True,
    unmatched: bool = False,
    columns: Sequence[str] = USUAL_COLUMNS,
    collections: Sequence[str] = (),
) -> Result:
    """Match positions against the mirrored objects.

    Parameters
    ----------
    catalog
        From `lccmirror.query.open_readonly`.
    targets
        Taken as they are needed, some hundreds at a time.
    radius_arcsec
        Above 0, up to 180 degrees.
    nearest
        Only the nearest object of each target; otherwise all, nearest first.
    unmatched
        Also a row of NULLs for a target that has none.
    columns
        Of `objects`, and ``dist_arcsec``, after those of the target; ``*`` for all.
    collections
        Look only in these; in all if there are none.

    Returns
    -------
    Result
        In the order of the targets.

    Raises
    ------
    UsageError
        If the radius is out of range, or there is no such column or collection; while
        rows are read, if a target is no position.
    """
    checked_radius(radius_arcsec / 60)
    names = chosen_columns(catalog, columns)
    only = json.dumps(known_collections(catalog, collections)) if collections else None
    search = _Search(catalog, radius_arcsec, match_sql(names, only=only is not None), only)
    return Result(
        (*TARGET_COLUMNS, *names),
        _rows(search, targets, names, nearest=nearest, unmatched=unmatched),
    )


def _rows(
    search: _Search,
    targets: Iterable[Target],
    names: Sequence[str],
    *,
    nearest: bool,
    unmatched: bool,
) -> Iterator[tuple[Value, ...]]:
    nothing = (None,) * len(names)
    distance_at = names.index("dist_arcsec") if "dist_arcsec" in names else None
    remaining = iter(targets)
    while piece := list(itertools.islice(remaining, _TARGETS_AT_ONCE)):
        for target, found in zip(piece, search.near(piece), strict=True):
            head = (target.objectid, target.ra, target.decl)
            if len(found) > 1:
                found.sort(key=_order)
            for distance, (_, _, _, *values) in found[:1] if nearest else found:
                if distance_at is not None:
                    values.insert(distance_at, distance)
                yield (*head, *values)
            if unmatched and not found:
                yield (*head, *nothing)


def _order(match: Match) -> tuple[float, str]:
    """Nearest first; at the same distance in an order that stays the same."""
    return match[0], str(match[1])


def match_sql(names: Sequence[str], *, only: bool, boxes: int = _BOXES_AT_ONCE) -> str:
    """Return the statement that matches some boxes.

    Parameters
    ----------
    names
        From `lccmirror.query.sky.chosen_columns`.
    only
        Whether a JSON array of collections follows the boxes' parameters.
    boxes
        How many.
    """
    return _MATCH.format(
        boxes=", ".join([_ONE_BOX] * boxes),
        columns=select_more(names),
        only=_ONLY if only else "",
    )


@dataclass(frozen=True)
class _Search:
    """Finds all objects near each of some targets."""

    catalog: ReadOnlyCatalog
    radius_arcsec: float
    sql: str
    only: str | None

    def near(self, targets: Sequence[Target]) -> list[list[Match]]:
        """Return the matches of each target, in no order."""
        places = [checked_position(target.ra, target.decl, poles=True) for target in targets]
        radius = self.radius_arcsec
        found: list[list[Match]] = [[] for _ in targets]
        boxes = sorted(_boxes(places, radius / 3600 + _MARGIN_DEG))
        for begin in range(0, len(boxes), _BOXES_AT_ONCE):
            some = boxes[begin : begin + _BOXES_AT_ONCE]
            # Always as many, so that there is one statement to prepare, and that only once.
            filled = [*some, *[_NOWHERE] * (_BOXES_AT_ONCE - len(some))]
            params: list[Value] = list(itertools.chain.from_iterable(filled))
            if self.only is not None:
                params.append(self.only)
            rows: Iterator[Any] = run_query(self.catalog, self.sql, params).rows
            for row in rows:
                at = row[0]
                ra, decl = places[at]
                distance = angular_distance_arcsec(ra, decl, row[1], row[2])
                if distance <= radius:
                    found[at].append((distance, row))
        return found


def _boxes(places: Sequence[tuple[float, float]], reach: float) -> list[Box]:
    """Return the boxes of cones that all reach as far (degrees)."""
    boxes: list[Box] = []
    sine = sin(radians(reach))
    for at, (ra, decl) in enumerate(places):
        low, high = decl - reach, decl + reach
        first, last = int((low + 90) * 6), int((high + 90) * 6)
        if first == last and low > -90 and high < 90:
            half_sine = sine / cos(radians(decl))
            half = degrees(asin(half_sine)) if half_sine < 1 else 90
            if half <= ra < 360 - half:
                # Nearly all: in one strip and in one piece.
                boxes.append((first, ra - half, ra + half, low, high, at))
                continue
        boxes.extend(boxes_of(ra, decl, reach, at))
    return boxes


def boxes_of(ra: float, decl: float, reach: float, target: int) -> list[Box]:
    """Return the boxes that a cone touches: all of it is in them, and they do not overlap.

    Parameters
    ----------
    ra, decl
        Degrees, from `lccmirror.positions.checked_position`.
    reach
        The cone's radius and a margin, in degrees.
    target
        What the boxes are to be known by.
    """
    low, high = decl - reach, decl + reach
    if low <= -90 or high >= 90:
        pieces: tuple[tuple[float, float], ...] = ((0, 360),)  # a pole is inside
        first, last = int((max(low, -90) + 90) * 6), int((min(high, 90) + 90) * 6)
    else:
        pieces = _pieces(ra, sin(radians(reach)) / cos(radians(decl)))
        first, last = int((low + 90) * 6), int((high + 90) * 6)
    return [
        (zone, west, east, low, high, target)
        for west, east in pieces
        for zone in range(first, last + 1)
    ]


def _pieces(ra: float, sine: float) -> tuple[tuple[float, float], ...]:
    """Return the pieces of right ascension, between 0 and 360 degrees, that a cone touches.

    `sine` is that of half its extent; rounding can make it more than 1.
    """
    half = degrees(asin(sine)) if sine < 1 else 90
    west, east = ra - half, ra + half
    if west < 0:
        return (0, east), (west + 360, 360)
    if east >= 360:
        return (west, 360), (0, east - 360)
    return ((west, east),)
