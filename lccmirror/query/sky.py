"""Cone search, on ordinary indexed columns, in SQL that any SQLite client can run.

The index on ``(zone, ra, decl)`` cuts the sky into strips of declination ten arcminutes
high, in each of which objects stand in the order of their right ascension. A cone touches
few strips, and in each of them one or two pieces.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Sequence
from typing import Final

from ..errors import UsageError
from ..names import printable, quote_identifier
from ..positions import checked_position
from .readonly import ReadOnlyCatalog
from .run import Result, run_query

USUAL_COLUMNS: Final = ("collection", "objectid", "ra", "decl", "dist_arcsec")
"""What every catalog has; further columns depend on the server."""
MAX_RADIUS_ARCMIN: Final = 180 * 60.0

# `reach` is the radius and 4 microarcseconds: what rounding could push over an edge of a
# strip or a piece is still looked at, and the exact distance decides.
# `half` is how far the cone reaches in right ascension. It has none (NULL) when a pole is
# inside, also where rounding makes asin see more than 1; then the piece is the whole turn.
# The distance is Vincenty's formula, as in `lccmirror.query.geometry`; LIMIT -1 keeps SQLite
# from working it out again wherever it is used.
# MATERIALIZED and CROSS JOIN leave the planner no choice, whatever ANALYZE has told it:
# small things first, then the sky index for each strip and piece.
_CONE: Final = """\
WITH RECURSIVE
  cone (ra, decl, reach, sin_decl, cos_decl, rad) AS MATERIALIZED (
    SELECT CAST(:ra AS REAL), CAST(:decl AS REAL), :radius_arcmin / 60.0 + 1e-9,
           sin(radians(:decl)), cos(radians(:decl)), radians(1)),
  edge (low, high, half) AS MATERIALIZED (
    SELECT decl - reach, decl + reach,
           CASE WHEN abs(decl) + reach < 90
                THEN degrees(asin(sin(radians(reach)) / cos_decl)) END
    FROM cone),
  strip (zone, last) AS MATERIALIZED (
    SELECT CAST((max(low, -90) + 90) * 6 AS INTEGER),
           CAST((min(high, 90) + 90) * 6 AS INTEGER)
    FROM edge
    UNION ALL SELECT zone + 1, last FROM strip WHERE zone < last),
  piece (low, high) AS MATERIALIZED (
    SELECT coalesce(ra - half, 0), coalesce(ra + half, 360) FROM cone, edge
    UNION ALL SELECT ra - half + 360, 360 FROM cone, edge WHERE ra - half < 0
    UNION ALL SELECT 0, ra + half - 360 FROM cone, edge WHERE ra + half >= 360)
SELECT {names}
FROM (
  SELECT
    degrees(atan2(
      sqrt(pow(cos(o.decl * rad) * sin((o.ra - cone.ra) * rad), 2)
         + pow(cos_decl * sin(o.decl * rad)
               - sin_decl * cos(o.decl * rad) * cos((o.ra - cone.ra) * rad), 2)),
      sin_decl * sin(o.decl * rad)
      + cos_decl * cos(o.decl * rad) * cos((o.ra - cone.ra) * rad))) * 3600
      AS dist_arcsec{columns}
  FROM cone CROSS JOIN edge CROSS JOIN strip CROSS JOIN piece
    CROSS JOIN objects AS o INDEXED BY objects_sky
  WHERE o.zone = strip.zone
    AND o.ra BETWEEN piece.low AND piece.high
    AND o.decl BETWEEN edge.low AND edge.high
    {only}
  LIMIT -1)
WHERE dist_arcsec <= :radius_arcmin * 60.0
ORDER BY dist_arcsec
LIMIT :limit
"""
# A collection is never NULL; coalesce only makes this a condition on two tables. Seeing one
# on `objects` alone, the planner would, once ANALYZE has run, read the whole table to build a
# Bloom filter before it looks up the first object.
ONLY_COLLECTIONS: Final = (
    "AND coalesce(o.collection, {other}) IN (SELECT value FROM json_each({collections}))"
)
_ONLY: Final = ONLY_COLLECTIONS.format(other="strip.zone", collections=":collections")
_COLLECTIONS = "SELECT collection, collection_id FROM collections"
_COLUMNS = "SELECT name FROM pragma_table_info('objects')"


def cone(
    catalog: ReadOnlyCatalog,
    ra: float,
    decl: float,
    radius_arcmin: float,
    *,
    columns: Sequence[str] = USUAL_COLUMNS,
    collections: Sequence[str] = (),
    limit: int | None = None,
) -> Result:
    """Find the objects inside a cone or on its edge, nearest first.

    Parameters
    ----------
    catalog
        From `lccmirror.query.open_readonly`.
    ra, decl
        The centre, in degrees; the poles included.
    radius_arcmin
        Above 0, up to the whole sky (10,800).
    columns
        Of `objects`, and ``dist_arcsec``; ``*`` stands for all of them.
    collections
        Look only in these; in all if there are none.
    limit
        The nearest so many; None for all.

    Returns
    -------
    Result
        Its rows come from the catalog as they are asked for.

    Raises
    ------
    UsageError
        If a number is out of range, there is no such column or collection, or no column is
        asked for.
    """
    ra, decl = checked_position(ra, decl, poles=True)
    names = chosen_columns(catalog, columns)
    if not names:
        raise UsageError("no column of the objects is asked for")
    return run_query(
        catalog,
        cone_sql(names, only=bool(collections)),
        {
            "ra": ra,
            "decl": decl,
            "radius_arcmin": checked_radius(radius_arcmin),
            "limit": -1 if limit is None else limit,
            "collections": json.dumps(known_collections(catalog, collections)),
        },
    )


def cone_sql(names: Sequence[str], *, only: bool) -> str:
    """Return the statement of a cone search.

    Parameters
    ----------
    names
        From `chosen_columns`.
    only
        Whether it asks for ``:collections``, a JSON array.
    """
    return _CONE.format(
        names=", ".join(map(quote_identifier, names)),
        columns=select_more(names),
        only=_ONLY if only else "",
    )


def checked_radius(radius_arcmin: float) -> float:
    """Return `radius_arcmin` if it is one.

    Raises
    ------
    UsageError
        If it is not above 0 and at most 180 degrees.
    """
    if not 0 < radius_arcmin <= MAX_RADIUS_ARCMIN:
        raise UsageError(
            f"a radius must be above 0 and at most 180 degrees, not {radius_arcmin / 60:g}"
        )
    return radius_arcmin


def chosen_columns(catalog: ReadOnlyCatalog, columns: Sequence[str]) -> tuple[str, ...]:
    """Return `columns` in full, each once, and as `objects` spells them.

    Parameters
    ----------
    catalog
        Where `objects` is.
    columns
        Of `objects`, in any case, and ``dist_arcsec``; ``*`` stands for all of them.

    Raises
    ------
    UsageError
        If there is no such column.
    """
    if set(columns) <= set(USUAL_COLUMNS):
        # To ask what columns there are takes longer than a small cone.
        return tuple(dict.fromkeys(columns))
    known = [str(name) for (name,) in run_query(catalog, _COLUMNS).rows]
    folded = {name.casefold(): name for name in (*known, "dist_arcsec")}
    names: list[str] = []
    for wanted in columns:
        if wanted == "*":
            names.extend(folded.values())
        elif wanted.casefold() in folded:
            names.append(folded[wanted.casefold()])
        else:
            raise UsageError(
                f"objects have no column {printable(wanted, 60)}",
                hint=did_you_mean(wanted, folded),
            )
    return tuple(dict.fromkeys(names))


def select_more(names: Sequence[str]) -> str:
    """Return what goes on a list after SELECT: those of `names` that ``objects AS o`` has."""
    return "".join(f", o.{quote_identifier(name)}" for name in names if name != "dist_arcsec")


def known_collections(catalog: ReadOnlyCatalog, asked: Sequence[str]) -> list[str]:
    """Return the collections of these names, by the one that `objects` has.

    Parameters
    ----------
    catalog
        Where they are.
    asked
        Either form: ``hatnet_keplerfield``, or ``hatnet-keplerfield`` as in paths.

    Raises
    ------
    UsageError
        If there is no such collection.
    """
    if not asked:
        return []
    names: dict[str, str] = {}
    for collection, path_form in run_query(catalog, _COLLECTIONS).rows:
        names.setdefault(str(path_form), str(collection))
        names[str(collection)] = str(collection)
    for name in asked:
        if name not in names:
            raise UsageError(
                f"no such collection: {printable(name, 60)}", hint=did_you_mean(name, names)
            )
    return [names[name] for name in asked]


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return a hint with the names nearest to `name`, or all if they are few."""
    there = sorted(known)
    near = difflib.get_close_matches(name.casefold(), there, n=3)
    if near:
        return f"did you mean {' or '.join(map(printable, near))}?"
    return f"there are: {', '.join(map(printable, there))}" if 0 < len(there) <= 40 else None
